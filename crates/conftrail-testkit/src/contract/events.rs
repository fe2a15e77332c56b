//! Small events to put into a log or a trail, each told from the next by a number.

use std::sync::Arc;
use std::time::Duration;

use conftrail_core::{
    Action, Actor, Authority, Binding, Change, ChangeList, ChangeOp, Event, EventId, Map, Order, Origin,
    Record, Resource, ResourceKind, Timestamp, Value,
};

/// Returns a time `seconds` after an arbitrary beginning.
pub fn at(seconds: u64) -> Timestamp {
    Timestamp::from_micros(1_795_168_800_000_001).plus(Duration::from_secs(seconds))
}

/// Returns the place of record `number` in a log of one partition.
pub fn order(number: u64) -> Order {
    Order { epoch: 1, partition: 0, offset: number }
}

/// Returns update `number`, of the row that bears its number, committed and logged at that place.
pub fn event(number: u64) -> Event {
    let time = at(number);
    let name = number.to_string();
    let row = |limit: u64| {
        let mut row = Map::default();
        row.insert("id", number);
        row.insert("limit", limit);
        row.insert("ratio", 0.1);
        row.insert("note", Value::Null);
        row.insert("title", "限流规则");
        Value::Map(row)
    };
    Event {
        v: 1,
        id: EventId::derive(time, "orders-db", "gtid:1", number),
        time,
        observed: time.plus(Duration::from_millis(64)),
        action: Action::Update,
        source: Arc::new(Origin {
            kind: Arc::from("mysql"),
            name: Arc::from("orders-db"),
            channel: Arc::from("binlog"),
            version: None,
        }),
        resource: Resource::new("mysql", "orders-db", ResourceKind::Row, Some("shop"), Some("flags"), &name),
        actor: Arc::new(Actor {
            name: Some("alice".into()),
            binding: Binding::Exact,
            authority: Authority::Asserted,
            ..Actor::default()
        }),
        reason: None,
        correlation: None,
        detail: None,
        format: Some("row".into()),
        before: Some(row(100)),
        after: Some(row(u64::MAX - number)),
        changes: vec![Change {
            path: "limit".into(),
            op: ChangeOp::Replace,
            before: Some(Value::from(100_i64)),
            after: Some(Value::from(u64::MAX - number)),
            sensitive: false,
        }]
        .into(),
        masked: Vec::new(),
        flags: Vec::new(),
        truncated: false,
        position: None,
        tx: None,
        trace: None,
        labels: std::collections::BTreeMap::new(),
        log: Some(order(number)),
    }
}

/// Returns event `number` as a collector hands it to the log: without a place.
pub fn record(number: u64) -> Record {
    Record::Change(Arc::new(Event { log: None, ..event(number) }))
}

/// Returns the same event about another resource of the same table.
pub fn about(name: &str, event: Event) -> Event {
    let resource = Resource::new("mysql", "orders-db", ResourceKind::Row, Some("shop"), Some("flags"), name);
    Event { resource, ..event }
}

/// Returns the id of a row of the table that all events are about.
pub fn row_id(name: &str) -> String {
    format!("mysql:orders-db/shop/flags/{name}")
}

/// An event about more than a row, without content.
pub fn without_content(action: Action, resource: Resource, number: u64) -> Event {
    Event {
        action,
        resource,
        before: None,
        after: None,
        format: None,
        changes: ChangeList::default(),
        ..event(number)
    }
}
