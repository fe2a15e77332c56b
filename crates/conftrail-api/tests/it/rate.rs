//! How often a token may ask.

use conftrail_api::{Config, RateLimit};

use crate::server::Server;

#[tokio::test]
async fn a_token_that_asks_too_often_is_told_when_to_come_again() {
    let rate = RateLimit { per_second: 1, burst: 3 };
    let server = Server::configured(Config { rate, ..Config::default() }).await;
    for _ in 0..3 {
        server.get("/api/v1/events?limit=1", "viewer").await.ok();
    }
    let refused = server.get("/api/v1/events?limit=1", "viewer").await;
    assert_eq!(refused.problem(429)["type"], "urn:conftrail:problem:too-many-requests");
    assert_eq!(refused.headers["retry-after"], "1");
    // Another token has its own, and what needs no token is not counted.
    server.get("/api/v1/events?limit=1", "auditor").await.ok();
    assert!(
        server.get("/metrics", "").await.text.contains("conftrail_api_refusals_total{reason=\"rate\"} 1\n")
    );
    // What was refused was not read.
    assert_eq!(server.acts().await.len(), 2);
}
