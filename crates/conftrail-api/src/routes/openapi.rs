//! `/openapi.json`: what can be asked, for programs. It holds nothing of a customer and needs no token.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::document;
use crate::problem::Problem;

/// The OpenAPI document.
pub(super) async fn document() -> Result<Response, Problem> {
    let bytes = serde_json::to_vec(&document::document()).map_err(|error| Problem::internal(&error))?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], bytes).into_response())
}
