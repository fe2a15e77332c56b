//! Walks a binary JSON document.
//!
//! Source of the layout: MySQL, `sql-common/json_binary.h`. A document is a type byte and a value. Objects and arrays
//! have a small form with two-byte and a large form with four-byte counts and offsets; offsets count from the container's
//! own first byte. Keys stand sorted by length, then by bytes, which is the order MySQL prints them in.

use conftrail_core::{Map, Value};

use super::form::{Form, Large, Small, kind};
use super::{Names, opaque};
use crate::cursor::Cursor;
use crate::decode::cell::text_value;

/// As deep as MySQL lets a document be.
const MOST_DEPTH: usize = 100;

/// Decodes a document; `None` when it is damaged, too deep, or larger than its own bytes can hold.
pub(in crate::decode) fn decode(bytes: &[u8], names: &mut Names) -> Option<Value> {
    // MySQL stores the document null as nothing when a NOT NULL column was given NULL.
    if bytes.is_empty() {
        return Some(Value::Null);
    }
    decode_at(bytes, 0, names)
}

/// Decodes what stands at a depth in a document; `None` as [`decode`] says.
pub(super) fn decode_at(bytes: &[u8], depth: usize, names: &mut Names) -> Option<Value> {
    let (kind, content) = bytes.split_first()?;
    // Every value and every byte of text stands in the document once. Containers that share parts would expand without
    // bound; they do not exist in what MySQL writes.
    let mut walk = Walk { budget: bytes.len(), names };
    walk.value(*kind, content, depth)
}

struct Walk<'n> {
    budget: usize,
    names: &'n mut Names,
}

impl Walk<'_> {
    fn spend(&mut self, cost: usize) -> Option<()> {
        self.budget = self.budget.checked_sub(cost)?;
        Some(())
    }

    fn value(&mut self, kind: u8, content: &[u8], depth: usize) -> Option<Value> {
        self.spend(1)?;
        if depth > MOST_DEPTH {
            return None;
        }
        match kind {
            kind::SMALL_OBJECT => self.object::<Small>(content, depth),
            kind::LARGE_OBJECT => self.object::<Large>(content, depth),
            kind::SMALL_ARRAY => self.array::<Small>(content, depth),
            kind::LARGE_ARRAY => self.array::<Large>(content, depth),
            kind::STRING => {
                let text = variable(content)?;
                self.spend(text.len())?;
                std::str::from_utf8(text).ok().map(text_value)
            }
            kind::OPAQUE => {
                let (type_code, rest) = content.split_first()?;
                let bytes = variable(rest)?;
                self.spend(bytes.len())?;
                opaque::value(*type_code, bytes)
            }
            _ => scalar(kind, content),
        }
    }

    fn array<F: Form>(&mut self, content: &[u8], depth: usize) -> Option<Value> {
        let mut header = Cursor::new(content);
        let (count, bytes) = extent::<F>(&mut header, content)?;
        let mut entries = Cursor::new(header.take(count.checked_mul(1 + F::WIDTH)?)?);
        let mut is_whole = true;
        let list = (0..count).map(|_| {
            let made = if is_whole { self.entry::<F>(&mut entries, bytes, depth) } else { None };
            is_whole = made.is_some();
            made.unwrap_or_default()
        });
        // Of a damaged list nothing is kept; the iterator keeps its length, so that elements are made where they stay.
        let list = list.collect();
        is_whole.then_some(Value::List(list))
    }

    fn object<F: Form>(&mut self, content: &[u8], depth: usize) -> Option<Value> {
        let mut header = Cursor::new(content);
        let (count, bytes) = extent::<F>(&mut header, content)?;
        // An offset and a two-byte length for each key.
        let mut keys = Cursor::new(header.take(count.checked_mul(F::WIDTH + 2)?)?);
        let mut entries = Cursor::new(header.take(count.checked_mul(1 + F::WIDTH)?)?);
        let (mut is_whole, mut is_sorted) = (true, true);
        let mut last: Option<&[u8]> = None;
        let mut member = || {
            let start = F::number(&mut keys)?;
            let length = usize::from(keys.u16()?);
            self.spend(length)?;
            let key = bytes.get(start..start.checked_add(length)?)?;
            let name = self.names.name(key)?;
            // Sorted keys are unique keys.
            is_sorted &= last.is_none_or(|last| (last.len(), last) < (key.len(), key));
            last = Some(key);
            Some((name, self.entry::<F>(&mut entries, bytes, depth)?))
        };
        // As above.
        let map = Map::from_unique((0..count).map(|_| {
            let made = if is_whole { member() } else { None };
            is_whole = made.is_some();
            made.unwrap_or_default()
        }));
        match (is_whole, is_sorted) {
            (false, _) => None,
            (true, true) => Some(Value::Map(map)),
            (true, false) => {
                Some(Value::Map(map.iter().map(|(name, value)| (name.clone(), value.clone())).collect()))
            }
        }
    }

    /// Small scalars stand in the entry itself, others at an offset.
    #[inline]
    fn entry<F: Form>(&mut self, entries: &mut Cursor<'_>, bytes: &[u8], depth: usize) -> Option<Value> {
        let kind = entries.u8()?;
        if F::is_inline(kind) {
            return self.value(kind, entries.take(F::WIDTH)?, depth + 1);
        }
        let offset = F::number(entries)?;
        self.value(kind, bytes.get(offset..)?, depth + 1)
    }
}

/// Returns a container's number of entries, and all its bytes.
#[inline]
fn extent<'a, F: Form>(header: &mut Cursor<'_>, content: &'a [u8]) -> Option<(usize, &'a [u8])> {
    let count = F::number(header)?;
    let size = F::number(header)?;
    Some((count, content.get(..size)?))
}

fn scalar(kind: u8, content: &[u8]) -> Option<Value> {
    let mut cursor = Cursor::new(content);
    match kind {
        kind::LITERAL => match cursor.u8()? {
            0 => Some(Value::Null),
            1 => Some(Value::Bool(true)),
            2 => Some(Value::Bool(false)),
            _ => None,
        },
        kind::INT16 => cursor.array().map(|bytes| Value::Int(i16::from_le_bytes(bytes).into())),
        kind::UINT16 => cursor.u16().map(|number| Value::Int(number.into())),
        kind::INT32 => cursor.array().map(|bytes| Value::Int(i32::from_le_bytes(bytes).into())),
        kind::UINT32 => cursor.u32().map(|number| Value::Int(number.into())),
        kind::INT64 => cursor.array().map(|bytes| Value::Int(i64::from_le_bytes(bytes))),
        kind::UINT64 => cursor.u64().map(Value::from),
        kind::DOUBLE => cursor.array().map(|bytes| Value::from(f64::from_le_bytes(bytes))),
        _ => None,
    }
}

/// Reads a length of seven bits per byte, low bits first, at most five bytes, and what it covers.
#[inline]
fn variable(content: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::new(content);
    let mut length = 0_u64;
    for place in 0..5 {
        let byte = cursor.u8()?;
        length |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return cursor.take(usize::try_from(length).ok()?);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Names, Value, kind};

    fn decode(bytes: &[u8]) -> Option<Value> {
        super::decode(bytes, &mut Names::default())
    }

    fn check(bytes: &[u8], expected: &str) {
        let value = decode(bytes).expect("a valid document");
        assert_eq!(serde_json::to_string(&value).expect("json"), expected);
    }

    /// Builds a container of offset values; `wide` takes four-byte offsets.
    fn container(object: bool, wide: bool, entries: &[(&str, u8, Vec<u8>)]) -> Vec<u8> {
        let width = if wide { 4 } else { 2 };
        let put = |number: usize| (number as u64).to_le_bytes()[..width].to_vec();
        let key_size = if object { width + 2 } else { 0 };
        let mut place = 2 * width + entries.len() * (key_size + 1 + width);
        let mut head = Vec::new();
        let mut tail: Vec<u8> = Vec::new();
        if object {
            for (key, ..) in entries {
                head.extend(put(place));
                head.extend((key.len() as u16).to_le_bytes());
                tail.extend(key.as_bytes());
                place += key.len();
            }
        }
        for (_, kind, content) in entries {
            head.push(*kind);
            head.extend(put(place));
            tail.extend(content);
            place += content.len();
        }
        let mut bytes = vec![u8::from(wide) + if object { 0 } else { 2 }];
        bytes.extend(put(entries.len()));
        bytes.extend(put(place));
        bytes.extend(head);
        bytes.extend(tail);
        bytes
    }

    fn string(text: &str) -> Vec<u8> {
        [vec![u8::try_from(text.len()).expect("short")], text.as_bytes().to_vec()].concat()
    }

    #[test]
    fn scalars_are_exact() {
        check(&[], "null");
        check(&[kind::LITERAL, 0], "null");
        check(&[kind::LITERAL, 1], "true");
        check(&[kind::INT16, 0xff, 0xff], "-1");
        check(&[kind::UINT16, 0xff, 0xff], "65535");
        check(&[kind::INT32, 0, 0, 0, 0x80], "-2147483648");
        check(&[[kind::UINT64].as_slice(), &u64::MAX.to_le_bytes()].concat(), "18446744073709551615");
        check(&[[kind::INT64].as_slice(), &i64::MIN.to_le_bytes()].concat(), "-9223372036854775808");
        check(&[[kind::DOUBLE].as_slice(), &1.5_f64.to_le_bytes()].concat(), "1.5");
        check(&[[kind::STRING].as_slice(), &string("中\"")].concat(), "\"中\\\"\"");
    }

    #[test]
    fn small_and_large_containers_read_alike() {
        for wide in [false, true] {
            let inner =
                container(false, wide, &[("", kind::STRING, string("x")), ("", kind::STRING, string(""))]);
            let entries = [
                ("a", kind::STRING, string("one")),
                ("b", kind::INT64, (-5_i64).to_le_bytes().to_vec()),
                ("cc", inner[0], inner[1..].to_vec()),
            ];
            check(&container(true, wide, &entries), r#"{"a":"one","b":-5,"cc":["x",""]}"#);
        }
    }

    #[test]
    fn inlined_numbers_stand_in_the_entry() {
        // Small array: count 2, size 10, entries (int16 -2), (literal false).
        check(&[2, 2, 0, 10, 0, kind::INT16, 0xfe, 0xff, kind::LITERAL, 2, 0], "[-2,false]");
        // Large array: count 1, size 13, entry (uint32).
        check(&[3, 1, 0, 0, 0, 13, 0, 0, 0, kind::UINT32, 0xff, 0xff, 0xff, 0xff], "[4294967295]");
    }

    #[test]
    fn a_document_deeper_than_mysql_allows_is_refused() {
        let nested = |depth: usize| {
            let mut bytes = [[kind::INT64].as_slice(), &7_i64.to_le_bytes()].concat();
            for _ in 0..depth {
                bytes = container(false, true, &[("", bytes[0], bytes[1..].to_vec())]);
            }
            bytes
        };
        assert!(decode(&nested(100)).is_some());
        assert!(decode(&nested(101)).is_none());
    }

    #[test]
    fn a_document_that_refers_to_itself_is_refused() {
        // An array whose only entry is an array at offset 0: itself.
        assert!(decode(&[2, 1, 0, 7, 0, 2, 0, 0]).is_none());
        // 40 entries that share one long string would expand the document 40 times.
        let text = [vec![0x80 | 72, 1], vec![b'x'; 200]].concat();
        let mut shared = vec![2];
        let size = 4 + 40 * 3 + text.len();
        shared.extend([40, 0]);
        shared.extend((size as u16).to_le_bytes());
        for _ in 0..40 {
            shared.push(kind::STRING);
            shared.extend((4 + 40 * 3_u16).to_le_bytes());
        }
        shared.extend(text);
        assert!(decode(&shared).is_none());
    }

    #[test]
    fn random_damage_never_panics() {
        let mut random = crate::testing::Random::new(5);
        let inner = container(true, false, &[("k", kind::OPAQUE, vec![246, 4, 4, 2, 0x80, 1])]);
        let base =
            container(true, false, &[("a", inner[0], inner[1..].to_vec()), ("b", kind::STRING, string("y"))]);
        let mut valid = 0;
        for _ in 0..50_000 {
            valid += usize::from(decode(&random.damaged(&base)).is_some());
        }
        assert!(valid > 0);
        assert_ne!(decode(&base), Some(Value::Null));
    }
}
