//! `/healthz`, `/readyz` and `/metrics`: without a token, and without values of a customer.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use prometheus_client::encoding::text::encode;

use crate::api::Shared;
use crate::problem::Problem;
use crate::{reply, wire};

/// Marks a status above 399 that is an answer, not a refusal.
#[derive(Clone, Copy)]
pub(super) struct Answer;

/// The media type of OpenMetrics, which Prometheus asks for.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The process lives.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Nothing falls behind; else status 503 and what does.
pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> Result<Response, Problem> {
    let behind: Vec<wire::Behind> = (shared.parts.readiness)()
        .into_iter()
        .map(|(worker, reason)| wire::Behind { worker, reason })
        .collect();
    let ready = behind.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let mut response = reply::small(status, &wire::Ready { ready, behind })?;
    response.extensions_mut().insert(Answer);
    Ok(response)
}

/// Every registered metric.
pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> Result<Response, Problem> {
    let mut text = String::new();
    encode(&mut text, &shared.parts.registry).map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}
