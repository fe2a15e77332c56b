//! Is it still the log that was read? A server that was reset, or restored from a backup, gives its numbers again: what it
//! says of them then means other transactions.

use std::time::Duration;

use conftrail_core::{PortResult, Timestamp};

use super::super::gtid_event::Begin;
use super::super::open::{blocking, connect, made_up_id};
use super::super::position::{LastRead, Place};
use super::super::transaction::Transaction;
use super::Opening;
use crate::control::LogFile;
use crate::wire::{Connection, DumpRequest, DumpStart, RawEvent, WireError, kind};

/// Where the server answers that nothing can be read from.
const NO_SUCH_PLACE: u16 = 1236;
/// A dump that starts further on reads everything before, too.
const FURTHEST: u64 = u32::MAX as u64;

impl Opening<'_> {
    /// Says whether the transaction read last from this server stands where it stood. One that was purged, and one that cannot
    /// be found by its place, is believed.
    pub(super) async fn is_recognised(&mut self, last: Option<&LastRead>) -> PortResult<bool> {
        let Some(last) = last.filter(|last| last.start <= FURTHEST) else { return Ok(true) };
        // A server that has gone over to GTIDs sends no transaction without one.
        let is_nameless = last.identity.ends_with(&format!(":{}:{}", last.file, last.start));
        if is_nameless && self.facts.has_gtids() {
            return Ok(true);
        }
        match listed(&self.files().await?, last) {
            Listed::Purged => return Ok(true),
            Listed::Missing => return Ok(false),
            Listed::Present => {}
        }
        let connection = connect(self.target.clone()).await?;
        let (sought, server_uuid) = (last.clone(), self.facts.server_uuid.clone());
        match blocking(move || stands_there(connection, &sought, &server_uuid)).await? {
            Err(WireError::Server { code: NO_SUCH_PLACE, .. }) => {
                // Unless it was purged just now.
                Ok(!matches!(listed(&self.files().await?, last), Listed::Present))
            }
            other => Ok(other?),
        }
    }
}

enum Listed {
    /// The place is in a file that the server has.
    Present,
    /// It is older than all of them.
    Purged,
    /// It is none that this server wrote.
    Missing,
}

fn listed(files: &[LogFile], last: &LastRead) -> Listed {
    let place = Place::new(last.file.as_str(), last.start);
    if let Some(file) = files.iter().find(|file| file.name == place.file) {
        return if place.offset < file.size { Listed::Present } else { Listed::Missing };
    }
    let is_older = |file: &LogFile| place < Place::new(file.name.as_str(), 0);
    if files.first().is_none_or(is_older) { Listed::Purged } else { Listed::Missing }
}

/// Reads the first event at the place, and compares.
fn stands_there(connection: Connection, last: &LastRead, server_uuid: &str) -> Result<bool, WireError> {
    let mut stream = connection.dump(&DumpRequest {
        server_id: made_up_id(),
        start: DumpStart::File { name: last.file.to_string(), position: last.start },
        heartbeat: Duration::from_secs(1),
        patience: Duration::from_secs(3),
        until_end: true,
    })?;
    while let Some(event) = stream.next_event()? {
        match event.header.kind {
            // What every dump begins with.
            kind::ROTATE | kind::FORMAT_DESCRIPTION | kind::START_ENCRYPTION | kind::HEARTBEAT => {}
            _ if event.header.is_artificial() => {}
            kind::GTID | kind::ANONYMOUS_GTID | kind::GTID_TAGGED | kind::MARIADB_GTID => {
                return Ok(is_it(&event, last, server_uuid));
            }
            _ => return Ok(false),
        }
    }
    Ok(false)
}

fn is_it(event: &RawEvent<'_>, last: &LastRead, server_uuid: &str) -> bool {
    Begin::read(&event.header, event.body).is_some_and(|begin| {
        let there = Transaction::begin(begin, event, server_uuid, Timestamp::default());
        there.identity == last.identity && there.time == last.time
    })
}

#[cfg(test)]
mod tests {
    use conftrail_core::SmolStr;

    use super::*;

    #[test]
    fn a_file_that_the_server_does_not_have_was_purged_or_never_written() {
        let files: Vec<LogFile> = [("binlog.000009", 500), ("binlog.000010", 900)]
            .map(|(name, size)| LogFile { name: name.to_owned(), size })
            .into();
        let check = |file: &str, start, files: &[LogFile]| {
            let last = LastRead {
                identity: SmolStr::default(),
                time: Timestamp::default(),
                file: SmolStr::new(file),
                start,
            };
            match listed(files, &last) {
                Listed::Present => "present",
                Listed::Purged => "purged",
                Listed::Missing => "missing",
            }
        };
        assert_eq!(check("binlog.000009", 157, &files), "present");
        assert_eq!(check("binlog.000009", 500, &files), "missing");
        assert_eq!(check("binlog.000008", 157, &files), "purged");
        assert_eq!(check("binlog.000011", 157, &files), "missing");
        assert_eq!(check("other.000009", 157, &files), "missing");
        assert_eq!(check("binlog.000009", 157, &[]), "purged");
    }
}
