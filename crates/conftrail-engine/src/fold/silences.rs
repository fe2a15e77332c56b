//! Silences: which one keeps something from being told, and what its end tells.

use std::collections::BTreeMap;

use conftrail_core::Timestamp;
use conftrail_core::alerting::{
    Alert, AlertState, Announcement, EndedSilence, GroupKey, HeldBackSum, Labels, RuleRef, Severity, Silence,
    Transition, derived_id,
};

use super::Target;
use super::telling::notification;
use crate::matchers::Matcher;
use crate::rules::BUILT_IN;
use crate::shorten::{one_line, shorten};
use crate::words::{self, Language};

/// The name under which the end of a silence is told.
const SILENCE_ENDED: &str = "silence-ended";
/// The longest comment that the one line holds, in characters.
const LONGEST_COMMENT: usize = 120;

/// The silences that hold, ready to be asked.
pub(super) struct Silences(Vec<(String, Vec<Matcher>)>);

impl Silences {
    /// Makes silences ready. One whose matchers cannot be read silences nothing; such a one is never stored.
    pub(super) fn of(silences: &[Silence]) -> Self {
        let ready = |silence: &Silence| {
            let matchers: Result<Vec<_>, _> = silence.matchers.iter().cloned().map(Matcher::new).collect();
            let matchers = matchers.ok().filter(|matchers| !matchers.is_empty())?;
            Some((silence.id.clone(), matchers))
        };
        Self(silences.iter().filter_map(ready).collect())
    }

    /// Says whether a silence still holds.
    pub(super) fn holds(&self, id: &str) -> bool {
        self.0.iter().any(|(known, _)| known == id)
    }

    /// Returns the first silence that matches labels.
    pub(super) fn matching(&self, labels: &Labels) -> Option<&str> {
        let matches =
            |(_, matchers): &&(String, Vec<Matcher>)| matchers.iter().all(|one| one.matches(labels));
        self.0.iter().find(matches).map(|(id, _)| id.as_str())
    }

    /// Returns a silence that matches everything that an alert has gathered, as far as its labels tell: a silence that was
    /// made meanwhile must not hide what nobody meant by it.
    pub(super) fn covering(&self, alert: &Alert) -> Option<&str> {
        let is_one = alert.detections == 1;
        let is_told = |name: &str| match name {
            "severity" => alert.rules.is_empty(),
            name => alert.labels.contains_key(name),
        };
        let covers = |(_, matchers): &&(String, Vec<Matcher>)| {
            matchers.iter().all(|one| (is_one || is_told(&one.plain().name)) && one.matches(&alert.labels))
        };
        self.0.iter().find(covers).map(|(id, _)| id.as_str())
    }
}

/// Tells the end of a silence to everybody it kept from being told, in one line; nothing when it held nothing back.
pub(super) fn tell_end(
    ended: &EndedSilence,
    language: Language,
    now: Timestamp,
    transition: &mut Transition,
) {
    let silence = &ended.silence;
    transition.told_silences.push(silence.id.clone());
    let Some(largest) = ended.held_back.iter().max_by_key(|sum| (sum.announcements, sum.findings)) else {
        return;
    };
    let group = GroupKey(derived_id(&["silence", &silence.id]));
    let alert = Alert {
        id: derived_id(&["alert", &group.0, "ended"]),
        group,
        rule: RuleRef { set: BUILT_IN.to_owned(), id: SILENCE_ENDED.to_owned(), revision: String::new() },
        severity: Severity::Info,
        labels: Labels::from([
            ("alertname".to_owned(), SILENCE_ENDED.to_owned()),
            ("severity".to_owned(), Severity::Info.as_str().to_owned()),
        ]),
        state: AlertState::Announced { at: now },
        opened: now,
        detections: 0,
        summary: Some(summary(silence, largest, language)),
        route: None,
        receiver: None,
        rules: BTreeMap::new(),
        held: None,
        silence: None,
    };
    for sum in &ended.held_back {
        let target = Target { receiver: sum.receiver.clone(), integration: sum.integration.clone() };
        let announcement = announcement(&alert, silence, sum, language);
        transition.notifications.push(notification(&announcement, &target, now));
    }
    transition.alerts.push(alert);
}

fn announcement(alert: &Alert, silence: &Silence, sum: &HeldBackSum, language: Language) -> Announcement {
    let matchers: Vec<String> = silence.matchers.iter().map(ToString::to_string).collect();
    let annotations = [
        ("silence", silence.id.clone()),
        ("matchers", matchers.join(", ")),
        ("from", silence.starts.to_string()),
        ("until", silence.ends.to_string()),
    ];
    Announcement {
        alert: alert.id.clone(),
        group: alert.group.clone(),
        rule: alert.rule.name(),
        severity: alert.severity,
        labels: alert.labels.clone(),
        summary: summary(silence, sum, language),
        annotations: annotations.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        events: Vec::new(),
        total: 0,
        late: false,
        owner: None,
        runbook: None,
        digest: None,
    }
}

fn summary(silence: &Silence, sum: &HeldBackSum, language: Language) -> String {
    let comment = one_line(&silence.comment);
    let comment = shorten(&comment, LONGEST_COMMENT);
    words::silence_ended(&silence.created_by, &comment, (sum.announcements, sum.findings), language)
}
