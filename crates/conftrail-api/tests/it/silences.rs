//! Silences over HTTP.

use conftrail_api::wire;
use conftrail_core::alerting::SilenceState;
use conftrail_core::{Action, ResourceKind};
use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::server::Server;

fn silence() -> Json {
    json!({
        "matchers": ["team=\"pay\", severity=~\"info|warning\"", "env!=prod"],
        "comment": "moving the database",
        "created_by": "alice",
        "valid_for": "2h",
    })
}

/// The same with another value of one key; null leaves it out.
fn with(key: &str, value: Json) -> Json {
    let mut body = silence();
    let map = body.as_object_mut().unwrap();
    map.remove(key);
    if !value.is_null() {
        map.insert(key.to_owned(), value);
    }
    body
}

#[tokio::test]
async fn a_silence_is_made_listed_and_ended_and_each_is_an_act() {
    let server = Server::start().await;
    let answer = server.ask(Method::POST, "/api/v1/silences", "operator", Some(silence())).await;
    assert_eq!(answer.status, 201);
    let made: wire::SilenceEntry = serde_json::from_value(answer.ok()).unwrap();
    assert_eq!(made.matchers, ["team=\"pay\"", "severity=~\"info|warning\"", "env!=\"prod\""]);
    assert_eq!((made.state, made.created_by.as_str()), (SilenceState::Active, "alice"));
    assert_eq!(made.ends.since(made.starts).as_secs(), 7200);

    let list = |path: &'static str| {
        let server = &server;
        async move {
            let listed: wire::SilenceList =
                serde_json::from_value(server.get(path, "viewer").await.ok()).unwrap();
            listed.silences
        }
    };
    assert_eq!(list("/api/v1/silences").await, std::slice::from_ref(&made));
    let path = format!("/api/v1/silences/{}", made.id);
    server.get(&path, "viewer").await.ok();

    let ended = server.ask(Method::DELETE, &path, "operator", None).await;
    assert_eq!((ended.status.as_u16(), ended.text.as_str()), (204, ""));
    server.ask(Method::DELETE, &path, "operator", None).await.problem(404);
    assert!(list("/api/v1/silences").await.is_empty());
    assert_eq!(list("/api/v1/silences?expired=true").await[0].state, SilenceState::Expired);

    let acts = server.acts().await;
    let acts: Vec<_> = acts.iter().filter(|act| act.kind == ResourceKind::Silence).collect();
    assert_eq!(acts.iter().map(|act| act.action).collect::<Vec<_>>(), [Action::Create, Action::Delete]);
    assert!(acts.iter().all(|act| act.actor == "operator" && act.name == made.id));
    assert_eq!(acts[0].message.as_deref(), Some("moving the database"));
    assert_eq!(acts[0].after, acts[1].before);
}

#[tokio::test]
async fn a_silence_that_says_too_little_or_too_much_is_refused() {
    let server = Server::start().await;
    let refused = [
        ("matchers", with("matchers", json!([]))),
        ("matchers", with("matchers", json!(["team="]))),
        ("matchers", with("matchers", json!(["team=~\".*\"", "env!=prod"]))),
        ("matchers", with("matchers", json!(["team=~\"a(\""]))),
        ("comment", with("comment", Json::Null)),
        ("comment", with("comment", json!(" \n"))),
        ("comment", with("comment", json!("x".repeat(1001)))),
        ("created_by", with("created_by", json!(""))),
        ("ends", with("valid_for", Json::Null)),
        ("ends", with("valid_for", json!("0s"))),
        ("ends", with("valid_for", json!("31d"))),
        ("ends", with("ends", json!("2026-11-20T10:00:00Z"))),
    ];
    for (parameter, body) in refused {
        let problem =
            server.ask(Method::POST, "/api/v1/silences", "operator", Some(body.clone())).await.problem(400);
        assert_eq!(problem["parameter"], parameter, "{body}");
    }
    let past = json!({ "matchers": ["team=pay"], "comment": "c", "created_by": "a", "ends": "2026-01-01T00:00:00Z" });
    let problem = server.ask(Method::POST, "/api/v1/silences", "operator", Some(past)).await.problem(400);
    assert_eq!(problem["parameter"], "ends");
    server
        .ask(Method::POST, "/api/v1/silences", "operator", Some(with("team", json!("pay"))))
        .await
        .problem(400);
    assert!(server.acts().await.iter().all(|act| act.kind != ResourceKind::Silence));
    server.get("/api/v1/silences/never", "viewer").await.problem(404);
}

#[tokio::test]
async fn who_reads_alerts_sees_silences_and_who_works_with_them_makes_them() {
    let server = Server::start().await;
    server.ask(Method::POST, "/api/v1/silences", "viewer", Some(silence())).await.problem(403);
    server.ask(Method::DELETE, "/api/v1/silences/x", "viewer", None).await.problem(403);
    server.get("/api/v1/silences", "viewer").await.ok();
    assert_eq!(server.ask(Method::POST, "/api/v1/silences", "admin", Some(silence())).await.status, 201);
}
