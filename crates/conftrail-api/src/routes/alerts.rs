//! `/alerts` and `/ledger`: what was found, and what became of it.
//!
//! A token with a row filter sees an alert when it may see every event in it: the alert's labels, summary and number tell
//! of all of them.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::access::Caller;
use crate::api::Shared;
use crate::parameters::{self, Params};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::{clock, reading, reply, wire};

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

/// Events of one alert that are looked at for a row filter; a larger alert is not shown to a token with one.
const MOST_EVENTS: usize = 1_000;

/// Alerts, newest first.
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<List>,
) -> Result<Response, Problem> {
    let since = parameters::time("since", asked.since.as_deref())?.unwrap_or_default();
    let limit = parameters::limit(asked.limit)?;
    let mut alerts = Vec::new();
    for alert in shared.parts.control.alerts(since, limit).await? {
        if is_seen(&shared, &caller, &alert.id, alert.detections).await? {
            alerts.push(alert);
        }
    }
    let reading = Reading::new("alerts", "*").between(asked.since.as_deref(), None);
    reading::record(&shared, &caller, &reading, alerts.len()).await?;
    reply::large(wire::Alerts { alerts }).await
}

/// Says whether a caller may see an alert of so many detections.
pub(super) async fn is_seen(
    shared: &Shared,
    caller: &Caller,
    alert: &str,
    detections: u64,
) -> Result<bool, Problem> {
    if !caller.is_filtered() {
        return Ok(true);
    }
    let events = shared.parts.control.events_of_alert(alert, MOST_EVENTS).await?;
    // Fewer than there were, or more than are looked at: what is not looked at is not shown.
    if events.is_empty() || u64::try_from(events.len()) != Ok(detections) {
        return Ok(false);
    }
    let sight = caller.sight(shared);
    for event in events {
        if !sight.sees_id(event).await? {
            return Ok(false);
        }
    }
    Ok(true)
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
