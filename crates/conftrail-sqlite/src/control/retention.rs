//! Forgetting what is settled, in small steps.
//!
//! An alert goes as a whole: once it was announced and all its notifications were settled before the cutoff, its
//! detections go, some at a time, and then the alert together with its notifications. A detection that is in a further
//! alert stays until that one goes too. In between the ledger still adds up. Silences go once their end was told. Open detections, gathering alerts, unsettled notifications, acts, tokens, checkpoints and what was
//! set aside stay.

use async_trait::async_trait;
use conftrail_core::ports::Retention;
use conftrail_core::{PortResult, Timestamp};
use rusqlite::{Connection, params};

use super::ControlStore;
use crate::error::{During as _, Error};

/// Rows that one step removes from one table: some milliseconds, so that other writes hardly wait.
const STEP: i64 = 500;

/// Alerts whose every trace is older than `?1`; the condition of all three statements below.
const RETIRED_ALERT: &str = "a.state = 'announced' AND a.announced_at < ?1 AND NOT EXISTS (
    SELECT 1 FROM notifications n WHERE n.alert = a.id AND (n.settled_at IS NULL OR n.settled_at >= ?1))";

#[async_trait]
impl Retention for ControlStore {
    async fn retire(&self, now: Timestamp) -> PortResult<u64> {
        let before = now.minus(self.keep);
        let retiring = self.database.write(move |connection| retire(connection, before));
        retiring.await.during("remove what is past its retention")
    }
}

fn retire(connection: &Connection, before: Timestamp) -> Result<u64, Error> {
    let removed = [
        detections_without_alert(connection, before)?,
        shares_of_retired_alerts(connection, before)?,
        detections_of_retired_alerts(connection, before)?,
        retired_alerts(connection, before)?,
        notifications_without_alert(connection, before)?,
        silences(connection, before)?,
    ];
    Ok(u64::try_from(removed.iter().sum::<usize>()).unwrap_or(u64::MAX))
}

fn detections_without_alert(connection: &Connection, before: Timestamp) -> Result<usize, Error> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM detections WHERE seq IN (
             SELECT seq FROM detections WHERE detected < ?1 AND fate = 'no_alert' ORDER BY detected LIMIT ?2)",
    )?;
    Ok(delete.execute(params![before.micros(), STEP])?)
}

fn detections_of_retired_alerts(connection: &Connection, before: Timestamp) -> Result<usize, Error> {
    let mut delete = connection.prepare_cached(&format!(
        "DELETE FROM detections WHERE seq IN (
             SELECT d.seq FROM alerts a JOIN detections d ON d.alert = a.id WHERE {RETIRED_ALERT}
                 AND NOT EXISTS (SELECT 1 FROM shares s WHERE s.detection = d.id) LIMIT ?2)"
    ))?;
    Ok(delete.execute(params![before.micros(), STEP])?)
}

fn shares_of_retired_alerts(connection: &Connection, before: Timestamp) -> Result<usize, Error> {
    let mut delete = connection.prepare_cached(&format!(
        "DELETE FROM shares WHERE (alert, detection) IN (
             SELECT s.alert, s.detection FROM alerts a JOIN shares s ON s.alert = a.id WHERE {RETIRED_ALERT} LIMIT ?2)"
    ))?;
    Ok(delete.execute(params![before.micros(), STEP])?)
}

fn silences(connection: &Connection, before: Timestamp) -> Result<usize, Error> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM silences WHERE seq IN (SELECT seq FROM silences WHERE ends < ?1 AND told = 1 LIMIT ?2)",
    )?;
    Ok(delete.execute(params![before.micros(), STEP])?)
}

/// Removes retired alerts that have no detection left, with their notifications; counts both.
fn retired_alerts(connection: &Connection, before: Timestamp) -> Result<usize, Error> {
    let mut select = connection.prepare_cached(&format!(
        "SELECT a.id FROM alerts a WHERE {RETIRED_ALERT}
             AND NOT EXISTS (SELECT 1 FROM detections d WHERE d.alert = a.id)
             AND NOT EXISTS (SELECT 1 FROM shares s WHERE s.alert = a.id) LIMIT ?2"
    ))?;
    let retired = select.query_map(params![before.micros(), STEP], |row| row.get::<_, String>(0))?;
    let mut delete_notifications = connection.prepare_cached("DELETE FROM notifications WHERE alert = ?1")?;
    let mut delete_alert = connection.prepare_cached("DELETE FROM alerts WHERE id = ?1")?;
    let mut removed = 0;
    for id in retired.collect::<Result<Vec<_>, _>>()? {
        removed += delete_notifications.execute([&id])?;
        removed += delete_alert.execute([&id])?;
    }
    Ok(removed)
}

/// Removes settled notifications whose alert is not there, such as a receiver's test message.
fn notifications_without_alert(connection: &Connection, before: Timestamp) -> Result<usize, Error> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM notifications WHERE seq IN (
             SELECT n.seq FROM notifications n
             WHERE n.created < ?1 AND n.settled_at < ?1
                 AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.id = n.alert)
             ORDER BY n.created LIMIT ?2)",
    )?;
    Ok(delete.execute(params![before.micros(), STEP])?)
}
