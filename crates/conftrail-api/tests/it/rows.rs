//! A token with a row filter sees its rows by every path, and nothing that tells of others.

use std::collections::BTreeSet;

use conftrail_core::alerting::{Detection, Transition};
use conftrail_core::own::Role;
use conftrail_core::ports::{Alerts as _, Detections as _};
use conftrail_core::query::{EventView, Query, matches};
use conftrail_core::{Event, EventId};
use conftrail_testkit::contract::control::sample::{
    announced, at, collecting, detection, notification, shown,
};
use conftrail_testkit::queries;
use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::server::{Server, add_filtered};

/// The only events that the token `rows` may see.
const FILTER: &str = "env:prod and not action:delete";

/// A server with a token that sees some rows, and which those are.
async fn with_rows() -> (Server, BTreeSet<String>, BTreeSet<String>) {
    let server = Server::start().await;
    add_filtered(&server.control, "rows", Role::Viewer, FILTER).await;
    add_filtered(&server.control, "rows-operator", Role::Operator, FILTER).await;
    let filter = Query::parse(FILTER).unwrap();
    let sees = |event: &Event| matches(&filter, &EventView::new(event, queries::now()));
    let (mine, others): (Vec<Event>, Vec<Event>) = queries::events().into_iter().partition(sees);
    let ids = |events: &[Event]| events.iter().map(|event| event.id.to_string()).collect::<BTreeSet<_>>();
    assert!(mine.len() > 3 && others.len() > 3);
    (server, ids(&mine), ids(&others))
}

fn ids(events: &Json) -> BTreeSet<String> {
    let of = |event: &Json| event["id"].as_str().unwrap().to_owned();
    events["events"].as_array().unwrap().iter().map(of).collect()
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// Fails when an answer names an event that the token may not see.
fn names_none(text: &str, others: &BTreeSet<String>, path: &str) {
    for id in others {
        assert!(!text.contains(id.as_str()), "{path} names {id}: {text}");
    }
}

#[tokio::test]
async fn lists_and_counts_are_those_of_its_rows() {
    let (server, mine, others) = with_rows().await;
    let all = server.get("/api/v1/events?limit=1000", "rows").await;
    assert_eq!(ids(&all.ok()), mine);
    for query in ["* or env:staging", "not env:prod", "action:delete", "source.kind:conftrail"] {
        let found = server.get(&format!("/api/v1/events?limit=1000&q={}", escaped(query)), "rows").await;
        names_none(&found.text, &others, query);
    }
    // Page by page, too.
    let (mut paged, mut path) = (BTreeSet::new(), "/api/v1/events?limit=1".to_owned());
    loop {
        let page = server.get(&path, "rows").await.ok();
        paged.append(&mut ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/events?limit=1&cursor={next}");
    }
    assert_eq!(paged, mine);
    let asked = json!({ "facets": ["env", "action", "resource.id"], "histogram": 3600 });
    for counted in [
        server
            .get("/api/v1/events:aggregate?facets=env,action,resource.id&histogram=3600", "rows")
            .await
            .ok(),
        server.ask(Method::POST, "/api/v1/events:aggregate", "rows", Some(asked)).await.ok(),
    ] {
        assert_eq!(counted["total"], mine.len());
        assert_eq!(counted["facets"][0]["buckets"], json!([{ "key": "prod", "count": mine.len() }]));
        assert!(!counted["facets"][1].to_string().contains("delete"));
        let slices = counted["histogram"]["buckets"].as_array().unwrap();
        let sum: u64 = slices.iter().map(|bucket| bucket["count"].as_u64().unwrap()).sum();
        assert_eq!(sum, mine.len() as u64);
    }
    // Another token's cursor is none of its own.
    let next = server.get("/api/v1/events?limit=1", "viewer").await.ok()["next"].as_str().unwrap().to_owned();
    let refused = server.get(&format!("/api/v1/events?limit=1&cursor={next}"), "rows").await;
    assert_eq!(refused.problem(400)["parameter"], "cursor");
}

#[tokio::test]
async fn an_event_outside_is_as_if_it_were_not_there() {
    let (server, mine, others) = with_rows().await;
    let absent = server.get("/api/v1/events/01M7Y5FY6VZZZZZZZZZZZZZZZZ", "rows").await.problem(404);
    for id in &others {
        for path in [format!("/api/v1/events/{id}"), format!("/api/v1/events/{id}/proof")] {
            let hidden = server.get(&path, "rows").await.problem(404);
            let (said, of_absent) = (hidden["detail"].as_str().unwrap(), absent["detail"].as_str().unwrap());
            assert_eq!(said.replace(id, ""), of_absent.replace("01M7Y5FY6VZZZZZZZZZZZZZZZZ", ""));
        }
    }
    for id in &mine {
        assert_eq!(server.get(&format!("/api/v1/events/{id}"), "rows").await.ok()["id"], id.as_str());
        let proof = server.get(&format!("/api/v1/events/{id}/proof"), "rows").await;
        assert_eq!((proof.status.as_u16(), proof.text), (200, format!("the proof of {id}")));
    }
}

#[tokio::test]
async fn resources_people_and_operations_are_those_of_its_rows() {
    let (server, mine, others) = with_rows().await;
    let mut seen = BTreeSet::new();
    for event in queries::events() {
        let resource = escaped(&event.resource.id);
        let path = format!("/api/v1/resources/timeline?resource={resource}");
        let timeline = server.get(&path, "rows").await;
        names_none(&timeline.text, &others, &path);
        seen.append(&mut ids(&timeline.ok()));
        let path = format!("/api/v1/resources/blame?resource={resource}");
        let blame = server.get(&path, "rows").await;
        names_none(&blame.text, &others, &path);
        if others.contains(event.id.as_str()) && ids(&timeline.ok()).is_empty() {
            blame.problem(404);
        }
        for id in [event.correlation.map(|one| one.id), event.tx.map(|one| one.id), event.trace]
            .into_iter()
            .flatten()
        {
            let path = format!("/api/v1/trail?id={}", escaped(&id));
            names_none(&server.get(&path, "rows").await.text, &others, &path);
        }
        if let Some(name) = &event.actor.name {
            let path = format!("/api/v1/actors/activity?actor={}", escaped(name));
            let (part, whole) =
                (server.get(&path, "rows").await.ok(), server.get(&path, "viewer").await.ok());
            assert!(part["made"]["total"].as_u64() <= whole["made"]["total"].as_u64());
            assert!(!part.to_string().contains("delete"), "{part}");
        }
    }
    assert_eq!(seen, mine);
    for path in ["/api/v1/current?limit=1000", "/api/v1/state?limit=1000&at=2037-01-01"] {
        let (part, whole) = (server.get(path, "rows").await, server.get(path, "viewer").await);
        names_none(&part.text, &others, path);
        let rows = |answer: &Json| answer["rows"].as_array().unwrap().clone();
        let (part, whole) = (rows(&part.ok()), rows(&whole.ok()));
        let expected = whole.iter().filter(|row| row["event"].as_str().is_some_and(|id| mine.contains(id)));
        let name = |row: &Json| row["resource"].as_str().unwrap().to_owned();
        let shown: BTreeSet<String> = part.iter().map(name).collect();
        assert!(expected.map(name).all(|row| shown.contains(&row)) && shown.len() < whole.len(), "{path}");
    }
}

#[tokio::test]
async fn what_is_followed_is_of_its_rows() {
    let (server, mine, others) = with_rows().await;
    let end = server.get("/api/v1/events/tail", "rows").await.ok();
    let tree = end["next"].as_str().unwrap().split('.').next().unwrap().to_owned();
    let answer = server.get(&format!("/api/v1/events/tail?after={tree}.0&limit=1000"), "rows").await;
    names_none(&answer.text, &others, "tail");
    let told = answer.ok();
    let told =
        told["events"].as_array().unwrap().iter().map(|one| one["event"]["id"].as_str().unwrap().to_owned());
    assert_eq!(told.collect::<BTreeSet<_>>(), mine);
}

/// An alert of one event, and its notification.
async fn alert(server: &Server, event: &str, number: u64) {
    let mut found: Detection = detection("prod", number);
    found.evidence.event = EventId::parse(event).unwrap();
    let alert = announced(&collecting(&found, at(number)), at(number));
    let mut letter = notification(&format!("email/{number}"), number);
    letter.announcement.alert = alert.id.clone();
    letter.announcement.total = 1;
    letter.announcement.events = vec![found.evidence.clone()];
    server.control.record_detections(std::slice::from_ref(&found)).await.unwrap();
    let fates = vec![shown(&found, &alert)];
    server
        .control
        .apply(&Transition {
            fates,
            alerts: vec![alert],
            notifications: vec![letter],
            ..Transition::default()
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn alerts_and_notifications_are_those_of_its_rows() {
    let (server, mine, others) = with_rows().await;
    alert(&server, mine.first().unwrap(), 1).await;
    alert(&server, others.first().unwrap(), 2).await;
    let count = |answer: Json, list: &str| answer[list].as_array().unwrap().len();
    for (token, expected) in [("operator", 2), ("rows-operator", 1)] {
        assert_eq!(count(server.get("/api/v1/alerts", token).await.ok(), "alerts"), expected, "{token}");
        let listed = server.get("/api/v1/notifications?state=queued", token).await;
        assert_eq!(count(listed.ok(), "notifications"), expected, "{token}");
        if token == "rows-operator" {
            names_none(&listed.text, &others, "notifications");
        }
    }
    for path in ["/api/v1/ledger", "/api/v1/asides"] {
        let refused = server.get(path, "rows-operator").await.problem(403);
        assert!(refused["detail"].as_str().unwrap().contains("a part of the trail"), "{refused}");
    }
}

#[tokio::test]
async fn a_row_filter_is_checked_when_it_is_made_and_fails_closed() {
    let server = Server::start().await;
    let make = |body: Json| server.ask(Method::POST, "/api/v1/tokens", "admin", Some(body));
    let wrong = make(json!({ "name": "a", "role": "viewer", "filter": "enw:prod" })).await.problem(400);
    assert_eq!(
        (&wrong["parameter"], &wrong["position"]["caret"]),
        (&json!("filter"), &json!("enw:prod\n^^^"))
    );
    let admin = make(json!({ "name": "a", "role": "admin", "filter": "env:prod" })).await.problem(400);
    assert_eq!(admin["parameter"], "filter");
    let made = make(json!({ "name": "a", "role": "viewer", "filter": "env:prod  action:update" })).await.ok();
    assert_eq!(made["filter"], "resource.env:prod and action:update");
    let listed = server.get("/api/v1/tokens", "admin").await.text;
    assert!(listed.contains("resource.env:prod and action:update"), "{listed}");
    let acts = serde_json::to_string(&server.acts().await).unwrap();
    assert!(acts.contains("resource.env:prod and action:update"), "own audit tells of the filter");
    // What a version does not understand hides everything.
    add_filtered(&server.control, "newer", Role::Viewer, "no such language(").await;
    server.get("/api/v1/events", "newer").await.problem(403);
}
