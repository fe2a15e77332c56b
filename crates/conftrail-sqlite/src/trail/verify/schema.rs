//! The definitions of tables and indices, against those that this version makes: a trigger, or an index that leaves rows
//! out, would alter what is stored or found without touching a row.

use std::collections::BTreeMap;

use conftrail_core::integrity::{Finding, FindingKind};
use rusqlite::Connection;

use crate::error::Error;
use crate::trail::store::MIGRATIONS;

/// By kind and name: the table it belongs to and its definition.
type Objects = BTreeMap<(String, String), (String, Option<String>)>;

/// Names the definitions that are not the trail's own.
pub(super) fn named(connection: &Connection) -> Result<Vec<Finding>, Error> {
    let own = Connection::open_in_memory()?;
    for migration in MIGRATIONS {
        own.execute_batch(migration)?;
    }
    let (own, mut found) = (objects(&own)?, objects(connection)?);
    let mut findings = Vec::new();
    for ((kind, name), definition) in own {
        let finding = match found.remove(&(kind.clone(), name.clone())) {
            Some(same) if same == definition => continue,
            Some(_) => Finding::new(FindingKind::Changed, format!("this {kind} is not the trail's own")),
            None => Finding::new(FindingKind::Removed, format!("this {kind} is gone")),
        };
        findings.push(finding.in_row("sqlite_schema", name));
    }
    for (kind, name) in found.into_keys() {
        let text = format!("this {kind} is no part of the trail");
        findings.push(Finding::new(FindingKind::Added, text).in_row("sqlite_schema", name));
    }
    Ok(findings)
}

fn objects(connection: &Connection) -> Result<Objects, Error> {
    // What SQLite itself writes down depends on its version: statistics, and the tables within the full text.
    let mut select = connection.prepare(
        "SELECT type, name, tbl_name, iif(type = 'table' AND name LIKE 'words!_%' ESCAPE '!', NULL, sql)
         FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_stat%' ESCAPE '!'",
    )?;
    let mut objects = Objects::new();
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        objects.insert((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?));
    }
    Ok(objects)
}
