//! How a session's statements are to be read, as its QUERY events tell.

use std::borrow::Cow;

use crate::cursor::Cursor;
use crate::who::{Claim, Escapes, statement_text};

/// What decides where a literal of a statement ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// What a backslash means.
    pub(super) escapes: Escapes,
    /// The collation of `character_set_client`; none where nobody told.
    pub(super) client_collation: Option<u64>,
}

impl Dialect {
    /// Nobody told anything: only what every reading agrees on counts.
    pub(super) const UNKNOWN: Self = Self { escapes: Escapes::Unknown, client_collation: None };

    /// Reads a QUERY event's status variables up to the client's character set; source: MySQL,
    /// `libs/mysql/binlog/event/statement_events.h`, `Query_event::Query_event_post_header` and below.
    pub(super) fn of_status(status: &[u8]) -> Self {
        let mut dialect = Self::UNKNOWN;
        let mut cursor = Cursor::new(status);
        // Behind one that is not known nothing can be found.
        while dialect.read_variable(&mut cursor).is_some() {}
        dialect
    }

    fn read_variable(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        const FLAGS: u8 = 0;
        const SQL_MODE: u8 = 1;
        const AUTO_INCREMENT: u8 = 3;
        const CHARSET: u8 = 4;
        const TIME_ZONE: u8 = 5;
        const CATALOG: u8 = 6;
        match cursor.u8()? {
            FLAGS | AUTO_INCREMENT => drop(cursor.take(4)?),
            SQL_MODE => self.escapes = Escapes::of_sql_mode(cursor.u64()?),
            // The client's, then those of the connection and the server, which do not matter here.
            CHARSET => {
                self.client_collation = Some(u64::from(cursor.u16()?));
                cursor.take(4)?;
            }
            CATALOG | TIME_ZONE => {
                let length = cursor.u8()?;
                cursor.take(usize::from(length))?;
            }
            _ => return None,
        }
        Some(())
    }

    /// Returns a statement's text for reading; bytes that are no text are replaced.
    pub(super) fn text(self, statement: &[u8]) -> Cow<'_, str> {
        statement_text(statement, self.client_collation).unwrap_or_else(|| String::from_utf8_lossy(statement))
    }

    /// Returns what a statement claims about who made it; nothing where its literals cannot be told for sure.
    pub(super) fn claim(self, statement: &[u8]) -> Option<Claim> {
        // In no character set of a client are these two bytes part of a letter.
        if !statement.windows(2).any(|pair| pair == b"/*") {
            return None;
        }
        Claim::of_statement(&statement_text(statement, self.client_collation)?, self.escapes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: &[&[u8]], escapes: Escapes, client_collation: Option<u64>) {
        assert_eq!(Dialect::of_status(&status.concat()), Dialect { escapes, client_collation }, "{status:?}");
    }

    #[test]
    fn mode_and_character_set_are_found_wherever_they_stand() {
        let flags: &[u8] = &[0, 1, 2, 3, 4];
        let mode = |mode: u64| [&[1][..], &mode.to_le_bytes()].concat();
        let catalog: &[u8] = b"\x06\x03std";
        let gbk: &[u8] = &[4, 28, 0, 255, 0, 8, 0];
        check(&[flags, &mode(0), catalog, gbk], Escapes::Backslash, Some(28));
        check(&[&mode(1 << 20), catalog, &[3, 1, 0, 2, 0], gbk, b"\x05\x06SYSTEM"], Escapes::None, Some(28));
        check(&[&mode(0), &[4, 0, 1, 8, 0, 8, 0]], Escapes::Backslash, Some(256));
        check(&[flags, &mode(0)], Escapes::Backslash, None);
        check(&[&[200, 1], &mode(0)], Escapes::Unknown, None);
        check(&[&mode(0), &[4, 28]], Escapes::Backslash, None);
        check(&[], Escapes::Unknown, None);
        for length in 0..flags.len() {
            check(&[&flags[..length]], Escapes::Unknown, None);
        }
    }

    #[test]
    fn a_letter_that_ends_in_a_backslash_opens_no_comment() {
        // The client escaped the quote; the letter before it is bf 5c, and as UTF-8 its backslash escapes the other.
        let forged = b"update t set v='\xbf\x5c\\' /* user='root' */'";
        let claim =
            |client_collation| Dialect { escapes: Escapes::Backslash, client_collation }.claim(forged);
        assert_eq!(claim(Some(28)), None);
        assert_eq!(claim(None), None);
        let gbk = Dialect { escapes: Escapes::Backslash, client_collation: Some(28) };
        let name = gbk.claim(b"update t set v='\xd6\xd0' /* user='\xc0\xee' */").and_then(|claim| claim.name);
        assert_eq!(name.as_deref(), Some("李"));
        assert_eq!(gbk.text(b"set v='\xd6\xd0'"), "set v='中'");
        assert_eq!(gbk.text(b"set v='\xff'"), "set v='\u{fffd}'");
    }
}
