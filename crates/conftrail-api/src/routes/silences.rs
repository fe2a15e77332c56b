//! `/silences`: what nobody wants to be told for a while.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use conftrail_core::alerting::{LONGEST_SILENCE, LabelMatcher, Silence, SilenceState, derived_id};
use conftrail_core::own::Act;
use conftrail_core::{Action, ErrorKind, Map, ResourceKind, Timestamp, Value};
use conftrail_engine::matchers::parse;
use serde::Deserialize;

use crate::access::Caller;
use crate::api::Shared;
use crate::parameters::{self, Params};
use crate::problem::Problem;
use crate::token::new_token_secret;
use crate::{clock, reply, wire};

/// The longest comment and the longest name of a person, in characters.
const LONGEST_TEXT: usize = 1000;

/// The parameters of a list of silences.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    /// Whether those that are over are listed too.
    expired: Option<bool>,
    limit: Option<usize>,
}

/// Silences, the last made first.
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    Params(asked): Params<List>,
) -> Result<Response, Problem> {
    let (now, limit) = (clock::now(), parameters::limit(asked.limit)?);
    let ending_after = if asked.expired == Some(true) { Timestamp::default() } else { now };
    let silences = shared.parts.control.silences(ending_after, limit).await?;
    let silences = silences.into_iter().map(|silence| wire::SilenceEntry::of(silence, now)).collect();
    reply::large(wire::SilenceList { silences }).await
}

/// One silence.
pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    match shared.parts.control.silence(&id).await? {
        Some(silence) => reply::small(StatusCode::OK, &wire::SilenceEntry::of(silence, clock::now())),
        None => Err(Problem::not_found("no silence has this id")),
    }
}

/// Makes a silence.
pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, Problem> {
    let now = clock::now();
    let secret = new_token_secret().map_err(|error| Problem::internal(&error))?;
    let silence = checked(parameters::body(&body)?, derived_id(&["silence", &secret]), now)?;
    let act = Act { after: Some(described(&silence)), ..act(caller, Action::Create, &silence, now) };
    match shared.parts.control.add_silence(&silence, &act).await {
        Err(error) if error.kind() == ErrorKind::Rejected => {
            return Err(Problem::conflict("there are too many silences: end those that are not needed"));
        }
        other => other?,
    }
    (shared.parts.acted)();
    reply::small(StatusCode::CREATED, &wire::SilenceEntry::of(silence, now))
}

/// Ends a silence at once; its end is told to those whom it kept from being told.
pub(super) async fn expire(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let now = clock::now();
    let gone = || Problem::not_found("no silence that holds or will hold has this id");
    let silence = shared.parts.control.silence(&id).await?.ok_or_else(gone)?;
    if silence.state(now) == SilenceState::Expired {
        return Err(gone());
    }
    let act = Act { before: Some(described(&silence)), ..act(caller, Action::Delete, &silence, now) };
    if !shared.parts.control.expire_silence(&id, now, &act).await? {
        return Err(gone());
    }
    (shared.parts.acted)();
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Turns what was asked for into a silence, or names what is wrong with it.
fn checked(asked: wire::NewSilence, id: String, now: Timestamp) -> Result<Silence, Problem> {
    let wire::NewSilence { matchers, comment, created_by, starts, ends, valid_for } = asked;
    let matchers = read_matchers(&matchers)?;
    for (name, text) in [("comment", &comment), ("created_by", &created_by)] {
        if text.trim().is_empty() {
            return Err(Problem::parameter(name, "say it: somebody will ask why nobody was told"));
        }
        if text.chars().count() > LONGEST_TEXT {
            return Err(Problem::parameter(name, format!("must be at most {LONGEST_TEXT} characters")));
        }
    }
    // What was told already cannot be silenced any more.
    let starts = starts.unwrap_or(now).max(now);
    let ends = match (ends, valid_for) {
        (Some(ends), None) => ends,
        (None, Some(period)) => starts.plus(period.0),
        _ => return Err(Problem::parameter("ends", "give either `ends` or `valid_for`")),
    };
    if ends <= starts {
        return Err(Problem::parameter("ends", "must be after the start, and not in the past"));
    }
    if ends.since(starts) > LONGEST_SILENCE {
        return Err(Problem::parameter("ends", "a silence holds for at most 30 days"));
    }
    Ok(Silence { id, matchers, starts, ends, created_by, comment, created: now })
}

fn read_matchers(texts: &[String]) -> Result<Vec<LabelMatcher>, Problem> {
    let mut read = Vec::new();
    for text in texts {
        let matchers = parse(text).map_err(|error| {
            Problem::parameter("matchers", format!("`{text}`, character {}: {error}", error.offset + 1))
        })?;
        read.extend(matchers);
    }
    // As Alertmanager has it: otherwise one silence would hide everything.
    if read.iter().all(|matcher| matcher.matches_value("")) {
        let wanted = "at least one must be of a label that is there, such as team=\"pay\"";
        return Err(Problem::parameter("matchers", wanted));
    }
    Ok(read.iter().map(|matcher| matcher.plain().clone()).collect())
}

/// What own audit says of a silence.
fn described(silence: &Silence) -> Value {
    let matchers: Vec<String> = silence.matchers.iter().map(ToString::to_string).collect();
    let mut map = Map::default();
    map.insert("matchers", matchers.join(", "));
    map.insert("starts", silence.starts.to_string());
    map.insert("ends", silence.ends.to_string());
    map.insert("created_by", silence.created_by.as_str());
    Value::Map(map)
}

fn act(caller: Caller, action: Action, silence: &Silence, now: Timestamp) -> Act {
    Act {
        time: now,
        actor: caller.name,
        via: "token".to_owned(),
        action,
        kind: ResourceKind::Silence,
        name: silence.id.clone(),
        before: None,
        after: None,
        message: Some(silence.comment.clone()),
    }
}
