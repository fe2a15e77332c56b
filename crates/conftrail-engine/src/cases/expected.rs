//! What must come of a case, compared with what came.

use std::time::Duration;

use conftrail_core::alerting::{Detection, Labels, Verdict};

use super::case::is_named;

/// What is found late is told under this rule, whichever found it; a digest has no severity before it is told.
const LATE: &str = "conftrail/late-changes";

/// The alerts that a rule must have at a time.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// When, counted from the case's start; none is at its end.
    pub at: Option<Duration>,
    /// The line it stands in.
    pub line: usize,
    /// The rule, by id or `<set>/<id>`.
    pub rule: String,
    /// One for each alert; an empty list means that the rule must not fire.
    pub alerts: Vec<ExpectedAlert>,
}

/// An alert as far as the case says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExpectedAlert {
    /// Labels that it must have; others do not matter.
    pub labels: Labels,
    /// How many changes it must hold.
    pub count: Option<u64>,
}

/// An alert that came: findings of one rule with equal labels, however the routes put them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// `<set>/<id>`.
    pub rule: String,
    /// Its labels.
    pub labels: Labels,
    /// How many changes it holds.
    pub count: u64,
}

impl Fired {
    /// Puts findings together. What an exception lets through, and what a rule in shadow mode finds, is no alert; what was
    /// found late is one for each source.
    pub fn of(found: &[Detection]) -> Vec<Self> {
        let mut fired: Vec<Self> = Vec::new();
        for detection in found.iter().filter(|one| one.verdict == Verdict::Match) {
            let (rule, labels) = if detection.late {
                let source = ("source_name".to_owned(), detection.evidence.source.name.to_string());
                (LATE.to_owned(), Labels::from([source]))
            } else {
                (detection.rule.name(), detection.labels.clone())
            };
            match fired.iter_mut().find(|one| one.rule == rule && one.labels == labels) {
                Some(one) => one.count += 1,
                None => fired.push(Self { rule, labels, count: 1 }),
            }
        }
        fired
    }
}

/// A message that somebody must get.
#[derive(Clone, Debug)]
pub struct ExpectedMessage {
    /// Not before and not after, counted from the case's start.
    pub between: (Duration, Duration),
    /// The line it stands in.
    pub line: usize,
    /// The receiver's name; any when none is named.
    pub receiver: Option<String>,
    /// Texts that the message must hold.
    pub contains: Vec<String>,
}

/// A message that somebody got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When, counted from the case's start.
    pub at: Duration,
    /// The receiver's name.
    pub receiver: String,
    /// The whole message as text, subject first.
    pub text: String,
}

impl Expectation {
    /// Says whether the expectation is about a rule, `<set>/<id>`.
    pub fn is_about(&self, rule: &str) -> bool {
        is_named(rule, &self.rule)
    }

    /// Says what is wrong with the alerts that there are, if anything is.
    pub fn unmet(&self, alerts: &[Fired]) -> Option<String> {
        let mut came: Vec<&Fired> = alerts.iter().filter(|alert| self.is_about(&alert.rule)).collect();
        let all = came.clone();
        let mut missing = Vec::new();
        for expected in &self.alerts {
            match came.iter().position(|alert| expected.is_met(alert)) {
                Some(place) => drop(came.remove(place)),
                None => missing.push(expected.to_string()),
            }
        }
        if missing.is_empty() && came.is_empty() {
            return None;
        }
        let expected: Vec<String> = self.alerts.iter().map(ToString::to_string).collect();
        let came: Vec<String> = all.iter().map(|alert| described(alert)).collect();
        Some(format!("expected {} of {}, came {}", counted(&expected), self.rule, counted(&came)))
    }
}

fn counted(alerts: &[String]) -> String {
    match alerts {
        [] => "no alert".to_owned(),
        [one] => format!("1 alert {one}"),
        many => format!("{} alerts {}", many.len(), many.join(" and ")),
    }
}

impl ExpectedAlert {
    fn is_met(&self, alert: &Fired) -> bool {
        let labelled = self.labels.iter().all(|(name, value)| alert.labels.get(name) == Some(value));
        labelled && self.count.is_none_or(|count| count == alert.count)
    }
}

impl std::fmt::Display for ExpectedAlert {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{{{}}}", parts(&self.labels, self.count))
    }
}

fn described(alert: &Fired) -> String {
    let mut labels = alert.labels.clone();
    labels.remove("alertname");
    format!("{{{}}}", parts(&labels, Some(alert.count)))
}

fn parts(labels: &Labels, count: Option<u64>) -> String {
    let labels = labels.iter().map(|(name, value)| format!("{name}={value}"));
    labels.chain(count.map(|count| format!("count={count}"))).collect::<Vec<_>>().join(" ")
}

impl ExpectedMessage {
    /// Says what is wrong with the messages that there are, if anything is.
    pub fn unmet(&self, told: &[Told]) -> Option<String> {
        let to_them = |one: &&Told| self.receiver.as_ref().is_none_or(|receiver| one.receiver == *receiver);
        let (from, until) = self.between;
        let in_time = |one: &&Told| from <= one.at && one.at <= until;
        let holds = |one: &&Told| self.contains.iter().all(|text| one.text.contains(text.as_str()));
        if told.iter().filter(to_them).filter(in_time).any(|one| holds(&one)) {
            return None;
        }
        let whom = self.receiver.as_deref().unwrap_or("anybody");
        let wanted = format!("expected a message to {whom} between {} and {}", span(from), span(until));
        let why = match told.iter().filter(to_them).collect::<Vec<_>>().as_slice() {
            [] => "there was none".to_owned(),
            all if !all.iter().any(in_time) => {
                let times: Vec<String> = all.iter().map(|one| span(one.at)).collect();
                format!("there were some at {}", times.join(", "))
            }
            all => {
                let lacks = |one: &&&Told| {
                    self.contains.iter().filter(|text| !one.text.contains(text.as_str())).count()
                };
                let nearest = all.iter().filter(|one| in_time(one)).min_by_key(lacks);
                let lacking: Vec<String> = nearest
                    .map(|one| self.contains.iter().filter(|text| !one.text.contains(text.as_str())))
                    .into_iter()
                    .flatten()
                    .map(|text| format!("`{text}`"))
                    .collect();
                let subject = nearest.and_then(|one| one.text.lines().next()).unwrap_or_default();
                format!("the nearest lacks {}: {subject}", lacking.join(", "))
            }
        };
        Some(format!("{wanted}; {why}"))
    }
}

/// Returns a span of time as cases write it.
pub(super) fn span(duration: Duration) -> String {
    conftrail_core::Period(duration).to_string()
}
