//! Opening the trail, and its ports.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use conftrail_core::ports::{
    Aggregate, AggregateRequest, AuditReader, AuditWriter, CurrentPage, Cursor, Page, SearchRequest,
    WriteReport,
};
use conftrail_core::{Event, EventId, PortError, PortResult, Timestamp};
use rusqlite::OptionalExtension as _;

use crate::database::{Database, Options};
use crate::error::During as _;
use crate::trail::search::{LARGEST_PAGE, read_event};
use crate::trail::{aggregate, current, insert, prepare, search, timeline};

/// The schema, oldest first.
const MIGRATIONS: &[&str] = &[include_str!("../../../../migrations/sqlite/trail/0001_trail.sql")];
/// The database's name within the data directory.
const FILE: &str = "trail.db";

/// The audit store in one SQLite file. Clones share it.
///
/// A search that no index helps with ends its page after a bounded number of events: the page may then be short,
/// or empty, and still have a cursor.
#[derive(Clone)]
pub struct Trail {
    database: Database,
    clock: fn() -> Timestamp,
}

impl Trail {
    /// Opens the trail in a data directory and makes it when it is not there.
    ///
    /// # Errors
    /// `Misconfigured` when the file cannot be made, is in use by another process or has a newer schema.
    pub fn open(directory: &Path, options: &Options) -> PortResult<Self> {
        let database = Database::open(&directory.join(FILE), MIGRATIONS, options);
        Ok(Self { database: database.during("open the trail")?, clock: now })
    }

    /// Opens the trail for reading, also while another process writes to it; writes are `Rejected`.
    ///
    /// # Errors
    /// The file is not there, or has another schema than this version reads.
    pub fn open_read_only(directory: &Path, options: &Options) -> PortResult<Self> {
        let database = Database::open_read_only(&directory.join(FILE), MIGRATIONS, options);
        Ok(Self { database: database.during("open the trail")?, clock: now })
    }

    /// Replaces the clock that `now` in queries is read from.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> Timestamp) -> Self {
        Self { clock, ..self }
    }
}

#[async_trait]
impl AuditWriter for Trail {
    async fn write(&self, events: &[Arc<Event>]) -> PortResult<WriteReport> {
        let operation = "write to the trail";
        if events.is_empty() {
            return Ok(WriteReport::default());
        }
        let events = events.to_vec();
        let preparing = tokio::task::spawn_blocking(move || prepare::prepare(events));
        let (prepared, mut refused) =
            preparing.await.map_err(|error| PortError::unavailable(operation).because(error))?;
        let written = self.database.write(move |connection| insert::insert(connection, prepared)).await;
        let mut report = written.during(operation)?;
        report.refused.append(&mut refused);
        Ok(report)
    }
}

#[async_trait]
impl AuditReader for Trail {
    async fn get(&self, id: EventId) -> PortResult<Option<Arc<Event>>> {
        let read = self.database.read(move |connection| {
            let mut select = connection.prepare_cached("SELECT key FROM events WHERE id = ?1")?;
            let key: Option<i64> = select.query_row([id.as_str()], |row| row.get(0)).optional()?;
            key.map(|key| Ok(Arc::new(read_event(connection, key)?.0))).transpose()
        });
        read.await.during("read an event")
    }

    async fn search(&self, request: SearchRequest) -> PortResult<Page> {
        let now = (self.clock)();
        let read = self.database.read(move |connection| search::search(connection, &request, now));
        read.await.during("search the trail")
    }

    async fn aggregate(&self, request: AggregateRequest) -> PortResult<Aggregate> {
        let now = (self.clock)();
        let read = self.database.read(move |connection| aggregate::aggregate(connection, &request, now));
        read.await.during("count events")
    }

    async fn timeline(&self, resource: &str, limit: usize, cursor: Option<Cursor>) -> PortResult<Page> {
        let resource = resource.to_owned();
        let read = self
            .database
            .read(move |connection| timeline::timeline(connection, &resource, limit, cursor.as_ref()));
        read.await.during("read a timeline")
    }

    async fn current(&self, prefix: &str, limit: usize, cursor: Option<Cursor>) -> PortResult<CurrentPage> {
        let prefix = prefix.to_owned();
        let read = self.database.read(move |connection| {
            let after = cursor.as_ref().map(current::parse).transpose()?;
            current::page(connection, &prefix, limit.clamp(1, LARGEST_PAGE), after.as_deref())
        });
        read.await.during("read current values")
    }
}

fn now() -> Timestamp {
    Timestamp::from_seconds(0).plus(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}
