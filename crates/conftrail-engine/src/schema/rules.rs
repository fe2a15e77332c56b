//! The schema of rule files.

use serde_json::{Map, Value as Json, json};

use super::{DIALECT, object};
use crate::rules::keys;

/// Returns the JSON Schema of rule files. Keys that are not supported yet are left out: an editor marks them, as loading
/// refuses them.
pub fn rules() -> Json {
    let exception = of(&keys::EXCEPTION, exception_key);
    let rule = of(&keys::RULE, |key| match key {
        "exceptions" => json!({ "type": "array", "items": object(exception.clone(), &["name", "reason"]) }),
        other => rule_key(other),
    });
    let file = of(&keys::FILE, |key| match key {
        "rules" => json!({ "type": "array", "items": object(rule.clone(), &["id"]) }),
        other => file_key(other),
    });
    let mut schema = object(file, &["version", "name", "rules"]);
    schema["$schema"] = json!(DIALECT);
    schema["title"] = json!("conftrail rule file");
    schema
}

fn of(keys: &[&str], describe: impl Fn(&str) -> Json) -> Map<String, Json> {
    keys.iter().map(|key| ((*key).to_owned(), describe(key))).collect()
}

fn text(description: &str) -> Json {
    json!({ "type": "string", "description": description })
}

fn texts(description: &str) -> Json {
    json!({ "type": "array", "items": { "type": "string" }, "description": description })
}

fn texts_by_name(description: &str) -> Json {
    json!({ "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] }, "description": description })
}

fn name(description: &str) -> Json {
    json!({ "type": "string", "pattern": "^[a-z0-9-]{1,64}$", "description": description })
}

fn severity() -> Json {
    json!({ "enum": ["info", "warning", "high", "critical"], "description": "how much a finding matters" })
}

fn file_key(key: &str) -> Json {
    match key {
        "version" => json!({ "const": 1 }),
        "name" => name("the rule set; a rule's name is <set>/<id>"),
        "owner" => text("who answers for rules that name nobody"),
        "defaults" => {
            let properties = of(&keys::DEFAULTS, |key| match key {
                "severity" => severity(),
                "labels" => texts_by_name("labels of every rule"),
                _ => json!({}),
            });
            object(properties, &[])
        }
        "lists" => {
            json!({ "type": "object", "additionalProperties": { "type": "array" }, "description": "lists for `when`" })
        }
        "macros" => texts_by_name("expressions with a name, for `when`"),
        _ => json!({}),
    }
}

fn rule_key(key: &str) -> Json {
    match key {
        "id" => name("the rule's name within the set; it never changes"),
        "type" => {
            json!({ "enum": ["event"], "description": "a rule of type `event` fires on each change that it matches" })
        }
        "match" => text("what it finds, in the query language"),
        "when" => text("what must hold besides, in CEL"),
        "explode" => json!({ "enum": ["changes"], "description": "judge each change of an event by itself" }),
        "mode" => {
            json!({ "enum": ["enforce", "shadow", "off"], "description": "told, only recorded, or not evaluated" })
        }
        "severity" => severity(),
        "group_by" => texts("fields that tell alerts apart"),
        "labels" => texts_by_name("further labels"),
        "annotations" => texts_by_name("templates; `summary` is the message's one line"),
        "owner" => text("who answers for the rule"),
        "runbook" => text("what to do when it fires"),
        "compliance" => texts("rules of the house that it stands for; joined by commas into a label"),
        _ => json!({}),
    }
}

fn exception_key(key: &str) -> Json {
    match key {
        "name" => name("the exception's name within the rule"),
        "match" => text("what is no finding, in the query language"),
        "when" => text("what must hold besides, in CEL"),
        "reason" => text("why"),
        "owner" => text("who answers for it"),
        "expires" => text("the last day it applies, such as 2027-03-31, or a time"),
        _ => json!({}),
    }
}
