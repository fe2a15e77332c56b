//! One notification as a row.

use conftrail_core::Timestamp;
use conftrail_core::alerting::{Notification, NotificationState};
use rusqlite::{Connection, Params, Row, params};

use super::json;
use crate::error::Error;

/// The columns that [`read`] expects, in its order.
pub(super) const COLUMNS: &str = "id, receiver, integration, announcement, state, attempts, possible_repeat, \
                                  created, due, last_error, instead_of";

const STATES: [NotificationState; 6] = [
    NotificationState::Queued,
    NotificationState::Intent,
    NotificationState::Unknown,
    NotificationState::Sent,
    NotificationState::Dead,
    NotificationState::Suppressed,
];

/// Stores a notification; a known one stays as it is. Returns whether it is new.
pub(super) fn insert(connection: &Connection, new: &Notification) -> Result<bool, Error> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO notifications (id, receiver, integration, alert, state, attempts, possible_repeat, created,
             due, last_error, settled_at, announcement, instead_of)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
         ON CONFLICT (id) DO NOTHING",
    )?;
    let created = new.created.micros();
    let waits = matches!(
        new.state,
        NotificationState::Queued | NotificationState::Intent | NotificationState::Unknown
    );
    let added = insert.execute(params![
        new.id,
        new.receiver,
        new.integration,
        new.announcement.alert,
        new.state.as_str(),
        new.attempts,
        new.possible_repeat,
        created,
        new.due.micros(),
        new.last_error,
        (!waits).then_some(created),
        json::encode(&new.announcement),
        json::encode(&new.instead_of),
    ])?;
    Ok(added > 0)
}

/// Reads the notifications of a query whose columns are [`COLUMNS`].
pub(super) fn select(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<Vec<Notification>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut notifications = Vec::new();
    while let Some(row) = rows.next()? {
        notifications.push(read(row)?);
    }
    Ok(notifications)
}

fn read(row: &Row<'_>) -> Result<Notification, Error> {
    let announcement: String = row.get(3)?;
    let word: String = row.get(4)?;
    let instead_of: String = row.get(10)?;
    let state = STATES.into_iter().find(|state| state.as_str() == word);
    Ok(Notification {
        id: row.get(0)?,
        receiver: row.get(1)?,
        integration: row.get(2)?,
        announcement: json::decode(&announcement, "an announcement")?,
        state: state.ok_or(Error::Undecodable("a notification's state"))?,
        attempts: row.get(5)?,
        possible_repeat: row.get(6)?,
        created: Timestamp::from_micros(row.get(7)?),
        due: Timestamp::from_micros(row.get(8)?),
        last_error: row.get(9)?,
        instead_of: json::decode(&instead_of, "the receivers before this one")?,
    })
}
