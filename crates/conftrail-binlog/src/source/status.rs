//! Status variables of QUERY events: what the server tells about a statement's session and its effect.

use super::dialect::Dialect;
use crate::cursor::Cursor;
use crate::who::{Escapes, Login};

/// What a QUERY event tells beside its statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// How the session's statements are to be read.
    pub(super) dialect: Dialect,
    /// The account with whose rights the statement ran: the session's own, but the definer's within a routine of another.
    /// Only some statements have it.
    pub(super) invoker: Option<Login>,
    /// The databases that the statement concerns, where the server says so.
    pub(super) databases: Vec<String>,
    /// Whether this tells only that an ALTER TABLE began or failed: MariaDB with `binlog_alter_two_phase` logs one that is made twice.
    pub(super) is_no_change: bool,
}

/// Codes of status variables; sources: MySQL, `libs/mysql/binlog/event/statement_events.h`, `Query_event`; MariaDB,
/// `sql/log_event.h`.
mod code {
    pub(super) const FLAGS: u8 = 0;
    pub(super) const SQL_MODE: u8 = 1;
    pub(super) const AUTO_INCREMENT: u8 = 3;
    pub(super) const CHARSET: u8 = 4;
    pub(super) const TIME_ZONE: u8 = 5;
    pub(super) const CATALOG: u8 = 6;
    pub(super) const TIME_NAMES: u8 = 7;
    pub(super) const DATABASE_CHARSET: u8 = 8;
    pub(super) const TABLES_FOR_UPDATE: u8 = 9;
    pub(super) const DATA_WRITTEN: u8 = 10;
    pub(super) const INVOKER: u8 = 11;
    pub(super) const DATABASES: u8 = 12;
    pub(super) const MICROSECONDS: u8 = 13;
    pub(super) const MARIADB_MICROSECONDS: u8 = 128;
    pub(super) const MARIADB_XID: u8 = 129;
    pub(super) const MARIADB_PHASE: u8 = 130;
}

/// The phases of an ALTER TABLE; source: MariaDB, `sql/log_event.h`, `Gtid_log_event::FL_START_ALTER_E1` and below.
mod phase {
    pub(super) const START: u8 = 2;
    pub(super) const COMMIT: u8 = 4;
    pub(super) const ROLLBACK: u8 = 8;
}

/// Stands for more databases than are listed.
const TOO_MANY: u8 = 254;

impl Status {
    /// Reads the variables, up to the first that is not known: behind it nothing can be found.
    pub(super) fn read(variables: &[u8]) -> Self {
        let mut status =
            Self { dialect: Dialect::UNKNOWN, invoker: None, databases: Vec::new(), is_no_change: false };
        let mut cursor = Cursor::new(variables);
        while status.read_variable(&mut cursor).is_some() {}
        status
    }

    fn read_variable(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        match cursor.u8()? {
            code::SQL_MODE => self.dialect.escapes = Escapes::of_sql_mode(cursor.u64()?),
            // The client's, then those of the connection and the server, which do not matter here.
            code::CHARSET => {
                self.dialect.client_collation = Some(u64::from(cursor.u16()?));
                cursor.take(4)?;
            }
            code::INVOKER => {
                let (user, host) = (short_text(cursor)?, short_text(cursor)?);
                self.invoker =
                    Some(Login { user, host, program: None }).filter(|login| !login.user.is_empty());
            }
            code::DATABASES => {
                let count = cursor.u8()?;
                for _ in 0..if count == TOO_MANY { 0 } else { count } {
                    self.databases.push(ended_text(cursor)?);
                }
            }
            code::CATALOG | code::TIME_ZONE => drop(short_text(cursor)?),
            code::TIME_NAMES | code::DATABASE_CHARSET => drop(cursor.take(2)?),
            code::MICROSECONDS | code::MARIADB_MICROSECONDS => drop(cursor.take(3)?),
            code::FLAGS | code::AUTO_INCREMENT | code::DATA_WRITTEN => drop(cursor.take(4)?),
            code::TABLES_FOR_UPDATE | code::MARIADB_XID => drop(cursor.take(8)?),
            code::MARIADB_PHASE => {
                let phases = cursor.u8()?;
                self.is_no_change = phases & (phase::START | phase::ROLLBACK) != 0;
                if phases & (phase::COMMIT | phase::ROLLBACK) != 0 {
                    cursor.take(8)?;
                }
            }
            _ => return None,
        }
        Some(())
    }
}

/// A text behind its length.
fn short_text(cursor: &mut Cursor<'_>) -> Option<String> {
    let length = usize::from(cursor.u8()?);
    Some(String::from_utf8_lossy(cursor.take(length)?).into_owned())
}

/// A text up to a zero.
fn ended_text(cursor: &mut Cursor<'_>) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        match cursor.u8()? {
            0 => return Some(String::from_utf8_lossy(&bytes).into_owned()),
            byte => bytes.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: &[u8] = &[0, 1, 2, 3, 4];
    const CATALOG: &[u8] = b"\x06\x03std";
    const GBK: &[u8] = &[4, 28, 0, 255, 0, 8, 0];

    fn mode(mode: u64) -> Vec<u8> {
        [&[1][..], &mode.to_le_bytes()].concat()
    }

    fn check(status: &[&[u8]], escapes: Escapes, client_collation: Option<u64>) {
        assert_eq!(
            Status::read(&status.concat()).dialect,
            Dialect { escapes, client_collation },
            "{status:?}"
        );
    }

    #[test]
    fn mode_and_character_set_are_found_wherever_they_stand() {
        check(&[FLAGS, &mode(0), CATALOG, GBK], Escapes::Backslash, Some(28));
        check(&[&mode(1 << 20), CATALOG, &[3, 1, 0, 2, 0], GBK, b"\x05\x06SYSTEM"], Escapes::None, Some(28));
        check(&[&mode(0), &[4, 0, 1, 8, 0, 8, 0]], Escapes::Backslash, Some(256));
        check(&[FLAGS, &mode(0)], Escapes::Backslash, None);
        check(&[&[200, 1], &mode(0)], Escapes::Unknown, None);
        check(&[&mode(0), &[4, 28]], Escapes::Backslash, None);
        check(&[], Escapes::Unknown, None);
        for length in 0..FLAGS.len() {
            check(&[&FLAGS[..length]], Escapes::Unknown, None);
        }
    }

    #[test]
    fn of_an_alter_in_two_phases_only_its_end_is_a_change() {
        let is_no_change = |variables: &[&[u8]]| Status::read(&variables.concat()).is_no_change;
        let number: &[u8] = &[4, 0, 0, 0, 0, 0, 0, 0];
        assert!(is_no_change(&[FLAGS, &[130, 2]]) && is_no_change(&[FLAGS, &[130, 8], number]));
        assert!(!is_no_change(&[FLAGS, &[129], number, &[130, 4], number]) && !is_no_change(&[FLAGS]));
    }

    #[test]
    fn invoker_and_databases_stand_behind_the_rest() {
        let zone: &[u8] = b"\x05\x06SYSTEM";
        let (invoker, databases): (&[u8], &[u8]) = (b"\x0b\x02al\x01%", b"\x0c\x02mysql\0d\0");
        let written =
            [FLAGS, &mode(0), CATALOG, GBK, zone, &[9, 0, 0, 0, 0, 0, 0, 0, 1], invoker, databases].concat();
        let status = Status::read(&written);
        assert_eq!(status.invoker.map(|login| login.account()).as_deref(), Some("al@%"));
        assert_eq!(status.databases, ["mysql", "d"]);
        assert_eq!(Status::read(&[12, TOO_MANY]).databases, Vec::<String>::new());
        for length in 0..written.len() {
            let _any_outcome = Status::read(&written[..length]);
        }
    }
}
