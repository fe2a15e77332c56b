//! `/resources/timeline`, `/current` and `/state`: what became of a resource, and how all of them stand or stood.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use conftrail_core::ports::{Cursor, StateRequest};
use serde::Deserialize;

use super::events::page;
use crate::access::Caller;
use crate::api::Shared;
use crate::parameters::{self, Params};
use crate::problem::Problem;
use crate::{reading, reply, wire};

/// The parameters of a timeline.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Timeline {
    resource: String,
    limit: Option<usize>,
    cursor: Option<String>,
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
    reading::record(&shared, &caller, "timeline", &asked.resource).await?;
    let cursor = asked.cursor.map(Cursor);
    page(shared.parts.reader.timeline(&asked.resource, limit, cursor).await?).await
}

/// The current values below a prefix, by resource id.
pub(super) async fn current(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<Current>,
) -> Result<Response, Problem> {
    caller.must_see_resource(&asked.prefix)?;
    let limit = parameters::limit(asked.limit)?;
    reading::record(&shared, &caller, "current", &asked.prefix).await?;
    let mut found = shared.parts.reader.current(&asked.prefix, limit, asked.cursor.map(Cursor)).await?;
    found.rows.retain(|row| caller.may_see_resource(&row.resource));
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
    reading::record(&shared, &caller, "state", &format!("{} at {at}", asked.prefix)).await?;
    let request = StateRequest { prefix: asked.prefix, at, limit, cursor: asked.cursor.map(Cursor) };
    let mut found = shared.parts.reader.state_at(request).await?;
    found.rows.retain(|row| caller.may_see_resource(&row.resource));
    reply::large(wire::StateRows { rows: found.rows, next: found.next }).await
}
