//! What a stranger can take, and what happens when something ends.

use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::server::{Server, secret};

const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let server = Server::start().await;
    for path in ["/", "/api/v1", "/api/v1/nothing", "/api/v2/events"] {
        assert_eq!(server.get(path, "admin").await.problem(404)["type"], "urn:conftrail:problem:not-found");
    }
    let wrong_method = server.ask(Method::PUT, "/api/v1/events", "admin", None).await;
    assert_eq!(wrong_method.problem(405)["title"], "method not allowed");
    assert!(wrong_method.headers["allow"].to_str().unwrap().contains("GET"));
}

#[tokio::test]
async fn bodies_and_headers_are_bounded() {
    let server = Server::start().await;
    let large = json!({ "q": "x".repeat(300 * 1024) });
    server.ask(Method::POST, "/api/v1/events:aggregate", "viewer", Some(large)).await.problem(413);
    let long_query = format!("/api/v1/events?q={}", "x".repeat(20_000));
    server.get(&long_query, "viewer").await.ok();
    let request = server.client().get(server.url("/healthz")).header("x-large", "x".repeat(100 * 1024));
    assert_eq!(server.send(request).await.status, 431);
}

#[tokio::test]
async fn a_store_that_is_gone_is_said_so_and_may_come_back() {
    let server = Server::start().await;
    server.trail.gone.store(true, Ordering::Relaxed);
    let problem = server.get("/api/v1/events", "viewer").await.problem(503);
    assert_eq!(problem["type"], "urn:conftrail:problem:unavailable");
    server.trail.gone.store(false, Ordering::Relaxed);
    server.get("/api/v1/events", "viewer").await.ok();
}

#[tokio::test]
async fn a_shutdown_finishes_what_was_begun_and_takes_nothing_new() {
    let mut server = Server::start().await;
    server.trail.held.send_replace(true);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let idle = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "GET /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
        secret("viewer")
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut arrived = server.trail.arrived.subscribe();
    tokio::time::timeout(DEADLINE, arrived.wait_for(|count| *count == 1)).await.unwrap().unwrap();

    server.shutdown.cancel();
    server.trail.held.send_replace(false);
    let mut answer = String::new();
    tokio::time::timeout(DEADLINE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    let served = tokio::time::timeout(DEADLINE, server.serving.join_next()).await.unwrap();
    served.unwrap().unwrap().unwrap();
    drop(idle);
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody listens any more");
}
