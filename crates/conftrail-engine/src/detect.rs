//! Judges one event by every rule.

use conftrail_core::alerting::{Detection, Labels, Verdict, derived_id};
use conftrail_core::query::{EventView, matches};
use conftrail_core::{Event, Timestamp};

use crate::cel::{ConditionError, Program};
use crate::evidence::evidence;
use crate::rule_error::{Failed, rule_error};
use crate::rules::{Exception, GroupField, Mode, Rule, RuleSet};
use crate::shorten::shorten;

/// The step of a rule that has one only.
const ONLY_STEP: &str = "event";
/// Longest value of a label in characters; labels are kept in indices and subjects.
const LONGEST_LABEL: usize = 200;

/// What the rules made of one event.
#[derive(Default)]
struct Judged {
    detections: Vec<Detection>,
    /// The rule whose failure was told last: of one event each rule fails once.
    failed: Option<usize>,
}

impl RuleSet {
    /// Judges an event by every rule that can match it; `now` is when it is judged.
    ///
    /// The same event gives the same detections with the same ids, whenever and wherever it is judged: rules and
    /// the expiry of exceptions go by the event's time, and `now` in a query is when the event was read.
    ///
    /// A rule or an exception whose condition fails is told of: a detection with the verdict [`Verdict::RuleError`].
    pub fn detect(&self, event: &Event, now: Timestamp) -> Vec<Detection> {
        let mut view = EventView::new(event, event.observed);
        let mut judged = Judged::default();
        // Rules that look at one change each come last: from then on the view does.
        let (exploded, whole): (Vec<usize>, Vec<usize>) = (self.index().candidates(&view).into_iter())
            .partition(|number| self.rules().get(*number).is_some_and(|rule| rule.explode));
        for number in whole {
            self.judge(number, &view, None, now, &mut judged);
        }
        for number in exploded {
            for (place, change) in event.changes.iter().enumerate() {
                view.look_at(change);
                self.judge(number, &view, Some(place), now, &mut judged);
            }
        }
        judged.detections
    }

    /// Judges an event, or the change of it at `place`, by one rule.
    fn judge(
        &self,
        number: usize,
        view: &EventView<'_>,
        place: Option<usize>,
        now: Timestamp,
        judged: &mut Judged,
    ) {
        let Some(rule) = self.rules().get(number) else { return };
        if !matches(&rule.query, view) {
            return;
        }
        match holds(rule.when.as_deref(), view) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                return self.tell(Failed { rule, exception: None, error }, number, view, now, judged);
            }
        }
        let verdict = self.verdict(number, rule, view, now, judged);
        let event = view.event();
        judged.detections.push(Detection {
            id: detection_id(rule, event, view, place),
            rule: rule.reference.clone(),
            severity: rule.severity,
            labels: labels(rule, view),
            verdict,
            detected: now,
            late: self.is_late(event, now),
            evidence: evidence(event, view.change()),
        });
    }

    /// Asks the exceptions. One whose condition fails does not hold: the finding stays, and the failure is told beside it.
    fn verdict(
        &self,
        number: usize,
        rule: &Rule,
        view: &EventView<'_>,
        now: Timestamp,
        judged: &mut Judged,
    ) -> Verdict {
        let time = view.event().rule_time();
        for exception in &rule.exceptions {
            if !exception.applies(time) || !matches(&exception.query, view) {
                continue;
            }
            match holds(exception.when.as_deref(), view) {
                Ok(true) => return excepted(exception),
                Ok(false) => {}
                Err(error) => {
                    self.tell(Failed { rule, exception: Some(exception), error }, number, view, now, judged);
                }
            }
        }
        match rule.mode {
            Mode::Shadow => Verdict::Shadow,
            Mode::Enforce | Mode::Off => Verdict::Match,
        }
    }

    fn tell(
        &self,
        failed: Failed<'_>,
        number: usize,
        view: &EventView<'_>,
        now: Timestamp,
        judged: &mut Judged,
    ) {
        if judged.failed != Some(number) {
            judged.failed = Some(number);
            judged.detections.push(rule_error(self, &failed, view.event(), now));
        }
    }

    /// Says whether an event is judged long after it happened.
    pub(crate) fn is_late(&self, event: &Event, now: Timestamp) -> bool {
        now.since(event.rule_time()) > self.late_after()
    }
}

fn holds(condition: Option<&Program>, view: &EventView<'_>) -> Result<bool, ConditionError> {
    condition.map_or(Ok(true), |condition| condition.holds(view.event(), view.change()))
}

fn excepted(exception: &Exception) -> Verdict {
    Verdict::Excepted { exception: exception.name.clone() }
}

/// Rule, step, event and change; without `explode` there is no change of its own.
fn detection_id(rule: &Rule, event: &Event, view: &EventView<'_>, place: Option<usize>) -> String {
    let change = match (view.change(), place) {
        (Some(change), Some(place)) => format!("{place} {}", change.path),
        _ => String::new(),
    };
    derived_id(&[&rule.reference.set, &rule.reference.id, ONLY_STEP, event.id.as_str(), &change])
}

/// The rule's labels and those of its groups; an event without a value for a group lacks the label.
fn labels(rule: &Rule, view: &EventView<'_>) -> Labels {
    let mut labels = rule.labels.clone();
    for group in &rule.group_by {
        if let Some(value) = group_value(group, view) {
            labels.insert(group.label.clone(), value);
        }
    }
    labels
}

fn group_value(group: &GroupField, view: &EventView<'_>) -> Option<String> {
    let mut values: Vec<String> = Vec::new();
    view.each_value(&group.field, |value| values.push(value.into_owned()));
    if values.is_empty() {
        return None;
    }
    let joined = values.join(",");
    let short = shorten(&joined, LONGEST_LABEL);
    // What was cut off still tells two groups apart.
    let digest = if short == joined { String::new() } else { derived_id(&[&joined])[..8].to_owned() };
    Some(format!("{short}{digest}"))
}
