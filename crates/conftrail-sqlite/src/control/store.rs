//! Opening the control store.

use std::path::Path;
use std::time::Duration;

use conftrail_core::PortResult;

use crate::database::{Database, Options};
use crate::error::During as _;

/// The schema, oldest first.
const MIGRATIONS: &[&str] = &[
    include_str!("../../../../migrations/sqlite/control/0001_control.sql"),
    include_str!("../../../../migrations/sqlite/control/0002_log_places.sql"),
    include_str!("../../../../migrations/sqlite/control/0003_checkpoint_claims.sql"),
    include_str!("../../../../migrations/sqlite/control/0004_routes_and_silences.sql"),
    include_str!("../../../../migrations/sqlite/control/0005_deliveries.sql"),
    include_str!("../../../../migrations/sqlite/control/0006_token_filters.sql"),
    include_str!("../../../../migrations/sqlite/control/0007_rule_sets.sql"),
];
/// The database's name within the data directory.
const FILE: &str = "control.db";

/// Positions, detections, alerts, the outbox, tokens and own audit in one SQLite file. Clones share it.
///
/// Every port is implemented beside its statements; this is the handle only.
#[derive(Clone)]
pub struct ControlStore {
    pub(super) database: Database,
    pub(super) keep: Duration,
}

impl ControlStore {
    /// Opens the store in a data directory and makes it when it is not there.
    ///
    /// `keep` is how long settled rows stay before [`retire`](conftrail_core::ports::Retention::retire) removes
    /// them.
    ///
    /// # Errors
    /// `Misconfigured` when the file cannot be made, is in use by another process or has a newer schema.
    pub fn open(directory: &Path, keep: Duration, options: &Options) -> PortResult<Self> {
        let database = Database::open(&directory.join(FILE), MIGRATIONS, options);
        Ok(Self { database: database.during("open the control store")?, keep })
    }

    /// Opens the store for reading, also while another process writes to it; writes are `Rejected`.
    ///
    /// # Errors
    /// The file is not there, or has another schema than this version reads.
    pub fn open_read_only(directory: &Path, options: &Options) -> PortResult<Self> {
        let database = Database::open_read_only(&directory.join(FILE), MIGRATIONS, options);
        Ok(Self { database: database.during("open the control store")?, keep: Duration::MAX })
    }
}
