//! The change log against its contract, and what is its own.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::ports::{ChangeLog as Port, Delivery, Retention as _, Subscription};
use conftrail_core::{ErrorKind, Order, Record, explain};
use conftrail_sqlite::{ChangeLog, Options};
use conftrail_testkit::contract::change_log::{Logs, read};
use conftrail_testkit::contract::events::{at, record};
use rusqlite::Connection;
use tempfile::TempDir;

const RETAIN: Duration = Duration::from_secs(3600);

/// A change log in a directory of its own.
struct InDirectory(TempDir);

impl InDirectory {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }
}

#[async_trait]
impl Logs for InDirectory {
    async fn open(&self) -> Arc<dyn Port> {
        Arc::new(opened(&self.0))
    }
}

fn opened(directory: &TempDir) -> ChangeLog {
    ChangeLog::open(directory.path(), RETAIN, &Options::default()).unwrap()
}

conftrail_testkit::change_log_contract!(InDirectory::new());

/// Reads one record and commits the place after it.
async fn take(subscription: &mut dyn Subscription, count: usize) -> Vec<Order> {
    let records = read(subscription, count).await;
    let last = records.last().unwrap().order;
    subscription.commit(&[Order { offset: last.offset + 1, ..last }]).await.unwrap();
    records.iter().map(|logged| logged.order).collect()
}

/// A time at which everything appended until now is past its retention.
fn much_later() -> conftrail_core::Timestamp {
    at(0).plus(Duration::from_secs(100 * 365 * 86_400))
}

#[tokio::test]
async fn offsets_go_on_after_the_log_was_trimmed_empty() {
    let directory = TempDir::new().unwrap();
    let log = opened(&directory);
    let mut subscription = log.subscribe("audit").await.unwrap();
    log.append(&[record(1), record(2)]).await.unwrap();
    let before = take(&mut *subscription, 2).await;
    assert_eq!(log.retire(much_later()).await.unwrap(), 2);
    assert_eq!(log.retire(much_later()).await.unwrap(), 0);
    drop((log, subscription));
    let log = opened(&directory);
    log.append(&[record(3)]).await.unwrap();
    let mut subscription = log.subscribe("audit").await.unwrap();
    assert_eq!(subscription.lag().await.unwrap(), 1);
    let after = take(&mut *subscription, 1).await;
    assert!(after[0] > before[1], "{after:?} {before:?}");
}

#[tokio::test]
async fn trimming_keeps_what_a_group_has_not_read_and_what_is_young() {
    let directory = TempDir::new().unwrap();
    let log = opened(&directory);
    log.append(&[record(1), record(2), record(3)]).await.unwrap();
    assert_eq!(log.retire(much_later()).await.unwrap(), 0, "nobody has read");
    let mut audit = log.subscribe("audit").await.unwrap();
    let mut detect = log.subscribe("detect").await.unwrap();
    take(&mut *audit, 3).await;
    assert_eq!(log.retire(much_later()).await.unwrap(), 0, "detect has not read");
    let orders = take(&mut *detect, 3).await;
    assert_eq!(log.retire(at(0).minus(RETAIN)).await.unwrap(), 0, "all are young");
    assert_eq!(log.retire(much_later()).await.unwrap(), 3);
    log.append(&[record(4)]).await.unwrap();
    assert!(take(&mut *audit, 1).await[0] > orders[2]);
}

#[tokio::test]
async fn a_long_history_is_trimmed_in_steps() {
    let directory = TempDir::new().unwrap();
    let log = opened(&directory);
    let mut audit = log.subscribe("audit").await.unwrap();
    let records: Vec<Record> = (0..4500).map(record).collect();
    log.append(&records).await.unwrap();
    take(&mut *audit, 4500).await;
    let mut steps = Vec::new();
    loop {
        match log.retire(much_later()).await.unwrap() {
            0 => break,
            removed => steps.push(removed),
        }
    }
    assert_eq!(steps, [2000, 2000, 500]);
}

#[tokio::test]
async fn what_does_not_decode_is_handed_out_as_such() {
    let directory = TempDir::new().unwrap();
    let log = opened(&directory);
    log.append(&[record(1), record(2), record(3)]).await.unwrap();
    drop(log);
    let file = Connection::open(directory.path().join("log.db")).unwrap();
    file.execute("UPDATE records SET body = x'0001' WHERE offset = 2", []).unwrap();
    drop(file);
    let log = opened(&directory);
    let records = read(&mut *log.subscribe("audit").await.unwrap(), 3).await;
    let broken = records[1].record.as_ref().unwrap_err();
    assert_eq!(broken.bytes, [0, 1]);
    assert!(records[0].record.is_ok() && records[2].record.is_ok(), "{}", broken.error);
}

#[tokio::test]
async fn a_log_made_anew_is_another_and_orders_after_the_old_one() {
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let first = opened(&one).identity().await.unwrap();
    let second = opened(&other).identity().await.unwrap();
    assert_ne!(first.id, second.id);
    assert!(second.epoch >= first.epoch && first.epoch > 1_700_000_000);
}

#[tokio::test]
async fn a_commit_for_another_log_is_refused_and_an_older_one_moves_nothing_back() {
    let directory = TempDir::new().unwrap();
    let log = opened(&directory);
    log.append(&[record(1), record(2)]).await.unwrap();
    let mut audit = log.subscribe("audit").await.unwrap();
    let orders = take(&mut *audit, 2).await;
    let foreign = Order { epoch: orders[1].epoch + 1, ..orders[1] };
    assert_eq!(audit.commit(&[foreign]).await.unwrap_err().kind(), ErrorKind::Rejected);
    audit.commit(&[orders[0]]).await.unwrap();
    log.append(&[record(3)]).await.unwrap();
    assert_eq!(read(&mut *log.subscribe("audit").await.unwrap(), 1).await.len(), 1);
}

#[tokio::test]
async fn a_second_process_on_the_same_directory_is_refused() {
    let directory = TempDir::new().unwrap();
    let log = opened(&directory);
    let refused = ChangeLog::open(directory.path(), RETAIN, &Options::default()).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::Misconfigured);
    let said = explain(&refused);
    assert!(said.contains("log.db is in use by another conftrail process"), "{said}");
    drop(log);
    opened(&directory);
}

#[tokio::test]
async fn a_newer_schema_is_refused_for_writing_and_for_reading() {
    let directory = TempDir::new().unwrap();
    drop(opened(&directory));
    let file = Connection::open(directory.path().join("log.db")).unwrap();
    file.pragma_update(None, "user_version", 99).unwrap();
    drop(file);
    let options = Options::default();
    let refusals = [
        ChangeLog::open(directory.path(), RETAIN, &options).err().unwrap(),
        ChangeLog::open_read_only(directory.path(), &options).err().unwrap(),
    ];
    for refused in refusals {
        assert_eq!(refused.kind(), ErrorKind::Misconfigured);
        assert!(explain(&refused).contains("newer version of conftrail (schema 99"), "{}", explain(&refused));
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_corrupt() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("log.db"), "no database at all".repeat(2000)).unwrap();
    let refused = ChangeLog::open(directory.path(), RETAIN, &Options::default()).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::Corrupt, "{}", explain(&refused));
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_loses_nothing() {
    let directory = TempDir::new().unwrap();
    let small = Options { max_bytes: Some(1 << 20), ..Options::default() };
    let log = ChangeLog::open(directory.path(), RETAIN, &small).unwrap();
    let mut stored = 0;
    let refused = loop {
        let records: Vec<Record> = (stored..stored + 200).map(record).collect();
        match log.append(&records).await {
            Ok(()) => stored += 200,
            Err(error) => break error,
        }
    };
    assert_eq!(refused.kind(), ErrorKind::Unavailable { retry_after: None }, "{}", explain(&refused));
    assert!(stored > 0);
    assert_eq!(log.subscribe("audit").await.unwrap().lag().await.unwrap(), stored);
    drop(log);
    let log = opened(&directory);
    let records: Vec<Record> = (0..stored + 200).map(record).collect();
    log.append(&records).await.unwrap();
    let found = read(&mut *log.subscribe("audit").await.unwrap(), records.len()).await;
    assert_eq!(found.len(), records.len());
}

#[tokio::test]
async fn a_reader_beside_the_writer_sees_what_is_appended_and_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let log = opened(&directory);
    log.append(&[record(1)]).await.unwrap();
    let one_reader = Options { readers: NonZeroUsize::MIN, ..Options::default() };
    let beside = ChangeLog::open_read_only(directory.path(), &one_reader).unwrap();
    assert_eq!(beside.identity().await.unwrap(), log.identity().await.unwrap());
    let mut subscription = beside.subscribe("audit").await.unwrap();
    let records = read(&mut *subscription, 1).await;
    log.append(&[record(2)]).await.unwrap();
    assert_eq!(read(&mut *subscription, 1).await.len(), 1);
    assert_eq!(beside.append(&[record(3)]).await.unwrap_err().kind(), ErrorKind::Rejected);
    let refused = subscription.commit(&[records[0].order]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Rejected);
    let mut fresh = log.subscribe("audit").await.unwrap();
    assert!(matches!(fresh.next().await.unwrap(), Delivery::Assigned(_)));
    assert_eq!(read(&mut *fresh, 2).await.len(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn files_and_directory_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("data");
    let log = ChangeLog::open(&directory, RETAIN, &Options::default()).unwrap();
    log.append(&[record(1)]).await.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for entry in std::fs::read_dir(&directory).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}
