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
use crate::trail::verify::scan::{self, CONTENT, PART};
use crate::trail::verify::sources::Seen;
use crate::trail::verify::tree::Tree;
use crate::trail::verify::{open, strangers};

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
    let connection = open(&path)?;
    let (mut state, mut findings) = read_state(&connection)?;
    notes.append(&mut state.notes);
    let mut claims = Claims::open(notes, &state.origin, &expected.keys);
    let mut tree = Tree::new(claims.signed.clone(), state.nodes);
    let mut seen = Seen::default();
    let (mut without_row, mut without_body) = (0, 0);
    // Without a signature every row would be named as coming after the newest one.
    let signed = if claims.reach == 0 { state.size } else { claims.reach };
    let stop = AtomicBool::new(false);
    let scanned: Result<(), Error> = std::thread::scope(|scope| {
        let parts = scan::start(scope, &path, state.size, signed, &stop);
        for part in 0..state.size.div_ceil(PART) {
            let receiver = usize::try_from(part).ok().and_then(|part| parts.get(part % parts.len()));
            let received = receiver.and_then(|receiver| receiver.recv().ok()).unwrap_or(Err(Error::Stopped));
            let one = received.inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            one.leaves.into_iter().for_each(|leaf| tree.push(leaf));
            findings.extend(one.findings);
            seen.merge(one.seen);
            without_row += one.without_row;
            without_body += one.without_body;
            progress(((part + 1) * PART).min(state.size), state.size);
        }
        Ok(())
    });
    scanned?;
    let altered = tree.leaves_altered();
    findings.iter_mut().for_each(|finding| acquit(finding, altered));
    findings.extend(strangers::named(&connection, without_row, without_body)?);
    let (of_tree, root) = tree.finish(state.size, &state.peaks);
    findings.extend(of_tree);
    let (sources, key_changes) = seen.told();
    claims.judge(state.size, &key_changes);
    findings.append(&mut claims.findings);
    let root = root.map(|root| root.to_string());
    let not_listed = findings.len().saturating_sub(MOST_LISTED) as u64;
    let ok = findings.is_empty();
    // Those about the whole first: a long list of rows must not hide them.
    findings.sort_by_key(|finding| (finding.row.is_some(), finding.leaf, finding.kind));
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
        findings,
        not_listed,
    })
}

/// Says of an event whose leaf was altered that it is intact: the tree proves it.
fn acquit(finding: &mut Finding, altered: Option<u64>) {
    let of_leaf = finding.leaf.is_some_and(|leaf| altered.is_some_and(|altered| leaf < altered));
    if of_leaf && finding.kind == FindingKind::Changed && finding.text == CONTENT {
        finding.text = "its leaf is not what was recorded; the event itself is intact".to_owned();
        finding.row = finding.leaf.map(|leaf| format!("leaves {leaf}"));
    }
}

/// Reads what is said of the tree, of one moment.
fn read_state(connection: &Connection) -> Result<(State, Vec<Finding>), Error> {
    let moment = connection.unchecked_transaction()?;
    let (origin, size, peaks) = moment.query_row("SELECT origin, size, peaks FROM tree", [], |row| {
        Ok((row.get(0)?, row.get::<_, u64>(1)?, row.get(2)?))
    })?;
    let notes = moment
        .prepare("SELECT note FROM checkpoints ORDER BY size, time")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let (nodes, beyond) = (nodes(&moment)?, leaves_beyond(&moment, size)?);
    moment.finish()?;
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
        findings.push(Finding::new(FindingKind::Added, text).of_event(id).in_row("leaves", row.get(0)?));
    }
    Ok(findings)
}
