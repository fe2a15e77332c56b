//! The plan of one table.

use std::sync::Arc;

use conftrail_core::{Map, SmolStr, Value};

use super::ColumnPlan;

/// Says who told the column names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaFrom {
    /// The table map itself (`binlog_row_metadata=FULL`): right for this very row.
    Binlog,
    /// The server's present schema; it fits the table map in number and types of columns.
    InformationSchema,
    /// Nobody: columns are called `@1`, `@2`, …
    Positional,
}

impl SchemaFrom {
    /// Returns the word for events and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Binlog => "binlog",
            Self::InformationSchema => "information_schema",
            Self::Positional => "positional",
        }
    }
}

/// Holds what decoding a table's rows needs.
#[derive(Clone, Debug)]
pub struct TablePlan {
    /// The database.
    pub database: Arc<str>,
    /// The table.
    pub table: Arc<str>,
    /// The columns in their order.
    pub columns: Vec<ColumnPlan>,
    /// The indexes of the primary key's columns in the key's own order; empty when there is no key or nobody told it.
    pub key: Vec<usize>,
    /// Of a system-versioned table of MariaDB, the column that says until when a row held; it is no part of `key`.
    pub row_end: Option<usize>,
    /// Whether the server's present schema told more of a column than its table map does, beside its name.
    pub is_refined: bool,
    /// Who told the names.
    pub schema_from: SchemaFrom,
    /// A stable hash, 16 hex digits, of names, types, labels and key: equal definitions have equal fingerprints.
    pub fingerprint: String,
}

impl TablePlan {
    /// Returns the key's values of a row in key order; `None` when the table has no key or the row lacks a part of it.
    pub fn key_of<'r>(&self, row: &'r Map) -> Option<Vec<(&SmolStr, &'r Value)>> {
        if self.key.is_empty() {
            return None;
        }
        self.key
            .iter()
            .map(|index| {
                let name = &self.columns.get(*index)?.name;
                // Rows with all columns have the plan's places.
                let value = match row.at(*index) {
                    Some((found, value)) if found == name => Some(value),
                    _ => row.get(name),
                };
                value.map(|value| (name, value))
            })
            .collect()
    }
}
