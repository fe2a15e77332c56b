//! Why a request is refused: RFC 9457 problem details.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use conftrail_core::query::QueryError;
use conftrail_core::{ErrorKind, PortError, explain};

use crate::wire;

/// The media type of RFC 9457.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// A refusal.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    body: Box<wire::Problem>,
    retry_after: Option<Duration>,
}

impl Problem {
    fn new(status: StatusCode, word: &str, title: &str) -> Self {
        let body = wire::Problem {
            r#type: format!("urn:conftrail:problem:{word}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: None,
            parameter: None,
            position: None,
        };
        Self { status, body: Box::new(body), retry_after: None }
    }

    fn detail(mut self, detail: impl Into<String>) -> Self {
        self.body.detail = Some(detail.into());
        self
    }

    /// Nobody knows who asks.
    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "a valid token is needed").detail(detail)
    }

    /// The caller may not do this.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "the token's role does not allow this").detail(detail)
    }

    /// The caller asks too often, or too much goes on at once.
    pub(crate) fn too_many(detail: impl Into<String>, wait: Duration) -> Self {
        let title = "too many requests";
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", title).detail(detail);
        problem.retry_after = Some(wait);
        problem
    }

    /// There is no such thing.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "there is no such thing").detail(detail)
    }

    /// The request stands against what is there.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "the request stands against what is there").detail(detail)
    }

    /// A parameter or key is wrong.
    pub(crate) fn parameter(name: &str, detail: impl Into<String>) -> Self {
        let mut problem =
            Self::new(StatusCode::BAD_REQUEST, "parameter", "a parameter is wrong").detail(detail);
        problem.body.parameter = Some(name.to_owned());
        problem
    }

    /// The parameters or the body as a whole cannot be read.
    pub(crate) fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unreadable", "the request cannot be read").detail(detail)
    }

    /// The query does not parse.
    pub(crate) fn query(parameter: &str, error: &QueryError) -> Self {
        let mut problem =
            Self::new(StatusCode::BAD_REQUEST, "query", "the query does not parse").detail(error.to_string());
        problem.body.parameter = Some(parameter.to_owned());
        problem.body.position = Some(wire::Position {
            line: error.line(),
            column: error.column(),
            start: error.span().start,
            end: error.span().end,
            caret: error.caret(),
        });
        problem
    }

    /// The files of rules and routes have errors.
    pub(crate) fn rules(detail: impl Into<String>) -> Self {
        let title = "the files of rules and routes have errors; what was in force stays";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "rules", title).detail(detail)
    }

    /// The request took too long.
    pub(crate) fn timed_out() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", "the answer took too long")
            .detail("ask for less: a shorter time, a narrower query, a smaller limit")
    }

    /// Something is wrong with conftrail itself; the log says what.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = explain(error), "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "conftrail failed; its log says why")
    }

    /// The store refuses what was asked.
    fn rejected(error: &PortError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "rejected", "the request was refused").detail(explain(error))
    }

    /// What a reading of pages failed with: what the store refuses of a request that is well-formed is its cursor.
    pub(crate) fn of_page(error: PortError, with_cursor: bool) -> Self {
        if with_cursor && error.kind() == ErrorKind::Rejected {
            return Self::parameter("cursor", explain(&error));
        }
        error.into()
    }

    /// What a bare status says, for refusals that come from the library.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let title = status.canonical_reason().unwrap_or("refused").to_lowercase();
        let word = title.replace(' ', "-");
        Self::new(status, &word, &title)
    }
}

impl From<PortError> for Problem {
    fn from(error: PortError) -> Self {
        match error.kind() {
            ErrorKind::Unavailable { retry_after } => {
                tracing::warn!(error = explain(&error), "request failed, the store is not available");
                let title = "a store is not available at the moment";
                let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title);
                problem.retry_after = retry_after;
                problem.detail(error.to_string())
            }
            ErrorKind::Rejected => Self::rejected(&error),
            ErrorKind::Corrupt | ErrorKind::Misconfigured => Self::internal(&error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body).expect("a problem holds only texts and numbers");
        let mut response = (self.status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"conftrail\""));
        }
        if let Some(wait) = self.retry_after {
            // In whole seconds, never too early.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}
