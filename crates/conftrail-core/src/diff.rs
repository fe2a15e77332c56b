//! What differs between two values, path by path.

use std::cell::OnceCell;
use std::collections::HashMap;

use similar::{Algorithm, DiffOp, TextDiff};
use smol_str::SmolStr;

use crate::document::path::Path;
use crate::document::{Format, MaskedDocument, compared};
use crate::mask::holds_mask;
use crate::{Change, ChangeList, ChangeOp, Map, Value};

/// How many changes an event holds. What is beyond is told by [`Changes::truncated`] and can be read from the
/// content.
pub const MAX_CHANGES: usize = 1000;

/// Lists longer than this, after what is equal at both ends, are compared by index: finding the shortest way
/// from one to the other takes quadratic time.
const MAX_ALIGNED: usize = 2000;

/// Maps longer than this are looked up by hash.
const MAX_SCANNED: usize = 16;

/// The changes from one value to another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The changes, in the order of the value after; what was removed stands where it stood.
    pub changes: ChangeList,
    /// Whether there are more than [`MAX_CHANGES`].
    pub truncated: bool,
}

/// Compares two rows column by column; names are paths as they are.
///
/// Rows of one plan have their columns in the same places and are compared without any lookup.
pub fn rows(before: Option<&Map>, after: Option<&Map>) -> Changes {
    match (before, after) {
        (Some(before), Some(after)) => {
            let mut differ = Differ::default();
            differ.map(before, after, &mut Path::default(), true);
            differ.changes()
        }
        (None, Some(row)) => whole_row(row, ChangeOp::Add),
        (Some(row), None) => whole_row(row, ChangeOp::Remove),
        (None, None) => Changes::default(),
    }
}

/// Compares two rows that have the same columns, and of these only the ones at some places.
pub fn columns(before: &Map, after: &Map, places: &[usize]) -> Changes {
    let mut differ = Differ::default();
    let mut path = Path::default();
    for place in places {
        if let (Some((name, new)), Some((_, old))) = (after.at(*place), before.at(*place)) {
            path.enter_flat(name);
            differ.value(old, new, &mut path);
            path.leave();
        }
    }
    differ.changes()
}

/// Returns the changes of a row that came or went.
fn whole_row(row: &Map, op: ChangeOp) -> Changes {
    if row.len() > MAX_CHANGES {
        let changes = columns_of(row, op).take(MAX_CHANGES).collect();
        return Changes { changes, truncated: true };
    }
    Changes { changes: ChangeList::of_whole_row(op, row.clone()), truncated: false }
}

/// Returns each column of a row as what came or went.
pub(crate) fn columns_of(row: &Map, op: ChangeOp) -> impl Iterator<Item = Change> {
    row.iter().map(move |(name, value)| Change {
        path: name.clone(),
        op,
        before: (op == ChangeOp::Remove).then(|| value.clone()),
        after: (op == ChangeOp::Add).then(|| value.clone()),
        sensitive: value_holds_mask(value),
    })
}

/// Compares two values; paths are as in `a.b[2].c`.
pub fn values(before: &Value, after: &Value) -> Changes {
    let mut differ = Differ::default();
    differ.value(before, after, &mut Path::default());
    differ.changes()
}

/// Compares two versions of a document by their trees. Without a tree on either side there are no changes to
/// name: the line diff is computed on reading.
pub fn documents(before: Option<&MaskedDocument>, after: Option<&MaskedDocument>) -> Changes {
    let is_open = |side: Option<&MaskedDocument>| side.is_some_and(|document| document.tree.is_none());
    if is_open(before) || is_open(after) {
        return Changes::default();
    }
    let is_flat = before.or(after).is_some_and(|document| document.format == Format::Properties);
    let empty = Map::default();
    let mut differ = Differ::default();
    let mut path = Path::default();
    let (before, after) = compared(before, after);
    match (before.as_deref(), after.as_deref()) {
        (Some(Value::Map(before)), Some(Value::Map(after))) => differ.map(before, after, &mut path, is_flat),
        // A new or removed document shows its top level, not one change without a path.
        (None, Some(Value::Map(after))) => differ.map(&empty, after, &mut path, is_flat),
        (Some(Value::Map(before)), None) => differ.map(before, &empty, &mut path, is_flat),
        (Some(before), Some(after)) => differ.value(before, after, &mut path),
        (None, Some(Value::Null)) | (Some(Value::Null), None) | (None, None) => {}
        (None, Some(after)) => differ.add(ChangeOp::Add, None, Some(after), &path),
        (Some(before), None) => differ.add(ChangeOp::Remove, Some(before), None, &path),
    }
    differ.changes()
}

/// Returns the line diff of two texts in unified form, with `context` lines around each change; empty for equal
/// texts.
pub fn unified(before: &str, after: &str, context: usize) -> String {
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .timeout(std::time::Duration::from_millis(500))
        .diff_lines(before, after);
    diff.unified_diff().context_radius(context).to_string()
}

#[derive(Default)]
struct Differ {
    found: Vec<Change>,
    truncated: bool,
}

impl Differ {
    fn changes(self) -> Changes {
        Changes { changes: self.found.into(), truncated: self.truncated }
    }

    fn value(&mut self, before: &Value, after: &Value, path: &mut Path) {
        match (before, after) {
            (Value::Map(before), Value::Map(after)) => self.map(before, after, path, false),
            (Value::List(before), Value::List(after)) => self.list(before, after, path),
            (before, after) if before == after => {}
            (before, after) => self.add(ChangeOp::Replace, Some(before), Some(after), path),
        }
    }

    fn map(&mut self, before: &Map, after: &Map, path: &mut Path, is_flat: bool) {
        let lookup = Lookup::new(before);
        let mut known = 0;
        for (place, (name, new)) in after.iter().enumerate() {
            if is_flat && before.at(place).is_some_and(|(same, old)| same == name && old == new) {
                known += 1;
                continue;
            }
            enter(path, name, is_flat);
            match lookup.get(place, name) {
                Some(old) => {
                    known += 1;
                    self.value(old, new, path);
                }
                None => self.add(ChangeOp::Add, None, Some(new), path),
            }
            path.leave();
        }
        if known == before.len() {
            return;
        }
        let lookup = Lookup::new(after);
        for (place, (name, old)) in before.iter().enumerate() {
            if lookup.get(place, name).is_none() {
                enter(path, name, is_flat);
                self.add(ChangeOp::Remove, Some(old), None, path);
                path.leave();
            }
        }
    }

    /// Compares lists so that an entry put in the middle is one change. What was replaced pairs up in order.
    fn list(&mut self, before: &[Value], after: &[Value], path: &mut Path) {
        let head = before.iter().zip(after).take_while(|(old, new)| old == new).count();
        let (before_rest, after_rest) =
            (before.get(head..).unwrap_or_default(), after.get(head..).unwrap_or_default());
        let tail =
            before_rest.iter().rev().zip(after_rest.iter().rev()).take_while(|(old, new)| old == new).count();
        let old = before_rest.get(..before_rest.len() - tail).unwrap_or_default();
        let new = after_rest.get(..after_rest.len() - tail).unwrap_or_default();
        if old.len().max(new.len()) > MAX_ALIGNED || old.is_empty() || new.is_empty() {
            self.pairs(old, new, head, head, path);
            return;
        }
        let old_keys: Vec<String> = old.iter().map(Value::display).collect();
        let new_keys: Vec<String> = new.iter().map(Value::display).collect();
        for op in similar::capture_diff_slices(Algorithm::Myers, &old_keys, &new_keys) {
            let (DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. }) = op else {
                continue;
            };
            let (from, to) = (op.old_range(), op.new_range());
            let (at_old, at_new) = (head + from.start, head + to.start);
            let removed = old.get(from).unwrap_or_default();
            let added = new.get(to).unwrap_or_default();
            self.pairs(removed, added, at_old, at_new, path);
        }
    }

    /// Compares entries in order. Indices are those of the list after; those of removed entries, of the list before.
    fn pairs(&mut self, old: &[Value], new: &[Value], at_old: usize, at_new: usize, path: &mut Path) {
        for place in 0..old.len().max(new.len()) {
            match (old.get(place), new.get(place)) {
                (Some(old), Some(new)) => {
                    path.enter_index(at_new + place);
                    self.value(old, new, path);
                }
                (None, Some(new)) => {
                    path.enter_index(at_new + place);
                    self.add(ChangeOp::Add, None, Some(new), path);
                }
                (old, None) => {
                    path.enter_index(at_old + place);
                    self.add(ChangeOp::Remove, old, None, path);
                }
            }
            path.leave();
        }
    }

    fn add(&mut self, op: ChangeOp, before: Option<&Value>, after: Option<&Value>, path: &Path) {
        if self.found.len() >= MAX_CHANGES {
            self.truncated = true;
            return;
        }
        let sensitive = before.is_some_and(value_holds_mask) || after.is_some_and(value_holds_mask);
        let path = path.spelt();
        let change = Change { path, op, before: before.cloned(), after: after.cloned(), sensitive };
        self.found.push(change);
    }
}

/// Finds a map's values: at the same place first, as rows of one plan and untouched documents have them.
struct Lookup<'a> {
    map: &'a Map,
    /// Made when a name of a long map first stands elsewhere.
    hashed: OnceCell<HashMap<&'a str, &'a Value>>,
}

impl<'a> Lookup<'a> {
    fn new(map: &'a Map) -> Self {
        Self { map, hashed: OnceCell::new() }
    }

    fn get(&self, place: usize, name: &str) -> Option<&'a Value> {
        match self.map.at(place) {
            Some((same, value)) if &**same == name => return Some(value),
            _ if self.map.len() <= MAX_SCANNED => return self.map.get(name),
            _ => {}
        }
        let hashed =
            self.hashed.get_or_init(|| self.map.iter().map(|(name, value)| (&**name, value)).collect());
        hashed.get(name).copied()
    }
}

fn enter(path: &mut Path, name: &SmolStr, is_flat: bool) {
    if is_flat { path.enter_flat(name) } else { path.enter(name) }
}

/// Says whether a value or a part of it is masked.
#[inline]
pub(crate) fn value_holds_mask(value: &Value) -> bool {
    match value {
        Value::Text(text) => holds_mask(text),
        Value::List(items) => items.iter().any(value_holds_mask),
        Value::Map(map) => map.iter().any(|(name, inner)| holds_mask(name) || value_holds_mask(inner)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str, expected: &[&str]) {
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let found: Vec<String> = values(&parse(before), &parse(after)).changes.iter().map(line).collect();
        assert_eq!(found, expected, "{before} → {after}");
    }

    fn line(change: &Change) -> String {
        let show = |side: &Option<Value>| side.as_ref().map(Value::display).unwrap_or_default();
        let line = format!(
            "{} {} {}>{}",
            change.op.as_str(),
            change.path,
            show(&change.before),
            show(&change.after)
        );
        if change.sensitive { format!("{line} sensitive") } else { line }
    }

    #[test]
    fn each_changed_path_is_one_change() {
        check(
            r#"{"a": 1, "b": {"c": 2}}"#,
            r#"{"b": {"c": 3}, "d": null}"#,
            &["replace b.c 2>3", "add d >null", "remove a 1>"],
        );
        check("[1, 2, 3, 4]", "[1, 9, 2, 3, 4]", &["add [1] >9"]);
        check("[1, 2, 3, 4]", "[1, 3, 4]", &["remove [1] 2>"]);
        check(
            r#"{"x": [{"a": 1, "b": 1}, {"a": 2}]}"#,
            r#"{"x": [{"a": 5, "b": 1}, {"a": 2}]}"#,
            &["replace x[0].a 1>5"],
        );
        check(
            r#"["a", "b", "c", "d"]"#,
            r#"["b", "x", "d", "e"]"#,
            &["remove [0] a>", "replace [1] c>x", "add [3] >e"],
        );
        check(r#"{"a": {"b": 1}}"#, r#"{"a": [1]}"#, &[r#"replace a {"b":1}>[1]"#]);
        check(r#"{"a.b": 1}"#, r#"{"a.b": 2}"#, &[r#"replace ["a.b"] 1>2"#]);
        check(r#"{"a": 1, "b": 2}"#, r#"{"b": 2, "a": 1}"#, &[]);
        check("1", "1.0", &["replace  1>1.0"]);
        check(
            r#"{"p": "hmac-sha256:0123abcd:0123456789ab"}"#,
            r#"{"p": null}"#,
            &["replace p hmac-sha256:0123abcd:0123456789ab>null sensitive"],
        );
    }

    #[test]
    fn rows_are_compared_column_by_column_with_names_as_they_are() {
        let row = |text: &str| serde_json::from_str::<Map>(text).unwrap();
        let (before, after) =
            (row(r#"{"id": 42, "a.b": 1, "c": "x"}"#), row(r#"{"id": 42, "a.b": 2, "c": "x"}"#));
        let found: Vec<String> = rows(Some(&before), Some(&after)).changes.iter().map(line).collect();
        assert_eq!(found, ["replace a.b 1>2"]);
        assert_eq!(rows(None, Some(&after)).changes.len(), 3);
        assert_eq!(rows(Some(&before), None).changes.len(), 3);
        let partial = row(r#"{"c": "y"}"#);
        let found: Vec<String> =
            rows(Some(&partial), Some(&row(r#"{"id": 42, "c": "x"}"#))).changes.iter().map(line).collect();
        assert_eq!(found, ["add id >42", "replace c y>x"]);
    }

    #[test]
    fn long_maps_and_lists_are_compared_in_time_and_cut_with_a_word() {
        let long = |from: i64| -> Map {
            (from..from + 20_000).map(|at| (format!("k{at}").into(), Value::Int(at))).collect()
        };
        let changes = rows(Some(&long(0)), Some(&long(1)));
        assert_eq!((changes.changes.len(), changes.truncated), (2, false));
        let list = |step: i64| Value::List((0..50_000).map(|at| Value::Int(at * step)).collect());
        let changes = values(&list(1), &list(2));
        assert_eq!((changes.changes.len(), changes.truncated), (MAX_CHANGES, true));
    }

    #[test]
    fn the_line_diff_is_unified() {
        assert_eq!(unified("a\nb\nc\n", "a\n乙\nc\n", 1), "@@ -1,3 +1,3 @@\n a\n-b\n+乙\n c\n");
        assert_eq!(unified("a", "a", 3), "");
    }
}
