//! When binlog files were begun.

use std::time::Duration;

use conftrail_core::{PortResult, Timestamp};

use super::super::open::{blocking, connect, made_up_id};
use super::super::transaction::header_time;
use super::FILE_START;
use crate::control::LogFile;
use crate::wire::{DumpRequest, DumpStart, Target, WireError};

/// When a file was begun: the time of its first event, which no user sets.
pub(super) async fn begun(target: &Target, file: &str) -> PortResult<Timestamp> {
    let connection = connect(target.clone()).await?;
    let request = DumpRequest {
        server_id: made_up_id(),
        start: DumpStart::File { name: file.to_owned(), position: FILE_START },
        heartbeat: Duration::from_secs(1),
        until_end: true,
    };
    let first = move || -> Result<Option<Timestamp>, WireError> {
        let mut stream = connection.dump(&request)?;
        while let Some(event) = stream.next_event()? {
            if !event.header.is_artificial() && event.header.timestamp != 0 {
                return Ok(Some(header_time(&event.header)));
            }
        }
        Ok(None)
    };
    Ok(blocking(first).await??.unwrap_or_default())
}

/// The first file that was begun at or after a time; none when all are older.
pub(in crate::source) async fn begun_since(
    target: &Target,
    files: &[LogFile],
    time: Timestamp,
) -> PortResult<Option<String>> {
    let (mut low, mut high) = (0, files.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let Some(file) = files.get(middle) else { break };
        if begun(target, &file.name).await? < time { low = middle + 1 } else { high = middle }
    }
    Ok(files.get(low).map(|file| file.name.clone()))
}
