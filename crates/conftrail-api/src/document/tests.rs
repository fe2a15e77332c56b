//! The document is held to what is served.

use std::collections::BTreeSet;

use super::*;

#[test]
fn what_is_served_is_documented_and_nothing_else() {
    let served: BTreeSet<_> =
        table::served(&routes::api()).iter().map(|one| (one.path, one.method)).collect();
    let documented: BTreeSet<_> = pages::PAGES.iter().map(|page| (page.path, page.method)).collect();
    assert_eq!(served, documented);
    let document = document();
    for (path, method) in served {
        let operation = &document["paths"][format!("/api/v1{path}")][method];
        assert!(operation["x-role"].is_string() && operation["summary"].is_string(), "{method} {path}");
    }
}

#[test]
fn every_reference_leads_to_a_schema_and_every_schema_is_used() {
    let document = document();
    let mut referred = BTreeSet::new();
    collect(&document, &mut referred);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let known: BTreeSet<String> = schemas.keys().map(|name| format!("#/components/schemas/{name}")).collect();
    referred.retain(|reference| reference.starts_with("#/components/schemas/"));
    assert_eq!(referred, known);
}

fn collect(value: &Json, into: &mut BTreeSet<String>) {
    match value {
        Json::Object(map) => {
            if let Some(Json::String(reference)) = map.get("$ref") {
                into.insert(reference.clone());
            }
            map.values().for_each(|inner| collect(inner, into));
        }
        Json::Array(items) => items.iter().for_each(|inner| collect(inner, into)),
        _ => {}
    }
}
