//! Bodies: what is kept whole and never searched.

use rusqlite::Connection;
use rusqlite::Params;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// Returns a body's text.
pub(super) fn encode<T: Serialize>(body: &T) -> String {
    serde_json::to_string(body).expect("the vocabulary of core holds only text keys and JSON values")
}

/// Reads a body; `what` names it in the error.
pub(super) fn decode<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|_| Error::Undecodable(what))
}

/// Reads the body that each row has as its only column.
pub(super) fn bodies<T: DeserializeOwned>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    what: &'static str,
) -> Result<Vec<T>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut read = Vec::new();
    while let Some(row) = rows.next()? {
        read.push(decode(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?, what)?);
    }
    Ok(read)
}

/// Returns a limit as SQLite counts.
pub(super) fn limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
