//! What is in force.

use reqwest::Method;

use crate::server::Server;

#[tokio::test]
async fn a_reload_says_what_is_wrong_and_what_became_of_it() {
    let server = Server::start().await;
    let ask = || server.ask(Method::POST, "/api/v1/rules/reload", "operator", None);
    let refused = ask().await.problem(422);
    assert_eq!(refused["type"], "urn:conftrail:problem:rules");
    assert_eq!(refused["detail"], "rules/a.yaml:4:5: a rule has no key `mtach`");
    assert_eq!(ask().await.ok()["outcome"], "unchanged");
}
