//! Values of columns as Maxwell prints them, as far as an event still tells what they were.

use conftrail_core::{AppendJson, Json, Map, Value};

/// Appends a text with its quotes.
pub(super) fn text(text: &str, json: &mut Json) {
    serde_json::to_writer(json, text).expect("a text is always written");
}

/// Appends a column's value: binary as base64, geometry as WKT, a TIMESTAMP as a date and a time; all else as it is.
pub(super) fn column(value: &Value, json: &mut Json) {
    match value {
        Value::Text(known) => match date_and_time(known) {
            Some(plain) => text(&plain, json),
            None => value.append_json(json),
        },
        Value::Map(map) => match only(map, "$b64").or_else(|| wkt(map)) {
            Some(plain) => text(plain, json),
            None => value.append_json(json),
        },
        _ => value.append_json(json),
    }
}

/// The text of the one member that a map has.
fn only<'a>(map: &'a Map, name: &str) -> Option<&'a str> {
    if map.len() == 1 { map.get(name)?.as_text() } else { None }
}

fn wkt(map: &Map) -> Option<&str> {
    if map.len() == 2 && matches!(map.get("srid"), Some(Value::Int(_))) {
        map.get("wkt")?.as_text()
    } else {
        None
    }
}

/// Bytes of `2026-11-20T10:00:00`, behind which stand up to six digits of a second and the zone.
const WHOLE_SECONDS: usize = 19;
const SHAPE: &[u8; WHOLE_SECONDS] = b"dddd-dd-ddTdd:dd:dd";

/// Returns a time as events print a TIMESTAMP in Maxwell's form, in UTC as well; none for any other text.
fn date_and_time(text: &str) -> Option<String> {
    let (whole, behind) = text.as_bytes().split_first_chunk::<WHOLE_SECONDS>()?;
    let fits = SHAPE.iter().zip(whole).all(|(wanted, byte)| match wanted {
        b'd' => byte.is_ascii_digit(),
        other => byte == other,
    });
    let fraction = behind.strip_suffix(b"Z")?;
    let is_fraction = match fraction {
        [] => true,
        [b'.', digits @ ..] => (1..=6).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    (fits && is_fraction).then(|| text[..text.len() - 1].replacen('T', " ", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(event: &str, maxwell: &str) {
        let value: Value = serde_json::from_str(event).unwrap();
        let mut json = Json::default();
        column(&value, &mut json);
        assert_eq!(std::str::from_utf8(json.as_bytes()).unwrap(), maxwell, "{event}");
    }

    #[test]
    fn binary_geometry_and_timestamps_are_printed_as_maxwell_does() {
        check(r#"{"$b64":"AAH/"}"#, r#""AAH/""#);
        check(r#"{"srid":0,"wkt":"POINT (3 2)"}"#, r#""POINT (3 2)""#);
        check(r#""2026-11-20T10:00:00Z""#, r#""2026-11-20 10:00:00""#);
        check(r#""2026-11-20T10:00:00.123456Z""#, r#""2026-11-20 10:00:00.123456""#);
    }

    #[test]
    fn all_else_is_printed_as_the_event_has_it() {
        for same in [
            "null",
            "-1",
            "18446744073709551615",
            "1.5",
            r#""12.50""#,
            r#"["a","c"]"#,
            r#"{"a":{"$b64":"AA=="}}"#,
            r#"{"srid":0,"wkt":"POINT (3 2)","more":1}"#,
            r#""0000-00-00 00:00:00""#,
            r#""2026-11-20T10:00:00""#,
            r#""2026-11-20T10:00:00.Z""#,
            r#""2026-11-20T10:00:00.1234567Z""#,
            r#""2026-11-20T10:00:0éZ""#,
            r#""hmac-sha256:k1:0123456789ab""#,
            r#""a \"quoted\"\ntext""#,
        ] {
            check(same, same);
        }
    }
}
