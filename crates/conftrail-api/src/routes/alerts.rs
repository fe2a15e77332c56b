//! `/alerts` and `/ledger`: what was found, and what became of it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::api::Shared;
use crate::parameters::{self, Params};
use crate::problem::Problem;
use crate::{clock, reply, wire};

/// How far back the ledger goes when nothing is said.
const LEDGER: Duration = Duration::from_secs(24 * 3600);

/// The parameters of a list of alerts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    since: Option<String>,
    limit: Option<usize>,
}

/// The parameters of the ledger.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    since: Option<String>,
}

/// Alerts, newest first.
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(asked): Params<List>,
) -> Result<Response, Problem> {
    let since = parameters::time("since", asked.since.as_deref())?.unwrap_or_default();
    let limit = parameters::limit(asked.limit)?;
    reply::large(wire::Alerts { alerts: shared.parts.control.alerts(since, limit).await? }).await
}

/// What was detected and what was announced, added up.
pub(super) async fn ledger(
    State(shared): State<Arc<Shared>>,
    Params(asked): Params<Since>,
) -> Result<Response, Problem> {
    let since = parameters::time("since", asked.since.as_deref())?;
    let since = since.unwrap_or_else(|| clock::now().minus(LEDGER));
    reply::small(StatusCode::OK, &shared.parts.control.ledger(since).await?)
}
