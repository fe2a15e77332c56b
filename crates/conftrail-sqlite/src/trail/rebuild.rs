//! Makes anew what is derived from the events: the columns that searches use, the full text, counts and present values.

use std::path::Path;

use conftrail_core::integrity::TreeHash;
use conftrail_core::{Event, PortResult};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use crate::body;
use crate::database::{Database, Options};
use crate::error::{During as _, Error};
use crate::trail::place::Place;
use crate::trail::rollup::Counts;
use crate::trail::row::{COLUMNS, Row};
use crate::trail::store::{FILE, MIGRATIONS};
use crate::trail::{backfill, current, insert, stored, words};

/// Events after which counts are written and progress is told.
const STEP: u64 = 10_000;

/// What was made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// The events that everything was made from.
    pub events: u64,
    /// How many of them had other columns than they say, or none.
    pub rows: u64,
    /// The events that are not what was recorded: nothing was made from them, and nothing of the record was touched.
    pub left_out: u64,
}

/// Makes anew what is derived from the events of a data directory, in one transaction: it is done whole or not at all. The
/// events, their leaves and what was signed are not touched. `progress` is told how many of how many events are done.
///
/// # Errors
/// There is no trail, another process writes to it, or it cannot be read or written.
pub fn rebuild(directory: &Path, progress: &mut dyn FnMut(u64, u64)) -> PortResult<Rebuilt> {
    run(&directory.join(FILE), progress).during("make anew what is derived from events")
}

fn run(path: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Rebuilt, Error> {
    // Opening for writing would make an empty one.
    std::fs::metadata(path).map_err(|source| Error::Open { path: path.to_owned(), source })?;
    let mut rebuilt = Rebuilt::default();
    let database = Database::open_prepared(path, MIGRATIONS, &Options::default(), |connection| {
        backfill::backfill(connection)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        rebuilt = anew(&transaction, progress)?;
        transaction.commit()?;
        Ok(())
    })?;
    // Dropping the last handle folds the write-ahead log into the file.
    drop(database);
    Ok(rebuilt)
}

fn anew(connection: &Connection, progress: &mut dyn FnMut(u64, u64)) -> Result<Rebuilt, Error> {
    connection.execute_batch(
        "REINDEX events;
         INSERT INTO words (words) VALUES ('delete-all');
         DELETE FROM hourly; DELETE FROM daily; DELETE FROM current; DELETE FROM unknown_since;
         DELETE FROM unordered_slices;",
    )?;
    let leaves: u64 = connection.query_row("SELECT count(*) FROM leaves", [], |row| row.get(0))?;
    let mut rebuilt = Rebuilt::default();
    let (mut counts, mut last) = (Counts::default(), None);
    // By key: so the full text is written once, and late events are seen where they stand.
    let mut select = connection.prepare(
        "SELECT l.key, l.id, l.hash, b.body FROM leaves l LEFT JOIN bodies b ON b.key = l.key ORDER BY l.key",
    )?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let key: i64 = row.get(0)?;
        match recorded(row)? {
            Some(event) => {
                rebuilt.events += 1;
                rebuilt.rows += u64::from(mend_row(connection, key, &event)?);
                let mut index =
                    connection.prepare_cached("INSERT INTO words (rowid, text) VALUES (?1, ?2)")?;
                index.execute(params![key, words::of_event(&event)])?;
                current::apply(connection, key, &event)?;
                counts.add(&event);
                note_late(connection, &mut last, Place { key, ..Place::of(&event) })?;
            }
            None => rebuilt.left_out += 1,
        }
        let done = rebuilt.events + rebuilt.left_out;
        if done.is_multiple_of(STEP) {
            std::mem::take(&mut counts).store(connection)?;
            progress(done, leaves);
        }
    }
    counts.store(connection)?;
    Ok(rebuilt)
}

/// Returns the event of a row of leaf and body; none when it is not the one that the leaf is of.
fn recorded(row: &rusqlite::Row<'_>) -> Result<Option<Event>, Error> {
    let Ok(stored_body) = row.get_ref(3)?.as_blob() else { return Ok(None) };
    let hash = row.get_ref(2)?.as_blob().ok().and_then(TreeHash::from_bytes);
    let Ok(json) = body::json(stored_body) else { return Ok(None) };
    let Some((canonical, _)) = stored::cut(&json) else { return Ok(None) };
    let Ok(event) = serde_json::from_slice::<Event>(&json) else { return Ok(None) };
    let is_recorded = row.get_ref(1)?.as_str().is_ok_and(|id| id == event.id.as_str())
        && hash == Some(stored::leaf(event.id, canonical));
    Ok(Some(event).filter(|_| is_recorded))
}

/// Writes the columns of an event where they are not what it says, and says whether that was so.
fn mend_row(connection: &Connection, key: i64, event: &Event) -> Result<bool, Error> {
    let columns = COLUMNS.join(", ");
    let mut select = connection.prepare_cached(&format!("SELECT {columns} FROM events WHERE key = ?1"))?;
    let cells = Row::of(event);
    let cells = cells.cells(event.log.unwrap_or_default());
    let as_said = |row: &rusqlite::Row<'_>| {
        for (index, cell) in cells.iter().enumerate() {
            if !cell.is(row.get_ref(index)?) {
                return Ok(false);
            }
        }
        Ok(true)
    };
    if select.query_row([key], as_said).optional()? == Some(true) {
        return Ok(false);
    }
    // Whatever else bears this key or this id is none of the record.
    let mut clear = connection.prepare_cached("DELETE FROM events WHERE key = ?1 OR id = ?2")?;
    clear.execute(params![key, event.id.as_str()])?;
    insert::insert_row(connection, key, event)?;
    Ok(true)
}

/// Notes the slice of an event that stands behind a later one.
fn note_late(connection: &Connection, last: &mut Option<Place>, place: Place) -> Result<(), Error> {
    if last.is_some_and(|last| last.slice() == place.slice() && place < last) {
        let note = "INSERT INTO unordered_slices VALUES (?1) ON CONFLICT DO NOTHING";
        connection.prepare_cached(note)?.execute([place.slice()])?;
    }
    *last = Some(place);
    Ok(())
}
