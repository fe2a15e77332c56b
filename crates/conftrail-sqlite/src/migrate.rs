//! Brings a database's schema up to date. `user_version` counts the migrations that were applied.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::error::Error;

/// Applies the migrations that the database has not seen, each in a transaction of its own.
pub(crate) fn migrate(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), Error> {
    let applied = version(connection)?;
    if applied > migrations.len() {
        return Err(Error::Newer { path: path.to_owned(), found: applied, known: migrations.len() });
    }
    for (number, sql) in (1_u32..).zip(migrations).skip(applied) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Refuses a database whose schema is not the one this code reads; for readers, which cannot change it.
pub(crate) fn check(connection: &Connection, path: &Path, migrations: &[&str]) -> Result<(), Error> {
    let (found, known, path) = (version(connection)?, migrations.len(), path.to_owned());
    match found.cmp(&known) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(Error::Newer { path, found, known }),
        std::cmp::Ordering::Less => Err(Error::Older { path, found, known }),
    }
}

fn version(connection: &Connection) -> Result<usize, Error> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    usize::try_from(version).map_err(|_| Error::Undecodable("the schema's number"))
}
