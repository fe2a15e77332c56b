//! Facts of MariaDB.

use mysql_async::Row;

use super::{OwnFacts, ServerFacts};
use crate::control::client::cell;

/// Facts that only MariaDB has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MariadbFacts {
    /// `@@gtid_binlog_state`: the last GTID of each server in each domain.
    pub gtid_state: String,
    /// `@@gtid_strict_mode`: whether numbers only go up within a domain.
    pub strict: bool,
    /// `@@secure_timestamp`: `NO`, `SUPER`, `REPLICATION`, `YES`. Who may set the time of a statement, which is the only time of
    /// a transaction that its binlog knows.
    pub secure_timestamp: String,
    /// `@@log_bin_compress`.
    pub compresses: bool,
    /// `@@binlog_storage_engine`; empty where the binlog is files of its own.
    pub log_engine: String,
}

impl MariadbFacts {
    /// Says whether only sessions with the right BINLOG REPLAY, which administrators have, can set the time that the server logs.
    pub fn protects_time(&self) -> bool {
        ["REPLICATION", "YES"].iter().any(|value| self.secure_timestamp.eq_ignore_ascii_case(value))
    }
}

/// The columns, in the order `read` takes them.
pub(super) const QUERY: &str = "SELECT @@version, @@server_id, @@log_bin, @@GLOBAL.binlog_format, \
    @@GLOBAL.binlog_row_image, @@GLOBAL.binlog_row_metadata, @@GLOBAL.binlog_annotate_row_events, \
    @@GLOBAL.gtid_binlog_state, @@GLOBAL.gtid_strict_mode, @@GLOBAL.secure_timestamp, @@GLOBAL.log_bin_compress, \
    @@GLOBAL.binlog_expire_logs_seconds, @@performance_schema, @@lower_case_table_names";

pub(super) fn read(row: &Row) -> Option<ServerFacts> {
    let text = |index: usize| cell::<Option<String>>(row, index).map(Option::unwrap_or_default);
    let switch = |index: usize| cell::<Option<u64>>(row, index).map(|value| value == Some(1));
    let server_id: u32 = cell(row, 1)?;
    Some(ServerFacts {
        version: text(0)?,
        server_uuid: format!("server_id:{server_id}"),
        server_id,
        log_bin: switch(2)?,
        binlog_format: text(3)?,
        row_image: text(4)?,
        row_metadata: text(5)?,
        query_events: switch(6)?,
        expire_seconds: cell(row, 11)?,
        performance_schema: switch(12)?,
        lower_case_table_names: cell(row, 13)?,
        own: OwnFacts::Mariadb(MariadbFacts {
            gtid_state: text(7)?,
            strict: switch(8)?,
            secure_timestamp: text(9)?,
            compresses: switch(10)?,
            log_engine: String::new(),
        }),
    })
}
