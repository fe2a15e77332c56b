//! The page on the configuration shows what is read, and leaves nothing out.

use std::collections::HashMap;
use std::path::Path;

use conftrail::config::{Config, load_text};
use serde_json::Value as Json;

const PAGE: &str = include_str!("../../../../docs/config.md");

#[test]
fn the_examples_of_the_configuration_page_are_valid() {
    let examples: Vec<&str> =
        PAGE.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next()).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        if let Err(problems) = load_text(Path::new("docs/config.md"), example, &HashMap::new()) {
            panic!("{problems:?} in\n{example}");
        }
    }
}

#[test]
fn the_configuration_page_names_every_key() {
    let mut keys = Vec::new();
    leaves("", &json(&Config::default()), &mut keys);
    leaves("", &json(&conftrail_files::Config::default()), &mut keys);
    leaves("", &json(&conftrail_binlog::Config::default()), &mut keys);
    let missing: Vec<&String> = keys.iter().filter(|key| !PAGE.contains(&format!("`{key}`"))).collect();
    assert!(keys.len() > 30 && missing.is_empty(), "{missing:?} of {keys:?}");
}

fn json(config: &impl serde::Serialize) -> Json {
    serde_json::to_value(config).expect("a configuration is JSON")
}

/// Appends the paths of everything that is no map, such as `log.retain`.
fn leaves(path: &str, value: &Json, into: &mut Vec<String>) {
    let Json::Object(map) = value else { return into.push(path.to_owned()) };
    for (key, inner) in map {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        leaves(&path, inner, into);
    }
}
