//! `/events`: search, and one event.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use conftrail_core::EventId;
use conftrail_core::ports::{AuditReader as _, Cursor, Page, SearchRequest};
use serde::Deserialize;

use crate::access::Caller;
use crate::api::Shared;
use crate::parameters::{self, Params};
use crate::problem::Problem;
use crate::reading::Reading;
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
        query: parameters::query(Some(text))?,
        since: parameters::time("since", asked.since.as_deref())?,
        until: parameters::time("until", asked.until.as_deref())?,
        limit: parameters::limit(asked.limit)?,
        cursor: asked.cursor.map(Cursor),
    };
    let continued = request.cursor.is_some();
    let reading =
        Reading::new("search", text).between(asked.since.as_deref(), asked.until.as_deref()).page(continued);
    let found = caller.sight(&shared).search(request).await;
    let found = found.map_err(|error| Problem::of_page(error, continued))?;
    reading::record(&shared, &caller, &reading, found.events.len()).await?;
    page(found).await
}

/// One event, whole.
pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = EventId::parse(&id).map_err(|error| Problem::parameter("id", error.to_string()))?;
    let found = caller.sight(&shared).get(id).await?;
    let Some(event) = found else { return Err(none_of(id)) };
    reading::record(&shared, &caller, &Reading::new("event", id.as_str()), 1).await?;
    reply::large(event).await
}

/// The proof of one event: its bytes, its place in the signed tree, and the signature.
pub(super) async fn proof(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = EventId::parse(&id).map_err(|error| Problem::parameter("id", error.to_string()))?;
    if !caller.sight(&shared).sees_id(id).await? {
        return Err(none_of(id));
    }
    let prover = Arc::clone(&shared.parts.prover);
    let proving = tokio::task::spawn_blocking(move || prover(id)).await;
    let proof = proving.map_err(|error| Problem::internal(&error))??;
    let Some(proof) = proof else { return Err(none_of(id)) };
    reading::record(&shared, &caller, &Reading::new("proof", id.as_str()), 1).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], proof).into_response())
}

fn none_of(id: EventId) -> Problem {
    Problem::not_found(format!("no event has the id {id}"))
}

/// Answers with a page of events.
pub(super) async fn page(page: Page) -> Result<Response, Problem> {
    reply::large(wire::Events { events: page.events, next: page.next }).await
}
