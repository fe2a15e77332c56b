//! `/events`: search, and one event.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use conftrail_core::EventId;
use conftrail_core::ports::{Cursor, Page, SearchRequest};
use serde::Deserialize;

use crate::access::Caller;
use crate::api::Shared;
use crate::parameters::{self, Params};
use crate::problem::Problem;
use crate::{reading, reply, wire};

/// The parameters of a search.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    q: Option<String>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<usize>,
    cursor: Option<String>,
}

/// Events that match, newest first.
pub(super) async fn search(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<Search>,
) -> Result<Response, Problem> {
    let text = asked.q.as_deref().unwrap_or("*");
    let request = SearchRequest {
        query: caller.narrow(parameters::query(Some(text))?),
        since: parameters::time("since", asked.since.as_deref())?,
        until: parameters::time("until", asked.until.as_deref())?,
        limit: parameters::limit(asked.limit)?,
        cursor: asked.cursor.map(Cursor),
    };
    reading::record(&shared, &caller, "search", text).await?;
    page(shared.parts.reader.search(request).await?).await
}

/// One event, whole.
pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = EventId::parse(&id).map_err(|error| Problem::parameter("id", error.to_string()))?;
    let found = shared.parts.reader.get(id).await?.filter(|event| caller.may_see(event));
    let Some(event) = found else { return Err(Problem::not_found(format!("no event has the id {id}"))) };
    reading::record(&shared, &caller, "event", id.as_str()).await?;
    reply::large(event).await
}

/// Answers with a page of events.
pub(super) async fn page(page: Page) -> Result<Response, Problem> {
    reply::large(wire::Events { events: page.events, next: page.next }).await
}
