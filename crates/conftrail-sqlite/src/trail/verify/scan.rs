//! Reads every leaf with its event and compares them, on as many threads as there are processors.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Scope;

use conftrail_core::integrity::{Finding, FindingKind, TreeHash};
use conftrail_core::{Event, EventId};
use rusqlite::{Connection, params};

use crate::error::Error;
use crate::trail::row::{COLUMNS, Row};
use crate::trail::verify::derived::Wording;
use crate::trail::verify::open;
use crate::trail::verify::sources::Seen;
use crate::{body, trail::stored};

/// Leaves of one part, which is the unit of work.
pub(super) const PART: u64 = 4_096;
/// Parts that wait to be looked at, for each thread.
const WAITING: usize = 2;

/// What was found of one leaf.
#[derive(Clone, Copy)]
pub(super) struct Hashes {
    /// What the leaf's row says.
    pub(super) stored: TreeHash,
    /// What the event makes, where that is something else.
    pub(super) computed: Option<TreeHash>,
}

/// What was found of the leaves of one part.
#[derive(Default)]
pub(super) struct Scanned {
    /// One for each leaf in order; none where the leaf's row is gone.
    pub(super) leaves: Vec<Option<Hashes>>,
    pub(super) findings: Vec<Finding>,
    pub(super) seen: Seen,
    /// How many leaves have no row in `events`, and how many none in `bodies`.
    pub(super) without_row: u64,
    pub(super) without_body: u64,
    /// The keys of the rows that are not as they were recorded.
    pub(super) suspects: Vec<i64>,
    /// By key, the sum over the words that the full text must have; only where that is asked.
    pub(super) words: Vec<(i64, u64)>,
    /// Where contents are unpacked.
    room: Vec<u8>,
}

impl Scanned {
    /// Takes over what was found of a later part, but for what belongs to single leaves.
    pub(super) fn merge(&mut self, later: Self) {
        self.findings.extend(later.findings);
        self.seen.merge(later.seen);
        self.without_row += later.without_row;
        self.without_body += later.without_body;
        self.suspects.extend(later.suspects);
    }
}

/// What the leaves are looked at for.
#[derive(Clone, Copy)]
pub(super) struct Look<'s> {
    /// How many leaves were signed.
    pub(super) signed: u64,
    /// What makes numbers of words, if the full text is asked about.
    pub(super) wording: Option<&'s Wording>,
}

/// Starts the threads; part `n` arrives at receiver `n % len`, each receiver in order.
pub(super) fn start<'s>(
    scope: &'s Scope<'s, '_>,
    path: &'s Path,
    size: u64,
    look: Look<'s>,
    stop: &'s AtomicBool,
) -> Vec<Receiver<Result<Scanned, Error>>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let parts = size.div_ceil(PART);
    (0..threads as u64)
        .map(|first| {
            let (sender, receiver) = sync_channel(WAITING);
            let numbers = (first..parts).step_by(threads);
            scope.spawn(move || work(path, numbers, (size, look), stop, &sender));
            receiver
        })
        .collect()
}

fn work(
    path: &Path,
    parts: impl Iterator<Item = u64>,
    (size, look): (u64, Look<'_>),
    stop: &AtomicBool,
    sender: &SyncSender<Result<Scanned, Error>>,
) {
    let connection = match open(path) {
        Ok(connection) => connection,
        Err(error) => {
            let _ = sender.send(Err(error));
            return;
        }
    };
    for part in parts {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let (from, to) = (part * PART, ((part + 1) * PART).min(size));
        let scanned = scan(&connection, from, to, look);
        if sender.send(scanned).is_err() {
            return;
        }
    }
}

/// Looks at the leaves `from..to`. Where the file is damaged, they are read one by one, so that what cannot be read has
/// a name.
fn scan(connection: &Connection, from: u64, to: u64, look: Look<'_>) -> Result<Scanned, Error> {
    let mut scanned = Scanned::default();
    let whole = select(connection, from, to, look, &mut scanned);
    match whole {
        Ok(()) => {}
        Err(Error::Sqlite(cause)) if is_damage(&cause) => {
            scanned = Scanned::default();
            for leaf in from..to {
                if let Err(error) = select(connection, leaf, leaf + 1, look, &mut scanned) {
                    let text = format!("a part of the file that holds it is damaged: {}", because(&error));
                    scanned.findings.push(Finding::new(FindingKind::Unreadable, text).of_leaf(leaf));
                    scanned.leaves.resize(usize::try_from(leaf - from).unwrap_or(0) + 1, None);
                }
            }
        }
        Err(error) => return Err(error),
    }
    Ok(scanned)
}

pub(super) fn is_damage(cause: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, SystemIoFailure};
    matches!(cause.sqlite_error_code(), None | Some(DatabaseCorrupt | NotADatabase | SystemIoFailure))
}

pub(super) fn because(error: &Error) -> String {
    match error {
        Error::Sqlite(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

fn select(
    connection: &Connection,
    from: u64,
    to: u64,
    look: Look<'_>,
    scanned: &mut Scanned,
) -> Result<(), Error> {
    let columns: String = COLUMNS.iter().map(|column| format!(", e.{column}")).collect();
    let mut select = connection.prepare_cached(&format!(
        "SELECT l.leaf, l.key, l.id, l.hash, l.stored, b.body, e.key{columns} FROM leaves l
         LEFT JOIN bodies b ON b.key = l.key LEFT JOIN events e ON e.key = l.key
         WHERE l.leaf >= ?1 AND l.leaf < ?2 ORDER BY l.leaf"
    ))?;
    let mut rows = select.query(params![from, to])?;
    let mut next = from;
    while let Some(row) = rows.next()? {
        let leaf: u64 = row.get(0)?;
        gone(next, leaf, scanned);
        next = leaf + 1;
        let before = scanned.findings.len();
        one(row, leaf, look, scanned)?;
        if scanned.findings.len() > before {
            scanned.suspects.push(row.get(1)?);
        }
    }
    gone(next, to, scanned);
    Ok(())
}

/// Notes the leaves `from..to` as gone.
fn gone(from: u64, to: u64, scanned: &mut Scanned) {
    for leaf in from..to {
        let text = "its leaf is gone, and with it the name of its event";
        scanned.findings.push(Finding::new(FindingKind::Removed, text).of_leaf(leaf));
        scanned.leaves.push(None);
    }
}

/// Compares one leaf with its event.
fn one(row: &rusqlite::Row<'_>, leaf: u64, look: Look<'_>, scanned: &mut Scanned) -> Result<(), Error> {
    let key: i64 = row.get(1)?;
    let id = row.get_ref(2)?.as_str().ok().and_then(|id| EventId::parse(id).ok());
    let stored = row.get_ref(3)?.as_blob().ok().and_then(TreeHash::from_bytes);
    let finding = |kind, table: &str, text: &str| {
        Finding::new(kind, text).of_leaf(leaf).of_event(id).in_row(table, key)
    };
    let (Some(id), Some(stored)) = (id, stored) else {
        scanned.leaves.push(None);
        scanned.findings.push(finding(FindingKind::Changed, "leaves", "its leaf cannot be understood"));
        return Ok(());
    };
    let mut hashes = Hashes { stored, computed: None };
    let has_row = row.get_ref(6)?.data_type() != rusqlite::types::Type::Null;
    scanned.without_row += u64::from(!has_row);
    if leaf >= look.signed {
        scanned.findings.push(finding(
            FindingKind::Added,
            "leaves",
            "it came after the newest signed checkpoint",
        ));
    }
    let Ok(body) = row.get_ref(5)?.as_blob() else {
        scanned.without_body += 1;
        let text = if has_row { "its content is gone" } else { "it is gone" };
        scanned.findings.push(finding(FindingKind::Removed, "bodies", text));
        scanned.leaves.push(Some(hashes));
        return Ok(());
    };
    if !has_row {
        scanned.findings.push(finding(FindingKind::Removed, "events", "searches do not find it any more"));
    }
    match compare(row, id, body, look, (&mut scanned.seen, &mut scanned.room))? {
        Compared::Is { computed, as_stored, columns, words } => {
            scanned.words.extend(words.map(|words| (key, words)));
            if computed != stored {
                hashes.computed = Some(computed);
                scanned.findings.push(finding(FindingKind::Changed, "bodies", CONTENT));
            } else if !as_stored {
                scanned.findings.push(finding(FindingKind::Changed, "bodies", FORM));
            } else if has_row && !columns.is_empty() {
                let text = format!("what searches find it by is not what it says: {}", columns.join(", "));
                scanned.findings.push(finding(FindingKind::Changed, "events", &text));
            }
        }
        Compared::Unreadable => {
            // Whatever it is now, it is not what the leaf was made of.
            hashes.computed = Some(TreeHash::empty());
            scanned.findings.push(finding(FindingKind::Changed, "bodies", CONTENT));
        }
    }
    scanned.leaves.push(Some(hashes));
    Ok(())
}

/// How a content that does not make its leaf is told.
pub(super) const CONTENT: &str = "its content is not what was recorded";
/// How a body is told that makes its leaf and was stored otherwise.
const FORM: &str =
    "its content is what was recorded; how it is stored, when it was read or its place in the log is not";

enum Compared {
    Is { computed: TreeHash, as_stored: bool, columns: Vec<&'static str>, words: Option<u64> },
    Unreadable,
}

/// Compares a body with the other columns of its row, from the fifth on.
fn compare(
    row: &rusqlite::Row<'_>,
    id: EventId,
    stored_body: &[u8],
    look: Look<'_>,
    (seen, room): (&mut Seen, &mut Vec<u8>),
) -> Result<Compared, Error> {
    let Ok(json) = body::json_in(stored_body, room) else { return Ok(Compared::Unreadable) };
    let Some((canonical, after)) = stored::cut(json) else { return Ok(Compared::Unreadable) };
    let computed = stored::leaf(id, canonical);
    let (Ok(event), Some(rest)) = (serde_json::from_slice::<Row<'_>>(json), stored::rest(after)) else {
        return Ok(Compared::Unreadable);
    };
    let mut columns = Vec::new();
    for (index, cell) in event.cells(rest.log.unwrap_or_default()).iter().enumerate() {
        if !cell.is(row.get_ref(7 + index)?) {
            columns.extend(COLUMNS.get(index));
        }
    }
    let checksum: i64 = row.get(4)?;
    seen.add(&event, json);
    let as_stored = stored::checksum(stored_body) == checksum;
    let key: i64 = row.get(1)?;
    let words = look.wording.and_then(|wording| {
        let event: Event = serde_json::from_slice(json).ok()?;
        Some(wording.of_event(key, &event))
    });
    Ok(Compared::Is { computed, as_stored, columns, words })
}
