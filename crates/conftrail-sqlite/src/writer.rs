//! The one thread that writes to a database. Works that wait together share a commit, so that the disk is asked
//! to settle once for all of them.

use std::thread::JoinHandle;

use rusqlite::{Connection, ffi};
use tokio::sync::{mpsc, oneshot};

use crate::error::Error;
use crate::files::WriteLock;

/// How many works may wait, and how many may share one commit.
const QUEUE: usize = 64;

/// Called when the fate of the shared transaction is known; `None` is a commit.
type Finish = Box<dyn FnOnce(Option<&rusqlite::Error>) + Send>;
/// Does one work, or learns why it cannot be done; the flag says whether its changes stay.
type Work = Box<dyn FnOnce(Result<&Connection, &rusqlite::Error>) -> (bool, Finish) + Send>;

/// Hands works to the writing thread. Dropping it waits until all are done and the file is closed.
pub(crate) struct Writer {
    works: Option<mpsc::Sender<Work>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread, which owns the connection and the lock until the writer is dropped.
    pub(crate) fn start(connection: Connection, lock: WriteLock) -> Result<Self, Error> {
        let path = connection.path().unwrap_or_default().into();
        let (works, queue) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || {
                serve(&connection, queue);
                // The lock goes after the connection: a successor must find the file closed.
                drop(connection);
                drop(lock);
            })
            .map_err(|source| Error::Open { path, source })?;
        Ok(Self { works: Some(works), thread: Some(thread) })
    }

    /// Runs `work` in a transaction and returns when that is durable.
    pub(crate) async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let boxed: Work = Box::new(move |connection| {
            let result = connection.map_err(Error::shared).and_then(work);
            let keep = result.is_ok();
            let finish: Finish = Box::new(move |failure| {
                let told = match failure {
                    Some(cause) => result.and(Err(Error::shared(cause))),
                    None => result,
                };
                // Nobody listens when the caller was cancelled: the work is done all the same.
                let _ = answer.send(told);
            });
            (keep, finish)
        });
        let works = self.works.as_ref().ok_or(Error::Stopped)?;
        works.send(boxed).await.map_err(|_| Error::Stopped)?;
        answered.await.map_err(|_| Error::Stopped)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.works = None;
        // A work may hold the last handle; the thread cannot wait for itself.
        let elsewhere = |thread: &JoinHandle<()>| thread.thread().id() != std::thread::current().id();
        if let Some(thread) = self.thread.take().filter(elsewhere) {
            // It panicked, and said so on standard error; there is nothing to add.
            let _ = thread.join();
        }
    }
}

fn serve(connection: &Connection, mut queue: mpsc::Receiver<Work>) {
    let mut waiting = Vec::with_capacity(QUEUE);
    while queue.blocking_recv_many(&mut waiting, QUEUE) > 0 {
        let mut finishes = Vec::with_capacity(waiting.len());
        let failure = together(connection, &mut waiting.drain(..), &mut finishes).err();
        if failure.is_some() && !connection.is_autocommit() {
            // What cannot be rolled back now is rolled back when the file is opened again.
            let _ = connection.execute_batch("ROLLBACK");
        }
        for finish in finishes {
            finish(failure.as_ref());
        }
    }
}

/// Runs works in one transaction. A work that fails takes only its own changes back; when the transaction as a
/// whole fails, every work learns of it.
fn together(
    connection: &Connection,
    works: &mut impl Iterator<Item = Work>,
    finishes: &mut Vec<Finish>,
) -> Result<(), rusqlite::Error> {
    let outcome = in_transaction(connection, works, finishes);
    if let Err(cause) = &outcome {
        finishes.extend(works.map(|work| work(Err(cause)).1));
    }
    outcome
}

fn in_transaction(
    connection: &Connection,
    works: &mut impl Iterator<Item = Work>,
    finishes: &mut Vec<Finish>,
) -> Result<(), rusqlite::Error> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for work in works {
        connection.execute_batch("SAVEPOINT work")?;
        let (keep, finish) = work(Ok(connection));
        finishes.push(finish);
        if connection.is_autocommit() {
            // A full disk or a failing device ended the whole transaction, not only this work.
            return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_ABORT_ROLLBACK), None));
        }
        connection.execute_batch(if keep { "RELEASE work" } else { "ROLLBACK TO work; RELEASE work" })?;
    }
    connection.execute_batch("COMMIT")
}
