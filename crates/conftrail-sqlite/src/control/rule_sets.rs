//! The rule set in force: one row, replaced whole.

use async_trait::async_trait;
use conftrail_core::own::Act;
use conftrail_core::ports::{PublishedRules, RuleSets};
use conftrail_core::{PortResult, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::ControlStore;
use super::{acts, json};
use crate::error::{During as _, Error};

#[async_trait]
impl RuleSets for ControlStore {
    async fn published_rules(&self) -> PortResult<Option<PublishedRules>> {
        self.database.read(load).await.during("load the published rules")
    }

    async fn published_digest(&self) -> PortResult<Option<String>> {
        self.database.read(digest).await.during("look which rules are published")
    }

    async fn publish_rules(&self, set: &PublishedRules, act: &Act) -> PortResult<bool> {
        let (set, act) = (set.clone(), act.clone());
        let publishing = self.database.write(move |connection| publish(connection, &set, &act));
        publishing.await.during("publish rules")
    }
}

fn load(connection: &Connection) -> Result<Option<PublishedRules>, Error> {
    let mut statement = connection.prepare_cached("SELECT digest, published, files FROM rule_sets")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let files = json::decode(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?, "a rule set")?;
    Ok(Some(PublishedRules { digest: row.get(0)?, published: Timestamp::from_micros(row.get(1)?), files }))
}

fn digest(connection: &Connection) -> Result<Option<String>, Error> {
    let mut statement = connection.prepare_cached("SELECT digest FROM rule_sets")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

fn publish(connection: &Connection, set: &PublishedRules, act: &Act) -> Result<bool, Error> {
    let mut replace = connection.prepare_cached(
        "INSERT INTO rule_sets VALUES (1, ?1, ?2, ?3) ON CONFLICT (only) DO UPDATE
         SET digest = excluded.digest, published = excluded.published, files = excluded.files
         WHERE digest <> excluded.digest",
    )?;
    let row = params![set.digest, set.published.micros(), json::encode(&set.files)];
    let is_another = replace.execute(row)? > 0;
    if is_another {
        acts::insert(connection, act)?;
    }
    Ok(is_another)
}
