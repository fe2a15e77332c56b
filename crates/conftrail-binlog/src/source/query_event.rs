//! QUERY events: statements as text, and the marks of transactions among them.

use std::borrow::Cow;

use super::dialect::Dialect;
use super::status::Status;
use crate::cursor::Cursor;
use crate::who::Login;

/// A QUERY event's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueryEvent<'a> {
    /// The session's number on the server that ran the statement.
    pub(super) thread_id: u32,
    /// The error that the statement ended with on its server, having done a part; 0 when it did all.
    pub(super) error_code: u16,
    /// The session's default database; may be empty.
    pub(super) schema: Cow<'a, str>,
    /// The statement as the client sent it.
    pub(super) statement: &'a [u8],
    /// The statement as text.
    pub(super) sql: Cow<'a, str>,
    /// How the session's statements are to be read.
    pub(super) dialect: Dialect,
    /// The account with whose rights the statement ran, where the server tells.
    pub(super) invoker: Option<Login>,
    /// The databases that it concerns, where the server tells.
    pub(super) databases: Vec<String>,
    /// Whether nothing has changed: it tells of a statement that began or failed.
    pub(super) is_no_change: bool,
}

impl<'a> QueryEvent<'a> {
    /// Reads the body; source: MySQL, `libs/mysql/binlog/event/statement_events.h`, `Query_event`.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        Self::behind_header(body, 0)
    }

    /// Reads the body of the event that ends a LOAD DATA: a QUERY event with the place of the file's name in between.
    /// Source: MySQL, `libs/mysql/binlog/event/load_data_events.h`, `Execute_load_query_event`.
    pub(super) fn read_load(body: &'a [u8]) -> Option<Self> {
        const FILE_AND_DUPLICATES: usize = 13;
        Self::behind_header(body, FILE_AND_DUPLICATES)
    }

    fn behind_header(body: &'a [u8], more: usize) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let thread_id = cursor.u32()?;
        cursor.u32()?;
        let schema_length = usize::from(cursor.u8()?);
        let error_code = cursor.u16()?;
        let status_length = usize::from(cursor.u16()?);
        cursor.take(more)?;
        let Status { dialect, invoker, databases, is_no_change } = Status::read(cursor.take(status_length)?);
        let schema = String::from_utf8_lossy(cursor.take(schema_length)?);
        cursor.u8()?;
        let statement = cursor.rest();
        let sql = dialect.text(statement);
        Some(Self {
            thread_id,
            error_code,
            schema,
            statement,
            sql,
            dialect,
            invoker,
            databases,
            is_no_change,
        })
    }
}

/// Reads a ROWS_QUERY event: a length that is too short for its purpose, then the statement as the client sent it.
pub(super) fn rows_query(body: &[u8]) -> Option<&[u8]> {
    body.get(1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_stands_behind_status_variables_and_database() {
        let mut body = 42_u32.to_le_bytes().to_vec();
        body.extend([0, 0, 0, 0, 4, 0, 0, 3, 0, 7, 7, 7]);
        body.extend(b"shop\0BEGIN");
        let event = QueryEvent::read(&body).unwrap();
        assert_eq!((event.thread_id, &*event.schema, &*event.sql), (42, "shop", "BEGIN"));
        body.splice(13..13, [0; 13]);
        let load = QueryEvent::read_load(&body).unwrap();
        assert_eq!((load.thread_id, &*load.schema, &*load.sql), (42, "shop", "BEGIN"));
        for length in 0..21 {
            assert_eq!(QueryEvent::read(&body[..length.min(19)]), None);
        }
        assert_eq!(rows_query(b"\x08update t"), Some(&b"update t"[..]));
        assert_eq!(rows_query(b""), None);
    }
}
