//! Folding: what there is to fold, read as one state, and the effects of a fold, written as one.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use conftrail_core::alerting::{
    Alert, AlertGroup, AlertState, Detection, Fate, GroupKey, SHOWN_DETECTIONS, Share, Transition, Workload,
};
use conftrail_core::ports::{Alerts, Grouping};
use conftrail_core::{EventId, PortResult, Timestamp};
use rusqlite::{Connection, params};

use super::ControlStore;
use super::{json, notification, silences};
use crate::error::{During as _, Error};

#[async_trait]
impl Alerts for ControlStore {
    async fn workload(
        &self,
        limit: usize,
        now: Timestamp,
        grouping: Arc<dyn Grouping>,
    ) -> PortResult<Workload> {
        self.database
            .read(move |connection| workload(connection, limit, now, &*grouping))
            .await
            .during("read the workload")
    }

    async fn apply(&self, transition: &Transition) -> PortResult<()> {
        let transition = transition.clone();
        self.database.write(move |connection| apply(connection, &transition)).await.during("apply a fold")
    }

    async fn events_of_alert(&self, alert: &str, limit: usize) -> PortResult<Vec<EventId>> {
        let alert = alert.to_owned();
        let reading = self.database.read(move |connection| {
            // Those whose fate the alert is, and those that it shares with the alert of another route.
            let sql = "SELECT body FROM (
                    SELECT seq, body FROM detections WHERE alert = ?1
                    UNION ALL
                    SELECT d.seq, d.body FROM shares s JOIN detections d ON d.id = s.detection WHERE s.alert = ?1
                ) ORDER BY seq LIMIT ?2";
            let found: Vec<Detection> =
                json::bodies(connection, sql, params![alert, json::limit(limit)], "a detection")?;
            Ok(found.into_iter().map(|detection| detection.evidence.event).collect())
        });
        reading.await.during("read the events of an alert")
    }

    async fn alerts(&self, since: Timestamp, limit: usize) -> PortResult<Vec<Alert>> {
        let reading = self.database.read(move |connection| {
            let sql = "SELECT body FROM alerts WHERE opened >= ?1 ORDER BY opened DESC, seq DESC LIMIT ?2";
            json::bodies(connection, sql, params![since.micros(), json::limit(limit)], "an alert")
        });
        reading.await.during("list alerts")
    }
}

fn workload(
    connection: &Connection,
    limit: usize,
    now: Timestamp,
    grouping: &dyn Grouping,
) -> Result<Workload, Error> {
    let sql = "SELECT body FROM detections WHERE fate = 'open' ORDER BY seq LIMIT ?1";
    let open: Vec<Detection> = json::bodies(connection, sql, [json::limit(limit)], "a detection")?;

    let holding = silences::holding(connection, now)?;
    let mut known = HashSet::new();
    let mut keys: Vec<GroupKey> = Vec::new();
    let of_open = grouping.groups(&open, &holding, now);
    for key in of_open.into_iter().chain(due_groups(connection, limit, now)?) {
        if known.insert(key.clone()) {
            keys.push(key);
        }
    }
    let mut groups = Vec::with_capacity(keys.len());
    for key in keys {
        groups.push(group(connection, key, now)?);
    }
    Ok(Workload {
        open,
        groups,
        next_flush: next_flush(connection, &known)?,
        silences: holding,
        ended: silences::ended(connection, now)?,
    })
}

fn due_groups(connection: &Connection, limit: usize, now: Timestamp) -> Result<Vec<GroupKey>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT group_key FROM alerts WHERE state = 'collecting' AND flush_at <= ?1
         ORDER BY flush_at, seq LIMIT ?2",
    )?;
    let keys =
        statement.query_map(params![now.micros(), json::limit(limit)], |row| row.get(0).map(GroupKey))?;
    let mut keys = keys.collect::<Result<Vec<_>, _>>()?;
    let freed = silences::freed_groups(connection, now, limit.saturating_sub(keys.len()))?;
    keys.extend(freed.into_iter().map(GroupKey));
    Ok(keys)
}

fn group(connection: &Connection, key: GroupKey, now: Timestamp) -> Result<AlertGroup, Error> {
    let sql = "SELECT body FROM alerts WHERE group_key = ?1 AND state = 'collecting' ORDER BY seq LIMIT 1";
    let gathering: Option<Alert> = json::bodies(connection, sql, [&key.0], "an alert")?.pop();
    let collecting = match gathering {
        Some(alert) => {
            let is_due = matches!(alert.state, AlertState::Collecting { flush_at } if flush_at <= now);
            let is_told = is_due || silences::is_freed(connection, alert.silence.as_deref(), now)?;
            let detections = if is_told { shown(connection, &alert.id)? } else { Vec::new() };
            Some((alert, detections))
        }
        None => None,
    };
    let mut statement = connection.prepare_cached(
        "SELECT max(announced_at) FROM alerts WHERE group_key = ?1 AND state = 'announced'",
    )?;
    let last: Option<i64> = statement.query_row([&key.0], |row| row.get(0))?;
    Ok(AlertGroup { key, collecting, last_announced: last.map(Timestamp::from_micros) })
}

fn shown(connection: &Connection, alert: &str) -> Result<Vec<Detection>, Error> {
    let sql = "SELECT body FROM (
                   SELECT seq, body FROM detections WHERE alert = ?1 AND fate = 'announced'
                   UNION ALL
                   SELECT d.seq, d.body FROM shares s JOIN detections d ON d.id = s.detection
                   WHERE s.alert = ?1 AND s.shown = 1)
               ORDER BY seq LIMIT ?2";
    json::bodies(connection, sql, params![alert, json::limit(SHOWN_DETECTIONS)], "a detection")
}

/// Returns when the first group that is not among `known` becomes due.
fn next_flush(connection: &Connection, known: &HashSet<GroupKey>) -> Result<Option<Timestamp>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT group_key, flush_at FROM alerts WHERE state = 'collecting' ORDER BY flush_at",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if !known.contains(&GroupKey(row.get(0)?)) {
            return Ok(Some(Timestamp::from_micros(row.get(1)?)));
        }
    }
    Ok(None)
}

fn apply(connection: &Connection, transition: &Transition) -> Result<(), Error> {
    for (id, fate) in &transition.fates {
        end_detection(connection, id, fate)?;
    }
    for share in &transition.shares {
        put_share(connection, share)?;
    }
    for alert in &transition.alerts {
        put_alert(connection, alert)?;
    }
    for notification in &transition.notifications {
        let _ = notification::insert(connection, notification)?;
    }
    for held in &transition.held_back {
        silences::hold_back(connection, held)?;
    }
    for silence in &transition.told_silences {
        silences::told(connection, silence)?;
    }
    Ok(())
}

fn put_share(connection: &Connection, share: &Share) -> Result<(), Error> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO shares (alert, detection, shown) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?;
    insert.execute(params![share.alert, share.detection, share.shown])?;
    Ok(())
}

fn end_detection(connection: &Connection, id: &str, fate: &Fate) -> Result<(), Error> {
    let (word, alert, reason) = match fate {
        Fate::Open => return Ok(()),
        Fate::Announced { alert } => ("announced", Some(alert), None),
        Fate::Counted { alert } => ("counted", Some(alert), None),
        Fate::NoAlert { reason } => ("no_alert", None, Some(reason)),
    };
    let mut update = connection.prepare_cached(
        "UPDATE detections SET fate = ?2, alert = ?3, reason = ?4 WHERE id = ?1 AND fate = 'open'",
    )?;
    update.execute(params![id, word, alert, reason])?;
    Ok(())
}

/// Stores an alert as it now is; an announcement is never taken back.
fn put_alert(connection: &Connection, alert: &Alert) -> Result<(), Error> {
    let (state, flush_at, announced_at) = match alert.state {
        AlertState::Collecting { flush_at } => ("collecting", Some(flush_at.micros()), None),
        AlertState::Announced { at } => ("announced", None, Some(at.micros())),
    };
    let mut upsert = connection.prepare_cached(
        "INSERT INTO alerts (id, group_key, state, flush_at, announced_at, opened, body, silence)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, flush_at = excluded.flush_at,
             announced_at = excluded.announced_at, opened = excluded.opened, body = excluded.body,
             silence = excluded.silence
         WHERE alerts.state = 'collecting' OR excluded.state = 'announced'",
    )?;
    let opened = alert.opened.micros();
    upsert.execute(params![
        alert.id,
        alert.group.0,
        state,
        flush_at,
        announced_at,
        opened,
        json::encode(alert),
        alert.silence,
    ])?;
    Ok(())
}
