//! Differences of a JSON document, as an update logs them with `binlog_row_value_options=PARTIAL_JSON`.
//!
//! Source of the layout and of what each operation demands of the document: MySQL, `sql-common/json_diff.cc`. A difference is an
//! operation, a path and, unless it removes, a binary JSON value; path and value stand behind their lengths.

use std::sync::Arc;

use conftrail_core::{Map, Value};

use super::Names;
use super::document::decode_at;
use super::path::{Leg, legs};
use crate::cursor::Cursor;

/// The operations.
mod operation {
    pub(super) const REPLACE: u8 = 0;
    pub(super) const INSERT: u8 = 1;
    pub(super) const REMOVE: u8 = 2;
}

/// Applies the differences one after the other; `None` when they are damaged or do not fit the document.
pub(in crate::decode) fn apply(bytes: &[u8], before: &Value, names: &mut Names) -> Option<Value> {
    let mut document = before.clone();
    let mut rest = Cursor::new(bytes);
    while let Some(operation) = rest.u8() {
        let path = std::str::from_utf8(rest.length_encoded_bytes()?).ok()?;
        let legs = legs(path)?;
        if operation == operation::REMOVE {
            let (last, parents) = legs.split_last()?;
            remove(seek(&mut document, parents)?, last)?;
            continue;
        }
        let value = decode_at(rest.length_encoded_bytes()?, legs.len(), names)?;
        match operation {
            operation::REPLACE => *seek(&mut document, &legs)? = value,
            operation::INSERT => {
                let (last, parents) = legs.split_last()?;
                insert(seek(&mut document, parents)?, last, value)?;
            }
            _ => return None,
        }
    }
    Some(document)
}

fn seek<'v>(document: &'v mut Value, legs: &[Leg<'_>]) -> Option<&'v mut Value> {
    let mut place = document;
    for leg in legs {
        place = match (place, leg) {
            (Value::Map(map), Leg::Member(name)) => map.get_mut(name)?,
            (Value::List(list), leg) => {
                let index = index(leg, list.len())?;
                Arc::make_mut(list).get_mut(index)?
            }
            _ => return None,
        };
    }
    Some(place)
}

/// Adds a member that is not there yet, or an element in front of the one that has its place; behind the last one there is always
/// room.
fn insert(parent: &mut Value, leg: &Leg<'_>, value: Value) -> Option<()> {
    match (parent, leg) {
        (Value::Map(map), Leg::Member(name)) => {
            if map.get(name).is_some() {
                return None;
            }
            map.insert_at(place_of(map, name), name.as_ref().into(), value);
        }
        (Value::List(list), leg) => {
            let index = index(leg, list.len())?.min(list.len());
            let (before, behind) = list.split_at(index);
            *list = before.iter().cloned().chain([value]).chain(behind.iter().cloned()).collect();
        }
        _ => return None,
    }
    Some(())
}

/// MySQL prints members sorted by length, then by bytes.
fn place_of(map: &Map, name: &str) -> usize {
    map.iter().take_while(|(known, _)| (known.len(), known.as_str()) < (name.len(), name)).count()
}

fn remove(parent: &mut Value, leg: &Leg<'_>) -> Option<()> {
    match (parent, leg) {
        (Value::Map(map), Leg::Member(name)) => map.remove(name).map(drop),
        (Value::List(list), leg) => {
            let index = index(leg, list.len()).filter(|index| *index < list.len())?;
            *list = list
                .iter()
                .enumerate()
                .filter(|(place, _)| *place != index)
                .map(|(_, kept)| kept.clone())
                .collect();
            Some(())
        }
        _ => None,
    }
}

fn index(leg: &Leg<'_>, length: usize) -> Option<usize> {
    match leg {
        Leg::Member(_) => None,
        Leg::Element(index) => Some(*index),
        Leg::FromLast(back) => length.checked_sub(1)?.checked_sub(*back),
    }
}

#[cfg(test)]
mod tests {
    use conftrail_core::Value;

    use super::{Names, operation};
    use crate::testing::{Random, length_encoded, prefixed};

    fn document(text: &str) -> Value {
        serde_json::from_str(text).expect("json")
    }

    fn difference(operation: u8, path: &str, value: Option<&[u8]>) -> Vec<u8> {
        let mut bytes = [vec![operation], prefixed(path)].concat();
        if let Some(value) = value {
            bytes.extend(length_encoded(value.len()));
            bytes.extend_from_slice(value);
        }
        bytes
    }

    /// The number 7 as a document.
    const SEVEN: &[u8] = &[5, 7, 0];

    fn replace(path: &str) -> Vec<u8> {
        difference(operation::REPLACE, path, Some(SEVEN))
    }

    fn insert(path: &str) -> Vec<u8> {
        difference(operation::INSERT, path, Some(SEVEN))
    }

    fn remove(path: &str) -> Vec<u8> {
        difference(operation::REMOVE, path, None)
    }

    fn apply(before: &str, differences: &[Vec<u8>]) -> Option<String> {
        let before = document(before);
        let unchanged = before.display();
        let after = super::apply(&differences.concat(), &before, &mut Names::default());
        assert_eq!(before.display(), unchanged, "what is shared with the document before is copied");
        after.map(|after| after.display())
    }

    #[test]
    fn differences_are_applied_one_after_the_other() {
        let check = |before, differences: &[Vec<u8>], expected: &str| {
            assert_eq!(apply(before, differences).as_deref(), Some(expected), "{before}");
        };
        check(r#"{"a":1}"#, &[], r#"{"a":1}"#);
        check(r#"{"a":1}"#, &[replace("$")], "7");
        check(r#"{"a":{"b":[1,2]}}"#, &[replace("$.a.b[1]")], r#"{"a":{"b":[1,7]}}"#);
        check(r#"{"b":1,"ccc":2}"#, &[insert("$.a"), insert("$.dd")], r#"{"a":7,"b":1,"dd":7,"ccc":2}"#);
        check("[1,2]", &[insert("$[0]"), insert("$[2]"), insert("$[9]")], "[7,1,7,2,7]");
        check("[1,2,3]", &[remove("$[0]"), remove("$[1]")], "[2]");
        check("[1,2,3]", &[replace("$[last]"), remove("$[last-2]")], "[2,7]");
        check(r#"{"a":1,"b":2}"#, &[remove("$.a"), insert("$.a"), remove("$.b")], r#"{"a":7}"#);
        check(r#"{"x y":{"\"":0}}"#, &[replace(r#"$."x y"."\"""#)], r#"{"x y":{"\"":7}}"#);
    }

    #[test]
    fn a_difference_that_does_not_fit_the_document_is_refused() {
        let check =
            |before, differences: &[Vec<u8>]| assert_eq!(apply(before, differences), None, "{before}");
        check(r#"{"a":1}"#, &[replace("$.b")]);
        check(r#"{"a":1}"#, &[replace("$.a.b")]);
        check(r#"{"a":1}"#, &[replace("$[0]")]);
        check("[1]", &[replace("$[1]")]);
        check("[1]", &[replace("$.a")]);
        check("[]", &[replace("$[last]")]);
        check("1", &[replace("$[0]")]);
        check(r#"{"a":1}"#, &[insert("$.a")]);
        check(r#"{"a":1}"#, &[insert("$[0]")]);
        check(r#"{"a":1}"#, &[insert("$")]);
        check("[1]", &[insert("$.a")]);
        check("[1]", &[remove("$[1]")]);
        check("[1]", &[remove("$")]);
        check("null", &[remove("$.a")]);
        // The first fits and the second does not: then none is applied.
        check(r#"{"a":1}"#, &[replace("$.a"), replace("$.b")]);
        check("1", &[difference(3, "$", Some(SEVEN))]);
        check("1", &[replace("$")[..5].to_vec()]);
        check("1", &[difference(operation::REPLACE, "$", Some(&[0x0e, 0]))]);
    }

    #[test]
    fn no_difference_makes_a_document_deeper_than_mysql_allows() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let at = |depth: usize| format!("${}", "[0]".repeat(depth));
        let apply = |depth: usize, value: &[u8]| {
            let before = document(&nested(depth));
            let bytes = difference(operation::INSERT, &at(depth), Some(value));
            super::apply(&bytes, &before, &mut Names::default())
        };
        assert!(apply(99, &[2, 0, 0, 4, 0]).is_some());
        // An array in an array, one too deep.
        assert!(apply(99, &[2, 1, 0, 11, 0, 2, 7, 0, 0, 0, 4, 0]).is_some());
        assert!(apply(100, &[2, 1, 0, 11, 0, 2, 7, 0, 0, 0, 4, 0]).is_none());
    }

    #[test]
    fn random_damage_never_panics() {
        let before = document(r#"{"a":{"b":[1,2,{"c":"x"}]},"d":null}"#);
        let base = [replace("$.a.b[2].c"), insert("$.e"), remove("$.a.b[0]"), insert("$.a.b[1]")].concat();
        let mut random = Random::new(23);
        let mut fits = 0;
        for _ in 0..50_000 {
            fits +=
                usize::from(super::apply(&random.damaged(&base), &before, &mut Names::default()).is_some());
        }
        assert!(fits > 0);
    }
}
