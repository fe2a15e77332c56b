//! What the appenders to the change log saw of it: one row for each source.

use std::collections::BTreeMap;

use async_trait::async_trait;
use conftrail_core::ports::LogPlaces;
use conftrail_core::{LogPlace, PortResult};
use rusqlite::{Connection, params};

use super::ControlStore;
use super::json;
use crate::error::{During as _, Error};

#[async_trait]
impl LogPlaces for ControlStore {
    async fn log_places(&self) -> PortResult<BTreeMap<String, LogPlace>> {
        self.database.read(load).await.during("load what was seen of the change log")
    }

    async fn save_log_place(&self, source: &str, place: &LogPlace) -> PortResult<()> {
        let (source, place) = (source.to_owned(), json::encode(place));
        let saving = self.database.write(move |connection| save(connection, &source, &place));
        saving.await.during("save what was seen of the change log")
    }
}

fn load(connection: &Connection) -> Result<BTreeMap<String, LogPlace>, Error> {
    let mut statement = connection.prepare_cached("SELECT source, place FROM log_places")?;
    let mut rows = statement.query([])?;
    let mut places = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let place: String = row.get(1)?;
        places.insert(row.get(0)?, json::decode(&place, "what was seen of the change log")?);
    }
    Ok(places)
}

fn save(connection: &Connection, source: &str, place: &str) -> Result<(), Error> {
    let mut upsert = connection.prepare_cached(
        "INSERT INTO log_places VALUES (?1, ?2) ON CONFLICT (source) DO UPDATE SET place = excluded.place",
    )?;
    upsert.execute(params![source, place])?;
    Ok(())
}
