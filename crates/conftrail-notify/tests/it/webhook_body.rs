//! The forms of a webhook's body.

use std::collections::BTreeMap;

use conftrail_core::Value;
use conftrail_core::alerting::{Digest, DigestGroup, GroupKey, Notification, Severity};
use conftrail_core::ports::Receiver as _;
use serde_json::{Value as Json, json};

use crate::http_server::{Answer, HttpServer};
use crate::samples::{alice, evidence, replace, sample};
use crate::webhook::at;

/// Posts a notification through an entry and returns the body and its media type.
async fn posted(notification: Notification, keys: &str) -> (Json, String) {
    let server = HttpServer::start(|_, _| Answer::Status(200, None)).await;
    let receiver = at(&server, keys);
    let integration = receiver.integrations().swap_remove(0);
    receiver.deliver(&Notification { integration, ..notification }).await.unwrap();
    let asked = server.posted().swap_remove(0);
    (asked.json(), asked.header("content-type").unwrap().to_owned())
}

#[tokio::test]
async fn our_own_form_has_all_that_a_message_has() {
    let (body, _) = posted(sample(), "").await;
    let told = [
        ("/version", json!(1)),
        ("/id", json!("4f6b0c0d9e8a")),
        ("/rule", json!("production/limit-raised")),
        ("/severity", json!("critical")),
        ("/owner", json!("pay-team")),
        ("/runbook", json!("https://wiki.example/limits")),
        ("/total", json!(1)),
        ("/more", json!(0)),
        ("/events/0/actor/name", json!("alice")),
        ("/events/0/known", json!("named by a trusted application, for this very change (comment)")),
        ("/events/0/reason/ticket", json!("CHG-1234")),
        ("/events/0/changes/0/before", json!(100)),
        ("/events/0/changes/0/after", json!(500)),
        ("/events/0/put_back/0", json!("limit: 100")),
    ];
    for (pointer, expected) in told {
        assert_eq!(body.pointer(pointer), Some(&expected), "{pointer}");
    }
    let event = body["events"][0]["event"].as_str().unwrap();
    assert_eq!(body["events"][0]["command"], format!("conftrail show {event}"));
    assert_eq!(body["events"][0]["link"], format!("https://conftrail.example/events/{event}"));
    assert!(body["text"].as_str().unwrap().contains("· limit: 100 → 500"));
}

#[tokio::test]
async fn a_cloud_event_is_complete_and_carries_our_form() {
    let (body, media_type) = posted(sample(), ", x-format: cloudevents").await;
    assert_eq!(media_type, "application/cloudevents+json");
    for (name, expected) in [
        ("specversion", "1.0"),
        ("id", "4f6b0c0d9e8a"),
        ("source", "https://conftrail.example"),
        ("type", "io.conftrail.alert.announced.v1"),
        ("subject", "mysql:orders-db/shop/feature_flags/42"),
        ("time", "2026-11-20T10:00:10Z"),
        ("datacontenttype", "application/json"),
    ] {
        assert_eq!(body[name], expected, "{name}");
    }
    assert_eq!(body["data"], posted(sample(), "").await.0);
}

#[tokio::test]
async fn a_bridge_for_alertmanager_finds_what_it_looks_for() {
    let mut notification = sample();
    let two = evidence(alice(), vec![replace("limit", Value::Int(500), Value::Int(900))]);
    notification.announcement.events.push(two);
    notification.announcement.total = 7;
    let (body, _) = posted(notification, ", x-format: alertmanager, max_alerts: 1").await;
    for (pointer, expected) in [
        ("/version", json!("4")),
        ("/status", json!("firing")),
        ("/receiver", json!("ops")),
        ("/groupKey", json!("9c2e")),
        ("/truncatedAlerts", json!(6)),
        ("/commonLabels/resource_env", json!("prod")),
        ("/commonAnnotations/summary", json!("alice changed 1 key of feature_flags/42")),
        ("/commonAnnotations/runbook", json!("https://wiki.example/limits")),
        ("/externalURL", json!("https://conftrail.example")),
        ("/alerts/0/status", json!("firing")),
        ("/alerts/0/labels/resource_env", json!("prod")),
        ("/alerts/0/annotations/diff", json!("limit: 500 → 900")),
        ("/alerts/0/annotations/put_back", json!("limit: 500")),
        ("/alerts/0/startsAt", json!("2026-11-20T10:00:00.123456Z")),
        ("/alerts/0/endsAt", json!("0001-01-01T00:00:00Z")),
    ] {
        assert_eq!(body.pointer(pointer), Some(&expected), "{pointer}");
    }
    assert_eq!(body["alerts"].as_array().unwrap().len(), 1, "the newest");
    assert_eq!(body["alerts"][0]["fingerprint"].as_str().unwrap().len(), 16);
}

#[tokio::test]
async fn a_digest_tells_its_groups_in_every_form() {
    let mut notification = sample();
    let told = &mut notification.announcement;
    told.events.clear();
    told.total = 140;
    told.digest = Some(Digest {
        messages: 81,
        findings: 140,
        groups: vec![DigestGroup {
            group: GroupKey("g".to_owned()),
            rule: "production/limit-raised".to_owned(),
            severity: Severity::Critical,
            summary: "alice changed limits".to_owned(),
            messages: 80,
            findings: 139,
        }],
        more_groups: 1,
    });
    let (body, _) = posted(notification.clone(), "").await;
    assert_eq!((&body["digest"]["messages"], &body["more"]), (&json!(81), &json!(0)));
    let line = "80 × [CRITICAL] production/limit-raised (139 findings): alice changed limits";
    let text = body["text"].as_str().unwrap();
    assert!(text.contains(line) && text.contains("and 1 more groups"), "{text}");
    let (body, _) = posted(notification, ", x-format: alertmanager").await;
    assert_eq!(body["alerts"][0]["annotations"]["groups"], line);
}

#[tokio::test]
async fn an_own_body_is_rendered_and_one_that_fails_costs_no_message() {
    let template = r#", x-template: '{"msg": "{{severity}}: {{summary}}", "team": "{{get labels "team"}}", "n": {{total}}}'"#;
    let (body, media_type) = posted(sample(), template).await;
    let expected = json!({ "msg": "critical: alice changed 1 key of feature_flags/42", "team": "", "n": 1 });
    assert_eq!((body, media_type.as_str()), (expected, "application/json"));

    // Fine with the samples, and too long with what comes.
    let greedy = r#", x-template: '{"a": "{{#each labels}}{{#each @root.labels}}{{#if @root.more}}{{@root.summary}}{{/if}}{{/each}}{{/each}}"}'"#;
    let mut notification = sample();
    notification.announcement.total = 9;
    notification.announcement.summary = "x".repeat(500);
    notification.announcement.labels = (0..40).map(|n| (format!("l{n}"), String::new())).collect();
    let (body, _) = posted(notification, greedy).await;
    assert_eq!((&body["version"], &body["id"]), (&json!(1), &json!("4f6b0c0d9e8a")), "the built-in form");
}

#[tokio::test]
async fn a_body_stays_within_its_size_whatever_it_has_to_tell() {
    let big = "限\u{7}\"<".repeat(120);
    let mut notification = sample();
    let told = &mut notification.announcement;
    let change = replace(&big, big.as_str().into(), big.as_str().into());
    told.events = vec![evidence(alice(), vec![change; 20]); 20];
    told.total = 20;
    for keys in ["", ", x-format: alertmanager", ", x-format: cloudevents"] {
        let (body, _) = posted(notification.clone(), keys).await;
        assert!(body.to_string().len() <= 256 * 1024, "{keys}");
    }
    let (body, _) = posted(notification.clone(), "").await;
    let shown = body["events"].as_array().unwrap().len() as u64;
    assert!(shown >= 1);
    assert_eq!(shown + body["more"].as_u64().unwrap(), 20, "what is left out is counted");

    let pairs: BTreeMap<String, String> = (0..200).map(|n| (format!("{n}{big}"), big.clone())).collect();
    (notification.announcement.labels, notification.announcement.annotations) = (pairs.clone(), pairs);
    for keys in ["", ", x-format: alertmanager", ", x-format: cloudevents"] {
        let (body, _) = posted(notification.clone(), keys).await;
        assert!(body.to_string().len() <= 256 * 1024, "{keys}");
    }
}
