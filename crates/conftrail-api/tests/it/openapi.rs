//! The document is what is served.

use std::collections::BTreeSet;

use crate::server::Server;

#[tokio::test]
async fn every_parameter_that_is_read_is_documented_and_no_other() {
    let server = Server::start().await;
    let document = server.get("/api/v1/openapi.json", "").await.ok();
    assert_eq!(document["openapi"], "3.1.0");
    let mut compared = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let operation = &operations["get"];
        if operation["x-role"].is_null() {
            continue;
        }
        let all = operation["parameters"].as_array().cloned().unwrap_or_default();
        let documented: BTreeSet<String> = all
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        if documented.is_empty() {
            continue;
        }
        let path = path.replace("{id}", "01M7Y5FY6V0000000000000001");
        let refused = server.get(&format!("{path}?no_such_parameter=1"), "admin").await.problem(400);
        // serde names what it would have read.
        let detail = refused["detail"].as_str().unwrap();
        let (_, expected) = detail.split_once("expected").unwrap_or_else(|| panic!("{path}: {detail}"));
        let read: BTreeSet<String> = expected.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert_eq!(read, documented, "{path}");
        compared += 1;
    }
    assert!(compared >= 12, "{compared}");
}

#[tokio::test]
async fn the_document_needs_no_token_and_stands_below_the_prefix() {
    let server = Server::with(Some("https://ops.example.com/conftrail")).await;
    let document = server.get("/api/v1/openapi.json", "").await;
    assert_eq!(document.ok()["info"]["title"], "conftrail");
    assert!(!document.text.contains("ct_"));
}
