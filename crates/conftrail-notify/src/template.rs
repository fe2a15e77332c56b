//! Messages that people lay out themselves.

use std::collections::BTreeMap;

use conftrail_core::alerting::Notification;
use conftrail_engine::message::{Message, Presentation};
use conftrail_engine::templates::{Channel, Template, TemplateError};
use serde_json::{Map, Value as Json, json};

use crate::bounds::Bounds;

/// A template of the routing file.
#[derive(Clone, Debug)]
pub(crate) struct Custom {
    template: Template,
    channel: Channel,
}

impl Custom {
    /// Compiles a template, and renders it with a message that has everything, with one that has nothing, and with one whose
    /// parts have nothing.
    ///
    /// # Errors
    /// What is wrong with it, or with what it makes: in the channel of JSON that must be JSON.
    pub(crate) fn new(channel: Channel, text: &str) -> Result<Self, TemplateError> {
        let custom = Self { template: Template::compile(channel, text)?, channel };
        for sample in samples() {
            custom.rendered(&sample)?;
        }
        Ok(custom)
    }

    /// Lays out a notification; none where the template fails, so that the built-in form takes its place.
    pub(crate) fn render(&self, notification: &Notification, presentation: &Presentation) -> Option<String> {
        let rendered = self.rendered(&data(notification, presentation));
        let report = |error: &TemplateError| {
            let (receiver, integration) = (&notification.receiver, &notification.integration);
            tracing::warn!(receiver, integration, %error, "x-template failed; the built-in message is sent");
        };
        rendered.inspect_err(report).ok()
    }

    fn rendered(&self, data: &Json) -> Result<String, TemplateError> {
        let text = self.template.render(data)?;
        if self.channel == Channel::Json {
            serde_json::from_str::<serde::de::IgnoredAny>(&text).map_err(|error| TemplateError {
                message: format!("what it makes is no JSON: {error}; put quotes around every value"),
                at: None,
            })?;
        }
        Ok(text)
    }
}

/// Says what is wrong with a template, with its place within the template where that is known.
pub(crate) fn described(error: &TemplateError) -> String {
    match error.at {
        Some((line, column)) => format!("line {line}, column {column} of the template: {error}"),
        None => error.to_string(),
    }
}

/// What a template sees: the message's parts by name.
fn data(notification: &Notification, presentation: &Presentation) -> Json {
    let message = Bounds::LADDER[0].apply(Message::of(notification, presentation));
    let object = |pairs: &BTreeMap<String, String>| -> Map<String, Json> {
        pairs.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
    };
    let mut data = serde_json::to_value(&message).unwrap_or_default();
    data["labels"] = Json::Object(object(&notification.announcement.labels));
    data["annotations"] = Json::Object(object(&notification.announcement.annotations));
    data["id"] = notification.id.as_str().into();
    data["created"] = notification.created.to_string().into();
    data["receiver"] = notification.receiver.as_str().into();
    data["total"] = notification.announcement.total.into();
    data
}

/// A message with everything, one with nothing, and one whose parts have nothing.
fn samples() -> [Json; 3] {
    let section = json!({
        "id": "01M7Y5FY6V0000000000000001", "time": "2026-11-20T10:00:00Z", "what": "changed mysql:db/shop/flags/42",
        "resource": "mysql:db/shop/flags/42", "place": "prod, checkout", "who": "alice", "known": "asserted",
        "claim": "bob", "login": "app@10.0.0.%", "ip": "10.0.0.5", "client": "console", "ticket": "CHG-1",
        "approver": "carol", "reason": "raise it", "more_changes": 1, "put_back": ["limit: 100"], "notes": ["a note"],
        "changes": [{
            "path": "limit", "op": "replace", "before": "100", "after": "500", "sensitive": false,
            "text": "limit: 100 → 500"
        }],
        "detail": [["cause", "purged"]], "link": "https://t.example/events/01", "command": "conftrail show 01",
    });
    let full = json!({
        "title": "[HIGH] a summary", "summary": "a summary", "severity": "high", "alert": "4f6b", "rule": "pack/rule",
        "possible_repeat": "possible repeat", "late": "late", "instead": "chat could not be told", "groups": ["a group"],
        "more_groups": 1, "events": [section], "more": 1, "labels": { "alertname": "rule" },
        "annotations": { "hint": "a hint" }, "owner": "team", "runbook": "https://t.example/r", "id": "4f6b",
        "created": "2026-11-20T10:00:00Z", "receiver": "ops", "total": 2,
    });
    let mut empty = full.clone();
    hollow(&mut empty, false);
    let mut hollowed = full.clone();
    hollow(&mut hollowed, true);
    [full, empty, hollowed]
}

/// Takes every text away; lists go too, unless their parts are to stay.
fn hollow(value: &mut Json, keep_parts: bool) {
    match value {
        Json::String(_) => *value = Json::Null,
        Json::Array(items) if keep_parts => items.iter_mut().for_each(|item| hollow(item, true)),
        Json::Array(items) => items.clear(),
        Json::Object(entries) => entries.values_mut().for_each(|entry| hollow(entry, keep_parts)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(channel: Channel, text: &str) -> String {
        described(&Custom::new(channel, text).expect_err("it is refused"))
    }

    #[test]
    fn a_template_is_tried_with_everything_and_with_nothing_when_it_is_loaded() {
        let good = r#"{"text": "{{severity}} {{summary}} {{get labels "team"}} {{#each events}}{{who}}{{#each changes}}{{text}}{{/each}}{{/each}}", "n": {{total}}}"#;
        assert!(Custom::new(Channel::Json, good).is_ok());
        assert!(refused(Channel::Json, "{\"a\": \"{{sumary}}\"}").contains("there is no `sumary`"));
        assert!(refused(Channel::Json, "{\"a\": \"{{{summary}}}\"}").contains("unescaped"));
        assert!(refused(Channel::Json, "{\"a\": {{summary}}}").contains("no JSON"));
        assert!(refused(Channel::Json, "{\"a\": {{owner}}, \"b\": 1}").contains("no JSON"));
        assert!(refused(Channel::Json, "{\"a\": \"{{labels.team}}\"}").contains("there is no"));
        assert!(refused(Channel::WecomMarkdown, "{{#each events}}{{whoo}}{{/each}}").contains("line 1"));
    }

    #[test]
    fn samples_have_every_name_that_a_message_has() {
        let lane = conftrail_core::alerting::Lane { receiver: "ops".to_owned(), integration: "x".to_owned() };
        let test = conftrail_engine::notices::test(
            &lane,
            conftrail_engine::Language::English,
            conftrail_core::Timestamp::from_seconds(1_795_000_000),
        );
        let real = data(&test, &Presentation::default());
        let names =
            |value: &Json| -> Vec<String> { value.as_object().expect("an object").keys().cloned().collect() };
        assert_eq!(names(&real), names(&samples()[0]));
    }
}
