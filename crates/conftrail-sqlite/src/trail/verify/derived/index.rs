//! The full text, word by word, against the texts of the events.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use conftrail_core::integrity::{Finding, FindingKind};
use conftrail_core::{Event, EventId};
use rusqlite::{Connection, OptionalExtension as _};

use crate::body;
use crate::error::Error;
use crate::trail::verify::derived::Suspects;
use crate::trail::verify::derived::sums::{Sums, Wording, bucket};

/// Of this many sums that differ the events are looked at one by one.
const MOST_EXAMINED: usize = 256;
/// Words between two looks whether anybody still waits.
const LOOK_EVERY: u64 = 1 << 16;

/// Returns the sums over every word that the full text holds, unless it is told to stop.
pub(in crate::trail::verify) fn read(
    connection: &Connection,
    wording: &Wording,
    stop: &AtomicBool,
) -> Result<Sums, Error> {
    let mut sums = Sums::default();
    let mut left = LOOK_EVERY;
    each_word(connection, |token, key, place| {
        sums.add(key, wording.word(key, place, token));
        left -= 1;
        if left == 0 {
            left = LOOK_EVERY;
            if stop.load(Ordering::Relaxed) {
                return Err(Error::Stopped);
            }
        }
        Ok(())
    })?;
    Ok(sums)
}

/// Hands out every word of the full text, with the key of its event and its place there.
fn each_word(
    connection: &Connection,
    mut each: impl FnMut(&str, i64, i64) -> Result<(), Error>,
) -> Result<(), Error> {
    // A view of this connection's own, in memory; the file itself is open for reading only.
    connection.pragma_update(None, "query_only", false)?;
    connection.execute_batch(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.word_instances USING fts5vocab (main, words, instance)",
    )?;
    connection.pragma_update(None, "query_only", true)?;
    let mut select = connection.prepare("SELECT term, doc, offset FROM temp.word_instances")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let token = String::from_utf8_lossy(row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?);
        each(&token, row.get(1)?, row.get(2)?)?;
    }
    Ok(())
}

/// Names the events whose words are not those of their texts.
pub(super) fn named(
    connection: &Connection,
    wording: &Wording,
    (expected, found): (&Sums, &Sums),
    suspects: &Suspects,
    findings: &mut Vec<Finding>,
) -> Result<(), Error> {
    let differing = expected.differing(found);
    if differing.is_empty() {
        return Ok(());
    }
    let examined: HashSet<usize> = differing.iter().copied().take(MOST_EXAMINED).collect();
    let mut sums: HashMap<i64, u64> = HashMap::new();
    each_word(connection, |token, key, place| {
        if examined.contains(&bucket(key)) {
            let sum = sums.entry(key).or_default();
            *sum = sum.wrapping_add(wording.word(key, place, token));
        }
        Ok(())
    })?;
    let mut select = connection.prepare("SELECT key, id FROM leaves ORDER BY leaf")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let key: i64 = row.get(0)?;
        if !examined.contains(&bucket(key)) {
            continue;
        }
        let found = sums.remove(&key);
        let Some(event) = recorded(connection, key)?.filter(|_| !suspects.has(key)) else { continue };
        let (kind, text) = match found {
            Some(found) if found == wording.of_event(key, &event) => continue,
            Some(_) => (FindingKind::Changed, "the words that full-text searches find it by are not its own"),
            None => (FindingKind::Removed, "full-text searches do not find it any more"),
        };
        let id = row.get_ref(1)?.as_str().ok().and_then(|id| EventId::parse(id).ok());
        findings.push(Finding::new(kind, text).of_event(id).in_row("words", key));
    }
    let mut foreign: Vec<i64> = sums.into_keys().filter(|key| !suspects.has(*key)).collect();
    foreign.sort_unstable();
    for key in foreign {
        let text = "full-text searches find words here of an event that there is not";
        findings.push(Finding::new(FindingKind::Added, text).in_row("words", key));
    }
    if differing.len() > examined.len() {
        let text = format!(
            "the full text differs in {} of {} parts, of which {} were looked at event by event",
            differing.len(),
            expected.parts(),
            examined.len()
        );
        findings.push(Finding::new(FindingKind::Changed, text));
    }
    Ok(())
}

/// Returns the event of a key; none when it cannot be read, which the scan has said.
fn recorded(connection: &Connection, key: i64) -> Result<Option<Event>, Error> {
    let mut select = connection.prepare_cached("SELECT body FROM bodies WHERE key = ?1")?;
    let stored: Option<Vec<u8>> = select.query_row([key], |row| row.get(0)).optional()?;
    Ok(stored.and_then(|stored| body::decode(&stored).ok()))
}
