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

use crate::access::Caller;
use crate::api::Shared;
use crate::parameters::{self, Params};
use crate::problem::Problem;
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

/// Notifications in a state, oldest first. They hold evidence, so that reading them is audited.
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Params(asked): Params<List>,
) -> Result<Response, Problem> {
    let limit = parameters::limit(asked.limit)?;
    reading::record(&shared, &caller, "notifications", asked.state.as_str()).await?;
    let notifications = shared.parts.control.notifications(asked.state, limit).await?;
    reply::large(wire::Notifications { notifications }).await
}

/// Puts a dead notification back into the queue.
pub(super) async fn retry(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
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
        return Err(Problem::not_found("no dead notification has this id"));
    }
    (shared.parts.requeued)();
    (shared.parts.acted)();
    reply::small(StatusCode::OK, &wire::Retried { id })
}

/// What could not be processed, newest first.
pub(super) async fn asides(
    State(shared): State<Arc<Shared>>,
    Params(asked): Params<Limit>,
) -> Result<Response, Problem> {
    let asides = shared.parts.control.asides(parameters::limit(asked.limit)?).await?;
    reply::large(wire::Asides { asides: asides.into_iter().map(Into::into).collect() }).await
}
