//! Tokens over HTTP.

use conftrail_api::{token_hash, wire};
use conftrail_core::Action;
use conftrail_core::ports::Tokens as _;
use reqwest::Method;
use serde_json::json;

use crate::server::Server;

#[tokio::test]
async fn a_token_is_made_used_listed_and_revoked() {
    let server = Server::start().await;
    let body = json!({ "name": "ci", "role": "viewer", "valid_for": "1h" });
    let answer = server.ask(Method::POST, "/api/v1/tokens", "admin", Some(body)).await;
    assert_eq!(answer.status, 201);
    let made: wire::CreatedToken = serde_json::from_value(answer.ok()).unwrap();
    assert!(made.secret.starts_with("ct_"));
    assert!(made.expires.is_some());

    let search = || server.send(server.client().get(server.url("/api/v1/events")).bearer_auth(&made.secret));
    search().await.ok();
    let listed = server.get("/api/v1/tokens", "admin").await;
    let hash = token_hash(&made.secret);
    assert!(server.control.token_by_hash(&hash).await.unwrap().is_some());
    assert!(!listed.text.contains(&made.secret) && !listed.text.contains(&hash));
    let tokens: wire::Tokens = serde_json::from_value(listed.ok()).unwrap();
    let names: Vec<_> = tokens.tokens.iter().map(|token| token.name.as_str()).collect();
    assert_eq!(names, ["viewer", "operator", "auditor", "admin", "ci"]);

    let revoked = server.ask(Method::DELETE, "/api/v1/tokens/ci", "admin", None).await;
    assert_eq!((revoked.status.as_u16(), revoked.text.as_str()), (204, ""));
    search().await.problem(401);
    server.ask(Method::DELETE, "/api/v1/tokens/ci", "admin", None).await.problem(404);

    let acts = server.acts().await;
    let acts: Vec<_> = acts.iter().filter(|act| act.name == "ci").collect();
    assert_eq!(acts.iter().map(|act| act.action).collect::<Vec<_>>(), [Action::Create, Action::Delete]);
    assert!(acts.iter().all(|act| act.actor == "admin" && act.via == "token"));
    let said = serde_json::to_string(&acts).unwrap();
    assert!(!said.contains(&made.secret) && !said.contains(&hash));
    assert_eq!(acts[0].after, acts[1].before);
}

#[tokio::test]
async fn a_name_that_is_taken_or_none_is_refused() {
    let server = Server::start().await;
    let create = |name: &str, valid_for: &str| {
        let body = json!({ "name": name, "role": "viewer", "valid_for": valid_for });
        server.ask(Method::POST, "/api/v1/tokens", "admin", Some(body))
    };
    create("viewer", "1d").await.problem(409);
    for name in ["", "a b", "a/b", "名", &"x".repeat(65)] {
        assert_eq!(create(name, "1d").await.problem(400)["parameter"], "name");
    }
    assert_eq!(create("ci", "0").await.problem(400)["parameter"], "valid_for");
    create("ci", "soon").await.problem(400);
    let unknown_role = json!({ "name": "ci", "role": "root" });
    server.ask(Method::POST, "/api/v1/tokens", "admin", Some(unknown_role)).await.problem(400);
    assert_eq!(server.control.tokens().await.unwrap().len(), 4);
    assert!(server.acts().await.is_empty());
}
