//! One event as one line.

use conftrail_core::{Action, AppendJson, Event, Json, Map, ResourceKind, SmolStr, Value};

use super::definition::Definition;
use super::value;

/// What no event of Maxwell's tells begins so; behind it stands the event format's own word.
const OWN: &str = "conftrail-";

/// Prints an event of a binlog as Maxwell would.
pub(crate) struct MaxwellLine<E>(pub(crate) E);

impl<E: AsRef<Event>> AppendJson for MaxwellLine<E> {
    fn append_json(&self, json: &mut Json) {
        let event = self.0.as_ref();
        let mut line = Line { json, is_empty: true };
        match event.action {
            Action::Create => row(event, "insert", &mut line),
            Action::Update | Action::Rename => row(event, "update", &mut line),
            Action::Delete => row(event, "delete", &mut line),
            Action::Snapshot => row(event, "bootstrap-insert", &mut line),
            Action::Schema => schema(event, &mut line),
            Action::Truncate
            | Action::Access
            | Action::Statement
            | Action::Gap
            | Action::Undecoded
            | Action::SourceChanged
            | Action::Tampered
            | Action::Outcome
            | Action::Redacted => other(event, &mut line),
        }
        line.end();
    }
}

/// A line being written, member by member.
struct Line<'a> {
    json: &'a mut Json,
    is_empty: bool,
}

impl Line<'_> {
    fn name(&mut self, name: &str) {
        self.json.put(if self.is_empty { b"{\"" } else { b",\"" });
        self.is_empty = false;
        self.json.put(name.as_bytes());
        self.json.put(b"\":");
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        value::text(text, self.json);
    }

    fn number(&mut self, name: &str, number: i64) {
        self.name(name);
        Value::Int(number).append_json(self.json);
    }

    fn end(self) {
        self.json.put(b"}");
    }
}

fn row(event: &Event, kind: &str, line: &mut Line<'_>) {
    place(event, line);
    if let Some(query) = statement(event) {
        line.text("query", query);
    }
    line.text("type", kind);
    line.number("ts", seconds(event));
    if let Some(tx) = &event.tx {
        line.number("xoffset", i64::try_from(tx.seq).unwrap_or(i64::MAX));
    }
    position(event, line);
    let before = event.before.as_ref().and_then(Value::as_map);
    let after = event.after.as_ref().and_then(Value::as_map);
    if let Some(data) = after.or(before) {
        columns("data", data.iter(), line);
    }
    if let (Some(before), Some(after)) = (before, after) {
        let changed = changed(before, after);
        if changed.clone().next().is_some() {
            columns("old", changed, line);
        }
    }
}

/// The columns of the row before that are others after; those that were not logged on both sides are not known.
fn changed<'a>(
    before: &'a Map,
    after: &'a Map,
) -> impl Iterator<Item = (&'a SmolStr, &'a Value)> + Clone + use<'a> {
    before.iter().enumerate().filter_map(|(index, (name, old))| {
        let new = match after.at(index) {
            Some((same, new)) if same == name => Some(new),
            _ => after.get(name),
        };
        new.is_some_and(|new| new != old).then_some((name, old))
    })
}

fn columns<'a>(name: &str, columns: impl Iterator<Item = (&'a SmolStr, &'a Value)>, line: &mut Line<'_>) {
    line.name(name);
    let mut inner = Line { json: &mut *line.json, is_empty: true };
    for (column, content) in columns {
        inner.json.put(if inner.is_empty { b"{" } else { b"," });
        inner.is_empty = false;
        value::text(column, inner.json);
        inner.json.put(b":");
        value::column(content, inner.json);
    }
    inner.json.put(if inner.is_empty { b"{}" } else { b"}" });
}

/// Definitions have the members in another order, and milliseconds.
fn schema(event: &Event, line: &mut Line<'_>) {
    let text = statement(event).unwrap_or_default();
    let Some(definition) = Definition::of(event.resource.kind, text) else { return other(event, line) };
    line.text("type", definition.as_str());
    place(event, line);
    line.number("ts", event.time.micros().div_euclid(1_000));
    line.text("sql", text);
    position(event, line);
}

/// What Maxwell passes over in silence.
fn other(event: &Event, line: &mut Line<'_>) {
    place(event, line);
    let mut kind = OWN.to_owned();
    kind.push_str(event.action.as_str());
    line.text("type", &kind);
    line.number("ts", seconds(event));
    position(event, line);
    if let Some(detail) = &event.detail {
        line.name("detail");
        Value::Map(detail.clone()).append_json(line.json);
    }
}

fn place(event: &Event, line: &mut Line<'_>) {
    let resource = &event.resource;
    let (database, table) = match resource.kind {
        ResourceKind::Row => (resource.namespace.as_deref(), resource.group.as_deref()),
        ResourceKind::Table => (resource.namespace.as_deref(), Some(resource.name.as_str())),
        ResourceKind::Schema => (Some(resource.namespace.as_deref().unwrap_or(&resource.name)), None),
        _ => (None, None),
    };
    if let Some(database) = database {
        line.text("database", database);
    }
    if let Some(table) = table {
        line.text("table", table);
    }
}

fn position(event: &Event, line: &mut Line<'_>) {
    let Some(position) = &event.position else { return };
    if let (Some(Value::Text(file)), Some(Value::Int(offset))) = (position.get("file"), position.get("pos")) {
        line.text("position", &format!("{file}:{offset}"));
    }
    if let Some(Value::Text(gtid)) = position.get("gtid") {
        line.text("gtid", gtid);
    }
}

/// The masked statement, where the source was asked for it or it is all there is.
fn statement(event: &Event) -> Option<&str> {
    event.detail.as_ref()?.get("text")?.as_text()
}

fn seconds(event: &Event) -> i64 {
    event.time.micros().div_euclid(1_000_000)
}
