//! `rules show`: the rules as they are in force, with what overlays made of them.

use std::process::ExitCode;

use conftrail_engine::rules::{BUILT_IN, Mode, Rule};
use serde::Serialize;

use super::explain::find;
use crate::cli::Common;
use crate::output::Printer;
use crate::{configured, rules};

/// A rule as it is in force.
#[derive(Serialize)]
struct Shown {
    rule: String,
    revision: String,
    mode: &'static str,
    severity: &'static str,
    #[serde(rename = "match")]
    query: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<String>,
    explode: bool,
    labels: conftrail_core::alerting::Labels,
    group_by: Vec<String>,
    annotations: std::collections::BTreeMap<String, String>,
    exceptions: Vec<ShownException>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runbook: Option<String>,
}

#[derive(Serialize)]
struct ShownException {
    name: String,
    #[serde(rename = "match")]
    query: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<String>,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

/// `conftrail rules show`: one rule, or all but the built-in ones.
pub(super) fn run(common: &Common, name: Option<&str>, effective: bool) -> anyhow::Result<ExitCode> {
    let config = configured(common)?;
    let set = rules::load(&config, rules::load_routing(&config)?.as_ref())?;
    let printer = Printer::new(common);
    let shown: Vec<&Rule> = match name {
        Some(name) => vec![find(&set, name)?],
        None => set.rules().iter().filter(|rule| effective || rule.reference.set != BUILT_IN).collect(),
    };
    for rule in shown {
        let whole = whole(rule);
        printer.print(&whole, |printer| {
            if effective || name.is_some() { text(&whole) } else { line(&whole, printer) }
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

fn whole(rule: &Rule) -> Shown {
    let exception = |one: &conftrail_engine::rules::Exception| ShownException {
        name: one.name.clone(),
        query: one.query.to_string(),
        when: one.when.as_deref().map(|when| when.text().to_owned()),
        reason: one.reason.clone(),
        owner: one.owner.clone(),
        expires: one.expires.map(|end| end.to_string()),
    };
    Shown {
        rule: rule.name(),
        revision: rule.reference.revision.clone(),
        mode: match rule.mode {
            Mode::Enforce => "enforce",
            Mode::Shadow => "shadow",
            Mode::Off => "off",
        },
        severity: rule.severity.as_str(),
        query: rule.query.to_string(),
        when: rule.when.as_deref().map(|when| when.text().to_owned()),
        explode: rule.explode,
        labels: rule.labels.clone(),
        group_by: rule.group_by.iter().map(|group| group.field.to_string()).collect(),
        annotations: rule.annotations.iter().map(|(name, one)| (name.clone(), one.text.clone())).collect(),
        exceptions: rule.exceptions.iter().map(exception).collect(),
        owner: rule.owner.clone(),
        runbook: rule.runbook.clone(),
    }
}

fn line(rule: &Shown, printer: &Printer) -> String {
    format!("{}  {}  {}  {}", printer.paint(1, &rule.rule), rule.severity, rule.mode, rule.query)
}

/// A rule file's own form: JSON is YAML, and what is JSON here can be pasted there.
fn text(rule: &Shown) -> String {
    serde_json::to_string_pretty(rule).unwrap_or_default()
}
