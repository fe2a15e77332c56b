//! What templates see: the event format's names, all of them always there, null where an event has no value.

use conftrail_core::alerting::{Alert, Evidence};
use serde_json::{Map, Value as Json, json};

use crate::rules::GroupField;

/// Whether a sample has a value everywhere or nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    Full,
    Empty,
}

/// Facts by action that an event can carry in `detail`.
const DETAIL: [&str; 19] = [
    "text",
    "digest",
    "from",
    "to",
    "cause",
    "type",
    "bytes",
    "error",
    "xid",
    "of",
    "result",
    "was",
    "is",
    "what",
    "not_before",
    "not_after",
    "missing",
    "file",
    "pos",
];

/// Builds what a template sees: the newest event at top level, all of them under `events`. A label that an alert
/// of the rule can have and this one lacks is null.
pub(crate) fn context(alert: &Alert, groups: &[GroupField], events: &[Evidence]) -> Json {
    let mut root = events.last().map_or_else(|| skeleton(Fill::Empty), event);
    let mut labels: Map<String, Json> =
        groups.iter().map(|group| (group.label.clone(), Json::Null)).collect();
    labels.extend(alert.labels.iter().map(|(name, value)| (name.clone(), value.as_str().into())));
    root.insert("events".to_owned(), events.iter().map(|evidence| Json::Object(event(evidence))).collect());
    root.insert("labels".to_owned(), Json::Object(labels));
    root.insert("rule".to_owned(), alert.rule.name().into());
    root.insert("severity".to_owned(), alert.severity.as_str().into());
    root.insert("total".to_owned(), alert.detections.into());
    Json::Object(root)
}

/// Builds a sample for checking templates at load; `labels` are the names that alerts of the rule can have.
pub(crate) fn sample(fill: Fill, labels: &[&str]) -> Json {
    let mut root = skeleton(fill);
    let label = |name: &&str| ((*name).to_owned(), filled(fill, "a value"));
    let events = if fill == Fill::Full { vec![Json::Object(skeleton(fill))] } else { Vec::new() };
    root.insert("events".to_owned(), events.into());
    root.insert("labels".to_owned(), Json::Object(labels.iter().map(label).collect()));
    root.insert("rule".to_owned(), filled(fill, "production/secret-touched"));
    root.insert("severity".to_owned(), filled(fill, "critical"));
    root.insert("total".to_owned(), 1.into());
    Json::Object(root)
}

/// Lays an event over the skeleton, so that every name is there.
fn event(evidence: &Evidence) -> Map<String, Json> {
    let mut root = skeleton(Fill::Empty);
    if let Ok(Json::Object(present)) = serde_json::to_value(evidence) {
        overlay(&mut root, present);
    }
    root.insert("id".to_owned(), evidence.event.as_str().into());
    let changes = evidence.changes.iter().map(|change| {
        json!({
            "path": change.path, "op": change.op, "sensitive": change.sensitive,
            "before": change.before, "after": change.after,
        })
    });
    root.insert("changes".to_owned(), changes.collect());
    root
}

fn overlay(base: &mut Map<String, Json>, present: Map<String, Json>) {
    for (name, value) in present {
        match (base.get_mut(&name), value) {
            (Some(Json::Object(inner)), Json::Object(over)) => overlay(inner, over),
            (_, value) => {
                base.insert(name, value);
            }
        }
    }
}

fn filled(fill: Fill, text: &str) -> Json {
    if fill == Fill::Full { text.into() } else { Json::Null }
}

fn skeleton(fill: Fill) -> Map<String, Json> {
    let text = |text: &str| filled(fill, text);
    let detail: Map<String, Json> = DETAIL.iter().map(|name| ((*name).to_owned(), text("a fact"))).collect();
    let change = json!({
        "path": "limit", "op": "replace", "before": text("100"), "after": text("500"), "sensitive": false,
    });
    let changes = if fill == Fill::Full { vec![change] } else { Vec::new() };
    let flags = if fill == Fill::Full { vec!["late"] } else { Vec::new() };
    let root = json!({
        "id": text("01M7Y5FY6V0000000000000001"),
        "time": text("2026-11-20T10:00:00.123456Z"),
        "observed": text("2026-11-20T10:00:00.187Z"),
        "action": text("update"),
        "source": {
            "kind": text("mysql"), "name": text("orders-db"), "channel": text("binlog"), "version": text("9.7.0"),
        },
        "resource": {
            "id": text("mysql:orders-db/shop/feature_flags/42"), "kind": text("row"), "env": text("prod"),
            "namespace": text("shop"), "group": text("feature_flags"), "name": text("42"),
            "renamed_to": text("43"), "service": text("checkout"), "owner": text("pay-team"),
        },
        "actor": {
            "name": text("alice"), "kind": text("human"), "ip": text("10.0.0.5"), "binding": text("exact"),
            "authority": text("asserted"), "via": text("comment"), "login": text("app@10.0.0.%"),
            "client": text("flag-console"),
            "claimed": { "name": text("alice"), "via": text("comment"), "reason": text("CHG-9") },
        },
        "reason": {
            "ticket": text("CHG-1234"), "approver": text("bob"), "message": text("raise the limit"),
            "authority": text("asserted"),
        },
        "changes": changes,
        "change_count": changes.len(),
        "flags": flags,
        "detail": detail,
    });
    match root {
        Json::Object(root) => root,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use conftrail_testkit::queries::events;

    use super::*;

    /// Lists the names of an object that the skeleton lacks.
    fn unknown(present: &Json, known: &Json, path: &str, found: &mut Vec<String>) {
        let (Json::Object(present), Json::Object(known)) = (present, known) else { return };
        for (name, value) in present {
            let path = format!("{path}.{name}");
            match known.get(name) {
                Some(inner) => unknown(value, inner, &path, found),
                None => found.push(path),
            }
        }
    }

    #[test]
    fn samples_have_every_name_that_evidence_can_have() {
        let known = Json::Object(skeleton(Fill::Full));
        for event in events() {
            let evidence = crate::evidence::evidence(&event, None);
            let mut found = Vec::new();
            unknown(&serde_json::to_value(&evidence).unwrap(), &known, "", &mut found);
            // The event's id stands there as `id`.
            assert_eq!(found, [".event"], "{}", event.id);
        }
    }

    #[test]
    fn an_event_has_every_name_that_the_samples_have() {
        for event in events() {
            let root = Json::Object(super::event(&crate::evidence::evidence(&event, None)));
            let mut found = Vec::new();
            unknown(&Json::Object(skeleton(Fill::Full)), &root, "", &mut found);
            assert_eq!(found, [""; 0], "{}", event.id);
        }
    }
}
