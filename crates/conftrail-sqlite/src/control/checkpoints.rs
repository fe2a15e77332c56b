//! How far each source has been read: one row for the position, one for each entry of its state.

use std::collections::BTreeMap;

use async_trait::async_trait;
use conftrail_core::ports::Checkpoints;
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

    async fn save_checkpoint(
        &self,
        source: &str,
        position: &Position,
        state: &[StateChange],
    ) -> PortResult<()> {
        let (source, position, state) = (source.to_owned(), position.clone(), state.to_vec());
        let saving = self.database.write(move |connection| save(connection, &source, &position, &state));
        saving.await.during("save a checkpoint")
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
