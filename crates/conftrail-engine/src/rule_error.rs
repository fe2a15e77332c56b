//! What is told when a condition of a rule cannot be evaluated: a detection of its own kind, once for each rule and hour, and without
//! a word of the event's values.

use conftrail_core::alerting::{Detection, Evidence, Labels, Severity, Verdict, derived_id};
use conftrail_core::{Actor, Event, Reason, Resource, ResourceKind, Timestamp};

use crate::cel::ConditionError;
use crate::rules::{BUILT_IN, Exception, Rule, RuleSet};

/// The built-in rule that tells of it.
const RULE_ERROR: &str = "rule-error";
/// Tells the name of what failed, as other rules tell apart by `resource.name`.
const NAME_LABEL: &str = "resource_name";
const HOUR: i64 = 3_600_000_000;

/// A condition that failed.
pub(crate) struct Failed<'r> {
    pub(crate) rule: &'r Rule,
    /// The exception whose condition it is; none: the rule's own.
    pub(crate) exception: Option<&'r Exception>,
    pub(crate) error: ConditionError,
}

/// Makes the detection. Its id depends on the rule and the hour of the event alone: of the many that a bad condition gives, the
/// control store keeps the first.
pub(crate) fn rule_error(rules: &RuleSet, failed: &Failed<'_>, event: &Event, now: Timestamp) -> Detection {
    let name = failed.rule.name();
    let hour = event.rule_time().micros().div_euclid(HOUR).to_string();
    let telling = rules.rule(BUILT_IN, RULE_ERROR);
    let mut reference = failed.rule.reference.clone();
    BUILT_IN.clone_into(&mut reference.set);
    RULE_ERROR.clone_into(&mut reference.id);
    reference.revision = telling.map(|rule| rule.reference.revision.clone()).unwrap_or_default();
    let mut labels = telling.map(|rule| rule.labels.clone()).unwrap_or_default();
    labels.insert(NAME_LABEL.to_owned(), name.clone());
    Detection {
        id: derived_id(&["rule_error", &failed.rule.reference.set, &failed.rule.reference.id, &hour]),
        rule: reference,
        severity: telling.map_or(Severity::High, |rule| rule.severity),
        labels,
        verdict: Verdict::RuleError { failed: name.clone() },
        detected: now,
        late: rules.is_late(event, now),
        evidence: evidence(&name, failed, event),
    }
}

/// Names the rule and the first event it failed on; of the event only where and when it was.
fn evidence(name: &str, failed: &Failed<'_>, event: &Event) -> Evidence {
    let mut detail = Labels::new();
    detail.insert("rule".to_owned(), name.to_owned());
    detail.insert("part".to_owned(), failed.error.part.clone());
    detail.insert("error".to_owned(), failed.error.cause.to_string());
    let whose = match failed.exception {
        Some(exception) => {
            detail.insert("exception".to_owned(), exception.name.clone());
            format!("{name}, exception {}", exception.name)
        }
        None => name.to_owned(),
    };
    let message = format!("{whose}: {}", failed.error);
    Evidence {
        event: event.id,
        time: event.time,
        observed: event.observed,
        action: event.action,
        source: event.source.clone(),
        resource: Resource::new("conftrail", "rules", ResourceKind::Health, None, None, name),
        actor: Actor::default(),
        reason: Some(Reason { message: Some(message.into()), ..Reason::default() }),
        changes: Vec::new(),
        change_count: 0,
        flags: Vec::new(),
        detail,
    }
}
