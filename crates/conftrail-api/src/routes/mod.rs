//! All routes, each with the role it needs.

mod aggregate;
mod alerts;
mod events;
mod health;
mod notifications;
mod openapi;
mod people;
mod resources;
mod rules;
mod silences;
pub(crate) mod table;
mod tail;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use conftrail_core::own::Role;

use crate::api::Shared;
use crate::problem::{MEDIA_TYPE, Problem};
use table::Routes;

/// A request's body in bytes; more is refused with status 413.
const LARGEST_BODY: usize = 256 * 1024;
/// How long an answer may take.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// Returns all routes below a prefix.
pub(crate) fn all(shared: &Arc<Shared>, prefix: &str) -> Router {
    let routes = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/api/v1/openapi.json", get(openapi::document))
        .nest("/api/v1", table::guarded(api(), shared))
        .with_state(Arc::clone(shared));
    let routes = if prefix.is_empty() { routes } else { Router::new().nest(prefix, routes) };
    routes
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn(within_time))
        .layer(map_response(as_problem))
        .layer(map_response(not_kept))
}

/// Returns the routes of `/api/v1`. What a row filter cannot divide stands before `by_rows`.
pub(crate) fn api() -> Vec<Routes> {
    let viewer = Routes::of(Role::Viewer)
        .get("/ledger", alerts::ledger)
        .get("/silences", silences::list)
        .get("/silences/{id}", silences::show)
        .by_rows()
        .get("/events", events::search)
        .get("/events/tail", tail::tail)
        .get("/events/{id}", events::show)
        .get("/events/{id}/proof", events::proof)
        .get("/events:aggregate", aggregate::by_url)
        .post("/events:aggregate", aggregate::by_body)
        .get("/resources/timeline", resources::timeline)
        .get("/resources/blame", resources::blame)
        .get("/current", resources::current)
        .get("/state", resources::state_at)
        .get("/actors/activity", people::activity)
        .get("/trail", people::trail)
        .get("/alerts", alerts::list);
    let operator = Routes::of(Role::Operator)
        .get("/asides", notifications::asides)
        .post("/rules/reload", rules::reload)
        .post("/silences", silences::create)
        .delete("/silences/{id}", silences::expire)
        .by_rows()
        .get("/notifications", notifications::list)
        .post("/notifications/{id}/retry", notifications::retry);
    let admin = Routes::of(Role::Admin)
        .get("/tokens", tokens::list)
        .post("/tokens", tokens::create)
        .delete("/tokens/{name}", tokens::revoke);
    vec![viewer, operator, admin]
}

async fn within_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(LONGEST_ANSWER, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => Problem::timed_out().into_response(),
    }
}

/// Turns the library's own refusals (no such route, another method, a body too large) into problem details.
async fn as_problem(response: Response) -> Response {
    let status = response.status();
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == MEDIA_TYPE);
    let is_readiness = response.extensions().get::<health::Answer>().is_some();
    if is_problem || is_readiness || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let allowed = response.headers().get(header::ALLOW).cloned();
    let mut problem = Problem::of_status(status).into_response();
    if let Some(allowed) = allowed {
        problem.headers_mut().insert(header::ALLOW, allowed);
    }
    problem
}

/// Answers hold what a token may see: nobody on the way keeps them.
async fn not_kept(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;
    use hyper::service::Service as _;
    use hyper_util::service::TowerToHyperService;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_takes_too_long_is_a_problem() {
        let routes = Router::new().route("/", get(std::future::pending::<()>)).layer(from_fn(within_time));
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        let response = TowerToHyperService::new(routes).call(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
    }
}
