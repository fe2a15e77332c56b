//! Health and metrics need no token.

use crate::server::Server;

#[tokio::test]
async fn health_and_metrics_are_open_and_name_what_falls_behind() {
    let server = Server::start().await;
    let alive = server.get("/healthz", "").await;
    assert_eq!((alive.status.as_u16(), alive.text.as_str()), (200, "ok\n"));
    let ready = server.get("/readyz", "").await;
    assert_eq!(ready.ok()["ready"], true);

    server.behind.lock().unwrap().push(("collect/orders-db".into(), "connect to the server".into()));
    let behind = server.get("/readyz", "").await;
    assert_eq!((behind.status.as_u16(), behind.kind.as_str()), (503, "application/json"));
    assert_eq!(behind.json()["behind"][0]["worker"], "collect/orders-db");
    assert_eq!(server.get("/healthz", "").await.status, 200, "what falls behind still lives");

    let metrics = server.get("/metrics", "").await;
    assert!(metrics.kind.starts_with("application/openmetrics-text"));
    assert!(metrics.text.contains("# HELP conftrail_api_refusals "), "{}", metrics.text);
    assert!(metrics.text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn the_path_of_the_external_url_is_the_prefix_of_all_routes() {
    let server = Server::with(Some("https://ops.example.com/tools/conftrail/")).await;
    for (path, token) in [("/healthz", ""), ("/readyz", ""), ("/metrics", ""), ("/api/v1/events", "viewer")] {
        assert_eq!(server.get(path, token).await.status, 200, "{path}");
        let bare = server.client().get(format!("http://{}{path}", server.address));
        server.send(bare).await.problem(404);
    }
}
