//! Small things to put into a control store, each told from the next by a number or a name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use conftrail_core::alerting::{
    Alert, AlertState, Announcement, Detection, Evidence, Fate, GroupKey, LabelMatcher, Labels, Notification,
    NotificationState, RuleRef, Settlement, Severity, Silence, Transition, Verdict, derived_id,
};
use conftrail_core::own::{Act, Aside, Role, Token};
use conftrail_core::ports::Grouping;
use conftrail_core::{
    Action, Actor, Authority, Binding, Change, ChangeOp, EventId, Origin, Resource, ResourceKind, Timestamp,
    Value,
};

/// Returns a time `seconds` after an arbitrary beginning.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_795_168_800_000_001).plus(Duration::from_secs(seconds))
}

/// Returns detection `number` of the group that `env` stands for, detected at second `number`.
pub fn detection(env: &str, number: u64) -> Detection {
    let time = at(number);
    let id = EventId::derive(time, "orders-db", "gtid:1", number);
    let resource = Resource::new("mysql", "orders-db", ResourceKind::Row, Some("商店"), Some("flags"), "42");
    Detection {
        id: derived_id(&["detection", env, &number.to_string()]),
        rule: RuleRef { set: "pack".into(), id: "limits".into(), revision: "r1".into() },
        severity: Severity::High,
        labels: Labels::from([("alertname".into(), "limits".into()), ("env".into(), env.into())]),
        verdict: Verdict::Match,
        detected: time,
        late: false,
        evidence: Evidence {
            event: id,
            time,
            observed: time.plus(Duration::from_millis(64)),
            action: Action::Update,
            source: Arc::new(Origin {
                kind: Arc::from("mysql"),
                name: Arc::from("orders-db"),
                channel: Arc::from("binlog"),
                version: None,
            }),
            resource,
            actor: Actor {
                name: Some("alice".into()),
                binding: Binding::Exact,
                authority: Authority::Asserted,
                ..Actor::default()
            },
            reason: None,
            changes: vec![Change {
                path: "limit".into(),
                op: ChangeOp::Replace,
                before: Some(Value::Null),
                after: Some(Value::from(u64::MAX)),
                sensitive: false,
            }],
            change_count: 1,
            flags: vec!["backfill".into()],
            detail: BTreeMap::from([("note".into(), "a \"quoted\" note".into())]),
        },
    }
}

/// Returns the alert of a group that gathers until `flush_at`.
pub fn collecting(first: &Detection, flush_at: Timestamp) -> Alert {
    Alert {
        id: derived_id(&["alert", &first.group().0, &first.id]),
        group: first.group(),
        rule: first.rule.clone(),
        severity: first.severity,
        labels: first.labels.clone(),
        state: AlertState::Collecting { flush_at },
        opened: first.detected,
        detections: 1,
        summary: None,
        route: None,
        receiver: None,
        rules: BTreeMap::new(),
        held: None,
        silence: None,
    }
}

/// Groups as a root route without `group_by` does, under no silence: by rule and labels.
struct ByRule;

impl Grouping for ByRule {
    fn groups(&self, open: &[Detection], _: &[Silence], _: Timestamp) -> Vec<GroupKey> {
        open.iter().map(Detection::group).collect()
    }
}

/// Returns the grouping that gives each detection one group, by rule and labels.
pub fn by_rule() -> Arc<dyn Grouping> {
    Arc::new(ByRule)
}

/// Returns silence `number`, on a label of its own, that holds between two seconds.
pub fn silence(number: u64, starts: u64, ends: u64) -> Silence {
    Silence {
        id: derived_id(&["silence", &number.to_string()]),
        matchers: vec![LabelMatcher {
            name: "env".into(),
            value: format!("值{number}"),
            is_regex: false,
            is_equal: true,
        }],
        starts: at(starts),
        ends: at(ends),
        created_by: "alice".into(),
        comment: "maintenance \"of\" the database".into(),
        created: at(0),
    }
}

/// Returns the same alert once it was announced.
pub fn announced(alert: &Alert, at: Timestamp) -> Alert {
    Alert { state: AlertState::Announced { at }, summary: Some("limit changed".into()), ..alert.clone() }
}

/// Returns the fate of a detection that an alert shows.
pub fn shown(detection: &Detection, alert: &Alert) -> (String, Fate) {
    (detection.id.clone(), Fate::Announced { alert: alert.id.clone() })
}

/// Returns the fate of a detection that an alert counts.
pub fn counted(detection: &Detection, alert: &Alert) -> (String, Fate) {
    (detection.id.clone(), Fate::Counted { alert: alert.id.clone() })
}

/// Returns notification `number` for an integration, due at second `number`.
pub fn notification(integration: &str, number: u64) -> Notification {
    let detection = detection("prod", number);
    Notification {
        id: derived_id(&["notification", integration, &number.to_string()]),
        receiver: "team".into(),
        integration: integration.into(),
        announcement: Announcement {
            alert: collecting(&detection, at(number)).id,
            group: detection.group(),
            rule: detection.rule.name(),
            severity: detection.severity,
            labels: detection.labels.clone(),
            summary: "limit changed".into(),
            annotations: BTreeMap::from([("note".into(), "看一下".into())]),
            events: vec![detection.evidence],
            total: 1,
            late: false,
            owner: Some("pay-team".into()),
            runbook: None,
            digest: None,
        },
        state: NotificationState::Queued,
        attempts: 0,
        possible_repeat: false,
        created: at(number),
        due: at(number),
        last_error: None,
        instead_of: Vec::new(),
    }
}

/// Returns a transition that only queues notifications.
pub fn queue(notifications: Vec<Notification>) -> Transition {
    Transition { notifications, ..Transition::default() }
}

/// Returns the settlement of a message that was taken.
pub fn sent(seconds: u64) -> Settlement {
    Settlement::Sent { receipt: "250 ok".into(), at: at(seconds) }
}

/// Returns the settlement of a message that is tried again.
pub fn retry(seconds: u64) -> Settlement {
    Settlement::Retry { due: at(seconds), error: "451 later".into() }
}

/// Returns the settlement of a message whose answer was lost.
pub fn unknown(seconds: u64) -> Settlement {
    Settlement::Unknown { due: at(seconds), error: "no answer after DATA".into() }
}

/// Returns the settlement of a message that is given up.
pub fn dead(seconds: u64) -> Settlement {
    Settlement::Dead { error: "550 no such user".into(), at: at(seconds) }
}

/// Returns a token with a hash of its own, valid until it is revoked.
pub fn token(name: &str, hash: &str) -> Token {
    Token {
        filter: None,
        name: name.into(),
        role: Role::Operator,
        hash: hash.into(),
        created: at(0),
        expires: None,
        revoked: None,
    }
}

/// Returns an act on a token, done at a second.
pub fn act(name: &str, action: Action, seconds: u64) -> Act {
    Act {
        time: at(seconds),
        actor: "root".into(),
        via: "os-user".into(),
        action,
        kind: ResourceKind::Token,
        name: name.into(),
        before: Some(Value::Null),
        after: Some(Value::from("operator")),
        message: None,
    }
}

/// Returns something set aside.
pub fn aside(key: &str, seconds: u64) -> Aside {
    Aside {
        place: "log".into(),
        key: key.into(),
        time: at(seconds),
        reason: "is no record".into(),
        bytes: vec![0, 159, 146, 150],
    }
}
