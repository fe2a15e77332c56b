//! `schema`: JSON Schema of what people write, for editors.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use conftrail_engine::schema::{DIALECT, fields_of, object, routing, rules};
use serde_json::{Map, Value as Json, json};

use crate::config::Config;
use crate::output::print_text;

/// Options of `schema`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  conftrail schema rules > rules.schema.json")]
pub struct SchemaArgs {
    /// Which kind
    #[arg(value_enum)]
    pub of: SchemaOf,
}

/// The files that there is a schema of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    /// A file of rules.
    Rules,
    /// The routing file.
    Routing,
    /// conftrail.yaml.
    Config,
}

/// `conftrail schema`.
pub(crate) fn run(of: SchemaOf) -> anyhow::Result<ExitCode> {
    let schema = match of {
        SchemaOf::Rules => rules(),
        SchemaOf::Routing => routing(),
        SchemaOf::Config => config(),
    };
    print_text(&(serde_json::to_string_pretty(&schema)? + "\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the schema of the configuration: its keys are those of the defaults, which have every key.
fn config() -> Json {
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let mut schema = of_value(&defaults);
    let source = |kind: &str, keys: &[&str]| {
        let mut properties: Map<String, Json> =
            keys.iter().map(|key| ((*key).to_owned(), json!({}))).collect();
        properties.insert("kind".to_owned(), json!({ "const": kind }));
        object(properties, &["name", "kind"])
    };
    let files = source("files", fields_of::<conftrail_files::Config>());
    let mysql = source("mysql", fields_of::<conftrail_binlog::Config>());
    schema["properties"]["sources"] = json!({ "type": "array", "items": { "oneOf": [files, mysql] } });
    let line = keys_of(fields_of::<conftrail_pipeline::ClassifyRule>());
    schema["properties"]["classify"] = json!({ "type": "array", "items": object(line, &["match"]) });
    schema["$schema"] = json!(DIALECT);
    schema["title"] = json!("conftrail configuration");
    schema
}

fn keys_of(keys: &[&str]) -> Map<String, Json> {
    keys.iter().map(|key| ((*key).to_owned(), json!({}))).collect()
}

/// Returns what a default says of its values. A text in the file may be `${VAR}`, so that scalars are not told apart.
fn of_value(value: &Json) -> Json {
    match value {
        Json::Object(entries) => {
            let properties = entries.iter().map(|(key, inner)| (key.clone(), of_value(inner))).collect();
            object(properties, &[])
        }
        Json::Array(_) => json!({ "type": "array", "default": value }),
        Json::Null => json!({}),
        scalar => json!({ "type": ["string", "number", "boolean"], "default": scalar }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_schema_of_the_configuration_has_the_keys_that_are_read_and_no_others() {
        let schema = config();
        let table = [
            ("", Json::Null),
            ("rules", schema["properties"]["rules"].clone()),
            ("api", schema["properties"]["api"].clone()),
        ];
        for (section, part) in table {
            let part = if section.is_empty() { &schema } else { &part };
            let said = crate::config::load_text(
                Path::new("x.yaml"),
                &match section {
                    "" => "nothing_like_it: 1\n".to_owned(),
                    section => format!("{section}: {{ nothing_like_it: 1 }}\n"),
                },
                &HashMap::new(),
            )
            .unwrap_err()[0]
                .to_string();
            for key in part["properties"].as_object().unwrap().keys() {
                assert!(said.contains(key.as_str()), "{section}.{key} in {said}");
            }
        }
        let sources = &schema["properties"]["sources"]["items"]["oneOf"];
        for (number, needed) in [(0, "path"), (1, "include")] {
            assert!(sources[number]["properties"].get(needed).is_some(), "{sources}");
        }
    }
}
