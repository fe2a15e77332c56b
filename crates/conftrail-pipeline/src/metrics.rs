//! The pipeline's metrics. Labels name parts of conftrail, never values of a customer.

use std::sync::Arc;

use conftrail_core::{Action, Event};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabel {
    source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UnclearLabel {
    source: String,
    action: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkerLabel {
    worker: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GroupLabel {
    group: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RuleLabel {
    rule: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: Outcome,
}

/// Events that stand for changes which are not known one by one.
const UNCLEAR: [Action; 3] = [Action::Gap, Action::Undecoded, Action::Statement];

/// How a thing that is counted ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Stored,
    Repeated,
    ReAttributed,
    Conflict,
    Refused,
    Sent,
    Retried,
    Unknown,
    Dead,
    Digested,
}

/// In the words of the ledger, as metric labels are written: lower case.
impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        let word = match self {
            Self::Stored => "stored",
            Self::Repeated => "repeated",
            Self::ReAttributed => "re_attributed",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
            Self::Sent => "sent",
            Self::Retried => "retried",
            Self::Unknown => "unknown",
            Self::Dead => "dead",
            Self::Digested => "digested",
        };
        EncodeLabelValue::encode(&word, encoder)
    }
}

#[derive(Debug, Default)]
struct Families {
    source_events: Family<SourceLabel, Counter>,
    source_watermark: Family<SourceLabel, Gauge>,
    source_kept_until: Family<SourceLabel, Gauge>,
    source_unclear: Family<UnclearLabel, Counter>,
    source_unreadable: Family<SourceLabel, Gauge>,
    worker_failures: Family<WorkerLabel, Counter>,
    group_lag: Family<GroupLabel, Gauge>,
    audit_events: Family<OutcomeLabel, Counter>,
    detections: Counter,
    rule_errors: Family<RuleLabel, Counter>,
    undecodable: Counter,
    notifications: Family<OutcomeLabel, Counter>,
    retired: Counter,
    rules_last_reload_success: Gauge,
    rules_published: Gauge,
    rules_in_force: Gauge,
}

/// The counters and gauges of the workers of one process.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Families>);

impl Metrics {
    /// Makes the metrics and registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let all = &metrics.0;
        registry.register("source_events", "Changes read from a source", all.source_events.clone());
        registry.register(
            "source_watermark_seconds",
            "The source's own clock up to which everything has been read, Unix time",
            all.source_watermark.clone(),
        );
        registry.register(
            "source_kept_until_seconds",
            "The source's own clock until which it keeps all that is not read yet, Unix time",
            all.source_kept_until.clone(),
        );
        registry.register(
            "source_unclear_events",
            "Recorded events that stand for changes which are not known one by one",
            all.source_unclear.clone(),
        );
        registry.register(
            "source_unreadable",
            "Files and directories of a source that exist and cannot be read now",
            all.source_unreadable.clone(),
        );
        registry.register(
            "worker_failures",
            "How often a worker failed and was started again",
            all.worker_failures.clone(),
        );
        registry.register(
            "group_lag_records",
            "Records of the change log that a consumer group has still to read",
            all.group_lag.clone(),
        );
        registry.register("audit_events", "Events handed to the audit store", all.audit_events.clone());
        registry.register("detections", "New detections by rules", all.detections.clone());
        registry.register(
            "rule_errors",
            "Events for which a condition of a rule could not be evaluated",
            all.rule_errors.clone(),
        );
        registry.register(
            "undecodable_records",
            "Records of the change log that could not be read and were set aside",
            all.undecodable.clone(),
        );
        registry.register(
            "notifications",
            "Attempts to notify, by how they ended",
            all.notifications.clone(),
        );
        registry.register(
            "rules_last_reload_success",
            "1 while the rule and routing files as they stand are in force, 0 while they have an error",
            all.rules_last_reload_success.clone(),
        );
        registry.register(
            "rules_published_seconds",
            "When the rules in force were published, Unix time",
            all.rules_published.clone(),
        );
        registry.register(
            "rules_in_force",
            "Rules in force, built-in ones included",
            all.rules_in_force.clone(),
        );
        registry.register("retired_records", "Records removed by retention", all.retired.clone());
        metrics
    }

    /// Tells whether the rule files as they stand are in force.
    pub fn rules_reloaded(&self, success: bool) {
        self.0.rules_last_reload_success.set(i64::from(success));
    }

    /// Tells which rules are in force: how many, and since when in seconds of Unix time.
    pub fn rules_in_force(&self, count: usize, published_seconds: i64) {
        self.0.rules_in_force.set(i64::try_from(count).unwrap_or(i64::MAX));
        self.0.rules_published.set(published_seconds);
    }

    pub(crate) fn source_events(&self, source: &str, count: u64) {
        self.0.source_events.get_or_create(&SourceLabel { source: source.to_owned() }).inc_by(count);
    }

    pub(crate) fn watermark(&self, source: &str, seconds: i64) {
        self.0.source_watermark.get_or_create(&SourceLabel { source: source.to_owned() }).set(seconds);
    }

    /// Sets until when the source keeps what is not read yet; with nothing, there is no such time.
    pub(crate) fn kept_until(&self, source: &str, seconds: Option<i64>) {
        let label = SourceLabel { source: source.to_owned() };
        match seconds {
            Some(seconds) => drop(self.0.source_kept_until.get_or_create(&label).set(seconds)),
            None => drop(self.0.source_kept_until.remove(&label)),
        }
    }

    /// Makes the counters of a source: a rate needs the zero that it starts from.
    pub(crate) fn source_begins(&self, source: &str) {
        for action in UNCLEAR {
            let label = UnclearLabel { source: source.to_owned(), action: action.as_str() };
            drop(self.0.source_unclear.get_or_create(&label));
        }
    }

    /// Counts an event that is on record, if it is one of those.
    pub(crate) fn recorded(&self, event: &Event) {
        if UNCLEAR.contains(&event.action) {
            let label = UnclearLabel { source: event.source.name.to_string(), action: event.action.as_str() };
            self.0.source_unclear.get_or_create(&label).inc();
        }
    }

    pub(crate) fn source_unreadable(&self, source: &str, count: u64) {
        let gauge = self.0.source_unreadable.get_or_create(&SourceLabel { source: source.to_owned() });
        gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub(crate) fn worker_failed(&self, worker: &str) {
        self.0.worker_failures.get_or_create(&WorkerLabel { worker: worker.to_owned() }).inc();
    }

    pub(crate) fn group_lag(&self, group: &str, records: u64) {
        let gauge = self.0.group_lag.get_or_create(&GroupLabel { group: group.to_owned() });
        gauge.set(i64::try_from(records).unwrap_or(i64::MAX));
    }

    pub(crate) fn audit(&self, outcome: Outcome, count: u64) {
        if count > 0 {
            self.0.audit_events.get_or_create(&OutcomeLabel { outcome }).inc_by(count);
        }
    }

    pub(crate) fn detections(&self, count: u64) {
        self.0.detections.inc_by(count);
    }

    pub(crate) fn rule_error(&self, rule: &str) {
        self.0.rule_errors.get_or_create(&RuleLabel { rule: rule.to_owned() }).inc();
    }

    pub(crate) fn undecodable(&self) {
        self.0.undecodable.inc();
    }

    pub(crate) fn notification(&self, outcome: Outcome) {
        self.0.notifications.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    pub(crate) fn notifications(&self, outcome: Outcome, count: u64) {
        self.0.notifications.get_or_create(&OutcomeLabel { outcome }).inc_by(count);
    }

    pub(crate) fn retired(&self, count: u64) {
        self.0.retired.inc_by(count);
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text::encode;
    use prometheus_client::registry::Registry;

    use super::Metrics;

    #[test]
    fn until_when_a_source_keeps_what_is_unread_is_told_while_there_is_such_a_time() {
        let mut registry = Registry::default();
        let metrics = Metrics::register(&mut registry);
        let told = |until| {
            metrics.kept_until("db", until);
            let mut text = String::new();
            encode(&mut text, &registry).unwrap();
            text.lines().find(|line| line.starts_with("source_kept_until_seconds{")).map(str::to_owned)
        };
        assert_eq!(
            told(Some(1_795_000_000)).as_deref(),
            Some(r#"source_kept_until_seconds{source="db"} 1795000000"#)
        );
        assert_eq!(told(None), None);
    }
}
