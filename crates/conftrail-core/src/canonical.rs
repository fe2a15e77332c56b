//! The one byte form of an event that digests, leaves and evidence are computed over.
//!
//! UTF-8 JSON, keys sorted by code point, no white space, integers verbatim to 64 bits, other numbers in
//! shortest form, only mandatory escapes. Not RFC 8785, which loses integers above 2^53.

use std::borrow::Cow;

use crate::{AppendJson, Event, Json, Value};

/// The fields that a second reading of the same change may fill differently.
const NOT_CANONICAL: [&[u8]; 2] = [b"observed", b"log"];

/// Returns an event's canonical bytes, without `observed` and `log`.
pub fn event_bytes(event: &Event) -> Vec<u8> {
    sorted(event, &NOT_CANONICAL)
}

/// Returns a value's canonical bytes.
pub fn value_bytes(value: &Value) -> Vec<u8> {
    sorted(value, &[])
}

/// Returns JSON with the members of every object sorted; those of the outermost object that are named in `without` are
/// left out. All else already is in the canonical form.
fn sorted(content: &impl AppendJson, without: &[&[u8]]) -> Vec<u8> {
    let mut json = Json::default();
    content.append_json(&mut json);
    let json = json.as_bytes();
    let mut sorter = Sorter { json, at: 0, sorted: Vec::with_capacity(json.len()) };
    sorter.value(without);
    sorter.sorted
}

/// Copies JSON, which is known to be well-formed and without white space.
struct Sorter<'j> {
    json: &'j [u8],
    at: usize,
    sorted: Vec<u8>,
}

/// A member as it stands in the output.
struct Member<'j> {
    /// The key as it is escaped, without its quotes.
    key: &'j [u8],
    from: usize,
    to: usize,
}

impl<'j> Sorter<'j> {
    fn value(&mut self, without: &[&[u8]]) {
        match self.peek() {
            b'{' => self.object(without),
            b'[' => self.list(),
            b'"' => {
                let text = self.text();
                self.sorted.extend_from_slice(text);
            }
            _ => {
                let rest = &self.json[self.at..];
                let length = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']'));
                let plain = &rest[..length.unwrap_or(rest.len())];
                self.at += plain.len();
                self.sorted.extend_from_slice(plain);
            }
        }
    }

    fn list(&mut self) {
        self.copy_one();
        while self.peek() != b']' {
            self.value(&[]);
            if self.peek() == b',' {
                self.copy_one();
            }
        }
        self.copy_one();
    }

    fn object(&mut self, without: &[&[u8]]) {
        self.copy_one();
        let begin = self.sorted.len();
        let mut members: Vec<Member<'j>> = Vec::new();
        while self.peek() != b'}' {
            let from = self.sorted.len();
            let quoted = self.text();
            let key = &quoted[1..quoted.len() - 1];
            self.sorted.extend_from_slice(quoted);
            self.copy_one();
            self.value(&[]);
            if without.contains(&key) {
                self.sorted.truncate(from);
            } else {
                members.push(Member { key, from, to: self.sorted.len() });
            }
            if self.peek() == b',' {
                self.at += 1;
            }
        }
        self.at += 1;
        self.put_in_order(begin, &mut members);
        self.sorted.push(b'}');
    }

    /// Puts the members, which were copied from `begin` on, into order and commas between them.
    fn put_in_order(&mut self, begin: usize, members: &mut [Member<'j>]) {
        members.sort_by(|one, other| unescaped(one.key).cmp(&unescaped(other.key)));
        let copied = self.sorted.split_off(begin);
        for (index, member) in members.iter().enumerate() {
            if index > 0 {
                self.sorted.push(b',');
            }
            self.sorted.extend_from_slice(&copied[member.from - begin..member.to - begin]);
        }
    }

    fn peek(&self) -> u8 {
        self.json[self.at]
    }

    fn copy_one(&mut self) {
        self.sorted.push(self.peek());
        self.at += 1;
    }

    /// Passes over a text and returns it with its quotes.
    fn text(&mut self) -> &'j [u8] {
        let from = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        &self.json[from..self.at]
    }
}

/// Returns a key as it is meant. UTF-8 sorts as code points do; escapes do not.
fn unescaped(key: &[u8]) -> Cow<'_, [u8]> {
    if !key.contains(&b'\\') {
        return Cow::Borrowed(key);
    }
    let quoted = [b"\"", key, b"\""].concat();
    let text: String = serde_json::from_slice(&quoted).expect("a key of JSON is a text");
    Cow::Owned(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_reads_back_as_it_was_written() {
        // Each reading that is not exact moves some of these by their last bit.
        for step in 0..2000_u64 {
            let text = format!(
                "[{}{:020},0.{:017},{}e-{}]",
                "1234567890",
                step * 7_919_999_983,
                step * 104_729_111,
                step,
                step % 300
            );
            let value: Value = serde_json::from_str(&text).unwrap();
            let written = value_bytes(&value);
            assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), value, "{text}");
        }
    }

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

    #[test]
    fn keys_are_sorted_as_they_are_meant_and_not_as_they_are_escaped() {
        // In bytes a backslash stands after capitals and before small letters; a newline before both.
        let text = r#"{"b":1,"\\":2,"A":3,"\n":{"z":[],"y":[{"d":"\"}","c":"{\\"}]},"😀":4,"\uffee":5,"":6}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        let expected = "{\"\":6,\"\\n\":{\"y\":[{\"c\":\"{\\\\\",\"d\":\"\\\"}\"}],\"z\":[]},\"A\":3,\"\\\\\":2,\"b\":1,\"\u{ffee}\":5,\"😀\":4}";
        assert_eq!(String::from_utf8(value_bytes(&value)).unwrap(), expected);
        for plain in ["null", "-1", "1.5", "\"\"", "[]", "{}", "[[],{}]"] {
            let value: Value = serde_json::from_str(plain).unwrap();
            assert_eq!(value_bytes(&value), plain.as_bytes());
        }
    }
}
