//! A consumer group's reading of the log.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::ports::{Batch, Delivery, LoggedRecord, Subscription, Undecodable};
use conftrail_core::{Order, PortError, PortResult, Record};
use rusqlite::{Connection, params};
use tokio::sync::watch;

use crate::body;
use crate::error::{During as _, Error};
use crate::log::ChangeLog;
use crate::log::change_log::placed;

/// Most records in a batch.
const BATCH: usize = 1_000;
/// Bytes in the stored form after which a batch ends; documents may be large.
const BATCH_BYTES: usize = 4 << 20;
/// How often to look when nobody tells: another process may be appending.
const POLL: Duration = Duration::from_secs(1);

/// Reads the log for a group. The embedded log has one partition, which each subscription is given at once;
/// two subscriptions of one group both read everything.
pub(super) struct GroupSubscription {
    log: ChangeLog,
    epoch: u32,
    group: String,
    /// The offset that was not handed out yet.
    next: u64,
    assigned: bool,
    appended: watch::Receiver<u64>,
}

impl GroupSubscription {
    pub(super) fn new(log: ChangeLog, group: &str, next: u64, appended: watch::Receiver<u64>) -> Self {
        let epoch = log.known_identity().epoch;
        Self { log, epoch, group: group.to_owned(), next, assigned: false, appended }
    }

    async fn read(&self) -> PortResult<Batch> {
        let (from, epoch) = (self.next, self.epoch);
        let recent = self.log.recent.clone();
        let read = move |connection: &Connection| {
            let known = recent.from(from, BATCH);
            batch(connection, from, epoch, &known)
        };
        self.log.database.read(read).await.during("read the change log")
    }
}

#[async_trait]
impl Subscription for GroupSubscription {
    async fn next(&mut self) -> PortResult<Delivery> {
        if !self.assigned {
            self.assigned = true;
            return Ok(Delivery::Assigned(vec![0]));
        }
        loop {
            // Seen before reading: an append between the read and the wait must end the wait.
            self.appended.borrow_and_update();
            let batch = self.read().await?;
            if let Some(next) = batch.next.first() {
                self.next = next.offset;
                return Ok(Delivery::Batch(batch));
            }
            // It ends when something was appended, or when it is time to look; the log itself outlives us.
            let _ = tokio::time::timeout(POLL, self.appended.changed()).await;
        }
    }

    async fn commit(&mut self, next: &[Order]) -> PortResult<()> {
        let foreign = |order: &&Order| order.partition != 0 || order.epoch != self.epoch;
        if next.iter().any(|order| foreign(&order)) {
            return Err(PortError::rejected("commit a place of another log"));
        }
        let Some(offset) = next.iter().map(|order| order.offset).max() else { return Ok(()) };
        let group = self.group.clone();
        let commit = move |connection: &Connection| advance(connection, &group, offset);
        self.log.database.write(commit).await.during("commit the group's offset")
    }

    async fn lag(&mut self) -> PortResult<u64> {
        let next = self.next;
        self.log.database.read(move |connection| lag(connection, next)).await.during("read the group's lag")
    }
}

fn batch(
    connection: &Connection,
    from: u64,
    epoch: u32,
    known: &BTreeMap<u64, Record>,
) -> Result<Batch, Error> {
    let mut select = connection.prepare_cached(
        "SELECT offset, length(body), body FROM records WHERE offset >= ?1 ORDER BY offset LIMIT ?2",
    )?;
    let mut rows = select.query(params![signed(from), BATCH as i64])?;
    let mut batch = Batch::default();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let offset = u64::try_from(row.get::<_, i64>(0)?)
            .map_err(|_| Error::Undecodable("an offset of the change log"))?;
        let order = Order { epoch, partition: 0, offset };
        let record = match known.get(&offset) {
            Some(record) => Ok(record.clone()),
            None => read_record(row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?, order),
        };
        batch.records.push(LoggedRecord { order, record });
        batch.next = vec![Order { offset: offset.saturating_add(1), ..order }];
        bytes += usize::try_from(row.get::<_, i64>(1)?).unwrap_or(usize::MAX);
        if bytes > BATCH_BYTES {
            break;
        }
    }
    Ok(batch)
}

fn read_record(stored: &[u8], order: Order) -> Result<Record, Undecodable> {
    match body::decode::<Record>(stored) {
        Ok(record) => Ok(placed(record, order)),
        Err(error) => Err(Undecodable { bytes: stored.to_vec(), error: error.to_string() }),
    }
}

/// Moves the group forward; an older offset changes nothing.
fn advance(connection: &Connection, group: &str, offset: u64) -> Result<(), Error> {
    connection.execute(
        "INSERT INTO groups VALUES (?1, ?2) ON CONFLICT DO UPDATE SET next = max(next, excluded.next)",
        params![group, signed(offset)],
    )?;
    Ok(())
}

/// Counts by offsets rather than rows: holes are rare, and a long backlog is cheap to look at.
fn lag(connection: &Connection, next: u64) -> Result<u64, Error> {
    let ends = "SELECT (SELECT min(offset) FROM records), (SELECT max(offset) FROM records)";
    let (first, last): (Option<i64>, Option<i64>) =
        connection.query_row(ends, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(first), Some(last)) = (first, last) else { return Ok(0) };
    let unread = last.saturating_add(1) - first.max(signed(next));
    Ok(u64::try_from(unread).unwrap_or(0))
}

fn signed(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}
