//! Values inside a JSON document that are of an SQL type and not of JSON's own.

use base64::Engine as _;
use conftrail_core::Value;

use crate::decode::{decimal, temporal};
use crate::table_map::code;

/// Renders an opaque value as MySQL prints it, without the quotes.
///
/// DECIMAL becomes text, as DECIMAL columns do: a JSON number would not keep its digits. What has no JSON form is
/// `base64:type<code>:<content>`, as in MySQL's own text of the document.
pub(super) fn value(type_code: u8, bytes: &[u8]) -> Option<Value> {
    Some(match type_code {
        code::NEWDECIMAL => {
            let (sizes, digits) = bytes.split_at_checked(2)?;
            decimal::text(digits, *sizes.first()?, *sizes.get(1)?)?.into()
        }
        code::DATE | code::NEWDATE => temporal::packed_date(packed(bytes)?).into(),
        code::TIME => temporal::packed_time(packed(bytes)?).into(),
        code::DATETIME | code::TIMESTAMP => temporal::packed_datetime(packed(bytes)?).into(),
        _ => {
            let content = base64::engine::general_purpose::STANDARD.encode(bytes);
            format!("base64:type{type_code}:{content}").into()
        }
    })
}

fn packed(bytes: &[u8]) -> Option<i64> {
    bytes.try_into().ok().map(i64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::value;
    use crate::table_map::code;

    fn check(type_code: u8, bytes: &[u8], expected: &str) {
        assert_eq!(value(type_code, bytes).expect("valid").as_text(), Some(expected));
    }

    #[test]
    fn sql_values_inside_json_are_printed_as_mysql_prints_them() {
        let ymd = (2015_i64 * 13 + 1) << 5 | 15;
        let midnight = ymd << 41;
        let moment = (ymd << 17 | 23 << 12 | 24 << 6 | 25) << 24 | 120_000;
        check(code::DATE, &midnight.to_le_bytes(), "2015-01-15");
        check(code::DATETIME, &moment.to_le_bytes(), "2015-01-15 23:24:25.120000");
        let time = (838_i64 << 12 | 59 << 6 | 59) << 24;
        check(code::TIME, &(-time).to_le_bytes(), "-838:59:59.000000");
        check(code::NEWDECIMAL, &[4, 2, 0x8c, 34], "12.34");
        check(code::BLOB, &[0, 1, 2], "base64:type252:AAEC");
    }

    #[test]
    fn a_wrong_size_is_refused() {
        assert_eq!(value(code::DATE, &[0; 7]), None);
        assert_eq!(value(code::NEWDECIMAL, &[4]), None);
        assert_eq!(value(code::NEWDECIMAL, &[2, 4, 0x80]), None);
    }
}
