//! The schemas for editors know what the readers know, and no more.

use conftrail_engine::rules::{LoadError, RuleSource};
use conftrail_engine::{Routing, RuleSet, TimeIntervals, schema};
use serde_json::Value as Json;

/// Returns the keys at a path of a schema.
fn keys<'s>(schema: &'s Json, path: &[&str]) -> Vec<&'s str> {
    let mut part = schema;
    for step in path {
        part = &part["properties"][step];
        if part["type"] == "array" {
            part = &part["items"];
        }
    }
    part["properties"].as_object().expect("a schema of a mapping").keys().map(String::as_str).collect()
}

#[test]
fn the_schema_of_rule_files_has_the_keys_that_are_read() {
    let schema = schema::rules();
    for path in [&[][..], &["defaults"], &["rules"], &["rules", "exceptions"]] {
        for key in keys(&schema, path) {
            // A key that the reader does not know is refused by its name, whatever it holds.
            let value = format!("{key}: []");
            let text = match path {
                [] => value,
                ["defaults"] => format!("defaults:\n  {value}"),
                ["rules"] => format!("rules:\n  - {value}"),
                _ => format!("rules:\n  - exceptions:\n      - {value}"),
            };
            let refused =
                match RuleSet::load(&[RuleSource { file: "a.yaml", text: &text }], &TimeIntervals::default())
                {
                    Ok(_) => String::new(),
                    Err(LoadError(findings)) => findings.iter().map(|one| one.message.clone()).collect(),
                };
            let unknown = [format!("no key `{key}`"), format!("`{key}` is not supported")];
            assert!(!unknown.iter().any(|said| refused.contains(said)), "{path:?} {key}: {refused}");
        }
    }
    let refused = RuleSet::load(&[RuleSource { file: "a.yaml", text: "nmae: x" }], &TimeIntervals::default())
        .unwrap_err()
        .to_string();
    assert!(refused.contains("no key `nmae`"), "{refused}");
}

#[test]
fn the_schema_of_routing_files_has_the_keys_that_are_read() {
    let schema = schema::routing();
    let refused = Routing::load("routing.yaml", "nothing_like_it: 1").unwrap_err().to_string();
    for key in keys(&schema, &[]) {
        assert!(refused.contains(key), "{key} in {refused}");
    }
    assert!(keys(&schema, &["receivers", "email_configs"]).contains(&"x-directory"));
    assert!(keys(&schema, &["global"]).contains(&"smtp_smarthost"));
}
