//! Makes an announcement of an alert: what receivers are told, free of any channel's form.

use std::collections::BTreeMap;

use conftrail_core::alerting::{Alert, Announcement, Detection, Evidence};

use crate::rules::{Rule, RuleSet};
use crate::shorten::{one_line, shorten};
use crate::templates::context;
use crate::words::{self, Language};

/// The annotation that is the message's one line.
const SUMMARY: &str = "summary";
/// Under this name the message tells how many findings each of several rules has.
const RULES: &str = "rules";
/// Under this name the message tells why it comes later than it would.
const HELD: &str = "held";
/// Under this name the message tells that a template failed.
const NOTE: &str = "conftrail_note";
/// Longest summary in characters: it becomes a mail's subject.
const LONGEST_SUMMARY: usize = 240;
/// Longest other annotation in characters.
const LONGEST_ANNOTATION: usize = 4000;

/// Makes the announcement. A template that fails never costs a message: the built-in summary takes its place, and
/// the message says so.
pub(crate) fn announcement(
    rules: &RuleSet,
    alert: &Alert,
    shown: &[Detection],
    language: Language,
) -> Announcement {
    let mut events: Vec<Evidence> = shown.iter().map(|detection| detection.evidence.clone()).collect();
    events.sort_by_key(|evidence| evidence.time);
    let late = shown.first().is_some_and(|detection| detection.late);
    // The rule may be gone since; what is known of the alert is enough. Of several, none speaks for the others.
    let one_rule = !late && alert.rules.is_empty();
    let rule = if one_rule { rules.rule(&alert.rule.set, &alert.rule.id) } else { None };
    let mut annotations = rule.map(|rule| rendered(rule, alert, &events)).unwrap_or_default();
    let summary = match annotations.remove(SUMMARY) {
        Some(summary) if !summary.is_empty() => summary,
        _ => built_in_summary(alert, &events, late, language),
    };
    if !alert.rules.is_empty() {
        let counts: Vec<String> =
            by_count(alert).iter().map(|(rule, count)| format!("{rule} {count}")).collect();
        annotations.insert(RULES.to_owned(), counts.join(", "));
    }
    if let Some(held) = &alert.held {
        annotations.insert(HELD.to_owned(), held.clone());
    }
    let owner_of_newest =
        events.last().and_then(|evidence| evidence.resource.owner.as_deref().map(str::to_owned));
    Announcement {
        alert: alert.id.clone(),
        group: alert.group.clone(),
        rule: alert.rule.name(),
        severity: alert.severity,
        labels: alert.labels.clone(),
        summary: shorten(&one_line(&summary), LONGEST_SUMMARY).into_owned(),
        annotations,
        events,
        total: alert.detections,
        late,
        owner: rule.and_then(|rule| rule.owner.clone()).or(owner_of_newest),
        runbook: rule.and_then(|rule| rule.runbook.clone()),
        digest: None,
    }
}

fn rendered(rule: &Rule, alert: &Alert, events: &[Evidence]) -> BTreeMap<String, String> {
    let mut annotations = BTreeMap::new();
    if rule.annotations.is_empty() {
        return annotations;
    }
    let data = context(alert, &rule.group_by, events);
    for (name, annotation) in &rule.annotations {
        match annotation.template.render(&data) {
            Ok(text) => {
                annotations.insert(name.clone(), shorten(text.trim(), LONGEST_ANNOTATION).into_owned());
            }
            Err(error) => {
                annotations.insert(NOTE.to_owned(), format!("the template of `{name}` failed: {error}"));
            }
        }
    }
    annotations
}

fn built_in_summary(alert: &Alert, events: &[Evidence], late: bool, language: Language) -> String {
    if !alert.rules.is_empty() {
        return words::summary_of_rules(&by_count(alert), alert.detections, alert.held.as_deref(), language);
    }
    match events.last() {
        Some(evidence) if late => words::late_summary(&evidence.source.name, alert.detections, language),
        Some(evidence) => words::summary(evidence, alert.detections, language),
        None => alert.rule.name(),
    }
}

/// Returns the rules of an alert, the most frequent first.
fn by_count(alert: &Alert) -> Vec<(&str, u64)> {
    let mut counts: Vec<(&str, u64)> =
        alert.rules.iter().map(|(rule, count)| (rule.as_str(), *count)).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
