//! Answers in JSON.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::problem::Problem;

/// Answers with a body that may be large: it is written away from the async threads.
pub(crate) async fn large<T: Serialize + Send + 'static>(body: T) -> Result<Response, Problem> {
    let written = tokio::task::spawn_blocking(move || serde_json::to_vec(&body)).await;
    let bytes =
        written.map_err(|error| Problem::internal(&error))?.map_err(|error| Problem::internal(&error))?;
    Ok(with(StatusCode::OK, bytes))
}

/// Answers with a small body.
pub(crate) fn small<T: Serialize>(status: StatusCode, body: &T) -> Result<Response, Problem> {
    Ok(with(status, serde_json::to_vec(body).map_err(|error| Problem::internal(&error))?))
}

fn with(status: StatusCode, bytes: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response()
}
