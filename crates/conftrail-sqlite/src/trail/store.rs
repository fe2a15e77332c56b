//! Opening the trail, and its ports.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use conftrail_core::integrity::SigningKey;
use conftrail_core::ports::{
    Aggregate, AggregateRequest, AuditReader, AuditWriter, CurrentPage, Cursor, FollowRequest, Followed,
    Page, Sealer, SearchRequest, StatePage, StateRequest, WriteReport,
};
use conftrail_core::{Event, EventId, PortError, PortResult, Progress, Timestamp, explain};
use rusqlite::{Connection, OptionalExtension as _};

use crate::database::{Database, Options};
use crate::error::During as _;
use crate::trail::grow::Growth;
use crate::trail::seal::{self, Seal};
use crate::trail::search::{LARGEST_PAGE, read_event};
use crate::trail::{
    aggregate, backfill, captured, current, follow, insert, prepare, search, state, timeline,
};

/// The schema, oldest first.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("../../../../migrations/sqlite/trail/0001_trail.sql"),
    include_str!("../../../../migrations/sqlite/trail/0002_integrity.sql"),
    include_str!("../../../../migrations/sqlite/trail/0003_captured.sql"),
];
/// The database's name within the data directory.
pub(super) const FILE: &str = "trail.db";
/// A checkpoint is written to the file beside the database after this many events, whatever the time.
const WRITE_AFTER: u64 = 10_000;

/// The audit store in one SQLite file. Clones share it.
///
/// A search that no index helps with ends its page after a bounded number of events: the page may then be short,
/// or empty, and still have a cursor.
#[derive(Clone)]
pub struct Trail {
    database: Database,
    clock: fn() -> Timestamp,
    seal: Option<Arc<Seal>>,
}

impl Trail {
    /// Opens the trail in a data directory and makes it when it is not there. One that was written before there was
    /// a tree gets its leaves now, which takes a while and is logged.
    ///
    /// # Errors
    /// `Misconfigured` when the file cannot be made, is in use by another process or has a newer schema.
    pub fn open(directory: &Path, options: &Options) -> PortResult<Self> {
        let path = directory.join(FILE);
        let database = Database::open_prepared(&path, MIGRATIONS, options, backfill::backfill);
        Ok(Self { database: database.during("open the trail")?, clock: now, seal: None })
    }

    /// Opens the trail for reading, also while another process writes to it; writes are `Rejected`.
    ///
    /// # Errors
    /// The file is not there, or has another schema than this version reads.
    pub fn open_read_only(directory: &Path, options: &Options) -> PortResult<Self> {
        let database = Database::open_read_only(&directory.join(FILE), MIGRATIONS, options);
        Ok(Self { database: database.during("open the trail")?, clock: now, seal: None })
    }

    /// Replaces the clock that `now` in queries is read from.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> Timestamp) -> Self {
        Self { clock, ..self }
    }

    /// Returns the name of the trail's tree, which no other trail has: checkpoints and keys bear it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn origin(&self) -> PortResult<String> {
        let read = |connection: &Connection| {
            Ok(connection.query_row("SELECT origin FROM tree", [], |row| row.get(0))?)
        };
        self.database.read_now(read).during("read the name of the trail's tree")
    }

    /// Signs with a key from now on, and writes checkpoints to a file in `directory`, too. Returns a sentence when the
    /// database is not the one that was signed last: then a person must look, and the trail goes on.
    ///
    /// # Errors
    /// The database or the file cannot be read.
    pub fn with_key(self, directory: &Path, key: SigningKey) -> PortResult<(Self, Option<String>)> {
        let operation = "begin to sign the trail";
        let seal = Seal::new(directory, key).during(operation)?;
        let complaint = self.database.read_now(|connection| seal::complaint(connection, &seal));
        Ok((Self { seal: Some(Arc::new(seal)), ..self }, complaint.during(operation)?))
    }

    /// Writes the newest checkpoint to the file beside the database.
    async fn write_checkpoint(&self, seal: &Arc<Seal>) -> PortResult<()> {
        let operation = "write a checkpoint";
        let Some(note) = self.database.read(seal::newest).await.during(operation)? else { return Ok(()) };
        let seal = Arc::clone(seal);
        let writing = tokio::task::spawn_blocking(move || seal.append(&note)).await;
        writing.map_err(|error| PortError::unavailable(operation).because(error))?.during(operation)
    }
}

#[async_trait]
impl Sealer for Trail {
    async fn seal(&self) -> PortResult<()> {
        let Some(seal) = &self.seal else { return Ok(()) };
        let (signing, now) = (Arc::clone(seal), (self.clock)());
        let signed =
            self.database.write(move |connection| Growth::load(connection)?.sign(&signing.key, now)).await;
        signed.during("sign the trail")?;
        self.write_checkpoint(seal).await
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
        let (signing, now) = (self.seal.clone(), (self.clock)());
        let insert = move |connection: &Connection| {
            let key = signing.as_ref().map(|seal| &seal.key);
            let report = insert::insert(connection, prepared, (key, now))?;
            Ok((report, Growth::load(connection)?.size()))
        };
        let (mut report, size) = self.database.write(insert).await.during(operation)?;
        report.refused.append(&mut refused);
        if let Some(seal) = &self.seal
            && size.saturating_sub(seal.written().unwrap_or(0)) >= WRITE_AFTER
        {
            // The events are durable; a file that cannot be written is tried again with the next ones.
            if let Err(error) = self.write_checkpoint(seal).await {
                tracing::warn!(error = explain(&error), "a checkpoint could not be written beside the trail");
            }
        }
        Ok(report)
    }

    async fn reached(&self, progress: &[Progress]) -> PortResult<()> {
        let progress = progress.to_vec();
        let note = move |connection: &Connection| captured::reached(connection, &progress);
        self.database.write(note).await.during("note how far sources were read")
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
            let after = cursor.as_ref().map(|cursor| current::parse(cursor, &prefix)).transpose()?;
            current::page(connection, &prefix, limit.clamp(1, LARGEST_PAGE), after.as_deref())
        });
        read.await.during("read current values")
    }

    async fn state_at(&self, request: StateRequest) -> PortResult<StatePage> {
        let read = self.database.read(move |connection| state::page(connection, &request));
        read.await.during("read how resources stood at a time")
    }

    async fn follow(&self, request: FollowRequest) -> PortResult<Followed> {
        let now = (self.clock)();
        let read = self.database.read(move |connection| follow::follow(connection, &request, now));
        read.await.during("follow the trail")
    }
}

fn now() -> Timestamp {
    Timestamp::from_seconds(0).plus(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}
