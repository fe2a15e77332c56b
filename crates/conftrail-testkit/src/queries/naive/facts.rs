//! What an event's JSON says for a field, and the texts that words are looked up in.

use conftrail_core::Timestamp;
use serde_json::{Map, Value as Json};

/// One value of a field.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) json: Json,
    /// Whether the field is one of times, whose values are compared with dates alone.
    pub(super) is_time: bool,
    /// Whether the value is a customer's, which may be a time though the field is none.
    is_content: bool,
}

impl Fact {
    /// The text that `field:value` compares.
    pub(super) fn text(&self) -> Option<String> {
        match &self.json {
            Json::String(text) => Some(text.clone()),
            Json::Array(_) | Json::Object(_) => None,
            plain => Some(plain.to_string()),
        }
    }

    /// The time in microseconds.
    pub(super) fn time(&self) -> Option<i64> {
        if !self.is_time && !self.is_content {
            return None;
        }
        let text = self.json.as_str()?;
        // As MySQL prints DATE and DATETIME, which count as UTC.
        let of_mysql = match text.len() {
            10 => format!("{text}T00:00:00Z"),
            _ => format!("{}Z", text.replacen(' ', "T", 1)),
        };
        let time = Timestamp::parse(text).or_else(|_| Timestamp::parse(&of_mysql));
        Some(time.ok()?.micros())
    }
}

/// Returns the full name of a field.
pub(super) fn whole_name(name: &str) -> String {
    match name {
        "env" | "service" | "owner" | "namespace" | "group" | "name" | "kind" => format!("resource.{name}"),
        "res" => "resource.id".to_owned(),
        "actor" => "actor.name".to_owned(),
        "ticket" => "reason.ticket".to_owned(),
        "path" | "op" => format!("changes.{name}"),
        other => other.to_owned(),
    }
}

/// Returns every value that an event has for a field.
pub(super) fn of_field(event: &Json, name: &str) -> Vec<Fact> {
    let mut found = Vec::new();
    for side in ["before", "after"] {
        let Some(path) = name.strip_prefix(&format!("{side}.")) else { continue };
        at_path(&event[side], path, &mut found);
        for change in changes(event).filter(|change| change["path"] == path) {
            with_elements(change.get(side), &mut found);
        }
        return facts(found, false, true);
    }
    for part in ["detail", "position"] {
        if let Some(path) = name.strip_prefix(&format!("{part}.")) {
            at_path(&event[part], path, &mut found);
            return facts(found, false, true);
        }
    }
    if let Some(label) = name.strip_prefix("labels.") {
        return facts(event["labels"].get(label).cloned().into_iter().collect(), false, false);
    }
    if let Some(part) = name.strip_prefix("changes.") {
        let is_side = matches!(part, "before" | "after");
        for change in changes(event) {
            if is_side {
                with_elements(change.get(part), &mut found)
            } else {
                found.extend(change.get(part).cloned())
            }
        }
        return facts(found, false, is_side);
    }
    let mut place = event;
    for part in name.split('.') {
        place = &place[part];
    }
    match place {
        Json::Null => {}
        Json::Array(items) => found.extend(items.iter().cloned()),
        single => found.push(single.clone()),
    }
    facts(found, matches!(name, "time" | "observed"), false)
}

fn facts(values: Vec<Json>, is_time: bool, is_content: bool) -> Vec<Fact> {
    values.into_iter().map(|json| Fact { json, is_time, is_content }).collect()
}

fn changes(event: &Json) -> impl Iterator<Item = &Json> {
    event["changes"].as_array().into_iter().flatten()
}

/// A list stands for itself, which is something, and for each of its elements.
fn with_elements(value: Option<&Json>, into: &mut Vec<Json>) {
    let Some(value) = value else { return };
    into.push(value.clone());
    for element in value.as_array().into_iter().flatten() {
        with_elements(Some(element), into);
    }
}

/// Follows a path by every name that it may begin with: names may hold dots and brackets themselves.
fn at_path(value: &Json, path: &str, into: &mut Vec<Json>) {
    for (name, inner) in value.as_object().into_iter().flatten() {
        if let Some(rest) = path.strip_prefix(name.as_str()) {
            at_rest(inner, rest, into);
        }
    }
}

fn at_rest(value: &Json, rest: &str, into: &mut Vec<Json>) {
    if rest.is_empty() {
        return with_elements(Some(value), into);
    }
    if let Some(inner) = rest.strip_prefix('.') {
        return at_path(value, inner, into);
    }
    if let Some((index, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let index: Option<usize> = index.parse().ok();
        if let Some(element) = index.and_then(|index| value.as_array()?.get(index)) {
            at_rest(element, behind, into);
        }
    }
}

/// Returns the texts that words are looked up in.
pub(super) fn texts(event: &Json) -> Vec<String> {
    const FIELDS: &str = "id resource.id resource.namespace resource.group resource.name resource.renamed_to resource.env \
        resource.service resource.owner actor.name actor.login actor.client actor.ip actor.claimed.name actor.claimed.reason \
        reason.ticket reason.approver reason.message correlation.id trace tx.id changes.path";
    let mut texts: Vec<String> = FIELDS
        .split_whitespace()
        .flat_map(|field| of_field(event, field))
        .filter_map(|fact| fact.text())
        .collect();
    let labels = event["labels"].as_object().into_iter().flatten();
    texts.extend(labels.filter_map(|(_, value)| value.as_str().map(str::to_owned)));
    all_texts(&event["detail"], &mut texts);
    for change in changes(event) {
        all_texts(&change["before"], &mut texts);
        all_texts(&change["after"], &mut texts);
    }
    // Of a document that was parsed, only what changed.
    if matches!(event["format"].as_str(), None | Some("row" | "text")) {
        for side in ["before", "after"] {
            let content = &event[side];
            let text = content.get("text").filter(|_| content.get("digest").is_some());
            all_texts(text.unwrap_or(content), &mut texts);
        }
    }
    texts
}

fn all_texts(value: &Json, into: &mut Vec<String>) {
    match value {
        Json::Null => {}
        Json::Array(items) => items.iter().for_each(|item| all_texts(item, into)),
        Json::Object(members) => members_of(members, into),
        Json::String(text) => into.push(text.clone()),
        plain => into.push(plain.to_string()),
    }
}

fn members_of(members: &Map<String, Json>, into: &mut Vec<String>) {
    for (name, value) in members {
        into.push(name.clone());
        all_texts(value, into);
    }
}
