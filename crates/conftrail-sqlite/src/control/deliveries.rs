//! Who is told instead of whom, and what one digest tells in the place of many.

use async_trait::async_trait;
use conftrail_core::alerting::{
    Backlog, Begin, GroupKey, Lane, Notification, NotificationState, RateLimit, Settlement, Waiting,
};
use conftrail_core::ports::Deliveries;
use conftrail_core::{PortResult, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::notification::{COLUMNS, insert, select};
use super::{ControlStore, json, outbox, pace};
use crate::error::{During as _, Error};

#[async_trait]
impl Deliveries for ControlStore {
    async fn intend_within(&self, id: &str, now: Timestamp, limit: RateLimit) -> PortResult<Begin> {
        let id = id.to_owned();
        let intending = self.database.write(move |connection| pace::intend(connection, &id, now, limit));
        intending.await.during("write the intent to send")
    }

    async fn backlog(&self, lane: &Lane, now: Timestamp, limit: RateLimit) -> PortResult<Backlog> {
        let lane = lane.clone();
        let reading = self.database.read(move |connection| pace::backlog(connection, &lane, now, limit));
        reading.await.during("count what waits for an integration")
    }

    async fn waiting(&self, lane: &Lane, now: Timestamp, most: usize) -> PortResult<Vec<Waiting>> {
        let lane = lane.clone();
        let reading = self.database.read(move |connection| waiting(connection, &lane, now, most));
        reading.await.during("read what waits for an integration")
    }

    async fn fold_into(&self, digest: &Notification, ids: &[String]) -> PortResult<bool> {
        let (digest, ids) = (digest.clone(), ids.to_vec());
        let folding = self.database.write(move |connection| fold_into(connection, &digest, &ids));
        folding.await.during("fold what waits into a digest")
    }

    async fn settle_and_fall_back(
        &self,
        id: &str,
        settlement: &Settlement,
        instead: &[Notification],
    ) -> PortResult<()> {
        let (id, settlement, instead) = (id.to_owned(), settlement.clone(), instead.to_vec());
        let settling = self.database.write(move |connection| {
            if outbox::settle(connection, &id, &settlement)? && !instead.is_empty() {
                queue_instead(connection, &id, &instead)?;
            }
            Ok(())
        });
        settling.await.during("write how sending ended")
    }

    async fn overdue(&self, receiver: &str, made: Timestamp, most: usize) -> PortResult<Vec<Notification>> {
        let receiver = receiver.to_owned();
        let reading = self.database.read(move |connection| {
            let sql = format!(
                "SELECT {COLUMNS} FROM notifications INDEXED BY notifications_without_fallback
                 WHERE state IN ('queued', 'unknown') AND fell_back = 0 AND receiver = ?1 AND created <= ?2
                 ORDER BY created, seq LIMIT ?3"
            );
            select(connection, &sql, params![receiver, made.micros(), json::limit(most)])
        });
        reading.await.during("read what waits for too long")
    }

    async fn fall_back(&self, id: &str, instead: &[Notification]) -> PortResult<bool> {
        let (id, instead) = (id.to_owned(), instead.to_vec());
        let falling = self.database.write(move |connection| {
            let state: Option<String> = connection
                .prepare_cached("SELECT state FROM notifications WHERE id = ?1")?
                .query_row([&id], |row| row.get(0))
                .optional()?;
            match state.as_deref() {
                Some("queued" | "unknown") => queue_instead(connection, &id, &instead),
                _ => Ok(false),
            }
        });
        falling.await.during("tell another receiver instead")
    }
}

/// Queues who is told instead, once for each notification.
fn queue_instead(connection: &Connection, id: &str, instead: &[Notification]) -> Result<bool, Error> {
    let mut mark = connection
        .prepare_cached("UPDATE notifications SET fell_back = 1 WHERE id = ?1 AND fell_back = 0")?;
    if mark.execute([id])? == 0 {
        return Ok(false);
    }
    // Whoever was told the very same thing already, by a route of its own, is not told it again.
    let mut told = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM notifications
             WHERE alert = ?1 AND receiver = ?2 AND integration = ?3 AND announcement = ?4)",
    )?;
    for new in instead {
        let announcement = json::encode(&new.announcement);
        let known: bool = told.query_row(
            params![new.announcement.alert, new.receiver, new.integration, announcement],
            |row| row.get(0),
        )?;
        if !known {
            insert(connection, new)?;
        }
    }
    Ok(true)
}

fn fold_into(connection: &Connection, digest: &Notification, ids: &[String]) -> Result<bool, Error> {
    let mut waits = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM notifications
             WHERE id = ?1 AND state IN ('queued', 'unknown') AND possible_repeat = 0)",
    )?;
    for id in ids {
        if !waits.query_row([id], |row| row.get::<_, bool>(0))? {
            return Ok(false);
        }
    }
    if !insert(connection, digest)? {
        return Ok(false);
    }
    let reason = format!("digest {}", digest.id);
    let mut suppress = connection.prepare_cached(
        "UPDATE notifications SET state = ?2, settled_at = ?3, last_error = ?4 WHERE id = ?1",
    )?;
    let suppressed = NotificationState::Suppressed.as_str();
    for id in ids {
        suppress.execute(params![id, suppressed, digest.created.micros(), reason])?;
    }
    Ok(true)
}

fn waiting(connection: &Connection, lane: &Lane, now: Timestamp, most: usize) -> Result<Vec<Waiting>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, announcement ->> '$.group', announcement ->> '$.rule', announcement -> '$.severity',
                announcement ->> '$.summary', announcement ->> '$.total', announcement -> '$.digest'
         FROM notifications INDEXED BY notifications_by_lane
         WHERE state IN ('queued', 'unknown') AND receiver = ?1 AND integration = ?2 AND due <= ?3
               AND possible_repeat = 0
         ORDER BY due, seq LIMIT ?4",
    )?;
    let mut rows =
        statement.query(params![lane.receiver, lane.integration, now.micros(), json::limit(most)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

fn read(row: &Row<'_>) -> Result<Waiting, Error> {
    let (severity, digest): (String, Option<String>) = (row.get(3)?, row.get(6)?);
    let digest = digest.map(|text| json::decode(&text, "a digest")).transpose()?;
    Ok(Waiting {
        id: row.get(0)?,
        group: GroupKey(row.get(1)?),
        rule: row.get(2)?,
        severity: json::decode(&severity, "a severity")?,
        summary: row.get(4)?,
        total: row.get(5)?,
        digest,
    })
}
