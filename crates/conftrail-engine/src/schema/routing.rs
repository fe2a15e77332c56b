//! The schema of the routing file.

use serde_json::{Map, Value as Json, json};

use super::{DIALECT, fields_of, object};
use crate::intervals::{NamedIntervalConfig, PeriodConfig};
use crate::routing::{EmailConfig, Global, ReceiverConfig, RouteConfig, TlsConfig, keys};

/// Returns the JSON Schema of the routing file.
pub fn routing() -> Json {
    let email = of(fields_of::<EmailConfig>(), |key| match key {
        "tls_config" => object(of(fields_of::<TlsConfig>(), value), &[]),
        other => value(other),
    });
    let receiver = of(fields_of::<ReceiverConfig>(), |key| match key {
        "email_configs" => list(object(email.clone(), &["to"])),
        other => value(other),
    });
    let route = of(fields_of::<RouteConfig>(), |key| match key {
        // A route has routes in it.
        "routes" => list(json!({ "$ref": "#/$defs/route" })),
        other => value(other),
    });
    let interval = of(fields_of::<NamedIntervalConfig>(), |key| match key {
        "time_intervals" => list(object(of(fields_of::<PeriodConfig>(), value), &[])),
        other => value(other),
    });
    let file = of(keys(), |key| match key {
        "global" => object(of(fields_of::<Global>(), value), &[]),
        "route" => json!({ "$ref": "#/$defs/route" }),
        "receivers" => list(object(receiver.clone(), &["name"])),
        "time_intervals" => list(object(interval.clone(), &["name"])),
        other => value(other),
    });
    let mut schema = object(file, &["route", "receivers"]);
    schema["$defs"] = json!({ "route": object(route, &[]) });
    schema["$schema"] = json!(DIALECT);
    schema["title"] = json!("conftrail routing file");
    schema
}

fn of(keys: &[&str], describe: impl Fn(&str) -> Json) -> Map<String, Json> {
    keys.iter().map(|key| ((*key).to_owned(), describe(key))).collect()
}

fn list(items: Json) -> Json {
    json!({ "type": "array", "items": items })
}

/// What is no mapping of its own: durations and switches are told by their names.
fn value(key: &str) -> Json {
    match key {
        "group_wait" | "group_interval" | "repeat_interval" => {
            json!({ "type": "string", "description": "a duration, such as 30s or 5m" })
        }
        "require_tls" | "smtp_require_tls" | "send_resolved" | "continue" | "x-implicit-tls" => {
            json!({ "type": "boolean" })
        }
        "name" | "receiver" | "to" | "from" => json!({ "type": "string" }),
        "x-on-mute" => json!({ "enum": ["hold", "digest", "drop"] }),
        "matchers" | "group_by" | "mute_time_intervals" | "active_time_intervals" => {
            json!({ "type": "array", "items": { "type": "string" } })
        }
        _ => json!({}),
    }
}
