//! A table's columns and key as `information_schema` tells them.

use mysql_async::Row;

use super::client::cell;
use super::{Control, ControlError};
use crate::plan::{ColumnFacts, TableFacts};
use crate::product::Product;

impl Control {
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
