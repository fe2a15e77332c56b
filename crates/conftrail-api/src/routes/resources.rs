//! `/resources/…`, `/current` and `/state`: what became of a resource, and how all of them stand or stood.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use conftrail_core::ports::{AuditReader as _, Cursor, StateRequest};
use conftrail_core::questions;
use serde::Deserialize;

use super::events::page;
use crate::access::Caller;
use crate::api::Shared;
use crate::parameters::{self, Params};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::{reading, reply, wire};

/// The parameters of a timeline.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Timeline {
    resource: String,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// The parameters of blame.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Blame {
    resource: String,
    path: Option<String>,
    at: Option<String>,
}

/// The parameters of the current values.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Current {
    #[serde(default)]
    prefix: String,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// The parameters of the states at a time.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateAt {
    #[serde(default)]
    prefix: String,
    at: String,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// A resource's events, newest first in log order.
pub(super) async fn timeline(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<Timeline>,
) -> Result<Response, Problem> {
    caller.must_see_resource(&asked.resource)?;
    let limit = parameters::limit(asked.limit)?;
    let cursor = asked.cursor.map(Cursor);
    let reading = Reading::new("timeline", asked.resource.as_str()).page(cursor.is_some());
    let continued = cursor.is_some();
    let found = caller.sight(&shared).timeline(&asked.resource, limit, cursor).await;
    let found = found.map_err(|error| Problem::of_page(error, continued))?;
    reading::record(&shared, &caller, &reading, found.events.len()).await?;
    page(found).await
}

/// Who set each part of a resource's content.
pub(super) async fn blame(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<Blame>,
) -> Result<Response, Problem> {
    let Blame { resource, path, at } = asked;
    caller.must_see_resource(&resource)?;
    let moment = parameters::time("at", at.as_deref())?;
    let sight = caller.sight(&shared);
    let found = questions::blame(&sight, &resource, path.as_deref(), moment).await?;
    let rows = found.as_ref().map_or(0, |found| found.lines.len());
    let reading = Reading::new("blame", resource.as_str()).between(None, at.as_deref());
    reading::record(&shared, &caller, &reading, rows).await?;
    match found {
        Some(found) => reply::large(found).await,
        None => Err(Problem::not_found("nothing is on record of this resource up to then")),
    }
}

/// The current values below a prefix, by resource id.
pub(super) async fn current(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<Current>,
) -> Result<Response, Problem> {
    caller.must_see_resource(&asked.prefix)?;
    let limit = parameters::limit(asked.limit)?;
    let continued = asked.cursor.is_some();
    let reading = Reading::new("current", asked.prefix.as_str()).page(continued);
    let found = caller.sight(&shared).current(&asked.prefix, limit, asked.cursor.map(Cursor)).await;
    let found = found.map_err(|error| Problem::of_page(error, continued))?;
    reading::record(&shared, &caller, &reading, found.rows.len()).await?;
    reply::large(wire::CurrentRows { rows: found.rows, next: found.next }).await
}

/// How the resources below a prefix stood at a time, by resource id.
pub(super) async fn state_at(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<StateAt>,
) -> Result<Response, Problem> {
    caller.must_see_resource(&asked.prefix)?;
    let limit = parameters::limit(asked.limit)?;
    let at = parameters::moment("at", &asked.at)?;
    let continued = asked.cursor.is_some();
    let reading = Reading::new("state", format!("{} at {at}", asked.prefix)).page(continued);
    let request = StateRequest { prefix: asked.prefix, at, limit, cursor: asked.cursor.map(Cursor) };
    let found = caller.sight(&shared).state_at(request).await;
    let found = found.map_err(|error| Problem::of_page(error, continued))?;
    reading::record(&shared, &caller, &reading, found.rows.len()).await?;
    reply::large(wire::StateRows { rows: found.rows, next: found.next }).await
}
