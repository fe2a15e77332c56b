//! How far each source has been read: one row for the position, one for each entry of its state.

use std::collections::BTreeMap;

use async_trait::async_trait;
use conftrail_core::ports::{Checkpoints, Claim};
use conftrail_core::{Checkpoint, PortResult, Position, StateChange};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::ControlStore;
use super::json;
use crate::error::{During as _, Error};

#[async_trait]
impl Checkpoints for ControlStore {
    async fn load_checkpoint(&self, source: &str) -> PortResult<Option<Checkpoint>> {
        let source = source.to_owned();
        self.database.read(move |connection| load(connection, &source)).await.during("load a checkpoint")
    }

    async fn claim_checkpoint(&self, source: &str) -> PortResult<(Claim, Option<Checkpoint>)> {
        let source = source.to_owned();
        let claiming =
            move |connection: &Connection| Ok((claim(connection, &source)?, load(connection, &source)?));
        self.database.write(claiming).await.during("claim a checkpoint")
    }

    async fn save_checkpoint(
        &self,
        source: &str,
        claim: Claim,
        position: &Position,
        state: &[StateChange],
    ) -> PortResult<bool> {
        let (source, position, state) = (source.to_owned(), position.clone(), state.to_vec());
        let saving = move |connection: &Connection| {
            let is_ours = is_holder(connection, &source, claim)?;
            if is_ours {
                save(connection, &source, &position, &state)?;
            }
            Ok(is_ours)
        };
        self.database.write(saving).await.during("save a checkpoint")
    }

    async fn checkpointed_sources(&self) -> PortResult<Vec<String>> {
        self.database.read(sources).await.during("list the checkpoints")
    }
}

fn load(connection: &Connection, source: &str) -> Result<Option<Checkpoint>, Error> {
    let mut statement = connection.prepare_cached("SELECT position FROM checkpoints WHERE source = ?1")?;
    let position: Option<String> = statement.query_row([source], |row| row.get(0)).optional()?;
    let Some(position) = position else { return Ok(None) };

    let mut statement =
        connection.prepare_cached("SELECT key, value FROM checkpoint_state WHERE source = ?1")?;
    let mut rows = statement.query([source])?;
    let mut state = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let value: String = row.get(1)?;
        state.insert(row.get(0)?, json::decode(&value, "an entry of a checkpoint")?);
    }
    Ok(Some(Checkpoint { position: json::decode(&position, "a position")?, state }))
}

fn claim(connection: &Connection, source: &str) -> Result<Claim, Error> {
    let mut claim = connection.prepare_cached(
        "INSERT INTO checkpoint_claims VALUES (?1, 1, 1)
         ON CONFLICT (source) DO UPDATE SET last = last + 1, holder = last + 1 RETURNING last",
    )?;
    let number: i64 = claim.query_row([source], |row| row.get(0))?;
    u64::try_from(number).map(Claim).map_err(|_| Error::Undecodable("a claim to a checkpoint"))
}

/// Says whether a claim's saves count; the first save of all makes its claim the one.
fn is_holder(connection: &Connection, source: &str, claim: Claim) -> Result<bool, Error> {
    let number = i64::try_from(claim.0).map_err(|_| Error::Undecodable("a claim to a checkpoint"))?;
    let mut holder = connection.prepare_cached("SELECT holder FROM checkpoint_claims WHERE source = ?1")?;
    let holder: i64 = holder.query_row([source], |row| row.get(0)).optional()?.unwrap_or_default();
    if holder == number {
        return Ok(true);
    }
    let mut exists = connection.prepare_cached("SELECT 1 FROM checkpoints WHERE source = ?1")?;
    if exists.exists([source])? {
        return Ok(false);
    }
    let mut take = connection.prepare_cached("UPDATE checkpoint_claims SET holder = ?2 WHERE source = ?1")?;
    take.execute(params![source, number])?;
    Ok(true)
}

fn save(
    connection: &Connection,
    source: &str,
    position: &Position,
    state: &[StateChange],
) -> Result<(), Error> {
    let mut move_position = connection.prepare_cached(
        "INSERT INTO checkpoints (source, position) VALUES (?1, ?2)
         ON CONFLICT (source) DO UPDATE SET position = excluded.position",
    )?;
    move_position.execute(params![source, json::encode(position)])?;

    let mut set = connection.prepare_cached(
        "INSERT INTO checkpoint_state (source, key, value) VALUES (?1, ?2, ?3)
         ON CONFLICT (source, key) DO UPDATE SET value = excluded.value",
    )?;
    let mut remove =
        connection.prepare_cached("DELETE FROM checkpoint_state WHERE source = ?1 AND key = ?2")?;
    for change in state {
        match &change.value {
            Some(value) => set.execute(params![source, change.key, json::encode(value)])?,
            None => remove.execute(params![source, change.key])?,
        };
    }
    Ok(())
}

fn sources(connection: &Connection) -> Result<Vec<String>, Error> {
    let mut statement = connection.prepare_cached("SELECT source FROM checkpoints ORDER BY source")?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(names)
}
