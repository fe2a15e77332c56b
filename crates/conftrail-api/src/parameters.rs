//! Reading what comes in: every mistake is named with its parameter.

use axum::extract::{FromRequestParts, Query as UrlQuery};
use axum::http::request::Parts;
use conftrail_core::Timestamp;
use conftrail_core::query::{Date, Field, Query};
use serde::de::DeserializeOwned;

use crate::clock;
use crate::problem::Problem;

/// The most entries of one page.
pub(crate) const LARGEST_LIMIT: usize = 10_000;
/// What a date may be.
const DATES: &str = "must be RFC 3339, yyyy-MM-dd or now-N(m|h|d|w)";
/// The entries of a page when nothing is said.
const DEFAULT_LIMIT: usize = 100;

/// The parameters of the URL.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        match UrlQuery::<T>::try_from_uri(&parts.uri) {
            Ok(UrlQuery(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(Problem::unreadable(rejection.body_text())),
        }
    }
}

/// Reads a JSON body.
pub(crate) fn body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| Problem::unreadable(error.to_string()))
}

/// Reads `q`; nothing means everything.
pub(crate) fn query(text: Option<&str>) -> Result<Query, Problem> {
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(Query::All),
        Some(text) => Query::parse(text).map_err(|error| Problem::query("q", &error)),
    }
}

/// Reads a date of the query language and returns its first moment.
pub(crate) fn time(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| moment(name, text)).transpose()
}

/// Reads a date that must be there, as [`time`] does.
pub(crate) fn moment(name: &str, text: &str) -> Result<Timestamp, Problem> {
    match Date::parse(text) {
        Some(date) => Ok(date.range(clock::now()).0),
        None => Err(Problem::parameter(name, DATES)),
    }
}

/// Reads `limit`.
pub(crate) fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=LARGEST_LIMIT => Ok(limit),
        _ => Err(Problem::parameter("limit", format!("must be 1 to {LARGEST_LIMIT}"))),
    }
}

/// Checks a field's name.
pub(crate) fn field(parameter: &str, name: &str) -> Result<(), Problem> {
    if Field::named(name).is_some() {
        return Ok(());
    }
    let hint = Field::nearest(name).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    Err(Problem::parameter(parameter, format!("unknown field `{name}`{hint}")))
}
