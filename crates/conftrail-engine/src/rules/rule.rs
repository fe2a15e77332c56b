//! A rule as it was loaded.

use std::collections::BTreeMap;
use std::sync::Arc;

use conftrail_core::Timestamp;
use conftrail_core::alerting::{Labels, RuleRef, Severity, derived_id};
use conftrail_core::query::{Field, Query};

use crate::cel::Program;
use crate::templates::Template;

/// Says what becomes of a rule's matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// They are announced.
    #[default]
    Enforce,
    /// They are recorded, never announced.
    Shadow,
    /// The rule is not evaluated.
    Off,
}

/// A rule of type `event`: it fires on each change that its query matches and for which its condition is true.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The rule's name and a digest of what it says.
    pub reference: RuleRef,
    /// What becomes of its matches.
    pub mode: Mode,
    /// What it matches; everything, if the rule has a condition only.
    pub query: Query,
    /// What must be true besides.
    pub when: Option<Arc<Program>>,
    /// Whether each key-level change of an event is judged, and told, on its own.
    pub explode: bool,
    /// How much a match matters.
    pub severity: Severity,
    /// `alertname`, `severity` and the labels given.
    pub labels: Labels,
    /// Fields whose values become labels, so that alerts are told apart by them.
    pub group_by: Vec<GroupField>,
    /// Annotations by name; `summary` is the one line of a message.
    pub annotations: BTreeMap<String, Annotation>,
    /// When a match is no finding.
    pub exceptions: Vec<Exception>,
    /// Who answers for the rule.
    pub owner: Option<String>,
    /// What to do when it fires.
    pub runbook: Option<String>,
}

/// A field that alerts are grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupField {
    /// The label: the field's name with underscores for dots.
    pub label: String,
    /// The field.
    pub field: Field,
}

/// A template and the text it was compiled from.
#[derive(Clone, Debug)]
pub struct Annotation {
    /// As it stands in the file.
    pub text: String,
    /// Compiled and checked.
    pub template: Template,
}

/// A match that is no finding, for a reason and mostly for a time.
#[derive(Clone, Debug)]
pub struct Exception {
    /// The exception's name within the rule.
    pub name: String,
    /// What it holds for; everything, if it has a condition only.
    pub query: Query,
    /// What must be true besides.
    pub when: Option<Arc<Program>>,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The first moment at which it no longer applies.
    pub expires: Option<Timestamp>,
}

impl Exception {
    /// Says whether the exception still applies.
    pub fn applies(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}

impl Rule {
    /// Returns `<set>/<id>`.
    pub fn name(&self) -> String {
        self.reference.name()
    }

    /// Returns a query that every event meets for which the rule fires or fails: an index goes by it.
    pub(crate) fn filter(&self) -> Query {
        match self.when.as_deref().map(Program::filter) {
            None | Some(Query::All) => self.query.clone(),
            Some(filter) => Query::And(vec![self.query.clone(), filter]),
        }
    }

    /// Derives the digest of what the rule says, from everything that changes its effect.
    pub(crate) fn revise(&mut self) {
        let mut parts =
            vec![format!("{:?}", self.mode), self.query.to_string(), self.severity.as_str().to_owned()];
        if self.explode {
            parts.push("explode".to_owned());
        }
        condition("when", self.when.as_deref(), &mut parts);
        for (name, value) in &self.labels {
            parts.extend(["label".to_owned(), name.clone(), value.clone()]);
        }
        for group in &self.group_by {
            parts.extend(["group_by".to_owned(), group.label.clone(), group.field.to_string()]);
        }
        for (name, annotation) in &self.annotations {
            parts.extend(["annotation".to_owned(), name.clone(), annotation.text.clone()]);
        }
        for exception in &self.exceptions {
            let expires = exception.expires.map(|end| end.to_string());
            parts.extend(["exception".to_owned(), exception.name.clone(), exception.query.to_string()]);
            parts.extend([exception.reason.clone(), exception.owner.clone().unwrap_or_default()]);
            parts.push(expires.unwrap_or_default());
            condition("exception when", exception.when.as_deref(), &mut parts);
        }
        parts.extend([self.owner.clone().unwrap_or_default(), self.runbook.clone().unwrap_or_default()]);
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.reference.revision = derived_id(&parts);
    }
}

fn condition(what: &str, condition: Option<&Program>, parts: &mut Vec<String>) {
    if let Some(condition) = condition {
        let identity = condition.identity();
        parts.extend([what.to_owned(), identity.len().to_string()]);
        parts.extend(identity);
    }
}
