//! Version 4 of Alertmanager's webhook, for bridges that exist. Each shown change is an alert of the group.

use conftrail_core::alerting::{Evidence, Notification, derived_id};
use conftrail_engine::message::{Message, Presentation, Section};
use conftrail_engine::templates::Channel;
use serde_json::{Map, Value as Json, json};

use crate::bounds::Bounds;

/// How Alertmanager writes that an alert has no end (Go's zero time).
const NO_END: &str = "0001-01-01T00:00:00Z";

/// Makes the body. Bridges turn it into text of their own, so nothing that hides or turns text is in it.
pub(super) fn body(notification: &Notification, presentation: &Presentation) -> Json {
    let told = &notification.announcement;
    let message = Bounds::LADDER[0].apply(Message::of(notification, presentation));
    let text = |text: &str| Json::from(Channel::Plain.escape(text));
    let labels: Map<String, Json> =
        told.labels.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    let mut shared: Map<String, Json> =
        message.annotations.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    shared.insert("summary".to_owned(), text(&message.summary));
    let optional = [
        ("owner", &message.owner),
        ("runbook", &message.runbook),
        ("possible_repeat", &message.possible_repeat),
        ("instead_of", &message.instead),
        ("late", &message.late),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            shared.insert(name.to_owned(), text(value));
        }
    }
    let mut alerts: Vec<Json> = (told.events.iter().zip(&message.events))
        .map(|(evidence, section)| alert(evidence, section, &labels, &shared))
        .collect();
    if alerts.is_empty() {
        let mut annotations = shared.clone();
        if !message.groups.is_empty() {
            annotations.insert("groups".to_owned(), text(&message.groups.join("\n")));
        }
        let started = notification.created.to_string();
        alerts.push(one(&labels, annotations, &started, None, &fingerprint(&[&notification.id])));
    }
    json!({
        "version": "4",
        "groupKey": told.group,
        "truncatedAlerts": told.total.saturating_sub(alerts.len() as u64),
        "status": "firing",
        "receiver": notification.receiver,
        "groupLabels": labels,
        "commonLabels": labels,
        "commonAnnotations": shared,
        "routeLabels": {},
        "externalURL": presentation.external_url.as_deref().unwrap_or_default(),
        "notification_reason": "first notification",
        "alerts": alerts,
    })
}

fn alert(
    evidence: &Evidence,
    section: &Section,
    labels: &Map<String, Json>,
    shared: &Map<String, Json>,
) -> Json {
    let text = |text: &str| Json::from(Channel::Plain.escape(text));
    let diff: Vec<&str> = section.changes.iter().map(|change| change.text.as_str()).collect();
    let mut annotations = shared.clone();
    let facts = [
        ("event", section.id.clone()),
        ("what", section.what.clone()),
        ("who", format!("{}: {}", section.who, section.known)),
        ("ticket", section.ticket.clone().unwrap_or_default()),
        ("diff", diff.join("\n")),
        ("put_back", section.put_back.join("\n")),
        ("command", section.command.clone()),
    ];
    for (name, value) in facts {
        if !value.is_empty() {
            annotations.insert(name.to_owned(), text(&value));
        }
    }
    let started = evidence.time.to_string();
    one(labels, annotations, &started, section.link.as_deref(), &fingerprint(&["event", &section.id]))
}

fn one(
    labels: &Map<String, Json>,
    annotations: Map<String, Json>,
    started: &str,
    link: Option<&str>,
    fingerprint: &str,
) -> Json {
    json!({
        "status": "firing",
        "labels": labels,
        "annotations": annotations,
        "startsAt": started,
        "endsAt": NO_END,
        "generatorURL": link.unwrap_or_default(),
        "fingerprint": fingerprint,
    })
}

/// Sixteen hex digits, as Alertmanager's are.
fn fingerprint(parts: &[&str]) -> String {
    derived_id(parts).chars().take(16).collect()
}
