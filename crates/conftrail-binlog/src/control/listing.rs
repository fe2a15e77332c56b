//! The server's tables, a page of them at a time: no question grows with the number of tables on the server.

use std::collections::BTreeMap;
use std::time::Duration;

use mysql_async::{Params, Row, Value};

use super::client::cell;
use super::{Control, ControlError};

/// Most tables in one question: MariaDB opens each of them to answer.
const PAGE: usize = 200;
/// How long the list of names may take. It is the one question that names no tables; a server answers it from its
/// dictionary or its directories and opens none of them.
const PATIENCE_FOR_NAMES: Duration = Duration::from_secs(120);
/// The kinds of tables that hold rows of their own.
const BASE: &str = "table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')";

/// A table or view: its database and its name.
pub type FullName = (String, String);

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
    /// Asks for the names of all tables and views but the system's own, in order.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn table_names(&mut self) -> Result<Vec<FullName>, ControlError> {
        const WHAT: &str = "the names of its tables";
        let sql = "SELECT table_schema, table_name FROM information_schema.tables \
            WHERE table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')";
        let rows = self.rows_within(PATIENCE_FOR_NAMES, WHAT, sql, ()).await?;
        let read = |row: &Row| Some((cell(row, 0)?, cell(row, 1)?));
        let names: Option<Vec<FullName>> = rows.iter().map(read).collect();
        let mut names = names.ok_or(ControlError::Answer { what: WHAT })?;
        names.sort_unstable();
        Ok(names)
    }

    /// Asks for the base tables among these, which [`table_names`](Self::table_names) gave, in their order.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn tables(&mut self, names: &[FullName]) -> Result<Vec<TableName>, ControlError> {
        let columns = self.column_lists(names).await?;
        let mut rows = BTreeMap::new();
        let counted = "SELECT table_name, COALESCE(table_rows, 0) FROM information_schema.tables";
        self.of_each(names, "the sizes of its tables", counted, |name, row| {
            rows.insert(name, cell::<u64>(row, 1)?);
            Some(())
        })
        .await?;
        let mut with_key = BTreeMap::new();
        let keys = "SELECT DISTINCT table_name, index_name FROM information_schema.statistics";
        self.of_each(names, "the keys of its tables", keys, |name, row| {
            let is_primary = cell::<String>(row, 1)? == "PRIMARY";
            *with_key.entry(name).or_insert(false) |= is_primary;
            Some(())
        })
        .await?;
        let table = |name: &FullName| {
            Some(TableName {
                schema: name.0.clone(),
                name: name.1.clone(),
                rows: rows.get(name).copied().unwrap_or_default(),
                has_key: with_key.get(name).copied().unwrap_or_default(),
                columns: columns.get(name)?.clone(),
            })
        };
        Ok(names.iter().filter_map(table).collect())
    }

    /// Asks for the columns of the base tables among these: their names, joined by `,`.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn column_lists(
        &mut self,
        names: &[FullName],
    ) -> Result<BTreeMap<FullName, String>, ControlError> {
        let mut lists = BTreeMap::new();
        let base = format!("SELECT table_name, {BASE} FROM information_schema.tables");
        self.of_each(names, "the kinds of its tables", &base, |name, row| {
            if cell::<u8>(row, 1)? == 1 {
                lists.insert(name, Vec::new());
            }
            Some(())
        })
        .await?;
        let columns = "SELECT table_name, column_name, ordinal_position FROM information_schema.columns";
        self.of_each(names, "the columns of its tables", columns, |name, row| {
            let column = (cell::<u64>(row, 2)?, cell::<String>(row, 1)?);
            if let Some(list) = lists.get_mut(&name) {
                list.push(column);
            }
            Some(())
        })
        .await?;
        let joined = |mut list: Vec<(u64, String)>| {
            list.sort_unstable();
            list.into_iter().map(|(_, column)| column).collect::<Vec<_>>().join(",")
        };
        Ok(lists.into_iter().map(|(name, list)| (name, joined(list))).collect())
    }

    /// Asks MariaDB for the compressed columns of these tables, in no order: the table, and the column.
    ///
    /// # Errors
    /// Those of a query.
    pub async fn compressed_columns(
        &mut self,
        names: &[FullName],
    ) -> Result<Vec<(FullName, String)>, ControlError> {
        let mut found = Vec::new();
        let columns = "SELECT table_name, column_name, column_type LIKE '%COMPRESSED*/' FROM information_schema.columns";
        self.of_each(names, "its compressed columns", columns, |name, row| {
            if cell::<Option<u8>>(row, 2)? == Some(1) {
                found.push((name, cell(row, 1)?));
            }
            Some(())
        })
        .await?;
        Ok(found)
    }

    /// Asks a question about tables, page by page. Each row begins with a table's name; `take` is told whose it is, and returns
    /// nothing where the row cannot be understood.
    async fn of_each(
        &mut self,
        names: &[FullName],
        what: &'static str,
        select: &str,
        mut take: impl FnMut(FullName, &Row) -> Option<()> + Send,
    ) -> Result<(), ControlError> {
        for of_schema in names.chunk_by(|one, other| one.0 == other.0) {
            for page in of_schema.chunks(PAGE) {
                let Some((schema, _)) = page.first() else { continue };
                let marks = vec!["?"; page.len()].join(", ");
                let sql = format!("{select} WHERE table_schema = ? AND table_name IN ({marks})");
                let tables = page.iter().map(|(_, table)| Value::from(table));
                let parameters = std::iter::once(Value::from(schema)).chain(tables).collect();
                for row in self.rows(what, &sql, Params::Positional(parameters)).await? {
                    let table: String = cell(&row, 0).ok_or(ControlError::Answer { what })?;
                    let name = (schema.clone(), table);
                    // A server may compare names without case and tell of `T` where `t` was meant.
                    if page.binary_search(&name).is_ok() {
                        take(name, &row).ok_or(ControlError::Answer { what })?;
                    }
                }
            }
        }
        Ok(())
    }
}
