//! Binary JSON and differences of it: what is decoded is no larger than its bytes allow and reads back when it is written again,
//! and differences lead to what the same edits by hand lead to, applied at once or one by one.

use conftrail_core::{SmolStr, Value};

use super::bytes::prefixed;
use super::jsonb::written;
use crate::decode::Names;
use crate::decode::fuzzing::{differences, document};

/// Text of a value for each byte of a document at most; a date of eight bytes is the longest for its size.
const MOST_TEXT: usize = 64;

/// Decodes a document and changes it. The input: the document's length, the document (binary, or else as text), and what is read
/// as differences, and as edits of three bytes each.
///
/// # Panics
/// When something that must hold of every document does not.
pub fn json(input: &[u8]) {
    let Some((bytes, rest)) = super::split(input) else { return };
    let mut names = Names::default();
    let before = match document(bytes, &mut names) {
        Some(value) => {
            let (nodes, text) = size(&value);
            assert!(nodes <= bytes.len().max(1), "{nodes} values out of {} bytes", bytes.len());
            assert!(text <= MOST_TEXT * bytes.len(), "{text} bytes of text out of {}", bytes.len());
            assert_eq!(document(bytes, &mut names), Some(value.clone()), "remembered names change nothing");
            value
        }
        None => {
            let Ok(value) = serde_json::from_slice(bytes) else { return };
            if !is_storable(&value) {
                return;
            }
            value
        }
    };
    for all_large in [false, true] {
        let again = document(&written(&before, all_large), &mut names);
        assert_eq!(again.as_ref(), Some(&before), "what was written reads back");
    }
    let unchanged = before.display();
    let _any_outcome = differences(rest, &before);
    edit(&before, rest);
    assert_eq!(before.display(), unchanged, "what is shared with the document before is copied");
}

/// Returns how many values there are, and how many bytes of text and of names.
fn size(value: &Value) -> (usize, usize) {
    let (own, inner): (usize, Vec<(usize, usize)>) = match value {
        Value::Text(text) => (text.len(), Vec::new()),
        Value::List(list) => (0, list.iter().map(size).collect()),
        Value::Map(map) => {
            (map.iter().map(|(name, _)| name.len()).sum(), map.iter().map(|(_, value)| size(value)).collect())
        }
        _ => (0, Vec::new()),
    };
    inner.into_iter().fold((1, own), |(nodes, text), (more, longer)| (nodes + more, text + longer))
}

/// Says whether MySQL would store a document that was read from text.
fn is_storable(value: &Value) -> bool {
    fn depth(value: &Value) -> usize {
        match value {
            Value::List(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
            Value::Map(map) => 1 + map.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
            _ => 0,
        }
    }
    depth(value) <= DEEPEST
}

/// As deep as MySQL lets a document be.
const DEEPEST: usize = 100;

/// What an edit puts into the document.
fn put() -> Value {
    Value::List([Value::from("put"), Value::Int(-7)].into())
}

/// A place in a document, and the path to it.
struct Place<'v> {
    value: &'v mut Value,
    path: String,
}

/// Makes edits that fit the document by hand, and as differences.
fn edit(before: &Value, choices: &[u8]) {
    let (mut by_hand, mut one_by_one, mut all) = (before.clone(), before.clone(), Vec::new());
    for choice in choices.chunks_exact(3).take(16) {
        let (operation, way, index) = (choice[0] % 3, choice[1], usize::from(choice[2]));
        let mut place = Place { value: &mut by_hand, path: "$".to_owned() };
        for step in 0..usize::from(way % 8) {
            place = down(place, usize::from(way >> 3) + step);
        }
        let Some(difference) = made(operation, place, index) else { continue };
        let after = differences(&difference, &one_by_one);
        one_by_one = after.unwrap_or_else(|| panic!("{difference:?} does not fit {}", one_by_one.display()));
        assert_eq!(one_by_one.display(), by_hand.display(), "{difference:?}");
        all.extend(difference);
    }
    let at_once = differences(&all, before).map(|after| after.display());
    assert_eq!(at_once, Some(by_hand.display()), "at once");
}

/// Goes into a member or an element, where there is one.
fn down(place: Place<'_>, choice: usize) -> Place<'_> {
    let is_end = match &*place.value {
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => true,
    };
    if is_end {
        return place;
    }
    let Place { value, path } = place;
    match value {
        Value::Map(map) => {
            let index = choice % map.len();
            let (name, value) = map.iter_mut().nth(index).expect("there are as many");
            let path = format!("{path}.{}", quoted(name));
            Place { value, path }
        }
        Value::List(list) => {
            let index = choice % list.len();
            let value = &mut std::sync::Arc::make_mut(list)[index];
            Place { value, path: format!("{path}[{index}]") }
        }
        _ => unreachable!("anything else is an end"),
    }
}

fn quoted(name: &str) -> String {
    serde_json::to_string(name).expect("a text is JSON")
}

/// Changes the value at a place, and returns the difference that says so; none where the edit does not fit.
fn made(operation: u8, place: Place<'_>, index: usize) -> Option<Vec<u8>> {
    let Place { value, path } = place;
    let path = match (operation, &mut *value) {
        (0, _) => {
            *value = put();
            path
        }
        (1, Value::List(list)) => {
            let index = index % (list.len() + 1);
            let mut elements = list.to_vec();
            elements.insert(index, put());
            *value = elements.into();
            format!("{path}[{index}]")
        }
        (2, Value::List(list)) if !list.is_empty() => {
            let index = index % list.len();
            let mut elements = list.to_vec();
            elements.remove(index);
            *value = elements.into();
            format!("{path}[{index}]")
        }
        (1, Value::Map(map)) => {
            let name = format!("new{index}");
            let mut members: Vec<(SmolStr, Value)> =
                map.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            let order = |name: &str| (name.len(), name.to_owned());
            let is_sorted = members.is_sorted_by_key(|(name, _)| order(name));
            if !is_sorted || map.get(&name).is_some() {
                return None;
            }
            members.push((name.as_str().into(), put()));
            members.sort_by_key(|(name, _)| order(name));
            *value = Value::Map(members.into_iter().collect());
            format!("{path}.{name}")
        }
        (2, Value::Map(map)) if !map.is_empty() => {
            let index = index % map.len();
            let name = map.at(index).map(|(name, _)| name.clone())?;
            *value = Value::Map(
                map.iter()
                    .filter(|(other, _)| **other != name)
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect(),
            );
            format!("{path}.{}", quoted(&name))
        }
        _ => return None,
    };
    let mut difference = [vec![operation], prefixed(path.as_bytes())].concat();
    if operation != 2 {
        difference.extend(prefixed(&written(&put(), index % 2 == 1)));
    }
    Some(difference)
}
