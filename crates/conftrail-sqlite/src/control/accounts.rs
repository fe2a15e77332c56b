//! What became of single findings, alerts and messages.

use async_trait::async_trait;
use conftrail_core::PortResult;
use conftrail_core::alerting::{Alert, Detection, Fate, Notification};
use conftrail_core::ports::Accounts;
use rusqlite::{Connection, Row, params};

use super::ControlStore;
use super::{json, notification};
use crate::error::{During as _, Error};

#[async_trait]
impl Accounts for ControlStore {
    async fn detections_by_id(&self, ids: &[String]) -> PortResult<Vec<(Detection, Fate)>> {
        let ids = ids.to_vec();
        let reading = self.database.read(move |connection| {
            let mut found = Vec::new();
            for id in &ids {
                let sql = "SELECT body, fate, alert, reason FROM detections WHERE id = ?1";
                found.extend(detections(connection, sql, params![id])?);
            }
            Ok(found)
        });
        reading.await.during("read what became of detections")
    }

    async fn alert(&self, id: &str) -> PortResult<Option<Alert>> {
        // Ids are hexadecimal digits: `g` comes behind all that begin with this.
        let (first, last) = (id.to_owned(), format!("{id}g"));
        let reading = self.database.read(move |connection| {
            let sql = "SELECT body FROM alerts WHERE id >= ?1 AND id < ?2 ORDER BY seq DESC LIMIT 1";
            Ok(json::bodies(connection, sql, params![first, last], "an alert")?.pop())
        });
        reading.await.during("read an alert")
    }

    async fn detections_of(&self, alert: &str, limit: usize) -> PortResult<Vec<(Detection, Fate)>> {
        let alert = alert.to_owned();
        let reading = self.database.read(move |connection| {
            // Each route that a detection takes has an alert of its own: those beside the one of its fate are shares.
            let sql = "SELECT body, fate, alert, reason FROM detections WHERE seq IN (
                           SELECT seq FROM detections WHERE alert = ?1
                           UNION SELECT d.seq FROM shares s JOIN detections d ON d.id = s.detection WHERE s.alert = ?1)
                       ORDER BY seq LIMIT ?2";
            detections(connection, sql, params![alert, json::limit(limit)])
        });
        reading.await.during("read an alert's detections")
    }

    async fn notifications_of(&self, alert: &str) -> PortResult<Vec<Notification>> {
        let alert = alert.to_owned();
        let reading = self.database.read(move |connection| {
            let sql =
                format!("SELECT {} FROM notifications WHERE alert = ?1 ORDER BY seq", notification::COLUMNS);
            notification::select(connection, &sql, params![alert])
        });
        reading.await.during("read an alert's notifications")
    }
}

fn detections(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<(Detection, Fate)>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let body: String = row.get(0)?;
        found.push((json::decode(&body, "a detection")?, fate(row)?));
    }
    Ok(found)
}

/// Reads the columns `fate`, `alert`, `reason` at 1, 2, 3.
fn fate(row: &Row<'_>) -> Result<Fate, Error> {
    let word: String = row.get(1)?;
    Ok(match word.as_str() {
        "open" => Fate::Open,
        "announced" => Fate::Announced { alert: row.get(2)? },
        "counted" => Fate::Counted { alert: row.get(2)? },
        "no_alert" => Fate::NoAlert { reason: row.get(3)? },
        _ => return Err(Error::Undecodable("what became of a detection")),
    })
}
