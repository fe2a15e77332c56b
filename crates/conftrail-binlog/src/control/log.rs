//! The binlog's end, its files, and sets of transactions as the server computes with them.

use std::time::Duration;

use conftrail_core::Timestamp;
use mysql_async::Row;

use super::client::cell;
use super::{Control, ControlError};
use crate::gtid::Gtid;
use crate::product::Product;

const END: &str = "the end of its binlog";
/// MySQL's error number for a statement that this release does not know.
const SYNTAX_ERROR: u16 = 1064;

/// The end of the binlog at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEnd {
    /// The file that is written to.
    pub file: String,
    /// Its length.
    pub position: u64,
    /// The executed GTID set, without line breaks; on MariaDB the GTID position.
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
    /// Those of a query: `REPLICATION CLIENT` is needed, or MariaDB's `BINLOG MONITOR`.
    pub async fn log_end(&mut self) -> Result<LogEnd, ControlError> {
        let (mut end, row) = self.log_status().await?;
        end.gtid_executed = match self.product() {
            Product::Mysql => {
                cell::<String>(&row, 4).ok_or(ControlError::Answer { what: END })?.replace('\n', "")
            }
            // Here the server tells it of a place that it told before.
            Product::Mariadb => self
                .gtid_position_at(&end.file, end.position)
                .await?
                .ok_or(ControlError::Answer { what: END })?,
        };
        Ok(end)
    }

    /// The end of the binlog without its GTIDs, and the row that tells it.
    async fn log_status(&mut self) -> Result<(LogEnd, Row), ControlError> {
        // The word changed with MySQL 8.2; the old one is gone since 8.4 and the only one of MariaDB.
        let row = match self.product() {
            Product::Mariadb => self.row(END, "SHOW MASTER STATUS", ()).await?,
            Product::Mysql => match self.row(END, "SHOW BINARY LOG STATUS", ()).await {
                Err(error) if error.code() == Some(SYNTAX_ERROR) => {
                    self.row(END, "SHOW MASTER STATUS", ()).await?
                }
                other => other?,
            },
        };
        let read =
            || Some(LogEnd { file: cell(&row, 0)?, position: cell(&row, 1)?, gtid_executed: String::new() });
        let end = read().ok_or(ControlError::Answer { what: END })?;
        Ok((end, row))
    }

    /// Asks MariaDB which transactions lie before a place; none when there is no such place.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn gtid_position_at(
        &mut self,
        file: &str,
        position: u64,
    ) -> Result<Option<String>, ControlError> {
        self.value("the GTID position of a place", "SELECT BINLOG_GTID_POS(?, ?)", (file, position)).await
    }

    /// Asks for the server's clock.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn clock(&mut self) -> Result<Timestamp, ControlError> {
        let sql = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";
        self.value("its clock", sql, ()).await.map(Timestamp::from_micros)
    }

    /// Asks for the server's clock, no finer than the times that its binlog tells: those of MariaDB are whole seconds.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn clock_of_commits(&mut self) -> Result<Timestamp, ControlError> {
        const SECOND: i64 = 1_000_000;
        let clock = self.clock().await?;
        Ok(match self.product() {
            Product::Mysql => clock,
            Product::Mariadb => Timestamp::from_micros(clock.micros() - clock.micros().rem_euclid(SECOND)),
        })
    }

    /// Asks for the server's clock and, after it, for the end of the binlog: every transaction whose commit time is
    /// before that clock lies before that end. The time is taken, and the end read, under the binlog's own lock. The end comes
    /// without its GTIDs.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn clock_and_log_end(&mut self) -> Result<(Timestamp, LogEnd), ControlError> {
        Ok((self.clock_of_commits().await?, self.log_status().await?.0))
    }

    /// Waits, for a few seconds at most, until what a transaction did can be seen, and says whether it can: the log tells of it a
    /// moment earlier, or much earlier where the commit waits for a replica's word (`rpl_semi_sync_source_wait_point=AFTER_SYNC`).
    ///
    /// # Errors
    /// Those of a query.
    pub async fn wait_for(&mut self, gtid: &Gtid) -> Result<bool, ControlError> {
        let sql = "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 5)";
        let timed_out: u8 = self.value("the end of a transaction", sql, (gtid.to_string(),)).await?;
        Ok(timed_out == 0)
    }

    /// Asks how long a file of the binlog is kept after its last change; none when until somebody purges it.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn binlog_kept(&mut self) -> Result<Option<Duration>, ControlError> {
        let seconds: u64 = self
            .value("how long it keeps its binlog", "SELECT @@GLOBAL.binlog_expire_logs_seconds", ())
            .await?;
        Ok((seconds > 0).then(|| Duration::from_secs(seconds)))
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

    /// Says whether the server receives or applies the transactions of another: what it lacks may still come.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn replicates(&mut self) -> Result<bool, ControlError> {
        const WHAT: &str = "whether it replicates";
        if self.product() == Product::Mariadb {
            // SHOW SLAVE STATUS needs a right of its own there.
            let sql = "SELECT variable_value FROM information_schema.global_status \
                       WHERE variable_name = 'SLAVES_RUNNING'";
            let running: String = self.value(WHAT, sql, ()).await?;
            return Ok(running.trim() != "0");
        }
        // The word changed with MySQL 8.0.22.
        let (rows, columns) = match self.rows(WHAT, "SHOW REPLICA STATUS", ()).await {
            Err(error) if error.code() == Some(SYNTAX_ERROR) => {
                (self.rows(WHAT, "SHOW SLAVE STATUS", ()).await?, ["Slave_IO_Running", "Slave_SQL_Running"])
            }
            rows => (rows?, ["Replica_IO_Running", "Replica_SQL_Running"]),
        };
        let runs = |row: &Row, column: &str| {
            row.get_opt::<String, _>(column).is_some_and(|state| state.is_ok_and(|state| state != "No"))
        };
        Ok(rows.iter().any(|row| columns.iter().any(|column| runs(row, column))))
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
