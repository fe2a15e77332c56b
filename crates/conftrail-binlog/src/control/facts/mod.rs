//! What the server says about itself, in one query.

mod mariadb;
mod mysql;

pub use mariadb::MariadbFacts;
pub use mysql::MysqlFacts;

use super::{Control, ControlError};
use crate::product::Product;

const WHAT: &str = "its version and binlog settings";
/// The oldest release of MySQL whose binlog is read.
const OLDEST_MYSQL: (u32, u32) = (8, 0);
/// The oldest release of MariaDB whose binlog is read: the first with all the settings that are looked at.
const OLDEST_MARIADB: (u32, u32) = (10, 6);

/// Facts about a server that decide how its binlog can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFacts {
    /// `@@version`, such as `8.4.13` or `10.11.18-MariaDB-log`.
    pub version: String,
    /// `@@server_uuid`. MariaDB has none: there it is `server_id:` and the number, which is part of each of its GTIDs.
    pub server_uuid: String,
    /// `@@server_id`.
    pub server_id: u32,
    /// `@@log_bin`.
    pub log_bin: bool,
    /// `@@binlog_format`: `ROW`, `STATEMENT`, `MIXED`.
    pub binlog_format: String,
    /// `@@binlog_row_image`: `FULL`, `MINIMAL`, `NOBLOB`; on MariaDB also `FULL_NODUP`.
    pub row_image: String,
    /// `@@binlog_row_metadata`: `FULL`, `MINIMAL`; on MariaDB also `NO_LOG`.
    pub row_metadata: String,
    /// `@@binlog_rows_query_log_events`, or MariaDB's `@@binlog_annotate_row_events`.
    pub query_events: bool,
    /// `@@binlog_expire_logs_seconds`; 0 means never.
    pub expire_seconds: u64,
    /// `@@performance_schema`.
    pub performance_schema: bool,
    /// `@@lower_case_table_names`.
    pub lower_case_table_names: u8,
    /// What only this product has.
    pub own: OwnFacts,
}

/// Facts that only one of the products has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnFacts {
    /// MySQL's.
    Mysql(MysqlFacts),
    /// MariaDB's.
    Mariadb(MariadbFacts),
}

impl Default for OwnFacts {
    fn default() -> Self {
        Self::Mysql(MysqlFacts::default())
    }
}

impl ServerFacts {
    /// Returns which product it is.
    pub fn product(&self) -> Product {
        match self.own {
            OwnFacts::Mysql(_) => Product::Mysql,
            OwnFacts::Mariadb(_) => Product::Mariadb,
        }
    }

    /// Says whether every transaction has a GTID; on MariaDB each one has.
    pub fn has_gtids(&self) -> bool {
        match &self.own {
            OwnFacts::Mysql(own) => own.gtid_mode.eq_ignore_ascii_case("ON"),
            OwnFacts::Mariadb(_) => true,
        }
    }

    /// Returns the oldest release of the product whose binlog is read.
    pub fn oldest_release(&self) -> (u32, u32) {
        match self.product() {
            Product::Mysql => OLDEST_MYSQL,
            Product::Mariadb => OLDEST_MARIADB,
        }
    }

    /// Says whether the binlog cannot be read because the server is too old.
    pub fn is_too_old(&self) -> bool {
        self.release() < self.oldest_release()
    }

    /// What the version alone tells.
    fn of_version(version: &str) -> Self {
        let own = match Product::of_version(version) {
            Product::Mysql => OwnFacts::Mysql(MysqlFacts::default()),
            Product::Mariadb => OwnFacts::Mariadb(MariadbFacts::default()),
        };
        Self { version: version.to_owned(), own, ..Self::default() }
    }

    /// Returns the version's first two numbers, such as (8, 4); (0, 0) when they cannot be read.
    pub fn release(&self) -> (u32, u32) {
        let mut numbers = self.version.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }
}

impl Control {
    /// Asks for the facts. A server that is too old lacks some of the variables: of it the version is all.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn facts(&mut self) -> Result<ServerFacts, ControlError> {
        let known = ServerFacts::of_version(self.version());
        if known.is_too_old() {
            return Ok(known);
        }
        let (sql, read): (_, fn(&mysql_async::Row) -> Option<ServerFacts>) = match self.product() {
            Product::Mysql => (mysql::QUERY, mysql::read),
            Product::Mariadb => (mariadb::QUERY, mariadb::read),
        };
        let row = self.row(WHAT, sql, ()).await?;
        let mut facts = read(&row).ok_or(ControlError::Answer { what: WHAT })?;
        match &mut facts.own {
            OwnFacts::Mysql(own) => {
                // Since 8.0.20.
                let value = self.variable_of_later("binlog_transaction_compression").await?;
                own.compresses = value.eq_ignore_ascii_case("ON");
            }
            // Since 12.3.
            OwnFacts::Mariadb(own) => {
                own.log_engine = self.variable_of_later("binlog_storage_engine").await?
            }
        }
        Ok(facts)
    }

    /// Asks for a variable that not every release has; empty where it does not.
    async fn variable_of_later(&mut self, name: &'static str) -> Result<String, ControlError> {
        let sql = format!("SHOW GLOBAL VARIABLES WHERE variable_name = '{name}'");
        let rows = self.rows(WHAT, &sql, ()).await?;
        Ok(rows.first().and_then(|row| super::client::cell(row, 1)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::ServerFacts;

    #[test]
    fn the_release_is_read_from_any_vendors_version() {
        let release =
            |version: &str| ServerFacts { version: version.to_owned(), ..Default::default() }.release();
        assert_eq!(release("8.4.13"), (8, 4));
        assert_eq!(release("8.0.36-28-log"), (8, 0));
        assert_eq!(release("10.11.18-MariaDB-0+deb12u1-log"), (10, 11));
        assert_eq!(release("odd"), (0, 0));
    }
}
