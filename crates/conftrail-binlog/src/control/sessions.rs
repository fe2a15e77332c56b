//! Who is logged in, and which login made which transaction, as `performance_schema` tells; on MariaDB the list of processes.

use conftrail_core::Timestamp;
use mysql_async::Row;

use super::client::cell;
use super::{Control, ControlError};
use crate::gtid::Gtid;
use crate::product::Product;
use crate::who::{Login, SessionFacts};

/// The server's clock in microseconds since the epoch.
const CLOCK: &str = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";
/// The program that a session belongs to, as it names itself.
const PROGRAM: &str = "(SELECT a.attr_value FROM performance_schema.session_connect_attrs a \
    WHERE a.processlist_id = t.processlist_id AND a.attr_name = 'program_name')";

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

    /// Asks for all sessions; the time is the server's, taken before.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn sessions(&mut self) -> Result<(Timestamp, Vec<SessionFacts>), ControlError> {
        const WHAT: &str = "the list of sessions";
        let at = self.clock().await?;
        let sql = match self.product() {
            Product::Mysql => format!(
                "SELECT t.processlist_user, t.processlist_host, {PROGRAM}, t.processlist_id \
                 FROM performance_schema.threads t \
                 WHERE t.processlist_id IS NOT NULL AND t.processlist_user IS NOT NULL"
            ),
            // performance_schema is off by default there.
            Product::Mariadb => {
                "SELECT user, host, NULL, id FROM information_schema.processlist WHERE user <> 'system user'"
                    .to_owned()
            }
        };
        let rows = self.rows(WHAT, &sql, ()).await?;
        let read = |row: &Row| {
            Some(SessionFacts { thread_id: cell(row, 3)?, login: login(row)?, connected_since: None })
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
                 WHERE t.processlist_user IS NOT NULL AND e.gtid IS NOT NULL"
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
