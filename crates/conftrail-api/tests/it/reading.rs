//! Reading is audited.

use std::sync::atomic::Ordering;

use conftrail_core::{Action, ResourceKind, Value};

use crate::server::Server;

#[tokio::test]
async fn what_a_token_reads_is_written_down_once_a_minute() {
    let server = Server::start().await;
    for _ in 0..3 {
        server.get("/api/v1/events?q=env:prod&limit=2", "viewer").await.ok();
    }
    server.get("/api/v1/events?q=env:prod&limit=3&since=now-1d", "viewer").await.ok();
    server.get("/api/v1/events?q=env:prod", "auditor").await.ok();
    server.get("/api/v1/events?q=env:test", "viewer").await.ok();
    server.get("/api/v1/events/01M7Y5FY6V0000000000000001", "viewer").await.ok();
    server.get("/api/v1/events:aggregate", "viewer").await.ok();
    server.get("/api/v1/resources/timeline?resource=mysql:x", "viewer").await.ok();
    server.get("/api/v1/current?prefix=mysql:", "viewer").await.ok();
    server.get("/api/v1/state?prefix=mysql:&at=2026-11-20T10:00:00Z", "viewer").await.ok();
    server.get("/api/v1/notifications?state=sent", "operator").await.ok();

    let acts = server.acts().await;
    assert!(
        acts.iter().all(|act| {
            act.via == "token" && act.action == Action::Create && act.kind == ResourceKind::View
        })
    );
    let of = |value: &Option<Value>| value.as_ref().unwrap().as_map().unwrap().get("of").unwrap().display();
    let read: Vec<_> =
        acts.iter().map(|act| (act.actor.as_str(), act.name.as_str(), of(&act.after))).collect();
    let expected = [
        ("viewer", "search", "env:prod"),
        // Bounds of time are part of what was asked.
        ("viewer", "search", "env:prod"),
        ("auditor", "search", "env:prod"),
        ("viewer", "search", "env:test"),
        ("viewer", "event", "01M7Y5FY6V0000000000000001"),
        ("viewer", "aggregate", "*"),
        ("viewer", "timeline", "mysql:x"),
        ("viewer", "current", "mysql:"),
        ("viewer", "state", "mysql: at 2026-11-20T10:00:00Z"),
        ("operator", "notifications", "sent"),
    ];
    assert_eq!(read, expected.map(|(actor, name, of)| (actor, name, of.to_owned())));
    let told =
        |index: usize, name: &str| acts[index].after.as_ref().unwrap().as_map().unwrap().get(name).cloned();
    assert_eq!((told(0, "since"), told(1, "since")), (None, Some(Value::from("now-1d"))));
    assert_eq!((told(0, "rows"), told(4, "rows")), (Some(Value::from(2_u64)), Some(Value::from(1_u64))));
    assert_eq!(server.notices[0].load(Ordering::Relaxed), acts.len(), "each was announced");
}

#[tokio::test]
async fn the_record_of_many_pages_tells_of_at_least_half_of_the_rows() {
    let server = Server::start().await;
    let mut path = "/api/v1/events?limit=1".to_owned();
    let mut read = 0_u64;
    loop {
        let page = server.get(&path, "viewer").await.ok();
        read += page["events"].as_array().unwrap().len() as u64;
        let rows = |act: &conftrail_core::own::Act| {
            act.after
                .as_ref()
                .unwrap()
                .as_map()
                .unwrap()
                .get("rows")
                .unwrap()
                .display()
                .parse::<u64>()
                .unwrap()
        };
        let told = server.acts().await.iter().map(rows).max().unwrap();
        assert!(told <= read && 2 * told >= read, "{told} of {read}");
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/events?limit=1&cursor={next}");
    }
    assert!(read > 8 && (server.acts().await.len() as u64) < read / 2, "{read}");
}

#[tokio::test]
async fn what_is_refused_was_not_read() {
    let server = Server::start().await;
    server.get("/api/v1/events?q=enw:prod", "viewer").await.problem(400);
    server.get("/api/v1/events?limit=0", "viewer").await.problem(400);
    server.get("/api/v1/events/01M7Y5FY6VZZZZZZZZZZZZZZZZ", "viewer").await.problem(404);
    server.get("/api/v1/current?prefix=conftrail:", "viewer").await.problem(403);
    server.get("/api/v1/state?prefix=conftrail:&at=2026-11-20", "viewer").await.problem(403);
    server.get("/api/v1/events", "").await.problem(401);
    assert!(server.acts().await.is_empty());
}

#[tokio::test]
async fn a_secret_in_a_query_is_masked_before_it_is_written_down() {
    let server = Server::start().await;
    server.get("/api/v1/events?q=after.password:hunter2hunter2", "viewer").await.ok();
    let acts = serde_json::to_string(&server.acts().await).unwrap();
    assert!(!acts.contains("hunter2"), "{acts}");
    assert!(acts.contains("hmac-sha256:"), "{acts}");
}
