//! `/notifications` and `/asides`: what did not go its way, and the way back.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use conftrail_core::alerting::NotificationState;
use conftrail_core::own::Act;
use conftrail_core::{Action, Map, ResourceKind, Value};
use serde::Deserialize;

use super::alerts::is_seen;
use crate::access::Caller;
use crate::api::Shared;
use crate::parameters::{self, Params};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::{clock, reading, reply, wire};

/// The parameters of a list of notifications.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    state: NotificationState,
    limit: Option<usize>,
}

/// The parameters of what was set aside.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limit {
    limit: Option<usize>,
}

/// Dead notifications among which one is looked for that a token with a row filter may see.
const MOST_DEAD: usize = 10_000;

/// Notifications in a state, oldest first. They hold evidence, so that reading them is audited.
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<List>,
) -> Result<Response, Problem> {
    let limit = parameters::limit(asked.limit)?;
    let mut notifications = Vec::new();
    for one in shared.parts.control.notifications(asked.state, limit).await? {
        if is_seen(&shared, &caller, &one.announcement.alert, one.announcement.total).await? {
            notifications.push(one);
        }
    }
    let reading = Reading::new("notifications", asked.state.as_str());
    reading::record(&shared, &caller, &reading, notifications.len()).await?;
    reply::large(wire::Notifications { notifications }).await
}

/// Says whether a caller may see a dead notification, which is needed to put it back.
async fn may_retry(shared: &Shared, caller: &Caller, id: &str) -> Result<bool, Problem> {
    if !caller.is_filtered() {
        return Ok(true);
    }
    let dead = shared.parts.control.notifications(NotificationState::Dead, MOST_DEAD).await?;
    match dead.iter().find(|one| one.id == id) {
        Some(one) => is_seen(shared, caller, &one.announcement.alert, one.announcement.total).await,
        None => Ok(false),
    }
}

/// Puts a dead notification back into the queue.
pub(super) async fn retry(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let none = || Problem::not_found("no dead notification has this id");
    if !may_retry(&shared, &caller, &id).await? {
        return Err(none());
    }
    let now = clock::now();
    let state = |state: NotificationState| {
        let mut map = Map::default();
        map.insert("state", state.as_str());
        Some(Value::Map(map))
    };
    let act = Act {
        time: now,
        actor: caller.name,
        via: "token".to_owned(),
        action: Action::Update,
        kind: ResourceKind::Health,
        name: format!("notification/{id}"),
        before: state(NotificationState::Dead),
        after: state(NotificationState::Queued),
        message: None,
    };
    if !shared.parts.control.requeue(&id, now, &act).await? {
        return Err(none());
    }
    (shared.parts.requeued)();
    (shared.parts.acted)();
    reply::small(StatusCode::OK, &wire::Retried { id })
}

/// What could not be processed, newest first.
pub(super) async fn asides(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<Limit>,
) -> Result<Response, Problem> {
    let asides = shared.parts.control.asides(parameters::limit(asked.limit)?).await?;
    reading::record(&shared, &caller, &Reading::new("asides", "*"), asides.len()).await?;
    reply::large(wire::Asides { asides: asides.into_iter().map(Into::into).collect() }).await
}
