//! Which log this is: a name and an epoch, which change when the file is not the one it was.

use conftrail_core::{LogIdentity, LogPlace};
use rusqlite::{Connection, OptionalExtension as _};

use crate::error::Error;

/// Reads the identity.
pub(super) fn read(connection: &Connection) -> Result<LogIdentity, Error> {
    let identity = connection.query_row("SELECT id, epoch FROM identity", [], |row| {
        Ok(LogIdentity { id: row.get(0)?, epoch: row.get(1)?, partitions: 1 })
    });
    Ok(identity?)
}

/// Returns the offset after the last record there ever was, trimmed ones included.
pub(super) fn end(connection: &Connection) -> Result<u64, Error> {
    let mut select = connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'records'")?;
    let last: Option<i64> = select.query_row([], |row| row.get(0)).optional()?;
    let last =
        u64::try_from(last.unwrap_or(0)).map_err(|_| Error::Undecodable("the end of the change log"))?;
    Ok(last + 1)
}

/// Gives the log a new name where it ends before what was seen of it, and an epoch after those of other logs that were
/// seen; returns its identity then.
pub(super) fn compare(connection: &Connection, seen: &[LogPlace]) -> Result<LogIdentity, Error> {
    let (mut identity, end) = (read(connection)?, end(connection)?);
    let went_beyond = |place: &LogPlace| place.end.iter().any(|order| order.offset > end);
    if seen.iter().any(|place| place.log.id == identity.id && went_beyond(place)) {
        connection.execute("UPDATE identity SET id = lower(hex(randomblob(16))), epoch = unixepoch()", [])?;
        identity = read(connection)?;
    }
    let others = seen.iter().filter(|place| place.log.id != identity.id);
    if let Some(last) = others.map(|place| place.log.epoch).max().filter(|last| *last >= identity.epoch) {
        // The clock was set back, or the other log was made within this second.
        connection.execute("UPDATE identity SET epoch = ?1", [last.saturating_add(1)])?;
        identity = read(connection)?;
    }
    Ok(identity)
}
