//! All routes, each with the role it needs.

mod aggregate;
mod alerts;
mod events;
mod health;
mod notifications;
mod resources;
mod silences;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_response};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use conftrail_core::own::Role;

use crate::access::authorize;
use crate::api::Shared;
use crate::problem::{MEDIA_TYPE, Problem};

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
        .nest("/api/v1", api(shared))
        .with_state(Arc::clone(shared));
    let routes = if prefix.is_empty() { routes } else { Router::new().nest(prefix, routes) };
    routes
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn(within_time))
        .layer(map_response(as_problem))
        .layer(map_response(not_kept))
}

fn api(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let viewer = Router::new()
        .route("/events", get(events::search))
        .route("/events/{id}", get(events::show))
        .route("/events:aggregate", get(aggregate::by_url).post(aggregate::by_body))
        .route("/resources/timeline", get(resources::timeline))
        .route("/current", get(resources::current))
        .route("/state", get(resources::state_at))
        .route("/alerts", get(alerts::list))
        .route("/ledger", get(alerts::ledger))
        .route("/silences", get(silences::list))
        .route("/silences/{id}", get(silences::show));
    let operator = Router::new()
        .route("/notifications", get(notifications::list))
        .route("/notifications/{id}/retry", post(notifications::retry))
        .route("/asides", get(notifications::asides))
        .route("/silences", post(silences::create))
        .route("/silences/{id}", delete(silences::expire));
    let admin = Router::new()
        .route("/tokens", get(tokens::list).post(tokens::create))
        .route("/tokens/{name}", delete(tokens::revoke));
    let guarded = |routes: Router<Arc<Shared>>, role: Role| {
        routes.route_layer(from_fn_with_state((Arc::clone(shared), role), authorize))
    };
    guarded(viewer, Role::Viewer).merge(guarded(operator, Role::Operator)).merge(guarded(admin, Role::Admin))
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
