//! One verification from its beginning to its report.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use conftrail_core::integrity::{Finding, FindingKind, Report, TreeHash, VerifyingKey};
use conftrail_core::{EventId, PortResult};
use rusqlite::Connection;

use crate::error::{During as _, Error};
use crate::trail::seal;
use crate::trail::store::FILE;
use crate::trail::verify::claims::Claims;
use crate::trail::verify::derived::{Sums, Suspects, Wording};
use crate::trail::verify::scan::{self, CONTENT, Look, PART, Scanned};
use crate::trail::verify::tree::Tree;
use crate::trail::verify::{derived, open, schema, strangers};

/// More findings than these are counted and not listed.
const MOST_LISTED: usize = 1_000;

/// What the trail is measured by.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The keys whose signatures count.
    pub keys: Vec<VerifyingKey>,
    /// Whether the keys come from elsewhere than the trail's own directory.
    pub pinned: bool,
    /// Checkpoints that were kept elsewhere.
    pub checkpoints: Vec<String>,
    /// Whether what is derived from the events is compared with them, too.
    pub derived: bool,
}

/// What the file says of its tree.
struct State {
    origin: String,
    size: u64,
    peaks: Vec<u8>,
    notes: Vec<String>,
    nodes: HashMap<(u32, u64), TreeHash>,
}

/// Verifies the trail in a data directory. `progress` is told how many of how many leaves are done.
///
/// # Errors
/// The file is not there, is of another version, or is so damaged that it cannot be looked through.
pub fn verify(
    directory: &Path,
    expected: &Expected,
    progress: &mut dyn FnMut(u64, u64),
) -> PortResult<Report> {
    run(directory, expected, progress).during("verify the trail")
}

fn run(directory: &Path, expected: &Expected, progress: &mut dyn FnMut(u64, u64)) -> Result<Report, Error> {
    // Before the database: what it says was signed until now, the database has.
    let beside = directory.join(seal::FILE);
    let mut notes = seal::read_all(&beside).map_err(|source| Error::Open { path: beside, source })?;
    notes.extend(expected.checkpoints.iter().cloned());
    let path = directory.join(FILE);
    let mut connection = open(&path)?;
    // One moment, which lasts as long as what is derived is read.
    connection.execute_batch("PRAGMA temp_store = MEMORY; BEGIN")?;
    let (mut state, mut findings) = read_state(&connection)?;
    findings.extend(schema::named(&connection)?);
    if !expected.derived {
        connection.execute_batch("COMMIT")?;
    }
    notes.append(&mut state.notes);
    let mut claims = Claims::open(notes, &state.origin, &expected.keys);
    let tree = Tree::new(claims.signed.clone(), std::mem::take(&mut state.nodes));
    // Without a signature every row would be named as coming after the newest one.
    let signed = if claims.reach == 0 { state.size } else { claims.reach };
    let wording = expected.derived.then(Wording::new);
    let look = Look { signed, wording: wording.as_ref() };
    let mut seen = look_through(&path, &mut connection, (state.size, look), tree, progress)?;
    findings.append(&mut seen.leaves.findings);
    let altered = seen.tree.leaves_altered();
    findings.iter_mut().for_each(|finding| acquit(finding, altered));
    let mut suspects = Suspects::default();
    seen.leaves.suspects.iter().for_each(|key| suspects.add(*key));
    let without = (seen.leaves.without_row, seen.leaves.without_body);
    findings.extend(strangers::named(&connection, without, |key| suspects.add(key))?);
    let of_derived = match wording.as_ref().zip(seen.read) {
        Some((wording, read)) => Some(derived::named(&connection, wording, (&seen.words, read), &suspects)?),
        None => None,
    };
    let (of_tree, root) = seen.tree.finish(state.size, &state.peaks);
    findings.extend(of_tree);
    let (sources, key_changes) = seen.leaves.seen.told();
    claims.judge(state.size, &key_changes);
    findings.append(&mut claims.findings);
    // Those about the whole first: a long list of rows must not hide them.
    findings.sort_by_key(|finding| (finding.row.is_some(), finding.leaf, finding.kind));
    let derived = of_derived.as_ref().map(|findings| findings.len() as u64);
    findings.extend(of_derived.into_iter().flatten());
    let root = root.map(|root| root.to_string());
    let not_listed = findings.len().saturating_sub(MOST_LISTED) as u64;
    let ok = findings.is_empty();
    findings.truncate(MOST_LISTED);
    Ok(Report {
        ok,
        size: state.size,
        newest: claims.newest(state.size, root.as_deref()),
        root,
        checkpoints: claims.signed.len() as u64,
        keys: claims.keys(expected.pinned),
        key_changes,
        sources,
        derived,
        findings,
        not_listed,
    })
}

/// What one pass over the file has seen.
struct Seen {
    tree: Tree,
    leaves: Scanned,
    /// Over the words that the full text must have, and over those that it has where that was asked.
    words: Sums,
    read: Option<Result<Sums, Error>>,
}

/// Reads every leaf with its event, and beside that the full text.
fn look_through(
    path: &Path,
    connection: &mut Connection,
    (size, look): (u64, Look<'_>),
    mut tree: Tree,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Seen, Error> {
    let (mut leaves, mut words) = (Scanned::default(), Sums::default());
    let stop = AtomicBool::new(false);
    let read = std::thread::scope(|scope| -> Result<_, Error> {
        let reading = look.wording.map(|wording| {
            let stop = &stop;
            scope.spawn(move || derived::read_words(connection, wording, stop))
        });
        let parts = scan::start(scope, path, size, look, &stop);
        for part in 0..size.div_ceil(PART) {
            let receiver = usize::try_from(part).ok().and_then(|part| parts.get(part % parts.len()));
            let received = receiver.and_then(|receiver| receiver.recv().ok()).unwrap_or(Err(Error::Stopped));
            let mut one = received.inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            one.leaves.drain(..).for_each(|leaf| tree.push(leaf));
            one.words.drain(..).for_each(|(key, number)| words.add(key, number));
            leaves.merge(one);
            progress(((part + 1) * PART).min(size), size);
        }
        Ok(reading.map(|reading| reading.join().unwrap_or(Err(Error::Stopped))))
    })?;
    Ok(Seen { tree, leaves, words, read })
}

/// Says of an event whose leaf was altered that it is intact: the tree proves it.
fn acquit(finding: &mut Finding, altered: Option<u64>) {
    let of_leaf = finding.leaf.is_some_and(|leaf| altered.is_some_and(|altered| leaf < altered));
    if of_leaf && finding.kind == FindingKind::Changed && finding.text == CONTENT {
        finding.text = "its leaf is not what was recorded; the event itself is intact".to_owned();
        finding.row = finding.leaf.map(|leaf| format!("leaves {leaf}"));
    }
}

/// Reads what is said of the tree; the caller sees to it that all of it is of one moment.
fn read_state(connection: &Connection) -> Result<(State, Vec<Finding>), Error> {
    let (origin, size, peaks) = connection.query_row("SELECT origin, size, peaks FROM tree", [], |row| {
        Ok((row.get(0)?, row.get::<_, u64>(1)?, row.get(2)?))
    })?;
    let notes = connection
        .prepare("SELECT note FROM checkpoints ORDER BY size, time")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let (nodes, beyond) = (nodes(connection)?, leaves_beyond(connection, size)?);
    Ok((State { origin, size, peaks, notes, nodes }, beyond))
}

fn nodes(connection: &Connection) -> Result<HashMap<(u32, u64), TreeHash>, Error> {
    let mut nodes = HashMap::new();
    let mut select = connection.prepare("SELECT level, number, hash FROM nodes")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        // A hash of another length is as wrong as another hash.
        let hash = TreeHash::from_bytes(row.get_ref(2)?.as_blob().unwrap_or_default());
        nodes.insert((row.get(0)?, row.get(1)?), hash.unwrap_or_else(TreeHash::empty));
    }
    Ok(nodes)
}

fn leaves_beyond(connection: &Connection, size: u64) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let mut select = connection.prepare("SELECT leaf, id FROM leaves WHERE leaf >= ?1 OR leaf < 0")?;
    let mut rows = select.query([size])?;
    while let Some(row) = rows.next()? {
        let id = row.get_ref(1)?.as_str().ok().and_then(|id| EventId::parse(id).ok());
        let text = "its leaf stands beyond the end of the tree";
        findings.push(
            Finding::new(FindingKind::Added, text).of_event(id).in_row("leaves", row.get::<_, i64>(0)?),
        );
    }
    Ok(findings)
}
