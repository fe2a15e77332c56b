//! The tree grows with the events, in their transaction, and each transaction signs how far it has come.

use std::time::Duration;

use conftrail_core::integrity::{Checkpoint, CompactRange, SigningKey, TreeHash};
use conftrail_core::{EventId, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::Error;
use crate::trail::stored;

/// Only the complete subtrees of 256, 65536, … leaves are stored: the others are a few hundred rows away.
pub(super) const STORED_LEVELS: u32 = 8;
/// A checkpoint is kept for good when the one kept before it is this many leaves back,
const KEEP_AFTER: u64 = 10_000;
/// or this old.
const KEEP_EVERY: Duration = Duration::from_secs(60);

/// The tree while one transaction appends to it.
pub(super) struct Growth<'c> {
    connection: &'c Connection,
    origin: String,
    range: CompactRange,
}

impl<'c> Growth<'c> {
    /// Reads where the tree stands. Nothing of it is remembered from one transaction to the next, so that one that
    /// is taken back leaves no trace.
    pub(super) fn load(connection: &'c Connection) -> Result<Self, Error> {
        let mut select = connection.prepare_cached("SELECT origin, size, peaks FROM tree")?;
        let (origin, size, peaks): (String, u64, Vec<u8>) =
            select.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let range = CompactRange::restore(size, &peaks)
            .map_err(|_| Error::Undecodable("the state of the tree; see `conftrail verify`"))?;
        Ok(Self { connection, origin, range })
    }

    /// Returns how many leaves there are.
    pub(super) fn size(&self) -> u64 {
        self.range.size()
    }

    /// Returns the root over them.
    pub(super) fn root(&self) -> TreeHash {
        self.range.root()
    }

    /// Appends the leaf of an event, whose body is stored in this form.
    pub(super) fn add(&mut self, key: i64, id: EventId, leaf: TreeHash, body: &[u8]) -> Result<(), Error> {
        let mut insert = self.connection.prepare_cached("INSERT INTO leaves VALUES (?1, ?2, ?3, ?4, ?5)")?;
        insert.execute(params![
            self.range.size(),
            key,
            id.as_str(),
            leaf.as_bytes(),
            stored::checksum(body)
        ])?;
        let mut completed = Vec::new();
        self.range.push(leaf, |level, number, hash| {
            if level.is_multiple_of(STORED_LEVELS) {
                completed.push((level, number, *hash));
            }
        });
        for (level, number, hash) in completed {
            let mut insert = self.connection.prepare_cached("INSERT INTO nodes VALUES (?1, ?2, ?3)")?;
            insert.execute(params![level, number, hash.as_bytes()])?;
        }
        Ok(())
    }

    /// Stores the state of the tree, and signs it.
    pub(super) fn store(self, key: Option<&SigningKey>, now: Timestamp) -> Result<(), Error> {
        let mut update = self.connection.prepare_cached("UPDATE tree SET size = ?1, peaks = ?2")?;
        update.execute(params![self.range.size(), self.range.to_bytes()])?;
        match key {
            Some(key) => self.sign(key, now),
            None => Ok(()),
        }
    }

    /// Signs the tree as it stands, unless this key has signed it already.
    pub(super) fn sign(&self, key: &SigningKey, now: Timestamp) -> Result<(), Error> {
        let size = self.range.size();
        let signer = key.verifying_key().id_text();
        let signed = "SELECT 1 FROM checkpoints WHERE size = ?1 AND signer = ?2";
        if self.connection.prepare_cached(signed)?.exists(params![size, signer])? {
            return Ok(());
        }
        let checkpoint =
            Checkpoint { origin: self.origin.clone(), size, root: self.range.root(), time: Some(now) };
        let keep = self.is_kept(&signer, size, now)?;
        let passing = "DELETE FROM checkpoints WHERE kept = 0";
        self.connection.prepare_cached(passing)?.execute([])?;
        let mut insert =
            self.connection.prepare_cached("INSERT INTO checkpoints VALUES (?1, ?2, ?3, ?4, ?5)")?;
        insert.execute(params![size, signer, now.micros(), keep, checkpoint.sign(key)])?;
        Ok(())
    }

    /// Says whether a checkpoint is kept when there is a newer one: the first of each key, and then one now and then.
    fn is_kept(&self, signer: &str, size: u64, now: Timestamp) -> Result<bool, Error> {
        let mut select = self.connection.prepare_cached(
            "SELECT signer, size, time FROM checkpoints WHERE kept = 1 ORDER BY size DESC, time DESC LIMIT 1",
        )?;
        let last: Option<(String, u64, i64)> =
            select.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        Ok(last.is_none_or(|(last_signer, last_size, time)| {
            last_signer != signer
                || size.saturating_sub(last_size) >= KEEP_AFTER
                || now.since(Timestamp::from_micros(time)) >= KEEP_EVERY
        }))
    }
}
