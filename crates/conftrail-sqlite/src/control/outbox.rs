//! The durable outbox. Each step of a notification is an update that names the states it may come from, so that
//! of two workers only one takes it.

use async_trait::async_trait;
use conftrail_core::alerting::{Ledger, Notification, NotificationState, Settlement};
use conftrail_core::own::Act;
use conftrail_core::ports::Notifications;
use conftrail_core::{PortResult, Timestamp};
use rusqlite::{Connection, params};

use super::ControlStore;
use super::notification::{COLUMNS, select};
use super::{acts, json, ledger};
use crate::error::{During as _, Error};

#[async_trait]
impl Notifications for ControlStore {
    async fn due_notifications(&self, now: Timestamp, each: usize) -> PortResult<Vec<Notification>> {
        let reading = self.database.read(move |connection| {
            // Numbered within the index alone: a heap of thousands that wait for one channel is not read for it.
            let sql = format!(
                "SELECT {COLUMNS} FROM notifications WHERE seq IN (
                     SELECT seq FROM (
                         SELECT seq, row_number() OVER (PARTITION BY receiver, integration ORDER BY due, seq) AS place
                         FROM notifications INDEXED BY notifications_by_lane
                         WHERE state IN ('queued', 'unknown') AND due <= ?1)
                     WHERE place <= ?2)
                 ORDER BY due, seq"
            );
            select(connection, &sql, params![now.micros(), json::limit(each)])
        });
        reading.await.during("read due notifications")
    }

    async fn next_due(&self, after: Timestamp) -> PortResult<Option<Timestamp>> {
        let reading = self.database.read(move |connection| next_due(connection, after));
        reading.await.during("read when the next notification is due")
    }

    async fn intend(&self, id: &str, now: Timestamp) -> PortResult<bool> {
        let id = id.to_owned();
        let intending = self.database.write(move |connection| intend(connection, &id, now));
        intending.await.during("write the intent to send")
    }

    async fn settle(&self, id: &str, settlement: &Settlement) -> PortResult<()> {
        let (id, settlement) = (id.to_owned(), settlement.clone());
        let settling = self.database.write(move |connection| settle(connection, &id, &settlement));
        settling.await.during("write how sending ended").map(drop)
    }

    async fn recover_intents(&self, now: Timestamp) -> PortResult<u64> {
        let recovering = self.database.write(move |connection| recover(connection, now));
        recovering.await.during("recover intents")
    }

    async fn notifications(&self, state: NotificationState, limit: usize) -> PortResult<Vec<Notification>> {
        let reading = self.database.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM notifications WHERE state = ?1 ORDER BY seq LIMIT ?2");
            select(connection, &sql, params![state.as_str(), json::limit(limit)])
        });
        reading.await.during("list notifications")
    }

    async fn requeue(&self, id: &str, now: Timestamp, act: &Act) -> PortResult<bool> {
        let (id, act) = (id.to_owned(), act.clone());
        let requeuing = self.database.write(move |connection| requeue(connection, &id, now, &act));
        requeuing.await.during("put a notification back into the queue")
    }

    async fn ledger(&self, since: Timestamp) -> PortResult<Ledger> {
        self.database
            .read(move |connection| ledger::add_up(connection, since))
            .await
            .during("add up the ledger")
    }
}

fn next_due(connection: &Connection, after: Timestamp) -> Result<Option<Timestamp>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT min(due) FROM notifications INDEXED BY notifications_waiting
         WHERE state IN ('queued', 'unknown') AND due > ?1",
    )?;
    let due: Option<i64> = statement.query_row([after.micros()], |row| row.get(0))?;
    Ok(due.map(Timestamp::from_micros))
}

/// Writes the intent to send, and counts the attempt; false when the notification is not to be sent.
pub(super) fn intend(connection: &Connection, id: &str, now: Timestamp) -> Result<bool, Error> {
    let mut update = connection.prepare_cached(
        "UPDATE notifications SET state = 'intent', attempts = attempts + 1
         WHERE id = ?1 AND state IN ('queued', 'unknown') AND due <= ?2",
    )?;
    Ok(update.execute(params![id, now.micros()])? > 0)
}

/// Writes how an attempt ended; false when there was none.
pub(super) fn settle(connection: &Connection, id: &str, settlement: &Settlement) -> Result<bool, Error> {
    let settled = match settlement {
        Settlement::Sent { receipt, at } => connection
            .prepare_cached(
                "UPDATE notifications SET state = 'sent', receipt = ?2, settled_at = ?3, last_error = NULL
                 WHERE id = ?1 AND state = 'intent'",
            )?
            .execute(params![id, receipt, at.micros()])?,
        Settlement::Retry { due, error } => connection
            .prepare_cached(
                "UPDATE notifications SET state = 'queued', due = ?2, last_error = ?3
                 WHERE id = ?1 AND state = 'intent'",
            )?
            .execute(params![id, due.micros(), error])?,
        Settlement::Unknown { due, error } => connection
            .prepare_cached(
                "UPDATE notifications SET state = 'unknown', due = ?2, last_error = ?3, possible_repeat = 1
                 WHERE id = ?1 AND state = 'intent'",
            )?
            .execute(params![id, due.micros(), error])?,
        Settlement::Dead { error, at } => connection
            .prepare_cached(
                "UPDATE notifications SET state = 'dead', last_error = ?2, settled_at = ?3
                 WHERE id = ?1 AND state = 'intent'",
            )?
            .execute(params![id, error, at.micros()])?,
    };
    Ok(settled > 0)
}

fn recover(connection: &Connection, now: Timestamp) -> Result<u64, Error> {
    let mut update = connection.prepare_cached(
        "UPDATE notifications SET state = 'unknown', due = ?1, possible_repeat = 1,
             last_error = 'the process ended while sending'
         WHERE state = 'intent'",
    )?;
    Ok(u64::try_from(update.execute([now.micros()])?).unwrap_or(u64::MAX))
}

fn requeue(connection: &Connection, id: &str, now: Timestamp, act: &Act) -> Result<bool, Error> {
    let mut update = connection.prepare_cached(
        "UPDATE notifications SET state = 'queued', due = ?2, settled_at = NULL
         WHERE id = ?1 AND state = 'dead'",
    )?;
    let was_dead = update.execute(params![id, now.micros()])? > 0;
    if was_dead {
        acts::insert(connection, act)?;
    }
    Ok(was_dead)
}
