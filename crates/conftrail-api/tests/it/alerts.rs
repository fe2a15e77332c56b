//! Alerts, the ledger, and what was given up.

use std::sync::atomic::Ordering;

use conftrail_api::wire;
use conftrail_core::Timestamp;
use conftrail_core::alerting::{Ledger, NotificationState, Transition};
use conftrail_core::ports::{Alerts as _, Detections as _, Notifications as _, OwnAudit as _};
use conftrail_testkit::contract::control::sample::{
    announced, aside, at, collecting, dead, detection, notification, shown,
};
use reqwest::Method;

use crate::server::Server;

async fn with_a_dead_letter() -> (Server, String) {
    let server = Server::start().await;
    let found = detection("prod", 1);
    let alert = announced(&collecting(&found, at(1)), at(2));
    let letter = notification("email/ops", 1);
    let id = letter.id.clone();
    server.control.record_detections(std::slice::from_ref(&found)).await.unwrap();
    let fates = vec![shown(&found, &alert)];
    let fold =
        Transition { fates, alerts: vec![alert], notifications: vec![letter], ..Transition::default() };
    server.control.apply(&fold).await.unwrap();
    assert!(server.control.intend(&id, at(5)).await.unwrap());
    server.control.settle(&id, &dead(6)).await.unwrap();
    (server, id)
}

#[tokio::test]
async fn alerts_and_the_ledger_are_read() {
    let (server, _) = with_a_dead_letter().await;
    let alerts: wire::Alerts =
        serde_json::from_value(server.get("/api/v1/alerts", "viewer").await.ok()).unwrap();
    assert_eq!(alerts.alerts.len(), 1);
    assert_eq!(alerts.alerts[0].rule.name(), "pack/limits");

    let since = at(0);
    let ledger = server.get(&format!("/api/v1/ledger?since={since}"), "viewer").await.ok();
    let ledger: Ledger = serde_json::from_value(ledger).unwrap();
    assert_eq!((ledger.detections, ledger.announced, ledger.dead, ledger.unaccounted), (1, 1, 1, 0));
    assert_eq!(since, Timestamp::parse(&since.to_string()).unwrap(), "nothing is lost on the way");
}

#[tokio::test]
async fn a_dead_letter_is_listed_and_put_back_by_an_operator() {
    let (server, id) = with_a_dead_letter().await;
    let listed = server.get("/api/v1/notifications?state=dead", "operator").await.ok();
    let listed: wire::Notifications = serde_json::from_value(listed).unwrap();
    assert_eq!(listed.notifications.len(), 1);
    assert_eq!(listed.notifications[0].last_error.as_deref(), Some("550 no such user"));

    let path = format!("/api/v1/notifications/{id}/retry");
    let retried: wire::Retried =
        serde_json::from_value(server.ask(Method::POST, &path, "operator", None).await.ok()).unwrap();
    assert_eq!(retried.id, id);
    server.ask(Method::POST, &path, "operator", None).await.problem(404);
    let queued = server.control.notifications(NotificationState::Queued, 10).await.unwrap();
    assert_eq!(queued.len(), 1);
    assert_eq!(server.notices[1].load(Ordering::Relaxed), 1, "notify was woken once");
    let acts = server.acts().await;
    let act = acts.iter().find(|act| act.name == format!("notification/{id}")).unwrap();
    assert_eq!(act.actor, "operator");
    server.get("/api/v1/notifications?state=gone", "operator").await.problem(400);
}

#[tokio::test]
async fn what_was_set_aside_is_listed_without_its_content() {
    let server = Server::start().await;
    server.control.set_aside(&aside("0/0/17", 1)).await.unwrap();
    let listed: wire::Asides =
        serde_json::from_value(server.get("/api/v1/asides", "operator").await.ok()).unwrap();
    assert_eq!(listed.asides.len(), 1);
    assert_eq!((listed.asides[0].key.as_str(), listed.asides[0].bytes), ("0/0/17", 4));
}
