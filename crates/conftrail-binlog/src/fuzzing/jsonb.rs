//! Writes binary JSON as MySQL stores it; source of the layout: MySQL, `sql-common/json_binary.h`.

use conftrail_core::Value;

/// How wide counts, sizes and offsets are, and the types of a container of that form.
#[derive(Clone, Copy)]
struct Form {
    width: usize,
    object: u8,
    array: u8,
}

const SMALL: Form = Form { width: 2, object: 0x00, array: 0x02 };
const LARGE: Form = Form { width: 4, object: 0x01, array: 0x03 };

/// Containers that may be larger take the large form.
const MOST_SMALL: usize = 0xffff;

/// Writes a document, with all of its containers in the large form if told so.
pub(super) fn written(value: &Value, all_large: bool) -> Vec<u8> {
    let (kind, content) = entry(value, all_large);
    [&[kind], &content[..]].concat()
}

fn entry(value: &Value, all_large: bool) -> (u8, Vec<u8>) {
    match value {
        Value::Null => (0x04, vec![0]),
        Value::Bool(is_true) => (0x04, vec![2 - u8::from(*is_true)]),
        Value::Int(number) => (0x09, number.to_le_bytes().to_vec()),
        Value::Uint(number) => (0x0a, number.to_le_bytes().to_vec()),
        Value::Float(number) => (0x0b, number.to_le_bytes().to_vec()),
        Value::Text(text) => (0x0c, [variable(text.len()), text.as_bytes().to_vec()].concat()),
        Value::List(list) => {
            let entries: Vec<_> = list.iter().map(|value| entry(value, all_large)).collect();
            container(None, &entries, all_large)
        }
        Value::Map(map) => {
            let names: Vec<&str> = map.iter().map(|(name, _)| name.as_str()).collect();
            let entries: Vec<_> = map.iter().map(|(_, value)| entry(value, all_large)).collect();
            container(Some(&names), &entries, all_large)
        }
    }
}

fn container(names: Option<&[&str]>, entries: &[(u8, Vec<u8>)], all_large: bool) -> (u8, Vec<u8>) {
    let small = contents(SMALL, names, entries);
    let form = if all_large || small.len() > MOST_SMALL { LARGE } else { SMALL };
    let kind = if names.is_some() { form.object } else { form.array };
    (kind, if form.width == SMALL.width { small } else { contents(LARGE, names, entries) })
}

/// Count, size, places of the names, entries, names, and the values that do not stand in their entry.
fn contents(form: Form, names: Option<&[&str]>, entries: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let number = |number: usize| (number as u64).to_le_bytes()[..form.width].to_vec();
    let of_name = if names.is_some() { form.width + 2 } else { 0 };
    let header = 2 * form.width + entries.len() * (of_name + 1 + form.width);
    let (mut table, mut rest) = (Vec::new(), Vec::new());
    for name in names.into_iter().flatten() {
        table.extend(number(header + rest.len()));
        table.extend(u16::try_from(name.len()).expect("names come from a document").to_le_bytes());
        rest.extend_from_slice(name.as_bytes());
    }
    for (kind, content) in entries {
        table.push(*kind);
        if *kind == 0x04 {
            table.extend(content.iter().copied().chain([0; 4]).take(form.width));
        } else {
            table.extend(number(header + rest.len()));
            rest.extend_from_slice(content);
        }
    }
    [number(entries.len()), number(header + rest.len()), table, rest].concat()
}

/// Writes a length of seven bits per byte, low bits first.
fn variable(mut length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while length > 0x7f {
        bytes.push(0x80 | (length & 0x7f) as u8);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes
}
