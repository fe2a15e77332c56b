//! The binlog's end, its files, and sets of transactions as the server computes with them.

use conftrail_core::Timestamp;
use mysql_async::Row;

use super::client::cell;
use super::{Control, ControlError};

/// The end of the binlog at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// The file that is written to.
    pub file: String,
    /// Its length.
    pub position: u64,
    /// The executed GTID set, without line breaks.
    pub gtid_executed: String,
}

/// One binlog file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
}

impl Control {
    /// Asks for the end of the binlog; file, position and set belong together.
    ///
    /// # Errors
    /// Those of a query: `REPLICATION CLIENT` is needed.
    pub async fn log_end(&mut self) -> Result<LogEnd, ControlError> {
        const WHAT: &str = "the end of its binlog";
        const SYNTAX_ERROR: u16 = 1064;
        // The word changed with 8.2; the old one is gone since 8.4.
        let row = match self.row(WHAT, "SHOW BINARY LOG STATUS", ()).await {
            Err(error) if error.code() == Some(SYNTAX_ERROR) => {
                self.row(WHAT, "SHOW MASTER STATUS", ()).await?
            }
            other => other?,
        };
        let row = &row;
        let read = || {
            Some(LogEnd {
                file: cell(row, 0)?,
                position: cell(row, 1)?,
                gtid_executed: cell::<String>(row, 4)?.replace('\n', ""),
            })
        };
        read().ok_or(ControlError::Answer { what: WHAT })
    }

    /// Asks for the server's clock.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn clock(&mut self) -> Result<Timestamp, ControlError> {
        let sql = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";
        self.value("its clock", sql, ()).await.map(Timestamp::from_micros)
    }

    /// Asks for the server's clock and, after it, for the end of the binlog: every transaction whose commit time is
    /// before that clock lies before that end. The time is taken, and the end read, under the binlog's own lock.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn clock_and_log_end(&mut self) -> Result<(Timestamp, LogEnd), ControlError> {
        Ok((self.clock().await?, self.log_end().await?))
    }

    /// Asks for the binlog's files, oldest first.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn log_files(&mut self) -> Result<Vec<LogFile>, ControlError> {
        const WHAT: &str = "the list of its binlogs";
        let rows = self.rows(WHAT, "SHOW BINARY LOGS", ()).await?;
        let read = |row: &Row| Some(LogFile { name: cell(row, 0)?, size: cell(row, 1)? });
        rows.iter().map(read).collect::<Option<_>>().ok_or(ControlError::Answer { what: WHAT })
    }

    /// Says whether every transaction of `part` is in `whole`, by the server's own reckoning.
    ///
    /// # Errors
    /// Those of a query, such as a malformed set.
    pub async fn gtid_subset(&mut self, part: &str, whole: &str) -> Result<bool, ControlError> {
        let is_subset: u8 =
            self.value("the comparison of two GTID sets", "SELECT GTID_SUBSET(?, ?)", (part, whole)).await?;
        Ok(is_subset == 1)
    }

    /// Returns the transactions of `from` that are not in `without`.
    ///
    /// # Errors
    /// Those of a query, such as a malformed set.
    pub async fn gtid_subtract(&mut self, from: &str, without: &str) -> Result<String, ControlError> {
        let sql = "SELECT GTID_SUBTRACT(?, ?)";
        let rest: String = self.value("the difference of two GTID sets", sql, (from, without)).await?;
        Ok(rest.replace('\n', ""))
    }
}
