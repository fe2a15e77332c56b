//! Who is logged in, and which login made which transaction, as `performance_schema` tells; on MariaDB the list of processes.

use std::time::Duration;

use conftrail_core::Timestamp;
use mysql_async::Row;

use super::client::cell;
use super::{Control, ControlError};
use crate::gtid::Gtid;
use crate::product::Product;
use crate::who::{Login, SessionFacts};

/// The server's clock in microseconds since the epoch.
const CLOCK: &str = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";
/// The program that a session belongs to, as it names itself; else the library that it connects with.
const PROGRAM: &str = "(SELECT a.attr_value FROM performance_schema.session_connect_attrs a \
    WHERE a.processlist_id = t.processlist_id AND a.attr_name IN ('program_name', '_client_name') \
    ORDER BY a.attr_name = 'program_name' DESC LIMIT 1)";
/// How often a session changed its user, as pools let it.
const CHANGES_OF_USER: &str = "COALESCE((SELECT s.count_star \
    FROM performance_schema.events_statements_summary_by_thread_by_event_name s \
    WHERE s.thread_id = t.thread_id AND s.event_name = 'statement/com/Change user'), 0)";
/// Whether a session's user of now made a transaction: it began behind the last change of the user. Where that is not among the last
/// statements, all of those came behind it.
const BY_THE_USER_OF_NOW: &str = "NOT EXISTS (SELECT 1 FROM performance_schema.events_statements_current c \
        WHERE c.thread_id = t.thread_id AND c.event_name = 'statement/com/Change user' AND c.end_event_id IS NULL) \
    AND NOT EXISTS (SELECT 1 FROM performance_schema.events_statements_summary_by_thread_by_event_name s \
        WHERE s.thread_id = t.thread_id AND s.event_name = 'statement/com/Change user' AND s.count_star > 0 \
            AND e.timer_start < COALESCE( \
                (SELECT MAX(h.timer_end) FROM performance_schema.events_statements_history h \
                    WHERE h.thread_id = t.thread_id AND h.event_name = s.event_name), \
                (SELECT MIN(h.timer_start) FROM performance_schema.events_statements_history h \
                    WHERE h.thread_id = t.thread_id), \
                18446744073709551615))";
/// Idle times are told in whole seconds.
const IDLE_MARGIN: Duration = Duration::from_secs(1);

impl Control {
    /// Asks for the server's start, by its own clock.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn started(&mut self) -> Result<Timestamp, ControlError> {
        let status = match self.product() {
            Product::Mysql => "performance_schema.global_status",
            Product::Mariadb => "information_schema.global_status",
        };
        let sql = format!(
            "SELECT {CLOCK} - 1000000 * (1 + CAST(variable_value AS SIGNED)) FROM {status} \
             WHERE variable_name = 'Uptime'"
        );
        self.value("the time of its start", &sql, ()).await.map(Timestamp::from_micros)
    }

    /// Asks for all sessions; the time is the server's, taken before, and no finer than those of commits, which it is compared with.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn sessions(&mut self) -> Result<(Timestamp, Vec<SessionFacts>), ControlError> {
        const WHAT: &str = "the list of sessions";
        let at = self.clock_of_commits().await?;
        let sql = match self.product() {
            Product::Mysql => format!(
                "SELECT t.processlist_user, t.processlist_host, {PROGRAM}, t.processlist_id, {CHANGES_OF_USER}, \
                    IF(t.processlist_command = 'Sleep', t.processlist_time, NULL) \
                 FROM performance_schema.threads t \
                 WHERE t.processlist_id IS NOT NULL AND t.processlist_user IS NOT NULL"
            ),
            // performance_schema is off by default there.
            Product::Mariadb => "SELECT user, host, NULL, id, 0, IF(command = 'Sleep', time, NULL) \
                FROM information_schema.processlist WHERE user <> 'system user'"
                .to_owned(),
        };
        let rows = self.rows(WHAT, &sql, ()).await?;
        let read = |row: &Row| {
            let idle = cell::<Option<i64>>(row, 5)?.and_then(|seconds| u64::try_from(seconds).ok());
            Some(SessionFacts {
                thread_id: cell(row, 3)?,
                login: login(row)?,
                connected_since: None,
                changes_of_user: cell(row, 4)?,
                idle_since: idle
                    .map(|seconds| at.minus(Duration::from_secs(seconds)).plus(IDLE_MARGIN))
                    .filter(|since| *since < at),
            })
        };
        Ok((at, rows.iter().filter_map(read).collect()))
    }

    /// Asks for the newest transactions of each living session. Those that are just being committed are among them. MariaDB
    /// knows no session's GTIDs: nothing comes from there.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn transaction_logins(&mut self) -> Result<Vec<(Gtid, Login)>, ControlError> {
        if self.product() == Product::Mariadb {
            return Ok(Vec::new());
        }
        let of = |table: &str| {
            format!(
                "SELECT t.processlist_user, t.processlist_host, {PROGRAM}, e.gtid \
                 FROM performance_schema.{table} e JOIN performance_schema.threads t ON t.thread_id = e.thread_id \
                 WHERE t.processlist_user IS NOT NULL AND e.gtid IS NOT NULL AND {BY_THE_USER_OF_NOW}"
            )
        };
        let sql =
            format!("{} UNION {}", of("events_transactions_history"), of("events_transactions_current"));
        let rows = self.rows("the logins of its transactions", &sql, ()).await?;
        // A transaction that has no GTID yet says AUTOMATIC.
        let read = |row: &Row| Some((cell::<String>(row, 3)?.parse().ok()?, login(row)?));
        Ok(rows.iter().filter_map(read).collect())
    }
}

fn login(row: &Row) -> Option<Login> {
    Some(Login {
        user: cell(row, 0)?,
        host: cell::<Option<String>>(row, 1)?.unwrap_or_default(),
        program: cell::<Option<String>>(row, 2)?,
    })
}
