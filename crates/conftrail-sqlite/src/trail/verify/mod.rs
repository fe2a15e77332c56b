//! Verification: everything in the file against the tree, and the tree against what was signed of it.
//!
//! Reads only, also while another process writes: leaves never change, so that those that are there at the beginning
//! are the ones to look at.

mod claims;
mod derived;
mod proof;
mod run;
mod scan;
mod schema;
mod sources;
mod strangers;
mod tree;

pub use proof::prove;
pub use run::{Expected, verify};

use std::path::Path;

use rusqlite::Connection;

use crate::database;
use crate::error::Error;
use crate::migrate;
use crate::trail::store::MIGRATIONS;

/// Opens the trail for reading, also where nothing can be written beside it.
fn open(path: &Path) -> Result<Connection, Error> {
    let connection = database::open_beside(path)?;
    migrate::check(&connection, path, MIGRATIONS)?;
    Ok(connection)
}
