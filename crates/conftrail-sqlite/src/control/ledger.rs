//! Adding up. What is unaccounted is a difference, so that a state nobody thought of shows.

use std::collections::BTreeMap;

use conftrail_core::Timestamp;
use conftrail_core::alerting::Ledger;
use rusqlite::Connection;

use crate::error::Error;

/// Adds up detections and notifications made at or after `since`.
pub(super) fn add_up(connection: &Connection, since: Timestamp) -> Result<Ledger, Error> {
    let mut ledger = Ledger::default();
    add_detections(connection, since, &mut ledger)?;
    add_notifications(connection, since, &mut ledger)?;

    let accounted = ledger.open + ledger.announced + ledger.counted + ledger.no_alert.values().sum::<u64>();
    let known = ledger.delivered + ledger.pending + ledger.suppressed + ledger.dead;
    ledger.unaccounted = ledger.detections.saturating_sub(accounted)
        + ledger.notifications.saturating_sub(known)
        + silent_alerts(connection, since)?;
    Ok(ledger)
}

fn add_detections(connection: &Connection, since: Timestamp, ledger: &mut Ledger) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*),
                count(*) FILTER (WHERE d.fate = 'open' OR a.state = 'collecting'),
                count(*) FILTER (WHERE d.fate = 'announced' AND a.state = 'announced'),
                count(*) FILTER (WHERE d.fate = 'counted' AND a.state = 'announced')
         FROM detections d LEFT JOIN alerts a ON a.id = d.alert
         WHERE d.detected >= ?1",
    )?;
    let counts = statement
        .query_row([since.micros()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    (ledger.detections, ledger.open, ledger.announced, ledger.counted) = counts;

    let mut statement = connection.prepare_cached(
        "SELECT reason, count(*) FROM detections WHERE detected >= ?1 AND fate = 'no_alert' GROUP BY reason",
    )?;
    let reasons = statement.query_map([since.micros()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    ledger.no_alert = reasons.collect::<Result<BTreeMap<_, _>, _>>()?;
    Ok(())
}

fn add_notifications(connection: &Connection, since: Timestamp, ledger: &mut Ledger) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*),
                count(*) FILTER (WHERE state = 'sent'),
                count(*) FILTER (WHERE state IN ('queued', 'intent', 'unknown')),
                count(*) FILTER (WHERE state = 'suppressed'),
                count(*) FILTER (WHERE state = 'dead')
         FROM notifications WHERE created >= ?1",
    )?;
    let counts = statement.query_row([since.micros()], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
    })?;
    (ledger.notifications, ledger.delivered, ledger.pending, ledger.suppressed, ledger.dead) = counts;

    // Each digest has a name of its own, which says nothing here.
    let mut statement = connection.prepare_cached(
        "SELECT CASE WHEN last_error LIKE 'digest %' THEN 'digest' ELSE coalesce(last_error, 'no reason') END AS reason,
                count(*)
         FROM notifications WHERE created >= ?1 AND state = 'suppressed' GROUP BY reason",
    )?;
    let reasons = statement.query_map([since.micros()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    ledger.suppressed_because = reasons.collect::<Result<BTreeMap<_, _>, _>>()?;

    let sql = "SELECT count(*) FROM alerts WHERE opened >= ?1 AND state = 'collecting'";
    ledger.gathering = connection.prepare_cached(sql)?.query_row([since.micros()], |row| row.get(0))?;
    Ok(())
}

/// Counts announcements that nobody was told of.
fn silent_alerts(connection: &Connection, since: Timestamp) -> Result<u64, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*) FROM alerts a WHERE a.state = 'announced' AND a.announced_at >= ?1
             AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.alert = a.id)",
    )?;
    Ok(statement.query_row([since.micros()], |row| row.get(0))?)
}
