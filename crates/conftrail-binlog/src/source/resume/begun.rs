//! When binlog files were begun.

use std::ops::Range;
use std::time::Duration;

use conftrail_core::{PortResult, Timestamp};

use super::super::open::{blocking, connect, made_up_id};
use super::super::transaction::header_time;
use super::FILE_START;
use crate::control::LogFile;
use crate::wire::{DumpRequest, DumpStart, Target, WireError, kind};

/// How far the server's own time of its start, in whole seconds, may be off.
const START_IS_WITHIN: Duration = Duration::from_secs(3);
/// Where a format description says when the server was started, where it began the file then: behind the format's version and
/// the server's.
const STARTED_AT: Range<usize> = 52..56;

/// How a file begins.
#[derive(Clone, Copy, Debug, Default)]
struct Head {
    at: Timestamp,
    /// Whether the server began it because it was started.
    is_start: bool,
}

/// When a file was begun: the time of its first event, which no user sets.
pub(super) async fn begun(target: &Target, file: &str) -> PortResult<Timestamp> {
    Ok(head(target, file).await?.at)
}

async fn head(target: &Target, file: &str) -> PortResult<Head> {
    let connection = connect(target.clone()).await?;
    let request = DumpRequest {
        server_id: made_up_id(),
        start: DumpStart::File { name: file.to_owned(), position: FILE_START },
        heartbeat: Duration::from_secs(1),
        patience: Duration::from_secs(3),
        until_end: true,
    };
    let first = move || -> Result<Option<Head>, WireError> {
        let mut stream = connection.dump(&request)?;
        while let Some(event) = stream.next_event()? {
            if !event.header.is_artificial() && event.header.timestamp != 0 {
                let started = event.body.get(STARTED_AT).unwrap_or_default();
                let is_start =
                    event.header.kind == kind::FORMAT_DESCRIPTION && started.iter().any(|byte| *byte != 0);
                return Ok(Some(Head { at: header_time(&event.header), is_start }));
            }
        }
        Ok(None)
    };
    Ok(blocking(first).await??.unwrap_or_default())
}

/// The first file that the server began since it was started last, by its clock at `started`.
pub(in crate::source) async fn begun_at_start(
    target: &Target,
    files: &[LogFile],
    started: Timestamp,
) -> PortResult<Option<String>> {
    let (mut low, mut high) = (0, files.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let Some(file) = files.get(middle) else { break };
        if begun(target, &file.name).await? < started { low = middle + 1 } else { high = middle }
    }
    // A start just before this one may lie within the same seconds: the last one counts. What is later is of this start,
    // and the first there is where its first file was purged.
    let mut found = None;
    for file in files.iter().skip(low) {
        let head = head(target, &file.name).await?;
        let is_later = head.at > started.plus(START_IS_WITHIN);
        if head.is_start || (is_later && found.is_none()) {
            found = Some(file.name.clone());
        }
        if is_later {
            break;
        }
    }
    Ok(found)
}
