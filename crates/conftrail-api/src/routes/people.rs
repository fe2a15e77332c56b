//! `/actors/activity` and `/trail`: what one person did, and what belongs to one operation.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use conftrail_core::ports::{AuditReader as _, Cursor, SearchRequest};
use conftrail_core::questions::{self, PersonRequest};
use serde::Deserialize;

use super::aggregate::{DEFAULT_VALUES, MOST_VALUES, check_width};
use super::events::page;
use crate::access::Caller;
use crate::api::Shared;
use crate::parameters::{self, Params};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::{reading, reply};

/// A day in seconds.
const DAY: u64 = 86_400;

/// The parameters of a person's activity.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Activity {
    actor: String,
    since: Option<String>,
    until: Option<String>,
    top: Option<usize>,
    histogram: Option<u64>,
}

/// The parameters of what belongs together.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trail {
    id: String,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// What a person did, by resource, login and evidence.
pub(super) async fn activity(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<Activity>,
) -> Result<Response, Problem> {
    let since = parameters::time("since", asked.since.as_deref())?;
    let until = parameters::time("until", asked.until.as_deref())?;
    let top = asked.top.unwrap_or(DEFAULT_VALUES);
    if !(1..=MOST_VALUES).contains(&top) {
        return Err(Problem::parameter("top", format!("must be 1 to {MOST_VALUES}")));
    }
    let histogram = asked.histogram.unwrap_or(DAY);
    check_width(histogram, since, until)?;
    let reading = Reading::new("activity", asked.actor.as_str())
        .between(asked.since.as_deref(), asked.until.as_deref());
    let request = PersonRequest { actor: asked.actor, since, until, top, histogram };
    let found = questions::person(&caller.sight(&shared), request).await?;
    let rows = usize::try_from(found.made.total).unwrap_or(usize::MAX);
    reading::record(&shared, &caller, &reading, rows).await?;
    reply::large(found).await
}

/// All events of one ticket, audit id, transaction or trace, newest first.
pub(super) async fn trail(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<Trail>,
) -> Result<Response, Problem> {
    let limit = parameters::limit(asked.limit)?;
    let continued = asked.cursor.is_some();
    let sight = caller.sight(&shared);
    let query = questions::related(&sight, &asked.id).await?;
    let cursor = asked.cursor.map(Cursor);
    let request = SearchRequest { query, since: None, until: None, limit, cursor };
    let found = sight.search(request).await.map_err(|error| Problem::of_page(error, continued))?;
    let reading = Reading::new("trail", asked.id.as_str()).page(continued);
    reading::record(&shared, &caller, &reading, found.events.len()).await?;
    page(found).await
}
