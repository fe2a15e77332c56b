//! Why a rule found an event, or did not: the truth of each part, with the values that made it so.

use conftrail_core::alerting::{Detection, Labels, Verdict};
use conftrail_core::query::{EventView, Field, Leaf, Query, matches};
use conftrail_core::{Change, Event, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cel::{self, Program};
use crate::rules::{Exception, Mode, Rule, RuleSet};
use crate::shorten::shorten;

/// Values of a field that are shown.
const MOST_VALUES: usize = 5;
/// Longest value in characters.
const LONGEST_VALUE: usize = 80;

/// A part of a query, and whether it holds for an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The part as the query language writes it.
    pub text: String,
    /// Whether it holds.
    pub holds: bool,
    /// What the event has for the field that is asked for, masked as it is recorded; the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The parts it is made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// A part of a condition and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionPart {
    /// How deep it lies: 0 is the whole condition.
    pub depth: usize,
    /// The part as it is written.
    pub text: String,
    /// The macro in whose text it stands; none for the condition's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Within a loop, the element that is looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
    /// Its value as a person reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Why it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What an exception says about an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedException {
    /// Its name.
    pub name: String,
    /// Whether it lets the event through: it matches, and had not ended at the event's time.
    pub holds: bool,
    /// Why it was made.
    pub reason: String,
    /// When it ends, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Whether it had ended at the event's time.
    pub ended: bool,
    /// Its query, part by part.
    #[serde(rename = "match")]
    pub query: Part,
    /// Its condition, part by part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<ConditionPart>,
}

/// What became of an event under a rule, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// `<set>/<id>`.
    pub rule: String,
    /// A digest of what the rule says.
    pub revision: String,
    /// `found`, `excepted`, `shadow`, `off`, `failed` or `no match`.
    pub verdict: String,
    /// The exception that let it through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// The query, part by part.
    #[serde(rename = "match")]
    pub query: Part,
    /// The condition, part by part, asked whether the query holds or not. Of a rule with `explode` it is asked about the
    /// first change that was found, or the first of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<ConditionPart>,
    /// The exceptions, asked whether the query holds or not.
    pub exceptions: Vec<ExplainedException>,
    /// The ids of what was found: what the ledger knows it by.
    pub detections: Vec<String>,
    /// The labels that the alert has, where there is one.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

impl Explanation {
    /// Explains what a rule of a set makes of an event; `now` is when it would be judged.
    pub fn of(rules: &RuleSet, rule: &Rule, event: &Event, now: Timestamp) -> Self {
        let mut view = EventView::new(event, event.observed);
        // What production does, and not what is said of it here, is the verdict.
        let (found, others): (Vec<_>, Vec<_>) = (rules.detect(event, now).into_iter())
            .partition(|one| (&one.rule.set, &one.rule.id) == (&rule.reference.set, &rule.reference.id));
        let name = rule.name();
        let failed =
            |one: &Detection| matches!(&one.verdict, Verdict::RuleError { failed } if *failed == name);
        let failed = others.iter().any(failed);
        let change = rule.explode.then(|| looked_at(event, &found)).flatten();
        if let Some(change) = change {
            view.look_at(change);
        }
        let exception = found.iter().find_map(|one| match &one.verdict {
            Verdict::Excepted { exception } => Some(exception.clone()),
            _ => None,
        });
        let verdict = match (found.first().map(|one| &one.verdict), rule.mode) {
            (_, Mode::Off) => "off",
            (None, _) if failed => "failed",
            (None, _) => "no match",
            (Some(Verdict::Excepted { .. }), _) => "excepted",
            (Some(Verdict::Shadow), _) => "shadow",
            (Some(_), _) => "found",
        };
        Self {
            rule: rule.name(),
            revision: rule.reference.revision.clone(),
            verdict: verdict.to_owned(),
            exception,
            query: part(&rule.query, &view),
            when: condition(rule.when.as_deref(), event, change),
            exceptions: rule.exceptions.iter().map(|one| exception_part(one, &view, change)).collect(),
            labels: found.first().map(|one| one.labels.clone()).unwrap_or_default(),
            detections: found.into_iter().map(|one| one.id).collect(),
        }
    }

    /// Says how near the rule's query came to the event, from 0 to 1: the share of its parts that hold.
    pub fn nearness(&self) -> f64 {
        nearness(&self.query)
    }
}

fn nearness(part: &Part) -> f64 {
    if part.holds || part.parts.is_empty() {
        return f64::from(u8::from(part.holds));
    }
    let all: f64 = part.parts.iter().map(nearness).sum();
    all / part.parts.len() as f64
}

fn exception_part(
    exception: &Exception,
    view: &EventView<'_>,
    change: Option<&Change>,
) -> ExplainedException {
    let query = part(&exception.query, view);
    let ended = !exception.applies(view.event().rule_time());
    let when = exception.when.as_deref();
    let when_holds = when.is_none_or(|when| when.holds(view.event(), change).unwrap_or(false));
    ExplainedException {
        name: exception.name.clone(),
        holds: query.holds && when_holds && !ended,
        reason: exception.reason.clone(),
        expires: exception.expires,
        ended,
        query,
        when: condition(exception.when.as_deref(), view.event(), change),
    }
}

/// Returns the change that a rule with `explode` is explained by: the first that was found, or the first of all.
fn looked_at<'e>(event: &'e Event, found: &[Detection]) -> Option<&'e Change> {
    let shown = found.first().and_then(|one| one.evidence.changes.first());
    let of_found = shown.and_then(|shown| event.changes.iter().find(|one| one.path == shown.path));
    of_found.or_else(|| event.changes.first())
}

fn condition(when: Option<&Program>, event: &Event, change: Option<&Change>) -> Vec<ConditionPart> {
    let Some(program) = when else { return Vec::new() };
    let told = |part: cel::Part| {
        let (value, error) = match part.value {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error)),
        };
        ConditionPart {
            depth: part.depth,
            text: part.text,
            within: part.within,
            element: part.element,
            value,
            error,
        }
    };
    program.explain(event, change).parts.into_iter().map(told).collect()
}

fn part(query: &Query, view: &EventView<'_>) -> Part {
    let (parts, values) = match query {
        Query::And(queries) | Query::Or(queries) => {
            (queries.iter().map(|query| part(query, view)).collect(), Vec::new())
        }
        Query::Not(inner) if matches!(**inner, Query::And(_) | Query::Or(_)) => {
            (vec![part(inner, view)], Vec::new())
        }
        Query::Not(inner) => (Vec::new(), values(inner, view)),
        Query::All | Query::Leaf(_) => (Vec::new(), values(query, view)),
    };
    Part { text: query.to_string(), holds: matches(query, view), values, parts }
}

fn values(query: &Query, view: &EventView<'_>) -> Vec<String> {
    let field: &Field = match query {
        Query::Leaf(
            Leaf::Present(field) | Leaf::Is(field, _) | Leaf::During(field, _) | Leaf::Compare(field, ..),
        ) => field,
        _ => return Vec::new(),
    };
    let mut values = Vec::new();
    view.each_value(field, |value| {
        if values.len() < MOST_VALUES {
            values.push(shorten(&value, LONGEST_VALUE).into_owned());
        }
    });
    values
}
