//! One rule by itself: its groups, its exceptions, its templates, and whether anything can match.

use std::time::Duration;

use conftrail_core::Timestamp;
use conftrail_core::query::{Field, Query};

use super::places::{RulePlace, entries, entry, text};
use super::query::{fields, impossible};
use crate::rules::reader::Reader;
use crate::rules::yaml::Node;
use crate::rules::{Code, Exception, Rule};

/// An exception is named this long before it ends.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// Looks at a rule.
pub(super) fn look(reader: &mut Reader<'_>, rule: &Rule, place: &RulePlace, now: Timestamp) {
    groups(reader, rule, place);
    exceptions(reader, rule, place, now);
    values(reader, rule, place);
    if let Some(why) = impossible(&rule.query) {
        let said = format!("no event can match: {why}");
        reader.advise(place.at("match"), Code::NeverMatches, said);
    }
}

/// Alerts that are told apart by what is different each time are one message for each change.
fn groups(reader: &mut Reader<'_>, rule: &Rule, place: &RulePlace) {
    for (group, node) in rule.group_by.iter().zip(place.list("group_by")) {
        if is_of_one_change(&group.field) {
            let said = format!(
                "`{}` is another for each change, so that each is an alert of its own; group by what they share",
                group.field
            );
            reader.advise(node.at, Code::Cardinality, said);
        }
    }
}

fn is_of_one_change(field: &Field) -> bool {
    use Field::{
        After, Before, ChangesAfter, ChangesBefore, CorrelationId, Id, LogEpoch, LogOffset, LogPartition,
        Observed, Position, Time, Trace, TxId, TxSeq, TxStatement,
    };
    matches!(
        field,
        Id | Time
            | Observed
            | ChangesBefore
            | ChangesAfter
            | TxId
            | TxSeq
            | TxStatement
            | Trace
            | CorrelationId
            | LogEpoch
            | LogPartition
            | LogOffset
            | Before(_)
            | After(_)
            | Position(_)
    )
}

fn exceptions(reader: &mut Reader<'_>, rule: &Rule, place: &RulePlace, now: Timestamp) {
    let nodes = place.list("exceptions");
    let node_of = |exception: &Exception| {
        nodes.iter().find(|node| entry(node, "name").and_then(text) == Some(exception.name.as_str()))
    };
    for exception in &rule.exceptions {
        let Some(node) = node_of(exception) else { continue };
        let at = |key: &str| entry(node, key).map_or(node.at, |node: &Node| node.at);
        match exception.expires {
            Some(end) if end <= now => {
                let said =
                    format!("the exception {} has ended; what it let through is found again", exception.name);
                reader.advise(at("expires"), Code::Exception, said);
            }
            Some(end) if end <= now.plus(SOON) => {
                let said = format!("the exception {} ends within 14 days", exception.name);
                reader.advise(at("expires"), Code::Exception, said);
            }
            _ => {}
        }
        let by_query_alone = entry(node, "when").is_none();
        if by_query_alone && exception.query == Query::All {
            let said =
                format!("the exception {} lets everything through; `mode: shadow` says so", exception.name);
            reader.advise(at("match"), Code::Exception, said);
        }
    }
}

/// What is secret is masked before it is recorded, by names and shapes: a value of a path that nobody chose may be neither.
fn values(reader: &mut Reader<'_>, rule: &Rule, place: &RulePlace) {
    let chosen = |field: &Field| matches!(field, Field::ChangesPath | Field::Before(_) | Field::After(_));
    if fields(&rule.query).into_iter().any(chosen) || place.get("explode").is_some() {
        return;
    }
    let Some(annotations) = place.get("annotations") else { return };
    for (name, node) in entries(annotations) {
        if text(node).is_some_and(prints_values) {
            let said = format!(
                "`{name}` prints values of whatever path was changed: choose paths in `match`, or leave the values to \
                 the message, which shows them"
            );
            reader.advise(node.at, Code::Values, said);
        }
    }
}

fn prints_values(template: &str) -> bool {
    template.split("{{").skip(1).filter_map(|part| part.split("}}").next()).any(|inside| {
        let mut words = inside.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '@'));
        words.any(|word| matches!(word, "before" | "after"))
    })
}
