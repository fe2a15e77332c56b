//! QUERY events: statements as text, and the marks of transactions among them.

use std::borrow::Cow;

use crate::cursor::Cursor;
use crate::who::Escapes;

/// A QUERY event's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueryEvent<'a> {
    /// The session's number on the server that ran the statement.
    pub(super) thread_id: u32,
    /// The session's default database; may be empty.
    pub(super) schema: Cow<'a, str>,
    /// The statement.
    pub(super) sql: Cow<'a, str>,
    /// What a backslash meant to the session.
    pub(super) escapes: Escapes,
}

impl<'a> QueryEvent<'a> {
    /// Reads the body; source: MySQL, `libs/mysql/binlog/event/statement_events.h`, `Query_event`.
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let thread_id = cursor.u32()?;
        cursor.u32()?;
        let schema_length = usize::from(cursor.u8()?);
        cursor.u16()?;
        let status_length = usize::from(cursor.u16()?);
        let escapes = escapes(cursor.take(status_length)?);
        let schema = String::from_utf8_lossy(cursor.take(schema_length)?);
        cursor.u8()?;
        Some(Self { thread_id, schema, sql: String::from_utf8_lossy(cursor.rest()), escapes })
    }
}

/// Reads `sql_mode` from the status variables, where it stands first or behind the flags.
fn escapes(status: &[u8]) -> Escapes {
    const FLAGS: u8 = 0;
    const SQL_MODE: u8 = 1;
    let mut cursor = Cursor::new(status);
    let mut code = cursor.u8();
    if code == Some(FLAGS) {
        cursor.u32();
        code = cursor.u8();
    }
    match (code, cursor.u64()) {
        (Some(SQL_MODE), Some(mode)) => Escapes::of_sql_mode(mode),
        _ => Escapes::Unknown,
    }
}

/// Reads a ROWS_QUERY event: a length that is too short for its purpose, then the statement.
pub(super) fn rows_query(body: &[u8]) -> Option<Cow<'_, str>> {
    Some(String::from_utf8_lossy(body.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sessions_mode_says_what_a_backslash_means() {
        let mode = |flags: &[u8], mode: u64| escapes(&[flags, &[1], &mode.to_le_bytes(), &[6, 3]].concat());
        assert_eq!(mode(&[0, 1, 2, 3, 4], 0), Escapes::Backslash);
        assert_eq!(mode(&[0, 1, 2, 3, 4], 1 << 20), Escapes::None);
        assert_eq!(mode(&[], 1 << 20), Escapes::None);
        assert_eq!(escapes(&[0, 1, 2]), Escapes::Unknown);
    }

    #[test]
    fn the_statement_stands_behind_status_variables_and_database() {
        let mut body = 42_u32.to_le_bytes().to_vec();
        body.extend([0, 0, 0, 0, 4, 0, 0, 3, 0, 7, 7, 7]);
        body.extend(b"shop\0BEGIN");
        let event = QueryEvent::read(&body).unwrap();
        assert_eq!((event.thread_id, &*event.schema, &*event.sql), (42, "shop", "BEGIN"));
        for length in 0..21 {
            assert_eq!(QueryEvent::read(&body[..length.min(19)]), None);
        }
        assert_eq!(rows_query(b"\x08update t"), Some(Cow::Borrowed("update t")));
        assert_eq!(rows_query(b""), None);
    }
}
