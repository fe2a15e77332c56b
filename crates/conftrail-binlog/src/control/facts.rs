//! What the server says about itself, in one query.

use mysql_async::Row;

use super::client::cell;
use super::{Control, ControlError};

/// Facts about a server that decide how its binlog can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFacts {
    /// `@@version`, such as `8.4.13`.
    pub version: String,
    /// `@@server_uuid`.
    pub server_uuid: String,
    /// `@@server_id`.
    pub server_id: u32,
    /// `@@log_bin`.
    pub log_bin: bool,
    /// `@@binlog_format`: `ROW`, `STATEMENT`, `MIXED`.
    pub binlog_format: String,
    /// `@@binlog_row_image`: `FULL`, `MINIMAL`, `NOBLOB`.
    pub row_image: String,
    /// `@@binlog_row_metadata`: `FULL`, `MINIMAL`.
    pub row_metadata: String,
    /// `@@binlog_rows_query_log_events`.
    pub query_events: bool,
    /// `@@gtid_mode`: `ON`, `ON_PERMISSIVE`, `OFF_PERMISSIVE`, `OFF`.
    pub gtid_mode: String,
    /// `@@gtid_purged`, without line breaks.
    pub gtid_purged: String,
    /// `@@gtid_executed`, without line breaks.
    pub gtid_executed: String,
    /// `@@binlog_expire_logs_seconds`; 0 means never.
    pub expire_seconds: u64,
    /// `@@binlog_row_value_options`, such as `PARTIAL_JSON`.
    pub row_value_options: String,
    /// `@@binlog_transaction_compression`.
    pub compresses: bool,
    /// `@@performance_schema`.
    pub performance_schema: bool,
    /// `@@lower_case_table_names`.
    pub lower_case_table_names: u8,
}

impl ServerFacts {
    /// Says whether every transaction has a GTID.
    pub fn has_gtids(&self) -> bool {
        self.gtid_mode.eq_ignore_ascii_case("ON")
    }

    /// Returns the version's first two numbers, such as (8, 4); (0, 0) when they cannot be read.
    pub fn release(&self) -> (u32, u32) {
        let mut numbers = self.version.split(['.', '-']).map(|part| part.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }
}

/// The columns, in the order `read` takes them.
const QUERY: &str = "SELECT @@version, @@server_uuid, @@server_id, @@log_bin, @@binlog_format, @@binlog_row_image, \
    @@binlog_row_metadata, @@binlog_rows_query_log_events, @@GLOBAL.gtid_mode, @@GLOBAL.gtid_purged, \
    @@GLOBAL.gtid_executed, @@binlog_expire_logs_seconds, @@binlog_row_value_options, \
    @@GLOBAL.binlog_transaction_compression, @@performance_schema, @@lower_case_table_names";

impl Control {
    /// Asks for the facts.
    ///
    /// # Errors
    /// Those of a query; MariaDB and MySQL before 8.0 lack some of the variables.
    pub async fn facts(&mut self) -> Result<ServerFacts, ControlError> {
        const WHAT: &str = "its version and binlog settings";
        let row = self.row(WHAT, QUERY, ()).await?;
        read(&row).ok_or(ControlError::Answer { what: WHAT })
    }
}

fn read(row: &Row) -> Option<ServerFacts> {
    let text = |index: usize| cell::<Option<String>>(row, index).map(Option::unwrap_or_default);
    let switch = |index: usize| cell::<Option<u64>>(row, index).map(|value| value == Some(1));
    let set = |index: usize| text(index).map(|set| set.replace('\n', ""));
    Some(ServerFacts {
        version: text(0)?,
        server_uuid: text(1)?,
        server_id: cell(row, 2)?,
        log_bin: switch(3)?,
        binlog_format: text(4)?,
        row_image: text(5)?,
        row_metadata: text(6)?,
        query_events: switch(7)?,
        gtid_mode: text(8)?,
        gtid_purged: set(9)?,
        gtid_executed: set(10)?,
        expire_seconds: cell(row, 11)?,
        row_value_options: text(12)?,
        compresses: switch(13)?,
        performance_schema: switch(14)?,
        lower_case_table_names: cell(row, 15)?,
    })
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
        assert_eq!(release("odd"), (0, 0));
    }
}
