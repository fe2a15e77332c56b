//! The proof of one event, to be checked elsewhere.

use std::path::Path;

use conftrail_core::integrity::{Bundle, Checkpoint, TreeHash, inclusion_proof};
use conftrail_core::{EventId, PortResult};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::body;
use crate::error::{During as _, Error};
use crate::trail::grow::STORED_LEVELS;
use crate::trail::store::FILE;
use crate::trail::verify::open;
use crate::trail::{seal, stored};

/// Returns the proof that an event is in the trail of a data directory, under its newest signed checkpoint; none when
/// there is no such event.
///
/// # Errors
/// The file is not there or is of another version, nothing is signed yet, or what the proof needs was altered.
pub fn prove(directory: &Path, id: EventId) -> PortResult<Option<Bundle>> {
    let path = directory.join(FILE);
    open(&path).and_then(|connection| run(&connection, id)).during("prove an event")
}

fn run(connection: &Connection, id: EventId) -> Result<Option<Bundle>, Error> {
    let moment = connection.unchecked_transaction()?;
    let found: Option<(u64, Vec<u8>)> = moment
        .query_row(
            "SELECT l.leaf, b.body FROM events e JOIN leaves l ON l.key = e.key JOIN bodies b ON b.key = e.key
             WHERE e.id = ?1",
            [id.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((index, body)) = found else { return Ok(None) };
    let checkpoint = seal::newest(&moment)?.ok_or(Error::Rejected("prove what is not signed yet"))?;
    let signed = Checkpoint::unverified(&checkpoint).ok_or(Error::Undecodable("the newest checkpoint"))?;
    let json = body::json(&body)?;
    let (canonical, _) = stored::cut(&json).ok_or(Error::Undecodable("a stored event"))?;
    let event = [canonical, b"}"].concat();
    let path = inclusion_proof(index, signed.size, &mut |level, number| subtree(&moment, level, number))?;
    let path = path.ok_or(Error::Rejected("prove what is not signed yet"))?;
    Ok(Some(Bundle { event, index, path, checkpoint }))
}

/// Returns the hash of a complete subtree, from the stored ones below it.
fn subtree(connection: &Connection, level: u32, number: u64) -> Result<TreeHash, Error> {
    let stored: Vec<u8> = if level == 0 {
        let mut select = connection.prepare_cached("SELECT hash FROM leaves WHERE leaf = ?1")?;
        select.query_row([number], |row| row.get(0))?
    } else if level.is_multiple_of(STORED_LEVELS) {
        let mut select =
            connection.prepare_cached("SELECT hash FROM nodes WHERE level = ?1 AND number = ?2")?;
        select.query_row(params![level, number], |row| row.get(0))?
    } else {
        let (left, right) = (2 * number, 2 * number + 1);
        let (left, right) = (subtree(connection, level - 1, left)?, subtree(connection, level - 1, right)?);
        return Ok(TreeHash::node(&left, &right));
    };
    TreeHash::from_bytes(&stored).ok_or(Error::Undecodable("a hash of the tree"))
}
