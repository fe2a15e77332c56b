//! conftrail's own acts, numbered in the order in which they were stored.

use async_trait::async_trait;
use conftrail_core::own::{Act, Aside};
use conftrail_core::ports::OwnAudit;
use conftrail_core::{PortResult, ResourceKind};
use rusqlite::{Connection, params};

use super::ControlStore;
use super::{asides, json};
use crate::error::{During as _, Error};

#[async_trait]
impl OwnAudit for ControlStore {
    async fn record_act(&self, act: &Act) -> PortResult<()> {
        let act = act.clone();
        self.database.write(move |connection| insert(connection, &act)).await.during("record an act")
    }

    async fn acts_after(&self, sequence: u64, limit: usize) -> PortResult<Vec<(u64, Act)>> {
        self.database.read(move |connection| after(connection, sequence, limit)).await.during("read acts")
    }

    async fn last_act(&self, kind: ResourceKind, name: &str) -> PortResult<Option<Act>> {
        let name = name.to_owned();
        let reading = self.database.read(move |connection| {
            let sql = "SELECT body FROM acts WHERE kind = ?1 AND name = ?2 ORDER BY sequence DESC LIMIT 1";
            Ok(json::bodies(connection, sql, params![kind.as_str(), name], "an act")?.pop())
        });
        reading.await.during("read the last act on a thing")
    }

    async fn set_aside(&self, aside: &Aside) -> PortResult<bool> {
        let aside = aside.clone();
        self.database.write(move |connection| asides::insert(connection, &aside)).await.during("set aside")
    }

    async fn asides(&self, limit: usize) -> PortResult<Vec<Aside>> {
        self.database
            .read(move |connection| asides::list(connection, limit))
            .await
            .during("list what was set aside")
    }
}

/// Stores an act; for every module whose own act it is, in that act's transaction.
pub(super) fn insert(connection: &Connection, act: &Act) -> Result<(), Error> {
    let mut insert = connection.prepare_cached("INSERT INTO acts (kind, name, body) VALUES (?1, ?2, ?3)")?;
    insert.execute(params![act.kind.as_str(), act.name, json::encode(act)])?;
    Ok(())
}

fn after(connection: &Connection, sequence: u64, limit: usize) -> Result<Vec<(u64, Act)>, Error> {
    // A number beyond SQLite's own was never given to an act.
    let Ok(sequence) = i64::try_from(sequence) else { return Ok(Vec::new()) };
    let mut statement = connection
        .prepare_cached("SELECT sequence, body FROM acts WHERE sequence > ?1 ORDER BY sequence LIMIT ?2")?;
    let mut rows = statement.query(params![sequence, json::limit(limit)])?;
    let mut acts = Vec::new();
    while let Some(row) = rows.next()? {
        let body: String = row.get(1)?;
        acts.push((row.get(0)?, json::decode(&body, "an act")?));
    }
    Ok(acts)
}
