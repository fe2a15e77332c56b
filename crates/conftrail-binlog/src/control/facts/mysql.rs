//! Facts of MySQL.

use mysql_async::Row;

use super::{OwnFacts, ServerFacts};
use crate::control::client::cell;

/// Facts that only MySQL has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MysqlFacts {
    /// `@@gtid_mode`: `ON`, `ON_PERMISSIVE`, `OFF_PERMISSIVE`, `OFF`.
    pub gtid_mode: String,
    /// `@@gtid_purged`, without line breaks.
    pub gtid_purged: String,
    /// `@@gtid_executed`, without line breaks.
    pub gtid_executed: String,
    /// `@@binlog_row_value_options`, such as `PARTIAL_JSON`.
    pub row_value_options: String,
    /// `@@binlog_transaction_compression`.
    pub compresses: bool,
}

/// The columns, in the order `read` takes them.
pub(super) const QUERY: &str = "SELECT @@version, @@server_uuid, @@server_id, @@log_bin, @@binlog_format, \
    @@binlog_row_image, @@binlog_row_metadata, @@binlog_rows_query_log_events, @@GLOBAL.gtid_mode, \
    @@GLOBAL.gtid_purged, @@GLOBAL.gtid_executed, @@binlog_expire_logs_seconds, @@binlog_row_value_options, \
    @@performance_schema, @@lower_case_table_names";

pub(super) fn read(row: &Row) -> Option<ServerFacts> {
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
        expire_seconds: cell(row, 11)?,
        performance_schema: switch(13)?,
        lower_case_table_names: cell(row, 14)?,
        own: OwnFacts::Mysql(MysqlFacts {
            gtid_mode: text(8)?,
            gtid_purged: set(9)?,
            gtid_executed: set(10)?,
            row_value_options: text(12)?,
            compresses: false,
        }),
    })
}
