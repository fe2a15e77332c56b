//! JSON Schema of rule and routing files, for editors. Keys are those of the readers themselves.

mod fields;
mod routing;
mod rules;

pub use fields::fields_of;
pub use routing::routing;
pub use rules::rules;

use serde_json::{Map, Value as Json, json};

/// The dialect of JSON Schema that editors read.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Returns an object that has these keys and no others.
pub fn object(properties: Map<String, Json>, required: &[&str]) -> Json {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}
