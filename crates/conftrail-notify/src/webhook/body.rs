//! Bodies: conftrail's own form, and the same within CloudEvents.

use std::collections::BTreeMap;

use conftrail_core::alerting::Notification;
use conftrail_engine::channels::WebhookFormat;
use conftrail_engine::message::{Message, Presentation};
use conftrail_engine::shorten;
use serde_json::{Value as Json, json};

use super::alertmanager;
use crate::bounds::Bounds;
use crate::layout::{Style, lines};

/// Largest body in bytes.
const LARGEST: usize = 256 * 1024;
/// Labels and annotations of a body that would be too large, and characters of each text.
const MOST_PAIRS: usize = 30;
const LONGEST_WHEN_SLIM: usize = 240;
/// The form's number; it changes when a name changes its meaning.
const VERSION: u64 = 1;
/// The `type` of CloudEvents.
const EVENT_TYPE: &str = "io.conftrail.alert.announced.v1";
/// The `source` of CloudEvents where no address is configured.
const EVENT_SOURCE: &str = "/conftrail";

/// A body and its media type.
pub(crate) struct Body {
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// The media type.
    pub(crate) media_type: &'static str,
}

/// Makes the body of a notification with at most `most` changes (0 is all it has). The same notification makes the same bytes.
pub(crate) fn of(
    notification: &Notification,
    presentation: &Presentation,
    format: WebhookFormat,
    most: usize,
) -> Body {
    let mut shown = match most {
        0 => notification.announcement.events.len(),
        most => notification.announcement.events.len().min(most),
    };
    loop {
        let body = with(notification, presentation, format, shown);
        // What is left out is counted.
        if body.bytes.len() <= LARGEST {
            return body;
        }
        if shown == 0 {
            return with(&slim(notification), presentation, format, 0);
        }
        shown /= 2;
    }
}

/// Shortens everything that has no bound of its own.
fn slim(notification: &Notification) -> Notification {
    let mut notification = notification.clone();
    let told = &mut notification.announcement;
    let slimmed = |pairs: &BTreeMap<String, String>| {
        let pairs = pairs.iter().take(MOST_PAIRS);
        pairs.map(|(name, value)| (cut(name), cut(value))).collect::<BTreeMap<_, _>>()
    };
    told.labels = slimmed(&told.labels);
    told.annotations = slimmed(&told.annotations);
    told.summary = cut(&told.summary);
    told.owner = told.owner.as_deref().map(cut);
    told.runbook = told.runbook.as_deref().map(cut);
    notification
}

fn cut(text: &str) -> String {
    shorten(text, LONGEST_WHEN_SLIM).into_owned()
}

fn with(
    notification: &Notification,
    presentation: &Presentation,
    format: WebhookFormat,
    shown: usize,
) -> Body {
    let mut notification = notification.clone();
    // The newest stay.
    let events = &mut notification.announcement.events;
    events.drain(..events.len() - shown.min(events.len()));
    let (body, media_type) = match format {
        WebhookFormat::Native => (native(&notification, presentation), "application/json"),
        WebhookFormat::Alertmanager => (alertmanager::body(&notification, presentation), "application/json"),
        WebhookFormat::Cloudevents => {
            (cloud_event(&notification, presentation), "application/cloudevents+json")
        }
    };
    Body { bytes: body.to_string().into_bytes(), media_type }
}

fn native(notification: &Notification, presentation: &Presentation) -> Json {
    let told = &notification.announcement;
    let message = Message::of(notification, presentation);
    let bounded = Bounds::LADDER[0].apply(message.clone());
    let mut events = Vec::with_capacity(told.events.len());
    for (evidence, section) in told.events.iter().zip(&message.events) {
        let mut event = serde_json::to_value(evidence).unwrap_or_default();
        event["known"] = section.known.as_str().into();
        event["put_back"] = section.put_back.as_slice().into();
        event["command"] = section.command.as_str().into();
        event["link"] = section.link.as_deref().into();
        events.push(event);
    }
    json!({
        "version": VERSION,
        "id": notification.id,
        "created": notification.created,
        "receiver": notification.receiver,
        "integration": notification.integration,
        "possible_repeat": notification.possible_repeat,
        "instead_of": notification.instead_of,
        "alert": told.alert,
        "group": told.group,
        "rule": told.rule,
        "severity": told.severity,
        "labels": told.labels,
        "summary": told.summary,
        "annotations": told.annotations,
        "owner": told.owner,
        "runbook": told.runbook,
        "late": told.late,
        "total": told.total,
        "more": message.more,
        "digest": told.digest,
        "events": events,
        "text": lines(&bounded, presentation.language, Style::Plain).join("\n"),
    })
}

fn cloud_event(notification: &Notification, presentation: &Presentation) -> Json {
    let source = presentation.external_url.as_deref().unwrap_or(EVENT_SOURCE);
    let mut event = json!({
        "specversion": "1.0",
        "id": notification.id,
        "source": source,
        "type": EVENT_TYPE,
        "time": notification.created,
        "datacontenttype": "application/json",
        "data": native(notification, presentation),
    });
    // `subject` may not be empty, so it is absent where there is none.
    if let Some(newest) = notification.announcement.events.last() {
        event["subject"] = newest.resource.id.as_str().into();
    }
    event
}
