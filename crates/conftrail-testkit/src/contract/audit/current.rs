//! The last value of every resource.

use conftrail_core::ports::CurrentRow;
use conftrail_core::{Action, Event, Map, Order, Resource, ResourceKind};

use super::{Opened, Trails};
use crate::contract::events::{about, event, row_id, without_content};

async fn values(trail: &Opened, prefix: &str, limit: usize) -> Vec<CurrentRow> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = trail.reader.current(prefix, limit, cursor).await.unwrap();
        assert!(page.rows.len() <= limit);
        found.extend(page.rows);
        match page.next {
            Some(next) => cursor = Some(next),
            None => return found,
        }
    }
}

async fn value(trail: &Opened, name: &str) -> Option<CurrentRow> {
    values(trail, &row_id(name), 10).await.into_iter().find(|row| row.resource == row_id(name))
}

/// What `current` says when an event set the value.
fn set_by(event: &Event) -> Option<CurrentRow> {
    let resource = event.resource.renamed_to.as_deref().unwrap_or(&event.resource.id).to_owned();
    Some(CurrentRow { resource, value: event.after.clone(), event: event.id, time: event.time })
}

/// What `current` says of a resource that an event left unknown.
fn unknown_since(name: &str, event: &Event) -> Option<CurrentRow> {
    Some(CurrentRow { resource: row_id(name), value: None, event: event.id, time: event.time })
}

fn deleted(name: &str, number: u64) -> Event {
    Event { action: Action::Delete, after: None, ..about(name, event(number)) }
}

fn truncated(number: u64) -> Event {
    let table = Resource::new("mysql", "orders-db", ResourceKind::Table, Some("shop"), None, "flags");
    without_content(Action::Truncate, table, number)
}

fn emptied_by(statement: &str, number: u64) -> Event {
    let mut detail = Map::default();
    detail.insert("text", statement);
    Event { detail: Some(detail), ..truncated(number) }
}

/// Epoch first, then offset; the times do not matter.
pub async fn the_newest_in_log_order_wins_in_whatever_order_it_comes(trails: &dyn Trails) {
    let trail = trails.open().await;
    let newest = Event { time: event(1).time, ..about("42", event(7)) };
    trail.write([about("42", event(3)), newest.clone()]).await;
    assert_eq!(value(&trail, "42").await, set_by(&newest));
    trail.write([about("42", event(5))]).await;
    assert_eq!(value(&trail, "42").await, set_by(&newest));
    let rebuilt = Order { epoch: 2, partition: 0, offset: 1 };
    let after_rebuild = Event { log: Some(rebuilt), ..about("42", event(8)) };
    trail.write([after_rebuild.clone()]).await;
    drop(trail);
    assert_eq!(value(&trails.open().await, "42").await, set_by(&after_rebuild));
}

/// What arrives late does not bring it back.
pub async fn a_deleted_resource_has_no_value_until_it_is_made_again(trails: &dyn Trails) {
    let trail = trails.open().await;
    trail.write([about("42", event(1)), deleted("42", 5)]).await;
    trail.write([about("42", event(3))]).await;
    assert_eq!(value(&trail, "42").await, None);
    let again = Event { action: Action::Create, before: None, ..about("42", event(6)) };
    trail.write([again.clone()]).await;
    assert_eq!(value(&trail, "42").await, set_by(&again));
}

/// The old id has no value, the new one has what came after.
pub async fn a_rename_moves_the_value(trails: &dyn Trails) {
    let trail = trails.open().await;
    let mut renamed = Event { action: Action::Rename, ..about("old", event(2)) };
    renamed.resource.renamed_to = Some(row_id("new").into());
    trail.write([about("old", event(1)), renamed.clone()]).await;
    assert_eq!(value(&trail, "old").await, None);
    assert_eq!(value(&trail, "new").await, set_by(&renamed));
}

/// The first occurrence has moved `current` already; a later one may stand behind other changes.
pub async fn a_repeat_leaves_current_alone(trails: &dyn Trails) {
    let trail = trails.open().await;
    let newer = about("42", event(2));
    trail.write([about("42", event(1)), newer.clone()]).await;
    let again = Event { log: event(9).log, ..about("42", event(1)) };
    trail.write([again]).await;
    assert_eq!(value(&trail, "42").await, set_by(&newer));
}

/// Rows of the table only, and only those not seen since.
pub async fn values_below_a_truncated_table_are_unknown_until_seen_again(trails: &dyn Trails) {
    let trail = trails.open().await;
    let resource = Resource::new("mysql", "orders-db", ResourceKind::Row, Some("shop"), Some("flags2"), "1");
    let other_table = Event { resource, ..event(3) };
    trail.write([about("1", event(1)), about("2", event(2)), other_table.clone()]).await;
    trail.write([truncated(5), about("2", event(6))]).await;
    // One that is late stands before the truncation.
    trail.write([about("3", event(4))]).await;
    assert_eq!(value(&trail, "1").await, unknown_since("1", &truncated(5)));
    assert_eq!(value(&trail, "2").await, set_by(&about("2", event(6))));
    assert_eq!(value(&trail, "3").await, unknown_since("3", &truncated(5)));
    assert_eq!(values(&trail, "mysql:orders-db/shop/flags2/", 10).await, [set_by(&other_table).unwrap()]);
}

/// Nothing is left of a table that was emptied whole, until rows come again. Of a partition nobody knows.
pub async fn a_table_that_was_emptied_whole_has_no_values_until_rows_come_again(trails: &dyn Trails) {
    let trail = trails.open().await;
    let emptied = emptied_by("truncate table flags", 5);
    trail.write([about("1", event(1)), about("2", event(2)), about("4", event(3)), emptied.clone()]).await;
    trail.write([about("2", event(6))]).await;
    // Pages are filled with what there is.
    assert_eq!(
        values(&trail, "mysql:orders-db/shop/flags/", 1).await,
        [set_by(&about("2", event(6))).unwrap()]
    );
    assert_eq!(value(&trail, "1").await, None);
    let partly = emptied_by("ALTER TABLE flags TRUNCATE PARTITION p0", 8);
    trail.write([partly.clone()]).await;
    assert_eq!(value(&trail, "2").await, unknown_since("2", &partly));
    let mut failed = emptied_by("TRUNCATE flags", 9);
    failed.detail.as_mut().unwrap().insert("server_error", 1317_u64);
    trail.write([failed.clone()]).await;
    assert_eq!(value(&trail, "2").await, unknown_since("2", &failed));
    trail.write([emptied_by("TRUNCATE flags", 10)]).await;
    assert!(values(&trail, "", 10).await.is_empty());
}

/// A gap leaves nothing known of its source, and everything of others.
pub async fn values_of_a_source_with_a_gap_are_unknown_since_the_gap(trails: &dyn Trails) {
    let trail = trails.open().await;
    let source = Resource::new("mysql", "orders-db", ResourceKind::Source, None, None, "orders-db");
    let gap = without_content(Action::Gap, source, 5);
    let resource = Resource::new("mysql", "users-db", ResourceKind::Row, Some("iam"), Some("roles"), "1");
    let elsewhere = Event { resource, ..event(2) };
    // The older mark below does not hide the newer one above.
    trail.write([about("1", event(1)), elsewhere.clone(), truncated(4), gap.clone()]).await;
    assert_eq!(value(&trail, "1").await, unknown_since("1", &gap));
    assert_eq!(values(&trail, "mysql:users-db/", 10).await, [set_by(&elsewhere).unwrap()]);
}

/// Ids are in order, a prefix is exact, and pages join to the whole.
pub async fn a_prefix_is_paged_by_id(trails: &dyn Trails) {
    let trail = trails.open().await;
    let names = ["1", "10", "11", "2", "限流", "限流2"];
    for (number, name) in (1..).zip(names) {
        trail.write([about(name, event(number))]).await;
    }
    trail.write([deleted("11", 20)]).await;
    for (prefix, expected) in [
        ("", &["1", "10", "2", "限流", "限流2"][..]),
        ("1", &["1", "10"]),
        ("限", &["限流", "限流2"]),
        ("3", &[]),
    ] {
        for limit in [1, 2, 100] {
            let found = values(&trail, &row_id(prefix), limit).await;
            let ids: Vec<&str> = found.iter().map(|row| row.resource.as_str()).collect();
            let expected: Vec<String> = expected.iter().map(|name| row_id(name)).collect();
            assert_eq!(ids, expected, "{prefix} {limit}");
        }
    }
}
