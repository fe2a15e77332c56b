//! `/rules`: what is in force.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::api::{Reloaded, Shared};
use crate::problem::Problem;
use crate::{reply, wire};

/// Looks at the files of rules and routes now. Files with an error change nothing and are a problem that says what is wrong.
pub(super) async fn reload(State(shared): State<Arc<Shared>>) -> Result<Response, Problem> {
    let outcome = match (shared.parts.reload)().await? {
        Reloaded::Unchanged => "unchanged",
        Reloaded::Published => "published",
        Reloaded::Refused(reason) => return Err(Problem::rules(reason)),
    };
    reply::small(StatusCode::OK, &wire::RulesReloaded { outcome: outcome.to_owned() })
}
