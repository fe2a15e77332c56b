//! The OpenAPI 3.1 document. Paths and roles come from the routes that are served, descriptions from [`pages`], and the
//! schemas from a file; tests hold the three together.

mod pages;

#[cfg(test)]
mod tests;

use serde_json::{Map, Value as Json, json};

use crate::routes::{self, table};
use pages::{Answer, Page, Parameter};

/// The schemas of what goes over the wire.
const SCHEMAS: &str = include_str!("schemas.json");

/// Returns the document.
pub(crate) fn document() -> Json {
    let mut paths = Map::new();
    for served in table::served(&routes::api()) {
        let Some(page) = pages::of(served.method, served.path) else { continue };
        let rows = if served.by_rows {
            "A token with a row filter sees its rows only."
        } else {
            "Refused to a token with a row filter."
        };
        let mut operation = operation(page);
        operation["description"] = json!(format!("Needs the role {}. {rows}", served.role.as_str()));
        operation["x-role"] = json!(served.role.as_str());
        operation["x-row-filter"] = json!(served.by_rows);
        let path = paths.entry(format!("/api/v1{}", served.path)).or_insert_with(|| json!({}));
        path[served.method] = operation;
    }
    for (path, summary, answer) in pages::OPEN {
        let mut operation = json!({ "summary": summary, "responses": { "200": answered(answer) } });
        operation["security"] = json!([]);
        paths.insert((*path).to_owned(), json!({ "get": operation }));
    }
    let schemas: Json = serde_json::from_str(SCHEMAS).expect("a test reads this file of ours");
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "conftrail",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Every change to configuration, who made it and how that is known.",
            "description": "Events and queries are explained in docs/event.md and docs/query.md, this interface in docs/api.md.",
        },
        "servers": [{ "url": "/", "description": "behind a proxy: the path of api.external_url" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "responses": { "Problem": {
                "description": "what is wrong, as RFC 9457 says it",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
            } },
            "schemas": schemas,
        },
    })
}

fn operation(page: &Page) -> Json {
    let mut parameters: Vec<Json> = page.parameters.iter().map(parameter).collect();
    // What stands in braces in the path.
    for name in page.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
        let schema = json!({ "type": "string" });
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
    }
    let mut responses = Map::new();
    responses.insert(page.status.to_string(), answered(&page.answer));
    let refused = json!({ "$ref": "#/components/responses/Problem" });
    for status in ["400", "401", "403", "429", "503"] {
        responses.insert(status.to_owned(), refused.clone());
    }
    for status in page.also {
        responses.insert(status.to_string(), refused.clone());
    }
    let mut operation = json!({ "summary": page.summary, "responses": responses });
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    if let Some(schema) = page.body {
        let content = json!({ "application/json": { "schema": reference(schema) } });
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}

fn parameter(one: &Parameter) -> Json {
    json!({
        "name": one.name, "in": one.place, "required": one.required,
        "description": one.what, "schema": { "type": one.kind },
    })
}

fn answered(answer: &Answer) -> Json {
    let content = match answer {
        Answer::Nothing => return json!({ "description": "done" }),
        Answer::Json(schema) => json!({ "application/json": { "schema": reference(schema) } }),
        Answer::Text(media) => json!({ (*media): { "schema": { "type": "string" } } }),
        Answer::Stream(schema) => json!({
            "application/json": { "schema": reference(schema) },
            "text/event-stream": { "schema": { "type": "string" } },
        }),
    };
    json!({ "description": "the answer", "content": content })
}

fn reference(schema: &str) -> Json {
    if schema == "object" {
        return json!({ "type": "object" });
    }
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}
