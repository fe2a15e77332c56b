//! Notifications as the alert worker makes them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use conftrail_core::alerting::{Announcement, Evidence, GroupKey, Notification, NotificationState, Severity};
use conftrail_core::ports::Receiver as _;
use conftrail_core::{
    Action, Actor, Authority, Binding, Change, ChangeOp, Claimed, EventId, Origin, Period, Reason, Resource,
    ResourceKind, Timestamp, Value,
};
use conftrail_engine::message::Presentation;
use conftrail_notify::mail::{Config, Receiver, TlsMode};

pub(crate) const DEADLINE: Duration = Duration::from_secs(20);
pub(crate) const TO: &str = "ops@example.com";

/// A configuration for a server on this machine that speaks in clear.
pub(crate) fn clear(port: u16) -> Config {
    Config {
        name: "ops".to_owned(),
        smarthost: format!("127.0.0.1:{port}"),
        from: "Conftrail <conftrail@corp.example>".to_owned(),
        to: vec![TO.to_owned()],
        tls: TlsMode::None,
        timeout: Period::seconds(20),
        ..Config::default()
    }
}

pub(crate) fn receiver(config: Config) -> Receiver {
    Receiver::new(config, Presentation::default()).expect("the configuration is right")
}

/// A notification for the receiver's first integration.
pub(crate) fn notification(receiver: &Receiver) -> Notification {
    let integration = receiver.integrations().swap_remove(0);
    Notification { integration, ..sample() }
}

/// A small notification: one change by a known person.
pub(crate) fn sample() -> Notification {
    let announcement = Announcement {
        alert: "a1f0".to_owned(),
        group: GroupKey("9c2e".to_owned()),
        rule: "production/limit-raised".to_owned(),
        severity: Severity::Critical,
        labels: BTreeMap::from([("resource_env".to_owned(), "prod".to_owned())]),
        summary: "alice changed 1 key of feature_flags/42".to_owned(),
        annotations: BTreeMap::new(),
        events: vec![evidence(alice(), vec![replace("limit", Value::Int(100), Value::Int(500))])],
        total: 1,
        late: false,
        owner: Some("pay-team".to_owned()),
        runbook: Some("https://wiki.example/limits".to_owned()),
        digest: None,
    };
    Notification {
        id: "4f6b0c0d9e8a".to_owned(),
        receiver: "ops".to_owned(),
        integration: format!("email/{TO}"),
        announcement,
        state: NotificationState::Queued,
        attempts: 0,
        possible_repeat: false,
        created: Timestamp::parse("2026-11-20T10:00:10Z").expect("a time"),
        due: Timestamp::parse("2026-11-20T10:00:10Z").expect("a time"),
        last_error: None,
        instead_of: Vec::new(),
    }
}

pub(crate) fn evidence(actor: Actor, changes: Vec<Change>) -> Evidence {
    let time = Timestamp::parse("2026-11-20T10:00:00.123456Z").expect("a time");
    let mut resource =
        Resource::new("mysql", "orders-db", ResourceKind::Row, Some("shop"), Some("feature_flags"), "42");
    resource.env = Some("prod".into());
    resource.service = Some("checkout".into());
    Evidence {
        event: EventId::derive(time, "orders-db", "c9f06a51:60233", 0),
        time,
        observed: time.plus(Duration::from_millis(60)),
        action: Action::Update,
        source: Arc::new(Origin {
            kind: "mysql".into(),
            name: "orders-db".into(),
            channel: "binlog".into(),
            version: None,
        }),
        resource,
        actor,
        reason: Some(Reason {
            ticket: Some("CHG-1234".into()),
            approver: Some("bob".into()),
            message: Some("raise the limit".into()),
            authority: Authority::Asserted,
        }),
        change_count: changes.len() as u64,
        changes,
        flags: Vec::new(),
        detail: BTreeMap::new(),
    }
}

pub(crate) fn alice() -> Actor {
    Actor {
        name: Some("alice".into()),
        ip: Some("10.0.0.5".into()),
        binding: Binding::Exact,
        authority: Authority::Asserted,
        via: Some("comment".into()),
        login: Some("app@10.0.0.%".into()),
        client: Some("flag-console".into()),
        ..Actor::default()
    }
}

/// A login that is not trusted and says that it is alice.
pub(crate) fn claims_alice() -> Actor {
    let claimed =
        Claimed { name: Some("alice".into()), via: Some("comment".into()), reason: Some("CHG-9".into()) };
    Actor {
        name: Some("app@10.0.0.%".into()),
        login: Some("app@10.0.0.%".into()),
        binding: Binding::Exact,
        authority: Authority::Authenticated,
        claimed: Some(claimed),
        ..Actor::default()
    }
}

pub(crate) fn replace(path: &str, before: Value, after: Value) -> Change {
    Change {
        path: path.into(),
        op: ChangeOp::Replace,
        before: Some(before),
        after: Some(after),
        sensitive: false,
    }
}

pub(crate) fn add(path: &str, after: Value) -> Change {
    Change { path: path.into(), op: ChangeOp::Add, before: None, after: Some(after), sensitive: false }
}

pub(crate) fn remove(path: &str, before: Value) -> Change {
    Change { path: path.into(), op: ChangeOp::Remove, before: Some(before), after: None, sensitive: false }
}
