//! What every change log does, whatever it is built on.
//!
//! A case is an async function over [`Logs`]; [`change_log_contract!`](crate::change_log_contract) makes a test of
//! each. Reopening stands for a restart of the process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::ports::{ChangeLog, Delivery, LoggedRecord, Subscription};
use conftrail_core::{EventId, LogIdentity, LogPlace, Order, Position, Progress, Record, Value};

use super::events::{at, record};

/// How long a delivery may take before a case fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// One empty log at the beginning of a case, opened as often as the case restarts.
#[async_trait]
pub trait Logs: Send + Sync {
    /// Opens the log with everything that was appended to it before; no other handle to it is alive.
    async fn open(&self) -> Arc<dyn ChangeLog>;
}

/// Makes a test of every case; the argument is an expression that makes [`Logs`] with nothing in them.
#[macro_export]
macro_rules! change_log_contract {
    ($logs:expr) => {
        $crate::change_log_contract! { @tests $logs;
            records_come_back_whole_and_in_order
            a_known_change_adds_nothing
            progress_is_never_taken_for_a_repeat
            a_group_goes_on_where_it_committed
            what_was_not_committed_comes_again
            groups_do_not_disturb_each_other
            a_wait_ends_when_something_is_appended
            a_wait_that_is_given_up_loses_nothing
            a_long_backlog_comes_in_batches
            records_appended_at_once_all_arrive
            the_lag_is_what_is_still_to_read
            a_log_is_the_same_after_a_restart
            an_empty_append_is_none
            a_log_that_goes_as_far_as_was_seen_is_recognised
            a_log_that_ends_before_what_was_seen_is_another
            what_another_log_hands_out_orders_after_what_was_seen
        }
    };
    (@tests $logs:expr; $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::contract::change_log::$case(&$logs).await;
            }
        )*
    };
}

/// Waits for `count` records.
///
/// # Panics
/// When they do not come.
pub async fn read(subscription: &mut dyn Subscription, count: usize) -> Vec<LoggedRecord> {
    let mut records = Vec::new();
    while records.len() < count {
        let delivery = tokio::time::timeout(PATIENCE, subscription.next()).await;
        if let Delivery::Batch(batch) = delivery.expect("records in time").expect("a log that can be read") {
            check_places(&batch.records, &batch.next);
            records.extend(batch.records);
        }
    }
    records
}

/// Checks that `next` names, per partition, the place after the last record.
fn check_places(records: &[LoggedRecord], next: &[Order]) {
    for logged in records {
        let order = logged.order;
        let after = next.iter().find(|next| (next.epoch, next.partition) == (order.epoch, order.partition));
        assert!(after.is_some_and(|after| after.offset > order.offset), "{order:?} {next:?}");
        if let Ok(Record::Change(event)) = &logged.record {
            assert_eq!(event.log, Some(order), "an event holds its place");
        }
    }
}

/// The places to commit after these records.
fn after(records: &[LoggedRecord]) -> Vec<Order> {
    let mut next = BTreeMap::new();
    for LoggedRecord { order, .. } in records {
        next.insert((order.epoch, order.partition), Order { offset: order.offset + 1, ..*order });
    }
    next.into_values().collect()
}

fn ids(records: &[LoggedRecord]) -> Vec<EventId> {
    let mut ids = Vec::new();
    for logged in records {
        if let Ok(Record::Change(event)) = &logged.record {
            ids.push(event.id);
        }
    }
    ids
}

fn id(number: u64) -> EventId {
    let Record::Change(event) = record(number) else { unreachable!("`record` makes changes") };
    event.id
}

fn progress(seconds: u64) -> Record {
    let source = Arc::from("orders-db");
    Record::Progress(Progress { source, watermark: at(seconds), position: Position(Value::from("gtid:1-9")) })
}

async fn append(log: &Arc<dyn ChangeLog>, records: &[Record]) {
    log.append(records).await.expect("a log that takes records");
}

async fn subscribe(log: &Arc<dyn ChangeLog>, group: &str) -> Box<dyn Subscription> {
    log.subscribe(group).await.expect("a group that can be joined")
}

/// What comes out is what went in, with its place, from memory and from the file alike.
pub async fn records_come_back_whole_and_in_order(logs: &dyn Logs) {
    let log = logs.open().await;
    let appended = [record(1), progress(1), record(2), record(3)];
    append(&log, &appended).await;
    let warm = read(&mut *subscribe(&log, "audit").await, 4).await;
    drop(log);
    let cold = read(&mut *subscribe(&logs.open().await, "audit").await, 4).await;
    for records in [&warm, &cold] {
        let changes: Vec<&Record> = records.iter().filter_map(|logged| logged.record.as_ref().ok()).collect();
        for (one, other) in changes.iter().zip(&appended) {
            match (one, other) {
                (Record::Change(one), Record::Change(other)) => {
                    let mut placed = conftrail_core::Event::clone(other);
                    placed.log = one.log;
                    assert_eq!(**one, placed);
                }
                (one, other) => assert_eq!(*one, other),
            }
        }
    }
    assert_eq!(warm, cold);
}

/// An id that the log holds is left out, alone, within a batch and after a restart.
pub async fn a_known_change_adds_nothing(logs: &dyn Logs) {
    let log = logs.open().await;
    append(&log, &[record(1), record(2)]).await;
    append(&log, &[record(1)]).await;
    append(&log, &[record(2), record(3), record(3)]).await;
    drop(log);
    let log = logs.open().await;
    append(&log, &[record(3), record(4)]).await;
    let records = read(&mut *subscribe(&log, "audit").await, 4).await;
    assert_eq!(ids(&records), [id(1), id(2), id(3), id(4)]);
}

/// Equal progress is appended as often as it is written.
pub async fn progress_is_never_taken_for_a_repeat(logs: &dyn Logs) {
    let log = logs.open().await;
    append(&log, &[progress(1), progress(1)]).await;
    append(&log, &[progress(1)]).await;
    assert_eq!(read(&mut *subscribe(&log, "detect").await, 3).await.len(), 3);
}

/// Committed places survive a restart.
pub async fn a_group_goes_on_where_it_committed(logs: &dyn Logs) {
    let log = logs.open().await;
    append(&log, &[record(1), record(2)]).await;
    let mut subscription = subscribe(&log, "audit").await;
    let records = read(&mut *subscription, 2).await;
    subscription.commit(&after(&records)).await.expect("a commit");
    drop((subscription, log));
    let log = logs.open().await;
    append(&log, &[record(3)]).await;
    assert_eq!(ids(&read(&mut *subscribe(&log, "audit").await, 1).await), [id(3)]);
}

/// Handing out is not reading.
pub async fn what_was_not_committed_comes_again(logs: &dyn Logs) {
    let log = logs.open().await;
    append(&log, &[record(1), record(2), record(3)]).await;
    let mut subscription = subscribe(&log, "audit").await;
    let records = read(&mut *subscription, 3).await;
    subscription.commit(&after(&records[..1])).await.expect("a commit");
    drop((subscription, log));
    let again = read(&mut *subscribe(&logs.open().await, "audit").await, 2).await;
    assert_eq!(ids(&again), [id(2), id(3)]);
}

/// Each group has a place of its own, and a new one starts at the beginning.
pub async fn groups_do_not_disturb_each_other(logs: &dyn Logs) {
    let log = logs.open().await;
    append(&log, &[record(1), record(2)]).await;
    let mut audit = subscribe(&log, "audit").await;
    let records = read(&mut *audit, 2).await;
    audit.commit(&after(&records)).await.expect("a commit");
    assert_eq!(ids(&read(&mut *subscribe(&log, "detect").await, 2).await), [id(1), id(2)]);
}

/// A reader at the end learns of what is appended.
pub async fn a_wait_ends_when_something_is_appended(logs: &dyn Logs) {
    let log = logs.open().await;
    let mut subscription = subscribe(&log, "audit").await;
    let appended = async {
        tokio::task::yield_now().await;
        append(&log, &[record(1)]).await;
    };
    let (records, ()) = tokio::join!(read(&mut *subscription, 1), appended);
    assert_eq!(ids(&records), [id(1)]);
}

/// `next` may be dropped at any point.
pub async fn a_wait_that_is_given_up_loses_nothing(logs: &dyn Logs) {
    let log = logs.open().await;
    let mut subscription = subscribe(&log, "audit").await;
    let mut records = Vec::new();
    for number in 1..=20 {
        append(&log, &[record(number)]).await;
        let patience = Duration::from_micros(number * 97);
        if let Ok(Ok(Delivery::Batch(batch))) = tokio::time::timeout(patience, subscription.next()).await {
            records.extend(batch.records);
        }
    }
    let missing = 20 - records.len();
    records.extend(read(&mut *subscription, missing).await);
    assert_eq!(ids(&records), (1..=20).map(id).collect::<Vec<_>>());
}

/// No delivery holds more than a thousand records.
pub async fn a_long_backlog_comes_in_batches(logs: &dyn Logs) {
    let log = logs.open().await;
    let all: Vec<Record> = (1..=2500).map(record).collect();
    append(&log, &all).await;
    let mut subscription = subscribe(&log, "audit").await;
    let mut found = Vec::new();
    while found.len() < 2500 {
        let delivery = tokio::time::timeout(PATIENCE, subscription.next()).await.expect("in time");
        if let Delivery::Batch(batch) = delivery.expect("a log that can be read") {
            assert!(batch.records.len() <= 1000, "{}", batch.records.len());
            found.extend(ids(&batch.records));
        }
    }
    found.sort();
    let mut expected: Vec<EventId> = (1..=2500).map(id).collect();
    expected.sort();
    assert_eq!(found, expected);
}

/// Appends do not lose or double each other's records, and each keeps its own order.
pub async fn records_appended_at_once_all_arrive(logs: &dyn Logs) {
    let log = logs.open().await;
    let mut subscription = subscribe(&log, "audit").await;
    let appends = (0..20_u64).map(|writer| {
        let log = log.clone();
        async move {
            for number in 0..5 {
                append(&log, &[record(writer * 100 + 2 * number), record(writer * 100 + 2 * number + 1)])
                    .await;
            }
        }
    });
    let (records, _) = tokio::join!(read(&mut *subscription, 200), futures_util::future::join_all(appends));
    let mut found = ids(&records);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 200);
}

/// The lag counts down to zero as records are handed out.
pub async fn the_lag_is_what_is_still_to_read(logs: &dyn Logs) {
    let log = logs.open().await;
    let mut subscription = subscribe(&log, "audit").await;
    assert_eq!(subscription.lag().await.expect("a lag"), 0);
    append(&log, &[record(1), record(2), record(3)]).await;
    assert_eq!(subscription.lag().await.expect("a lag"), 3);
    let records = read(&mut *subscription, 3).await;
    subscription.commit(&after(&records)).await.expect("a commit");
    assert_eq!(subscription.lag().await.expect("a lag"), 0);
}

/// The identity tells a rebuilt log from this one, not a restart.
pub async fn a_log_is_the_same_after_a_restart(logs: &dyn Logs) {
    let log = logs.open().await;
    let before = log.identity().await.expect("an identity");
    assert!(!before.id.is_empty() && before.partitions > 0);
    drop(log);
    assert_eq!(logs.open().await.identity().await.expect("an identity"), before);
}

/// Nothing to append is no error.
pub async fn an_empty_append_is_none(logs: &dyn Logs) {
    let log = logs.open().await;
    append(&log, &[]).await;
    append(&log, &[record(1)]).await;
    assert_eq!(read(&mut *subscribe(&log, "audit").await, 1).await.len(), 1);
}

/// What was seen before a restart is recognised after it, however much came since.
pub async fn a_log_that_goes_as_far_as_was_seen_is_recognised(logs: &dyn Logs) {
    let log = logs.open().await;
    let empty = log.place().await.expect("a place");
    append(&log, &[record(1), record(2)]).await;
    let seen = log.place().await.expect("a place");
    assert!(seen.end > empty.end && seen.log == empty.log, "{empty:?} {seen:?}");
    drop(log);
    let log = logs.open().await;
    assert_eq!(log.place().await.expect("a place"), seen);
    append(&log, &[record(3)]).await;
    let identity = log.recognise(&[empty, seen.clone()]).await.expect("an identity");
    assert_eq!(identity, seen.log);
}

/// A log that lacks what was seen in it is another from now on, once, and keeps what it has.
pub async fn a_log_that_ends_before_what_was_seen_is_another(logs: &dyn Logs) {
    let log = logs.open().await;
    append(&log, &[record(1)]).await;
    let LogPlace { log: was, mut end } = log.place().await.expect("a place");
    for order in &mut end {
        order.offset += 1;
    }
    let beyond = LogPlace { log: was.clone(), end };
    let is = log.recognise(std::slice::from_ref(&beyond)).await.expect("an identity");
    assert_ne!(is.id, was.id);
    assert!(is.epoch > was.epoch, "{is:?} {was:?}");
    assert_eq!(log.recognise(&[beyond]).await.expect("an identity"), is);
    append(&log, &[record(2)]).await;
    let records = read(&mut *subscribe(&log, "audit").await, 2).await;
    assert_eq!(ids(&records), [id(1), id(2)]);
    assert!(records.iter().all(|logged| logged.order.epoch == is.epoch));
    drop(log);
    assert_eq!(logs.open().await.identity().await.expect("an identity"), is);
}

/// Whatever the clock says, another log that was seen is before this one.
pub async fn what_another_log_hands_out_orders_after_what_was_seen(logs: &dyn Logs) {
    let log = logs.open().await;
    let known = log.identity().await.expect("an identity");
    let other = LogIdentity { id: "another".to_owned(), epoch: known.epoch + 1_000, partitions: 1 };
    let last = Order { epoch: other.epoch, partition: 0, offset: 77 };
    let seen = LogPlace { log: other, end: vec![last] };
    let is = log.recognise(&[seen]).await.expect("an identity");
    assert_eq!(is.id, known.id);
    append(&log, &[record(1)]).await;
    let records = read(&mut *subscribe(&log, "audit").await, 1).await;
    assert!(records[0].order > last, "{records:?}");
}
