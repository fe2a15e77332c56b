//! `rules new`: a rule with its two cases, made of a search and an event that it found.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use conftrail_core::ports::SearchRequest;
use conftrail_core::query::{EventView, Query, matches};
use conftrail_core::{Event, explain};
use serde_json::{Map as Object, Value as Json, json};

use crate::cli::{Common, Reading};
use crate::output::print_text;
use crate::{reader, say};

/// What a case tells of an event; what is left out follows from the rest or does not matter to a rule.
const TOLD: [&str; 9] =
    ["action", "source", "resource", "actor", "reason", "flags", "labels", "detail", "changes"];
/// Content is told when it has at most this many bytes as JSON.
const LONGEST_CONTENT: usize = 2000;
/// Fields by which a second event is made one that the search does not find; each value stands for "another".
const OTHERS: [(&str, &str); 8] = [
    ("resource.env", "another"),
    ("action", "snapshot"),
    ("resource.group", "another"),
    ("resource.namespace", "another"),
    ("resource.name", "another"),
    ("actor.name", "another"),
    ("source.name", "another"),
    ("source.kind", "another"),
];

/// `conftrail rules new`.
pub(super) async fn run(
    common: &Common,
    search: &str,
    id: &str,
    into: Option<&Path>,
    reading: &Reading,
) -> anyhow::Result<ExitCode> {
    let query = Query::parse(search).map_err(|error| anyhow!("--from-search: {error}"))?;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || id.len() > 64 || !id.chars().all(is_name) {
        bail!("--id: a rule's id has at most 64 of a-z, 0-9 and -");
    }
    let trail = reader::open(common, reading).await?;
    let request = SearchRequest { query: query.clone(), since: None, until: None, limit: 1, cursor: None };
    let page = trail.search(request).await.map_err(|error| anyhow!(explain(&error)))?;
    let Some(event) = page.events.into_iter().next() else {
        bail!("no event is found by `{search}`: a rule begins with one that is");
    };
    let (rule, cases) = (rule(id, search), cases(id, &query, &event));
    match into {
        None => print_text(&format!("# {id}.yaml\n{rule}\n# {id}.test.yaml\n{cases}"))?,
        Some(directory) => {
            for (name, text) in [(format!("{id}.yaml"), rule), (format!("{id}.test.yaml"), cases)] {
                let path = directory.join(name);
                let mut file = std::fs::File::create_new(&path)
                    .with_context(|| format!("--into: cannot make {}", path.display()))?;
                std::io::Write::write_all(&mut file, text.as_bytes())
                    .with_context(|| format!("--into: cannot write {}", path.display()))?;
                say(&format!("wrote {}", path.display()));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn rule(id: &str, search: &str) -> String {
    // In single quotes YAML knows no escapes but the quote itself.
    let search = search.replace('\'', "''").replace('\n', " ");
    format!(
        "version: 1\nname: {id}\nrules:\n  - id: {id}\n    match: '{search}'\n    severity: warning\n    \
         group_by: [resource.id]\n"
    )
}

fn cases(id: &str, query: &Query, event: &Event) -> String {
    let told = told(event);
    let mut text = format!("rules: [{id}.yaml]\nfixtures:\n  found: &found\n");
    for (key, value) in &told {
        text.push_str(&format!("    {key}: {value}\n"));
    }
    let start = event.time;
    text.push_str(&format!(
        "tests:\n  - name: what the search found on {start}\n    watch: [{id}]\n    start: {start}\n    events:\n      \
         - {{ at: 0s, event: *found }}\n    expect:\n      - {{ rule: {id}, alerts: [{{ count: 1 }}] }}\n\n  \
         - name: something else\n    watch: [{id}]\n    start: {start}\n    events:\n"
    ));
    let other = OTHERS
        .iter()
        .find(|(path, value)| !matches(query, &EventView::new(&with(event, path, value), start)));
    match other {
        Some((path, value)) => {
            text.push_str(&format!("      - {{ at: 0s, event: *found, set: {{ {path}: {value} }} }}\n"));
        }
        None => text.push_str(
            "      # Say here what the rule must not find; the search finds all that was tried.\n      []\n",
        ),
    }
    text.push_str(&format!("    expect:\n      - {{ rule: {id}, alerts: [] }}\n"));
    text
}

/// Returns what a case says of an event, each as JSON, which is YAML.
fn told(event: &Event) -> Vec<(String, Json)> {
    let Ok(Json::Object(whole)) = serde_json::to_value(event) else { return Vec::new() };
    let mut told = Vec::new();
    for key in TOLD {
        let Some(value) = whole.get(key).filter(|value| !is_empty(value)) else { continue };
        let mut value = value.clone();
        if let (true, Json::Object(source)) = (key == "source", &mut value) {
            source.remove("version");
        }
        told.push((key.to_owned(), value));
    }
    for key in ["before", "after"] {
        let content = whole.get(key).filter(|value| value.to_string().len() <= LONGEST_CONTENT);
        told.extend(content.map(|value| (key.to_owned(), value.clone())));
    }
    told
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

/// Returns the event with one text replaced; where it does not fit, the event as it is.
fn with(event: &Event, path: &str, value: &str) -> Event {
    let Ok(Json::Object(mut whole)) = serde_json::to_value(event) else { return event.clone() };
    if let Some((part, name)) = path.split_once('.') {
        if let Some(Json::Object(part)) = whole.get_mut(part) {
            part.insert(name.to_owned(), json!(value));
        }
    } else {
        whole.insert(path.to_owned(), json!(value));
    }
    let whole: Object<String, Json> = whole;
    serde_json::from_value(Json::Object(whole)).unwrap_or_else(|_| event.clone())
}
