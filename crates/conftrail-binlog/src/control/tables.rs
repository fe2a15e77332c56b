//! Tables and columns as `information_schema` tells them.

use mysql_async::Row;

use super::client::cell;
use super::{Control, ControlError};
use crate::plan::{ColumnFacts, TableFacts};
use crate::product::Product;

/// A base table and what matters about it for capturing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// The database.
    pub schema: String,
    /// The table.
    pub name: String,
    /// How many rows the server believes it has.
    pub rows: u64,
    /// Whether it has a primary key.
    pub has_key: bool,
    /// The names of its columns, joined by `,`.
    pub columns: String,
}

impl Control {
    /// Asks for all base tables but the system's own.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn tables(&mut self) -> Result<Vec<TableName>, ControlError> {
        const WHAT: &str = "its tables";
        // The list of columns may be long; the server's default cuts it at 1 KiB.
        let _no_rows = self.rows(WHAT, "SET SESSION group_concat_max_len = 1000000", ()).await?;
        let sql = "SELECT t.table_schema, t.table_name, COALESCE(t.table_rows, 0), \
                EXISTS (SELECT 1 FROM information_schema.statistics s WHERE s.table_schema = t.table_schema \
                    AND s.table_name = t.table_name AND s.index_name = 'PRIMARY'), \
                (SELECT GROUP_CONCAT(c.column_name ORDER BY c.ordinal_position) FROM information_schema.columns c \
                    WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name) \
            FROM information_schema.tables t WHERE t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE') \
                AND t.table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') \
            ORDER BY t.table_schema, t.table_name";
        let rows = self.rows(WHAT, sql, ()).await?;
        let read = |row: &Row| {
            Some(TableName {
                schema: cell(row, 0)?,
                name: cell(row, 1)?,
                rows: cell(row, 2)?,
                has_key: cell::<u8>(row, 3)? == 1,
                columns: cell::<Option<String>>(row, 4)?.unwrap_or_default(),
            })
        };
        rows.iter().map(read).collect::<Option<_>>().ok_or(ControlError::Answer { what: WHAT })
    }

    /// Asks MariaDB for its compressed columns: database, table, column.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn compressed_columns(&mut self) -> Result<Vec<(String, String, String)>, ControlError> {
        let sql = "SELECT table_schema, table_name, column_name FROM information_schema.columns \
            WHERE column_type LIKE '%COMPRESSED*/' ORDER BY table_schema, table_name, ordinal_position";
        let rows = self.rows("its compressed columns", sql, ()).await?;
        Ok(rows.iter().filter_map(|row| Some((cell(row, 0)?, cell(row, 1)?, cell(row, 2)?))).collect())
    }

    /// Asks for a table's columns and key; none when there is no such table, or no right to see it.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn table_facts(
        &mut self,
        schema: &str,
        table: &str,
    ) -> Result<Option<TableFacts>, ControlError> {
        const WHAT: &str = "a table's columns";
        let sql = "SELECT column_name, column_type, character_set_name, extra LIKE '%INVISIBLE%' \
            FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position";
        let rows = self.rows(WHAT, sql, (schema, table)).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let read = |row: &Row| {
            Some(ColumnFacts {
                name: cell(row, 0)?,
                column_type: cell(row, 1)?,
                charset: cell(row, 2)?,
                invisible: cell::<u8>(row, 3)? == 1,
            })
        };
        let columns =
            rows.iter().map(read).collect::<Option<_>>().ok_or(ControlError::Answer { what: WHAT })?;
        let sql = "SELECT column_name FROM information_schema.statistics \
            WHERE table_schema = ? AND table_name = ? AND index_name = 'PRIMARY' ORDER BY seq_in_index";
        let key = self.rows("a table's primary key", sql, (schema, table)).await?;
        let key = key.iter().filter_map(|row| cell(row, 0)).collect();
        let mut facts = TableFacts { columns, key, row_end: None };
        if self.product() == Product::Mariadb {
            self.add_versioning(schema, table, &mut facts).await?;
        }
        Ok(Some(facts))
    }

    /// A system-versioned table of MariaDB has two columns that say when a row held; where nobody named them they are in no list
    /// of columns, and in its rows all the same.
    async fn add_versioning(
        &mut self,
        schema: &str,
        table: &str,
        facts: &mut TableFacts,
    ) -> Result<(), ControlError> {
        const WHAT: &str = "a table's history";
        let sql = "SELECT table_type = 'SYSTEM VERSIONED', (SELECT column_name FROM information_schema.columns c \
                WHERE c.table_schema = t.table_schema AND c.table_name = t.table_name \
                    AND c.generation_expression = 'ROW END') \
            FROM information_schema.tables t WHERE table_schema = ? AND table_name = ?";
        let rows = self.rows(WHAT, sql, (schema, table)).await?;
        let Some(row) = rows.first().filter(|row| cell::<u8>(row, 0) == Some(1)) else { return Ok(()) };
        facts.row_end = cell::<Option<String>>(row, 1).ok_or(ControlError::Answer { what: WHAT })?;
        if facts.row_end.is_none() {
            let hidden = ["row_start", "row_end"].map(|name| ColumnFacts {
                name: name.to_owned(),
                column_type: "timestamp(6)".to_owned(),
                charset: None,
                invisible: true,
            });
            facts.columns.extend(hidden);
            facts.row_end = Some("row_end".to_owned());
        }
        Ok(())
    }
}
