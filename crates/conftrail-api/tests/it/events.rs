//! Reading the trail.

use std::collections::BTreeSet;

use conftrail_api::wire;
use conftrail_core::ports::{Aggregate, Standing, StateRow};
use conftrail_testkit::queries;
use reqwest::Method;
use serde_json::json;

use crate::server::Server;

#[tokio::test]
async fn a_search_answers_page_by_page_with_every_event_once() {
    let server = Server::start().await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/events?limit=7".to_owned();
    loop {
        let page: wire::Events = serde_json::from_value(server.get(&path, "viewer").await.ok()).unwrap();
        assert!(page.events.len() <= 7);
        seen.extend(page.events.iter().map(|event| (event.time, event.id)));
        let Some(next) = page.next else { break };
        path = format!("/api/v1/events?limit=7&cursor={}", next.0);
    }
    assert!(seen.is_sorted_by(|newer, older| newer.0 >= older.0), "newest first");
    let ids: BTreeSet<_> = seen.iter().map(|(_, id)| *id).collect();
    assert_eq!(ids.len(), seen.len());
    assert_eq!(ids, queries::events().iter().map(|event| event.id).collect());
}

#[tokio::test]
async fn a_search_takes_the_query_language_and_bounds_of_time() {
    let server = Server::start().await;
    let found = |path: &'static str| {
        let server = &server;
        async move {
            let page: wire::Events = serde_json::from_value(server.get(path, "viewer").await.ok()).unwrap();
            page.events
        }
    };
    let limit = found("/api/v1/events?q=after.limit:500%20actor:alice&limit=1000").await;
    assert!(!limit.is_empty() && limit.iter().all(|event| event.actor.name.as_deref() == Some("alice")));
    let since = found("/api/v1/events?since=2026-11-20T10:00:00Z&limit=1000").await;
    assert!(
        !since.is_empty() && since.iter().all(|event| event.time.to_string().as_str() >= "2026-11-20T10")
    );
    let until = found("/api/v1/events?until=2026-11-20T10:00:00Z&limit=1000").await;
    assert_eq!(since.len() + until.len(), queries::events().len());
    assert!(found("/api/v1/events?since=2037-01-01").await.is_empty());
}

#[tokio::test]
async fn what_does_not_parse_is_named_with_its_place() {
    let server = Server::start().await;
    let problem = server.get("/api/v1/events?q=enw:prod", "viewer").await.problem(400);
    assert_eq!(problem["type"], "urn:conftrail:problem:query");
    assert_eq!(problem["parameter"], "q");
    assert_eq!(problem["position"]["line"], 1);
    assert_eq!(problem["position"]["column"], 1);
    assert_eq!(problem["position"]["caret"], "enw:prod\n^^^");
    for (path, parameter) in [
        ("/api/v1/events?since=yesterday", "since"),
        ("/api/v1/events?until=5", "until"),
        ("/api/v1/events?limit=0", "limit"),
        ("/api/v1/events?limit=10001", "limit"),
        ("/api/v1/events/xyz", "id"),
        ("/api/v1/events:aggregate?facets=actor.nam", "facets"),
        ("/api/v1/events:aggregate?histogram=0", "histogram"),
        ("/api/v1/events:aggregate?histogram=1", "histogram"),
        ("/api/v1/events:aggregate?top=0", "top"),
        ("/api/v1/state?at=yesterday", "at"),
        ("/api/v1/state?at=2026-11-20&limit=0", "limit"),
        ("/api/v1/alerts?since=x", "since"),
        ("/api/v1/ledger?since=x", "since"),
    ] {
        assert_eq!(server.get(path, "viewer").await.problem(400)["parameter"], parameter, "{path}");
    }
    for path in [
        "/api/v1/events?lmit=5",
        "/api/v1/events?limit=x",
        "/api/v1/resources/timeline",
        "/api/v1/state?prefix=mysql:",
        "/api/v1/state?at=2026-11-20&cursor=none-of-ours",
        "/api/v1/events?cursor=none-of-ours",
        "/api/v1/events/%ff",
    ] {
        server.get(path, "viewer").await.problem(400);
    }
    let problem =
        server.ask(Method::POST, "/api/v1/events:aggregate", "viewer", Some(json!({ "Q": 1 }))).await;
    assert!(problem.problem(400)["detail"].as_str().unwrap().contains("unknown field"));
}

#[tokio::test]
async fn one_event_is_shown_whole() {
    let server = Server::start().await;
    for event in queries::events().iter().take(5) {
        let shown = server.get(&format!("/api/v1/events/{}", event.id), "viewer").await;
        assert_eq!(shown.kind, "application/json");
        assert_eq!(shown.headers["cache-control"], "no-store");
        assert_eq!(shown.ok(), serde_json::to_value(event).unwrap());
    }
    server.get("/api/v1/events/01M7Y5FY6VZZZZZZZZZZZZZZZZ", "viewer").await.problem(404);
}

#[tokio::test]
async fn counts_are_the_same_by_url_and_by_body() {
    let server = Server::start().await;
    let by_url = server
        .get("/api/v1/events:aggregate?q=env:prod&facets=action,actor.name&top=3&histogram=3600", "viewer")
        .await
        .ok();
    let body = json!({ "q": "env:prod", "facets": ["action", "actor.name"], "top": 3, "histogram": 3600 });
    let by_body = server.ask(Method::POST, "/api/v1/events:aggregate", "viewer", Some(body)).await.ok();
    assert_eq!(by_url, by_body);
    let counted: Aggregate = serde_json::from_value(by_url).unwrap();
    assert!(counted.total > 0);
    assert_eq!(counted.facets.len(), 2);
    assert_eq!(
        counted.histogram.unwrap().buckets.iter().map(|bucket| bucket.count).sum::<u64>(),
        counted.total
    );
}

#[tokio::test]
async fn a_resource_has_its_timeline_and_its_current_value() {
    let server = Server::start().await;
    let resource = "mysql:orders-db/shop/feature_flags/42";
    let timeline = server.get(&format!("/api/v1/resources/timeline?resource={resource}"), "viewer").await;
    let timeline: wire::Events = serde_json::from_value(timeline.ok()).unwrap();
    assert!(!timeline.events.is_empty());
    assert!(timeline.events.iter().all(|event| event.resource.id == resource));

    let current = server.get("/api/v1/current?prefix=mysql:orders-db/shop/&limit=100", "viewer").await;
    let current: wire::CurrentRows = serde_json::from_value(current.ok()).unwrap();
    assert!(current.rows.iter().any(|row| row.resource == resource));
    assert!(current.rows.iter().all(|row| row.resource.starts_with("mysql:orders-db/shop/")));
}

#[tokio::test]
async fn resources_have_a_state_at_each_time_page_by_page() {
    let server = Server::start().await;
    let mut stood: Vec<StateRow> = Vec::new();
    let mut path = "/api/v1/state?prefix=mysql:orders-db/shop/&at=2026-11-20T10:00:00Z&limit=2".to_owned();
    let first = path.clone();
    loop {
        let page: wire::StateRows = serde_json::from_value(server.get(&path, "viewer").await.ok()).unwrap();
        assert!(page.rows.len() <= 2);
        stood.extend(page.rows);
        let Some(next) = page.next else { break };
        path = format!("{first}&cursor={}", next.0);
    }
    assert!(stood.len() > 2 && stood.is_sorted_by(|one, other| one.resource < other.resource), "{stood:?}");
    for row in &stood {
        assert_eq!(row.at.to_string(), "2026-11-20T10:00:00Z");
        assert!(row.time.is_none_or(|time| time <= row.at), "{row:?}");
        // Nothing says how far the source was read, so that only what came later proves anything.
        assert!(row.state != Standing::Unknown || !row.because.is_empty(), "{row:?}");
    }
    let known: Vec<_> = stood.iter().filter(|row| row.state == Standing::Known).collect();
    for row in known {
        let shown = server.get(&format!("/api/v1/events/{}", row.event.unwrap()), "viewer").await.ok();
        assert_eq!(serde_json::to_value(&row.value).unwrap(), shown["after"], "{row:?}");
        assert_eq!(serde_json::to_value(&row.actor).unwrap(), shown["actor"], "{row:?}");
    }
}
