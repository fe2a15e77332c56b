//! Who may ask what.

use conftrail_core::Timestamp;
use conftrail_core::own::Role;
use conftrail_core::ports::Tokens as _;
use reqwest::Method;

use crate::server::{Server, act, add_filtered, add_token, secret};

/// A route as the document tells of it.
pub(crate) struct Documented {
    pub(crate) method: Method,
    /// The path, without the prefix and with something in its braces.
    pub(crate) path: String,
    pub(crate) role: Role,
    pub(crate) by_rows: bool,
}

/// Returns every documented route that needs a token.
pub(crate) async fn documented(server: &Server) -> Vec<Documented> {
    let document = server.get("/api/v1/openapi.json", "").await.ok();
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let Some(word) = operation["x-role"].as_str() else { continue };
            let role = Role::ALL.into_iter().find(|role| role.as_str() == word).unwrap();
            let method = method.to_uppercase().parse().unwrap();
            let path = path.replace("{id}", "01M7Y5FY6V0000000000000001").replace("{name}", "none");
            found.push(Documented { method, path, role, by_rows: operation["x-row-filter"] == true });
        }
    }
    found
}

/// The table of roles and routes: each cell is asked for, with a token of the role with and without a row filter, and without
/// one at all.
#[tokio::test]
async fn every_route_wants_its_role_and_no_more() {
    let server = Server::start().await;
    for role in [Role::Viewer, Role::Operator, Role::Auditor] {
        add_filtered(&server.control, &format!("{}-rows", role.as_str()), role, "env:prod").await;
    }
    let routes = documented(&server).await;
    assert!(routes.len() >= 19, "{}", routes.len());
    let mut cells = 0;
    for Documented { method, path, role: least, by_rows } in &routes {
        for role in Role::ALL {
            let answer = server.ask(method.clone(), path, role.as_str(), None).await;
            if role < *least {
                let problem = answer.problem(403);
                assert_eq!(problem["type"], "urn:conftrail:problem:forbidden");
            } else {
                assert!(!matches!(answer.status.as_u16(), 401 | 403), "{method} {path} as {role:?}");
            }
            cells += 1;
            if role == Role::Admin {
                continue;
            }
            let with_rows = server.ask(method.clone(), path, &format!("{}-rows", role.as_str()), None).await;
            let refused = role < *least || !by_rows;
            assert_eq!(with_rows.status.as_u16() == 403, refused, "{method} {path} as {role:?} with rows");
            cells += 1;
        }
        server.ask(method.clone(), path, "", None).await.problem(401);
        cells += 1;
    }
    assert_eq!(cells, routes.len() * 8, "every cell of the table was asked for");
    // Another method of a known path is no way around.
    server.ask(Method::PUT, "/api/v1/tokens", "viewer", None).await.problem(403);
    server.ask(Method::PUT, "/api/v1/tokens", "", None).await.problem(401);
}

#[tokio::test]
async fn a_request_without_a_valid_token_is_turned_away_and_counted() {
    let server = Server::start().await;
    add_token(&server.control, "ended", Role::Admin, Some(Timestamp::from_seconds(1_795_000_001))).await;
    add_token(&server.control, "revoked", Role::Admin, None).await;
    let now = Timestamp::from_seconds(1_795_000_002);
    assert!(server.control.revoke_token("revoked", now, &act("revoked")).await.unwrap());

    for token in ["", "unknown", "ended", "revoked"] {
        let answer = server.get("/api/v1/events", token).await;
        assert_eq!(answer.problem(401)["type"], "urn:conftrail:problem:unauthorized");
        assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"conftrail\"");
        assert!(!answer.text.contains("ct_"), "the secret is not repeated");
    }
    let basic = server.client().get(server.url("/api/v1/events")).basic_auth("admin", Some(secret("admin")));
    server.send(basic).await.problem(401);
    server.get("/api/v1/tokens", "viewer").await.problem(403);

    let metrics = server.get("/metrics", "").await.text;
    for (reason, count) in
        [("missing", 2), ("unknown", 1), ("ended", 2), ("role", 1), ("filter", 0), ("rate", 0)]
    {
        let line = format!("conftrail_api_refusals_total{{reason=\"{reason}\"}} {count}\n");
        assert!(metrics.contains(&line), "{line} in {metrics}");
    }
}

#[tokio::test]
async fn conftrails_own_audit_is_for_auditors() {
    let server = Server::start().await;
    let own = crate::server::events().last().unwrap().clone();
    let paths = [
        "/api/v1/events?q=source.kind:conftrail".to_owned(),
        format!("/api/v1/resources/timeline?resource={}", own.resource.id),
        "/api/v1/current?prefix=conftrail:".to_owned(),
        "/api/v1/state?prefix=conftrail:&at=2037-01-01".to_owned(),
        format!("/api/v1/events/{}", own.id),
    ];
    for path in &paths {
        let answer = server.get(path, "auditor").await;
        assert!(answer.text.contains(&own.resource.id), "{path}: {}", answer.text);
        let hidden = server.get(path, "operator").await;
        assert!(!hidden.text.contains("\"changes\""), "{path}: {}", hidden.text);
    }
    let all = |token: &'static str| server.get("/api/v1/events:aggregate", token);
    let (seen, narrowed) = (all("auditor").await.ok(), all("viewer").await.ok());
    assert_eq!(seen["total"].as_u64().unwrap(), narrowed["total"].as_u64().unwrap() + 1);
    assert!(!server.get("/api/v1/current?limit=1000", "viewer").await.text.contains("conftrail:"));
    let stood = server.get("/api/v1/state?limit=1000&at=2037-01-01", "viewer").await.text;
    assert!(stood.contains("mysql:") && !stood.contains("conftrail:"), "{stood}");
    let evaded = server.get("/api/v1/events?q=*%20or%20source.kind:conftrail&limit=1000", "viewer").await;
    assert!(!evaded.text.contains(&own.resource.id), "an `or` does not lead around it");
}
