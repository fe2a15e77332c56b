//! `/tokens`: who may read and act.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use conftrail_core::own::{Act, Role, Token};
use conftrail_core::query::Query;
use conftrail_core::{Action, ErrorKind, Map, ResourceKind, Timestamp, Value};

use crate::access::Caller;
use crate::api::Shared;
use crate::problem::Problem;
use crate::token::{new_token_secret, token_hash};
use crate::{clock, parameters, reply, wire};

/// The longest name.
const LONGEST_NAME: usize = 64;

/// All tokens, without what could be used.
pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Result<Response, Problem> {
    let tokens = shared.parts.control.tokens().await?;
    reply::large(wire::Tokens { tokens: tokens.into_iter().map(Into::into).collect() }).await
}

/// Makes a token and answers with its secret, once.
pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, Problem> {
    let wire::NewToken { name, role, valid_for, filter } = parameters::body(&body)?;
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(known) {
        let wanted = format!("must be 1 to {LONGEST_NAME} letters, digits and -._");
        return Err(Problem::parameter("name", wanted));
    }
    if valid_for.is_some_and(|period| period.0.is_zero()) {
        return Err(Problem::parameter("valid_for", "must be longer than nothing"));
    }
    let filter = filter.as_deref().map(|text| row_filter(text, role)).transpose()?;
    let now = clock::now();
    let secret = new_token_secret().map_err(|error| Problem::internal(&error))?;
    let expires = valid_for.map(|period| now.plus(period.0));
    let hash = token_hash(&secret);
    let token = Token {
        name: name.clone(),
        role,
        filter: filter.clone(),
        hash,
        created: now,
        expires,
        revoked: None,
    };
    let act = Act { after: Some(described(&token)), ..act(caller, Action::Create, &name, now) };
    match shared.parts.control.create_token(&token, &act).await {
        Err(error) if error.kind() == ErrorKind::Rejected => {
            return Err(Problem::conflict("a valid token has this name: revoke it first, or choose another"));
        }
        other => other?,
    }
    (shared.parts.acted)();
    reply::small(StatusCode::CREATED, &wire::CreatedToken { name, role, filter, expires, secret })
}

/// Reads a row filter and returns it as it is stored.
fn row_filter(text: &str, role: Role) -> Result<String, Problem> {
    let filter = Query::parse(text).map_err(|error| Problem::query("filter", &error))?;
    if role == Role::Admin {
        let said =
            "an admin makes tokens, also for all of the trail: a row filter would hide nothing from it";
        return Err(Problem::parameter("filter", said));
    }
    Ok(filter.to_string())
}

/// Ends a token at once.
pub(super) async fn revoke(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let now = clock::now();
    let tokens = shared.parts.control.tokens().await?;
    let valid = tokens.iter().find(|token| token.name == name && token.is_valid(now));
    let act = Act { before: valid.map(described), ..act(caller, Action::Delete, &name, now) };
    if !shared.parts.control.revoke_token(&name, now, &act).await? {
        return Err(Problem::not_found("no valid token has this name"));
    }
    (shared.parts.acted)();
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// What own audit says of a token.
fn described(token: &Token) -> Value {
    let mut map = Map::default();
    map.insert("role", token.role.as_str());
    if let Some(filter) = &token.filter {
        map.insert("filter", filter.as_str());
    }
    if let Some(end) = token.expires {
        map.insert("expires", end.to_string());
    }
    Value::Map(map)
}

fn act(caller: Caller, action: Action, name: &str, now: Timestamp) -> Act {
    Act {
        time: now,
        actor: caller.name,
        via: "token".to_owned(),
        action,
        kind: ResourceKind::Token,
        name: name.to_owned(),
        before: None,
        after: None,
        message: None,
    }
}
