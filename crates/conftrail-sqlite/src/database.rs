//! One database file: one thread that writes, a few connections that read, one process at a time.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::files;
use crate::migrate;
use crate::writer::Writer;

/// Says how a database is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many reads may run at once.
    pub readers: NonZeroUsize,
    /// The file's largest size in bytes; beyond it writes are `Unavailable`, as on a full disk. None is no limit.
    pub max_bytes: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: NonZeroUsize::new(4).expect("four is not zero"), max_bytes: None }
    }
}

/// An open database. Clones share it; the last one closes it.
#[derive(Clone)]
pub(crate) struct Database(Arc<Shared>);

struct Shared {
    // Declared before the writer: the connection that closes last folds the write-ahead log into the file.
    readers: Arc<Readers>,
    writer: Option<Writer>,
}

struct Readers {
    path: PathBuf,
    permits: Arc<Semaphore>,
    /// Open connections that nobody uses.
    idle: Mutex<Vec<Connection>>,
}

/// Bytes per page: larger rows stay on their page, and an index has fewer levels.
const PAGE_SIZE: u32 = 16_384;
/// Pages of cache for the writer: what one large batch touches.
const WRITER_CACHE: u32 = 1_024;
/// Pages of cache for each reader.
const READER_CACHE: u32 = 256;
/// Pages in the write-ahead log after which it is folded into the file.
const CHECKPOINT_AFTER: u32 = 1_000;
/// Milliseconds to wait for a lock: readers of other processes may hold one while they open.
const BUSY_TIMEOUT: u32 = 5_000;
/// Steps of SQLite's machine between two looks whether anybody still waits for a read; well below a millisecond.
const PROGRESS: i32 = 20_000;
/// Statements kept prepared for each connection.
const PREPARED: usize = 128;

impl Database {
    /// Opens a database for reading and writing; makes it when it is not there.
    ///
    /// # Errors
    /// The file cannot be made, is in use by another process, or has a newer schema.
    pub(crate) fn open(path: &Path, migrations: &[&str], options: &Options) -> Result<Self, Error> {
        Self::open_prepared(path, migrations, options, |_| Ok(()))
    }

    /// Opens a database as [`Self::open`] does, and runs `prepare` once before anybody reads or writes.
    ///
    /// # Errors
    /// As [`Self::open`], and those of `prepare`.
    pub(crate) fn open_prepared(
        path: &Path,
        migrations: &[&str],
        options: &Options,
        prepare: impl FnOnce(&mut Connection) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let lock = files::prepare(path)?;
        let mut connection = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE))?;
        configure_writer(&connection, options)?;
        migrate::migrate(&mut connection, path, migrations)?;
        prepare(&mut connection)?;
        let writer = Writer::start(connection, lock)?;
        Ok(Self::with(path, Some(writer), options))
    }

    /// Opens a database that another process may be writing to. [`Self::write`] is refused.
    ///
    /// # Errors
    /// The file is not there, or has another schema than this code reads.
    pub(crate) fn open_read_only(path: &Path, migrations: &[&str], options: &Options) -> Result<Self, Error> {
        let connection = open_reader(path)?;
        migrate::check(&connection, path, migrations)?;
        let database = Self::with(path, None, options);
        database.0.readers.give_back(connection);
        Ok(database)
    }

    fn with(path: &Path, writer: Option<Writer>, options: &Options) -> Self {
        let readers = Readers {
            path: path.to_owned(),
            permits: Arc::new(Semaphore::new(options.readers.get())),
            idle: Mutex::new(Vec::new()),
        };
        Self(Arc::new(Shared { readers: Arc::new(readers), writer }))
    }

    /// Runs `work` in a transaction and returns when it is durable. An error of `work` undoes what it did.
    ///
    /// Works that wait at the same time share one commit. Dropping the future does not stop the work.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        match &self.0.writer {
            Some(writer) => writer.run(work).await,
            None => Err(Error::Rejected("write to a database that is open for reading only")),
        }
    }

    /// Says whether writes are refused.
    pub(crate) fn is_read_only(&self) -> bool {
        self.0.writer.is_none()
    }

    /// Runs `work` on the calling thread; for what is read once, when a store is opened.
    pub(crate) fn read_now<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        self.0.readers.run(|| false, work)
    }

    /// Runs `work` on one consistent state of the database, away from the async threads. Dropping the future stops
    /// a statement that is under way.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let readers = Arc::clone(&self.0.readers);
        let waiting = Waiting::default();
        let given_up = Arc::clone(&waiting.given_up);
        let permit = Arc::clone(&readers.permits).acquire_owned().await.map_err(|_| Error::Stopped)?;
        let running = tokio::task::spawn_blocking(move || {
            let result = readers.run(move || given_up.load(Ordering::Relaxed), work);
            // Held by the work, not by who waits for it: who gives up must not make room for one more.
            drop(permit);
            result
        });
        running.await.map_err(|_| Error::Stopped)?
    }
}

/// Someone waits for a read; when they are gone, so is the reason for it.
#[derive(Default)]
struct Waiting {
    given_up: Arc<AtomicBool>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.given_up.store(true, Ordering::Relaxed);
    }
}

impl Readers {
    fn run<T>(
        &self,
        given_up: impl FnMut() -> bool + Send + 'static,
        work: impl FnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => open_reader(&self.path)?,
        };
        connection.progress_handler(PROGRESS, Some(given_up))?;
        let transaction = connection.transaction()?;
        let result = work(&transaction);
        transaction.finish()?;
        self.give_back(connection);
        result
    }

    fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

fn flags(access: OpenFlags) -> OpenFlags {
    // Each connection is used by one thread at a time.
    access | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn configure_writer(connection: &Connection, options: &Options) -> Result<(), Error> {
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.pragma_update(None, "busy_timeout", BUSY_TIMEOUT)?;
    connection.pragma_update(None, "page_size", PAGE_SIZE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_AFTER)?;
    connection.pragma_update(None, "journal_size_limit", PAGE_SIZE * CHECKPOINT_AFTER)?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
    if let Some(bytes) = options.max_bytes {
        let pages = (bytes / u64::from(PAGE_SIZE)).max(1);
        connection.pragma_update(None, "max_page_count", i64::try_from(pages).unwrap_or(i64::MAX))?;
    }
    Ok(())
}

/// Opens a database for reading beside whoever writes to it, or where nobody can: a copy on a medium for reading only
/// has no place for the index of a write-ahead log.
///
/// # Errors
/// The file is not there or cannot be read.
pub(crate) fn open_beside(path: &Path) -> Result<Connection, Error> {
    let tried = open_reader(path).and_then(|connection| {
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(connection)
    });
    let refused = |error: &Error| {
        let Error::Sqlite(cause) = error else { return false };
        matches!(cause.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
    };
    match tried {
        Err(error) if refused(&error) && path.exists() && !has_log(path) => {
            let mut uri = "file:".to_owned();
            for byte in path.as_os_str().as_encoded_bytes() {
                uri.push_str(&match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                        char::from(*byte).to_string()
                    }
                    _ => format!("%{byte:02x}"),
                });
            }
            uri.push_str("?immutable=1");
            let access = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            configured_reader(Connection::open_with_flags(uri, flags(access))?)
        }
        tried => tried,
    }
}

/// Says whether there is a write-ahead log with something in it.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

fn open_reader(path: &Path) -> Result<Connection, Error> {
    configured_reader(Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_ONLY))?)
}

fn configured_reader(connection: Connection) -> Result<Connection, Error> {
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.pragma_update(None, "busy_timeout", BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", READER_CACHE)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &[&str] = &["CREATE TABLE numbers (number INTEGER NOT NULL UNIQUE) STRICT"];

    fn open(directory: &tempfile::TempDir) -> Database {
        Database::open(&directory.path().join("test.db"), SCHEMA, &Options::default()).unwrap()
    }

    async fn add(database: &Database, number: i64) -> Result<(), Error> {
        let add = move |connection: &Connection| {
            // Twice: the second fails, so that there is something to take back.
            connection.execute("INSERT INTO numbers VALUES (?1)", [number])?;
            if number % 3 == 0 {
                connection.execute("INSERT INTO numbers VALUES (?1)", [number])?;
            }
            Ok(())
        };
        database.write(add).await
    }

    fn all(connection: &Connection) -> Result<Vec<i64>, Error> {
        let mut select = connection.prepare("SELECT number FROM numbers ORDER BY number")?;
        let numbers = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>();
        Ok(numbers?)
    }

    #[tokio::test]
    async fn a_work_that_fails_takes_only_its_own_changes_back() {
        let directory = tempfile::TempDir::new().unwrap();
        let database = open(&directory);
        // All wait at once, so that they share commits.
        let added = tokio::join!(
            add(&database, 1),
            add(&database, 3),
            add(&database, 2),
            add(&database, 6),
            add(&database, 4),
        );
        assert!(added.0.is_ok() && added.2.is_ok() && added.4.is_ok());
        assert!(added.1.is_err() && added.3.is_err());
        assert_eq!(database.read(all).await.unwrap(), [1, 2, 4]);
    }

    #[tokio::test]
    async fn a_work_is_done_though_its_caller_gave_up() {
        let directory = tempfile::TempDir::new().unwrap();
        let database = open(&directory);
        // One poll hands the work over; then nobody waits for it any more.
        let mut handed_over = Box::pin(add(&database, 1));
        std::future::poll_fn(|context| {
            let _ = handed_over.as_mut().poll(context);
            std::task::Poll::Ready(())
        })
        .await;
        drop(handed_over);
        // Works are done in the order they were handed over.
        add(&database, 2).await.unwrap();
        assert_eq!(database.read(all).await.unwrap(), [1, 2]);
    }

    #[tokio::test]
    async fn a_read_that_nobody_waits_for_ends() {
        let directory = tempfile::TempDir::new().unwrap();
        let one_reader = Options { readers: NonZeroUsize::MIN, ..Options::default() };
        let database = Database::open(&directory.path().join("test.db"), SCHEMA, &one_reader).unwrap();
        let endless = |connection: &Connection| {
            let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
            Ok(connection.query_row(sql, [], |row| row.get::<_, i64>(0))?)
        };
        let given_up =
            tokio::time::timeout(std::time::Duration::from_millis(20), database.read(endless)).await;
        assert!(given_up.is_err());
        let next = tokio::time::timeout(std::time::Duration::from_secs(20), database.read(all)).await;
        assert_eq!(next.unwrap().unwrap(), [0_i64; 0]);
    }

    #[tokio::test]
    async fn the_last_handle_closes_the_file_and_lets_the_next_one_in() {
        let directory = tempfile::TempDir::new().unwrap();
        let database = open(&directory);
        let clone = database.clone();
        add(&database, 1).await.unwrap();
        drop(database);
        let second = Database::open(&directory.path().join("test.db"), SCHEMA, &Options::default());
        assert!(matches!(second, Err(Error::InUse { .. })));
        drop(clone);
        assert_eq!(open(&directory).read(all).await.unwrap(), [1]);
        assert!(!directory.path().join("test.db-wal").exists());
    }
}
