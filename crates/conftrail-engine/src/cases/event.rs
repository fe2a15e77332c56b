//! Makes an event of what a case says about it, and refuses what no event has.

use conftrail_core::{Event, EventId, FORMAT_VERSION, Resource, ResourceKind, Timestamp};
use serde_json::{Map as Object, Value as Json, json};

use crate::rules::reader::Reader;
use crate::rules::yaml::{Content, Node, Place};

/// Where an event of a case comes from, when the case does not say it.
const SOURCE: (&str, &str) = ("files", "cases");

/// Makes one event; `key` tells it from the others of the file, `set` are dotted paths that replace what `event` says.
pub(super) fn event(
    reader: &mut Reader<'_>,
    (at, parts): (Place, &Object<String, Json>),
    time: Timestamp,
    key: &str,
) -> Option<Event> {
    let mut whole = parts.clone();
    let given = Json::Object(parts.clone());
    complete(&mut whole, time, key);
    let event: Event = match serde_json::from_value(Json::Object(whole)) {
        Ok(event) => event,
        Err(error) => {
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or_default();
            reader.error(at, format!("this is no event: {said}"));
            return None;
        }
    };
    let read = serde_json::to_value(&event).unwrap_or_default();
    let mut unknown = Vec::new();
    lost(&given, &read, "", &mut unknown);
    for path in &unknown {
        reader.error(at, format!("an event has no `{path}`; docs/event.md names what it has"));
    }
    unknown.is_empty().then_some(event)
}

/// Fills in what an event must have and a case need not say.
fn complete(event: &mut Object<String, Json>, time: Timestamp, key: &str) {
    let default = |map: &mut Object<String, Json>, name: &str, value: Json| {
        map.entry(name.to_owned()).or_insert(value);
    };
    default(event, "action", json!("update"));
    default(event, "source", json!({}));
    let mut source = (SOURCE.0.to_owned(), SOURCE.1.to_owned());
    if let Some(Json::Object(part)) = event.get_mut("source") {
        default(part, "kind", json!(SOURCE.0));
        default(part, "name", json!(SOURCE.1));
        let kind = part["kind"].clone();
        default(part, "channel", kind);
        let text = |name: &str| part[name].as_str().unwrap_or_default().to_owned();
        source = (text("kind"), text("name"));
    }
    default(event, "resource", json!({}));
    if let Some(Json::Object(part)) = event.get_mut("resource") {
        default(part, "kind", json!("config"));
        default(part, "name", json!("case"));
        let text = |name: &str| part.get(name).and_then(Json::as_str);
        let (namespace, group) = (text("namespace"), text("group"));
        let name = text("name").unwrap_or_default();
        // The id follows from its parts, as a source makes it; the kind has no part in it.
        let made = Resource::new(&source.0, &source.1, ResourceKind::Config, namespace, group, name);
        default(part, "id", json!(made.id));
    }
    if let Some(Json::Array(changes)) = event.get_mut("changes") {
        for change in changes.iter_mut().filter_map(Json::as_object_mut) {
            let op = match (change.contains_key("before"), change.contains_key("after")) {
                (false, true) => "add",
                (true, false) => "remove",
                _ => "replace",
            };
            default(change, "op", json!(op));
        }
    }
    default(event, "v", json!(FORMAT_VERSION));
    default(event, "time", json!(time));
    default(event, "observed", json!(time));
    default(event, "id", json!(EventId::derive(time, "case", key, 0)));
}

/// Gathers the paths of what was given and is not in what was read: names that no event has.
fn lost(given: &Json, read: &Json, path: &str, into: &mut Vec<String>) {
    match (given, read) {
        (Json::Object(given), Json::Object(read)) => {
            for (name, value) in given {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                match read.get(name) {
                    Some(inner) => lost(value, inner, &path, into),
                    // What is empty is not written.
                    None if is_empty(value) => {}
                    None => into.push(path),
                }
            }
        }
        (Json::Array(given), Json::Array(read)) => {
            for (number, (value, inner)) in given.iter().zip(read).enumerate() {
                lost(value, inner, &format!("{path}[{number}]"), into);
            }
        }
        _ => {}
    }
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

/// Returns a node as JSON: what stands in quotes is text, what does not is what YAML takes it for.
pub(super) fn json_of(node: &Node) -> Json {
    match &node.content {
        Content::Null => Json::Null,
        Content::Text(text) => text.typed(),
        Content::List(items) => Json::Array(items.iter().map(json_of).collect()),
        Content::Map(entries) => {
            Json::Object(entries.iter().map(|(key, value)| (key.name.clone(), json_of(value))).collect())
        }
    }
}

/// Sets what stands at a dotted path, and makes what is missing on the way. List places are not written so.
pub(super) fn set(event: &mut Object<String, Json>, path: &str, value: Json) {
    match path.split_once('.') {
        None => drop(event.insert(path.to_owned(), value)),
        Some((first, rest)) => {
            let part = event.entry(first.to_owned()).or_insert_with(|| json!({}));
            if !part.is_object() {
                *part = json!({});
            }
            if let Json::Object(part) = part {
                set(part, rest, value);
            }
        }
    }
}
