//! An event's content: its images, and the changes that repeat parts of them.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::buffer::EntryPlace;
use super::{AppendJson, Json};
use crate::diff::value_holds_mask;
use crate::{Change, ChangeList, ChangeOp, Map, Value, mask};

/// Finds what all masks begin with.
static MASK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(mask::PREFIX));

impl AppendJson for Value {
    fn append_json(&self, json: &mut Json) {
        value(self, json);
    }
}

pub(super) fn truth(truth: bool, json: &mut Json) {
    json.put(if truth { b"true" } else { b"false" });
}

pub(super) fn list<'i, T>(items: &'i [T], json: &mut Json, mut write: impl FnMut(&'i T, &mut Json)) {
    json.put_literal(b"[");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            json.put_literal(b",");
        }
        write(item, json);
    }
    json.put_literal(b"]");
}

/// Appends content; a row's documents are remembered, and where each of its entries stands if the changes repeat it.
pub(super) fn image<'e>(image: &'e Value, changes: &ChangeList, json: &mut Json, written: &mut Written<'e>) {
    let Value::Map(row) = image else { return value(image, json) };
    let is_repeated = changes.whole_row().is_some_and(|(_, repeated)| repeated.is_clone_of(row));
    if is_repeated {
        json.entries.clear();
        written.has_entries = true;
    }
    json.put_literal(b"{");
    for (index, (name, entry)) in row.iter().enumerate() {
        if index > 0 {
            json.put_literal(b",");
        }
        let name_at = json.as_bytes().len();
        json.put_name(name);
        let value_at = json.as_bytes().len();
        written.value(entry, json);
        if is_repeated {
            json.entries.push(EntryPlace { name: name_at, value: value_at, end: json.as_bytes().len() });
        }
    }
    json.put_literal(b"}");
}

/// Appends the changes of a row that came or went, from the image that was written just before.
pub(super) fn whole_row(op: ChangeOp, row: &Map, json: &mut Json) {
    let (from, to) = (json.entries.first().map_or(0, |first| first.name), json.as_bytes().len());
    // Whatever is masked says so as it is written.
    let may_hold_mask = MASK.find(&json.as_bytes()[from..to]).is_some();
    json.put_literal(b"[");
    for (index, (_, value)) in row.iter().enumerate() {
        let Some(EntryPlace { name, value: value_at, end }) = json.entries.get(index).copied() else { break };
        if index > 0 {
            json.put_literal(b",");
        }
        json.put_literal(b"{\"path\":");
        // Without the colon.
        json.put_again(name..value_at - 1);
        match op {
            ChangeOp::Add => json.put_literal(b",\"op\":\"add\",\"after\":"),
            ChangeOp::Remove => json.put_literal(b",\"op\":\"remove\",\"before\":"),
            ChangeOp::Replace => json.put_literal(b",\"op\":\"replace\",\"after\":"),
        }
        json.put_again(value_at..end);
        sensitive(may_hold_mask && value_holds_mask(value), json);
    }
    json.put_literal(b"]");
}

pub(super) fn change<'e>(change: &'e Change, json: &mut Json, written: &mut Written<'e>) {
    let Change { path: _, op: _, before: _, after: _, sensitive: _ } = change;
    json.put_literal(b"{\"path\":");
    json.put_text(&change.path);
    match change.op {
        ChangeOp::Add => json.put_literal(b",\"op\":\"add\""),
        ChangeOp::Remove => json.put_literal(b",\"op\":\"remove\""),
        ChangeOp::Replace => json.put_literal(b",\"op\":\"replace\""),
    }
    if let Some(before) = &change.before {
        json.put_literal(b",\"before\":");
        written.value(before, json);
    }
    if let Some(after) = &change.after {
        json.put_literal(b",\"after\":");
        written.value(after, json);
    }
    sensitive(change.sensitive, json);
}

/// Appends the end of a change.
fn sensitive(is_sensitive: bool, json: &mut Json) {
    if is_sensitive {
        json.put_literal(b",\"sensitive\":true}");
    } else {
        json.put_literal(b",\"sensitive\":false}");
    }
}

/// Where the last documents of a row stand in what is written: a document that an image holds is shared by the other image
/// or by its change, and is then copied.
#[derive(Default)]
pub(super) struct Written<'e> {
    documents: [Option<(&'e Map, Range<usize>)>; 4],
    /// Which one gives way next.
    next: usize,
    /// Whether [`Json::entries`] are those of this event's row.
    pub(super) has_entries: bool,
}

impl<'e> Written<'e> {
    fn value(&mut self, known: &'e Value, json: &mut Json) {
        let Value::Map(document) = known else { return value(known, json) };
        let same = self.documents.iter().flatten().find(|(written, _)| written.is_clone_of(document));
        if let Some((_, place)) = same {
            return json.put_again(place.clone());
        }
        let start = json.as_bytes().len();
        map(document, json);
        self.documents[self.next] = Some((document, start..json.as_bytes().len()));
        self.next = (self.next + 1) % self.documents.len();
    }
}

fn value(value: &Value, json: &mut Json) {
    match value {
        Value::Null => json.put_literal(b"null"),
        Value::Bool(known) => truth(*known, json),
        Value::Int(number) => json.put_whole(*number),
        Value::Uint(number) => json.put_whole(*number),
        Value::Float(number) => json.put_plainly(number),
        Value::Text(text) => json.put_text(text),
        Value::List(values) => list(values, json, self::value),
        Value::Map(entries) => map(entries, json),
    }
}

pub(super) fn map(map: &Map, json: &mut Json) {
    json.put_literal(b"{");
    for (index, (name, entry)) in map.iter().enumerate() {
        if index > 0 {
            json.put_literal(b",");
        }
        json.put_name(name);
        value(entry, json);
    }
    json.put_literal(b"}");
}
