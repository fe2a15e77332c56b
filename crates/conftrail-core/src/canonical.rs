//! The one byte form of an event that digests and evidence are computed over.
//!
//! UTF-8 JSON, keys sorted by code point, no white space, integers verbatim to 64 bits, other numbers in
//! shortest form, only mandatory escapes. Not RFC 8785, which loses integers above 2^53.

use crate::{Event, Value};

/// The fields that a second reading of the same change may fill differently.
const NOT_CANONICAL: [&str; 2] = ["observed", "log"];

/// Returns an event's canonical bytes, without `observed` and `log`.
pub fn event_bytes(event: &Event) -> Vec<u8> {
    let value = to_value(event);
    let mut bytes = Vec::with_capacity(512);
    write(&value, &mut bytes, &NOT_CANONICAL);
    bytes
}

/// Returns a value's canonical bytes.
pub fn value_bytes(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    write(value, &mut bytes, &[]);
    bytes
}

/// Returns an event as a value.
pub fn to_value(event: &Event) -> Value {
    let text = serde_json::to_vec(event).expect("an event holds only JSON values");
    serde_json::from_slice(&text).expect("what was just written is JSON")
}

fn write(value: &Value, bytes: &mut Vec<u8>, without: &[&str]) {
    match value {
        Value::List(values) => {
            bytes.push(b'[');
            for (index, item) in values.iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                write(item, bytes, &[]);
            }
            bytes.push(b']');
        }
        Value::Map(map) => {
            let mut entries: Vec<_> = map.iter().filter(|(name, _)| !without.contains(&&***name)).collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            bytes.push(b'{');
            for (index, (name, item)) in entries.into_iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                write_plain(&**name, bytes);
                bytes.push(b':');
                write(item, bytes, &[]);
            }
            bytes.push(b'}');
        }
        plain => write_plain(plain, bytes),
    }
}

fn write_plain<T: serde::Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) {
    serde_json::to_writer(bytes, value).expect("writing JSON scalars to memory cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_numbers_kept() {
        let text = r#"{"b":[1.5,18446744073709551615,-9223372036854775808],"a":{"ключ":"x\n","é":null}}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        let expected = r#"{"a":{"é":null,"ключ":"x\n"},"b":[1.5,18446744073709551615,-9223372036854775808]}"#;
        assert_eq!(String::from_utf8(value_bytes(&value)).unwrap(), expected);
    }

    #[test]
    fn parsing_and_printing_is_identity() {
        let canonical = r#"{"a":{"$b64":"AAE="},"b":[1e+16,0.1,true,null,"\u0001\"\\/"],"c":{}}"#;
        let value: Value = serde_json::from_str(canonical).unwrap();
        let printed = value_bytes(&value);
        let again: Value = serde_json::from_slice(&printed).unwrap();
        assert_eq!(value_bytes(&again), printed);
        assert_eq!(again, value);
    }
}
