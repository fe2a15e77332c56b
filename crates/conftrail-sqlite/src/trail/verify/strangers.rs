//! Rows that no leaf knows.

use conftrail_core::EventId;
use conftrail_core::integrity::{Finding, FindingKind};
use rusqlite::Connection;

use crate::error::Error;
use crate::trail::verify::scan::{because, is_damage};

/// Names the rows of `events` and `bodies` that have no leaf, given how many leaves have no row there; the keys of the rows
/// go to `each`.
pub(super) fn named(
    connection: &Connection,
    (without_row, without_body): (u64, u64),
    mut each: impl FnMut(i64),
) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for (table, without, id) in [("events", without_row, "id"), ("bodies", without_body, "NULL")] {
        match of_table(connection, table, without, id, &mut each) {
            Ok(found) => findings.extend(found),
            Err(Error::Sqlite(cause)) if is_damage(&cause) => {
                let text = format!("{table} cannot be counted: {}", because(&Error::Sqlite(cause)));
                findings.push(Finding::new(FindingKind::Unreadable, text));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(findings)
}

fn of_table(
    connection: &Connection,
    table: &str,
    without: u64,
    id: &str,
    each: &mut impl FnMut(i64),
) -> Result<Vec<Finding>, Error> {
    // One statement is one moment: what is stored meanwhile has its leaf with it.
    let counts = format!("SELECT (SELECT count(*) FROM {table}), (SELECT count(*) FROM leaves)");
    let (rows, leaves): (u64, u64) =
        connection.query_row(&counts, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if rows + without == leaves {
        return Ok(Vec::new());
    }
    let mut select = connection.prepare(&format!(
        "SELECT key, {id} FROM {table} AS t
         WHERE NOT EXISTS (SELECT 1 FROM leaves WHERE leaves.key = t.key) ORDER BY key"
    ))?;
    let mut strangers = select.query([])?;
    let mut findings = Vec::new();
    while let Some(row) = strangers.next()? {
        let id: Option<String> = row.get(1)?;
        let id = id.and_then(|id| EventId::parse(&id).ok());
        let key: i64 = row.get(0)?;
        each(key);
        let finding = Finding::new(FindingKind::Added, "it was never recorded: it has no leaf");
        findings.push(finding.of_event(id).in_row(table, key));
    }
    Ok(findings)
}
