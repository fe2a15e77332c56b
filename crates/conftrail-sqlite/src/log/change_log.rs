//! Opening the log and appending to it.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use conftrail_core::ports::{self, Subscription};
use conftrail_core::{Event, LogIdentity, LogPlace, Order, PortResult, Record, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};
use tokio::sync::watch;

use crate::body;
use crate::database::{Database, Options};
use crate::error::{During as _, Error};
use crate::log::identity;
use crate::log::recent::Recent;
use crate::log::subscription::GroupSubscription;

/// The schema, oldest first.
const MIGRATIONS: &[&str] = &[include_str!("../../../../migrations/sqlite/log/0001_log.sql")];
/// The database's name within the data directory.
const FILE: &str = "log.db";

/// The change log in one SQLite file: one partition, 0. Clones share it.
///
/// A change is known as long as its record is kept: what repeats after that is late by any measure, and the
/// audit store and detect know it by its id.
#[derive(Clone)]
pub struct ChangeLog {
    pub(super) database: Database,
    /// Changes once at most, at the start: when the log is recognised as another than it was.
    identity: Arc<RwLock<LogIdentity>>,
    pub(super) retain: Duration,
    pub(super) recent: Arc<Recent>,
    /// Counts appends, so that waiting subscriptions look again.
    appended: watch::Sender<u64>,
}

impl ChangeLog {
    /// Opens the log in a data directory and makes it when it is not there.
    ///
    /// `retain` is how long records stay after every group has read them.
    ///
    /// # Errors
    /// `Misconfigured` when the file cannot be made, is in use by another process or has a newer schema.
    pub fn open(directory: &Path, retain: Duration, options: &Options) -> PortResult<Self> {
        Self::opened(Database::open(&directory.join(FILE), MIGRATIONS, options), retain)
    }

    /// Opens the log for reading, also while another process appends to it; writes are `Rejected`.
    ///
    /// # Errors
    /// The file is not there, or has another schema than this version reads.
    pub fn open_read_only(directory: &Path, options: &Options) -> PortResult<Self> {
        Self::opened(Database::open_read_only(&directory.join(FILE), MIGRATIONS, options), Duration::MAX)
    }

    fn opened(database: Result<Database, Error>, retain: Duration) -> PortResult<Self> {
        let open = "open the change log";
        let database = database.during(open)?;
        let identity = Arc::new(RwLock::new(database.read_now(identity::read).during(open)?));
        let (appended, _) = watch::channel(0);
        Ok(Self { database, identity, retain, recent: Arc::new(Recent::default()), appended })
    }

    /// Returns which log this is.
    pub(super) fn known_identity(&self) -> LogIdentity {
        self.identity.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl ports::ChangeLog for ChangeLog {
    async fn append(&self, records: &[Record]) -> PortResult<()> {
        if records.is_empty() {
            return Ok(());
        }
        let (records, epoch) = (records.to_vec(), self.known_identity().epoch);
        let append = move |connection: &Connection| insert(connection, &records, epoch);
        let stored = self.database.write(append).await.during("append to the change log")?;
        self.recent.add(stored);
        self.appended.send_modify(|count| *count = count.wrapping_add(1));
        Ok(())
    }

    async fn subscribe(&self, group: &str) -> PortResult<Box<dyn Subscription>> {
        let name = group.to_owned();
        let next = if self.database.is_read_only() {
            self.database.read(move |connection| committed(connection, &name)).await
        } else {
            self.database.write(move |connection| join(connection, &name)).await
        };
        let next = next.during("join the consumer group")?;
        Ok(Box::new(GroupSubscription::new(self.clone(), group, next, self.appended.subscribe())))
    }

    async fn identity(&self) -> PortResult<LogIdentity> {
        Ok(self.known_identity())
    }

    async fn place(&self) -> PortResult<LogPlace> {
        let log = self.known_identity();
        let offset = self.database.read(identity::end).await.during("read the end of the change log")?;
        let end = vec![Order { epoch: log.epoch, partition: 0, offset }];
        Ok(LogPlace { log, end })
    }

    async fn recognise(&self, seen: &[LogPlace]) -> PortResult<LogIdentity> {
        if self.database.is_read_only() {
            return Ok(self.known_identity());
        }
        let seen = seen.to_vec();
        let compare = move |connection: &Connection| identity::compare(connection, &seen);
        let identity = self.database.write(compare).await.during("recognise the change log")?;
        let before = std::mem::replace(
            &mut *self.identity.write().unwrap_or_else(PoisonError::into_inner),
            identity.clone(),
        );
        if before != identity {
            self.recent.forget();
        }
        Ok(identity)
    }
}

/// A record that was stored, and what it takes to keep it in memory.
pub(super) struct Stored {
    pub(super) offset: u64,
    pub(super) record: Record,
    pub(super) bytes: usize,
}

fn insert(connection: &Connection, records: &[Record], epoch: u32) -> Result<Vec<Stored>, Error> {
    let appended = now();
    let mut insert = connection.prepare_cached(
        "INSERT INTO records (change, appended, body) VALUES (?1, ?2, ?3) ON CONFLICT (change) DO NOTHING",
    )?;
    let mut stored = Vec::with_capacity(records.len());
    for record in records {
        let body = body::encode(record, body::PASSING)?;
        let change = match record {
            Record::Change(event) => Some(event.id),
            Record::Progress(_) => None,
        };
        let added = insert.execute(params![change.as_ref().map(|id| id.as_str()), appended, body])?;
        if added > 0 {
            let offset = u64::try_from(connection.last_insert_rowid())
                .map_err(|_| Error::Undecodable("an offset of the change log"))?;
            let record = placed(record.clone(), Order { epoch, partition: 0, offset });
            stored.push(Stored { offset, record, bytes: body.len() });
        }
    }
    Ok(stored)
}

/// Puts a change's place into it.
pub(super) fn placed(record: Record, order: Order) -> Record {
    match record {
        Record::Change(mut event) => {
            let owned: &mut Event = Arc::make_mut(&mut event);
            owned.log = Some(order);
            Record::Change(event)
        }
        progress => progress,
    }
}

/// Registers the group, so that trimming keeps what it has not read, and returns where it goes on.
fn join(connection: &Connection, group: &str) -> Result<u64, Error> {
    connection.execute("INSERT INTO groups VALUES (?1, 0) ON CONFLICT DO NOTHING", [group])?;
    committed(connection, group)
}

fn committed(connection: &Connection, group: &str) -> Result<u64, Error> {
    let mut select = connection.prepare_cached("SELECT next FROM groups WHERE name = ?1")?;
    let next: Option<i64> = select.query_row([group], |row| row.get(0)).optional()?;
    u64::try_from(next.unwrap_or(0)).map_err(|_| Error::Undecodable("the offset of a group"))
}

/// The time of appending, in microseconds; retention counts from it.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_seconds(0).plus(since).micros()
}
