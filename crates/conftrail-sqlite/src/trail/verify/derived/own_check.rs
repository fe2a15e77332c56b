//! SQLite's own check: every index against its table, the full text's inner tables against each other, and every page.

use conftrail_core::integrity::{Finding, FindingKind};
use rusqlite::Connection;

use crate::error::Error;

/// More complaints than these are not asked for.
const MOST: u32 = 100;

/// Names what SQLite finds; its words name tables, indices and pages, and no content.
pub(super) fn named(connection: &Connection, findings: &mut Vec<Finding>) -> Result<(), Error> {
    let mut check = connection.prepare(&format!("PRAGMA main.integrity_check({MOST})"))?;
    let mut rows = check.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            let text = format!("SQLite's own check of the file says: {said}");
            findings.push(Finding::new(FindingKind::Changed, text));
        }
    }
    Ok(())
}
