//! Where a reading goes on: the stored position against what the server still has.

use std::time::Duration;

use conftrail_core::{Map, PortError, PortResult, Timestamp};

use super::config::Config;
use super::open::{blocking, connect};
use super::position::{BinlogPosition, Mode, Place};
use super::start::Start;
use super::transaction::header_time;
use crate::control::{Control, LogFile, ServerFacts};
use crate::gtid::GtidSet;
use crate::wire::{DumpRequest, DumpStart, Target, WireError};

/// Where a binlog file's events start.
const FILE_START: u64 = 4;

/// Where to go on, and what has to be reported first.
#[derive(Debug)]
pub(super) struct Resumed {
    pub(super) position: BinlogPosition,
    pub(super) notes: Vec<Note>,
}

/// Something that happened between two readings.
#[derive(Debug)]
pub(super) struct Note {
    /// A gap; else the server is another one.
    pub(super) is_gap: bool,
    pub(super) identity: String,
    pub(super) time: Timestamp,
    pub(super) detail: Map,
}

/// Decides where to go on.
pub(super) async fn resume(
    config: &Config,
    target: &Target,
    facts: &ServerFacts,
    control: &mut Control,
    stored: Option<BinlogPosition>,
) -> PortResult<Resumed> {
    let mut opening = Opening { target, facts, control, notes: Vec::new() };
    let position = match stored {
        None => opening.start(&config.start).await?,
        Some(stored) => opening.go_on(stored).await?,
    };
    Ok(Resumed { position, notes: opening.notes })
}

struct Opening<'a> {
    target: &'a Target,
    facts: &'a ServerFacts,
    control: &'a mut Control,
    notes: Vec<Note>,
}

impl Opening<'_> {
    /// The first reading.
    async fn start(&mut self, start: &Start) -> PortResult<BinlogPosition> {
        match start {
            Start::Latest => {
                let end = self.control.log_end().await?;
                let set = parsed(&end.gtid_executed)?;
                Ok(self.position(set, Place::new(end.file, end.position), self.best_mode()))
            }
            Start::Earliest => self.earliest().await,
            Start::Gtid(set) => {
                if !self.facts.has_gtids() {
                    return Err(PortError::misconfigured(
                        "start at gtid:… : the server's gtid_mode is not ON; start at latest or at file:…",
                    ));
                }
                let wanted = self.position(set.clone(), Place::default(), Mode::Gtid);
                self.go_on_by_gtid(wanted).await
            }
            Start::File { name, position } => {
                let place = Place::new(name.as_str(), *position);
                Ok(self.position(GtidSet::default(), place, Mode::File))
            }
            Start::Timestamp(time) => {
                let files = self.files().await?;
                let file = self.file_before(&files, *time).await?;
                Ok(self.position(GtidSet::default(), Place::new(file, FILE_START), Mode::File))
            }
        }
    }

    /// The oldest transaction that the server still has.
    async fn earliest(&mut self) -> PortResult<BinlogPosition> {
        let files = self.files().await?;
        let oldest = files.first().map(|file| file.name.clone()).unwrap_or_default();
        let purged = parsed(&self.facts.gtid_purged)?;
        Ok(self.position(purged, Place::new(oldest, FILE_START), self.best_mode()))
    }

    async fn go_on(&mut self, stored: BinlogPosition) -> PortResult<BinlogPosition> {
        let is_other_server = stored.server_uuid != self.facts.server_uuid;
        if is_other_server {
            let mut detail = Map::with_capacity(2);
            detail.insert("was", stored.server_uuid.as_str());
            detail.insert("is", self.facts.server_uuid.as_str());
            // Of the same position the same event, whenever the change is noticed.
            let identity = format!(
                "source_changed:{}:{}:{}",
                stored.server_uuid, self.facts.server_uuid, stored.gtid_set
            );
            let time = self.oldest_time().await?;
            self.notes.push(Note { is_gap: false, identity, time, detail });
        }
        match stored.mode {
            Mode::Gtid if self.facts.has_gtids() => self.go_on_by_gtid(stored).await,
            _ if is_other_server => {
                // Files and offsets of one server mean nothing on another.
                let from = format!("{}:{}:{}", stored.server_uuid, stored.place.file, stored.place.offset);
                let position = self.earliest().await?;
                self.gap(&from, &position.place, "another server, and no GTIDs to find the place by").await?;
                Ok(position)
            }
            _ => self.go_on_by_file(stored).await,
        }
    }

    async fn go_on_by_gtid(&mut self, stored: BinlogPosition) -> PortResult<BinlogPosition> {
        let set = stored.gtid_set.to_string();
        if !self.control.gtid_subset(&set, &self.facts.gtid_executed).await? {
            return self.server_lacks(stored).await;
        }
        let missing = self.control.gtid_subtract(&self.facts.gtid_purged, &set).await?;
        // A place on another server means nothing here.
        let is_same = stored.server_uuid == self.facts.server_uuid;
        let place = if is_same { stored.place } else { Place::default() };
        let mut position = self.position(stored.gtid_set, place, Mode::Gtid);
        if !missing.is_empty() {
            let missing_set = parsed(&missing)?;
            let mut detail = Map::with_capacity(4);
            detail.insert("from", set);
            position.gtid_set.union(&missing_set);
            detail.insert("to", position.gtid_set.to_string());
            detail.insert("missing", missing.as_str());
            detail.insert("cause", "the server purged transactions that were not read");
            let time = self.oldest_time().await?;
            self.notes.push(Note { is_gap: true, identity: format!("gap:{missing}"), time, detail });
        }
        Ok(position)
    }

    /// The server has not executed everything that was read.
    async fn server_lacks(&mut self, stored: BinlogPosition) -> PortResult<BinlogPosition> {
        if stored.server_uuid != self.facts.server_uuid {
            return Err(PortError::unavailable(
                "go on at the position: this server has not executed every transaction that was read; it may be a \
                 replica that is behind",
            ));
        }
        // The same server forgot its own transactions: reset, or restored from a backup.
        let position = self.earliest().await?;
        let from = stored.gtid_set.to_string();
        let mut detail = Map::with_capacity(3);
        detail.insert("from", from.as_str());
        detail.insert("to", position.gtid_set.to_string());
        detail.insert("cause", "the server's binlog was reset or restored from a backup");
        let identity = format!("gap:reset:{from}");
        let time = self.oldest_time().await?;
        self.notes.push(Note { is_gap: true, identity, time, detail });
        Ok(position)
    }

    async fn go_on_by_file(&mut self, stored: BinlogPosition) -> PortResult<BinlogPosition> {
        let files = self.files().await?;
        let known = files.iter().find(|file| file.name == stored.place.file);
        if known.is_some_and(|file| stored.place.offset <= file.size) {
            return Ok(self.position(stored.gtid_set, stored.place, Mode::File));
        }
        let cause = match known {
            None => "the server purged binlogs that were not read",
            Some(_) => {
                "the binlog is shorter than what was read of it: it was reset or restored from a backup"
            }
        };
        let position = self.earliest().await?;
        let from = format!("{}:{}", stored.place.file, stored.place.offset);
        self.gap(&from, &position.place, cause).await?;
        Ok(BinlogPosition { mode: Mode::File, ..position })
    }

    /// Notes a gap between two places.
    async fn gap(&mut self, from: &str, to: &Place, cause: &str) -> PortResult<()> {
        let to = format!("{}:{}", to.file, to.offset);
        let mut detail = Map::with_capacity(3);
        detail.insert("from", from);
        detail.insert("to", to.as_str());
        detail.insert("cause", cause);
        let time = self.oldest_time().await?;
        self.notes.push(Note { is_gap: true, identity: format!("gap:{from}:{to}"), time, detail });
        Ok(())
    }

    fn position(&self, gtid_set: GtidSet, place: Place, mode: Mode) -> BinlogPosition {
        BinlogPosition { gtid_set, place, server_uuid: self.facts.server_uuid.clone(), mode }
    }

    fn best_mode(&self) -> Mode {
        if self.facts.has_gtids() { Mode::Gtid } else { Mode::File }
    }

    async fn files(&mut self) -> PortResult<Vec<LogFile>> {
        Ok(self.control.log_files().await?)
    }

    /// When the oldest binlog was begun: the earliest that what is missing can be said to end.
    async fn oldest_time(&mut self) -> PortResult<Timestamp> {
        let files = self.files().await?;
        match files.first() {
            Some(oldest) => self.begun(&oldest.name).await,
            None => Ok(self.control.clock().await?),
        }
    }

    /// The last file that was begun before a time, or the oldest.
    async fn file_before(&mut self, files: &[LogFile], time: Timestamp) -> PortResult<String> {
        let (mut low, mut high) = (0, files.len());
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let name = files.get(middle).map(|file| file.name.clone()).unwrap_or_default();
            if self.begun(&name).await? <= time { low = middle } else { high = middle }
        }
        Ok(files.get(low).map(|file| file.name.clone()).unwrap_or_default())
    }

    /// When a file was begun: the time of its first event.
    async fn begun(&self, file: &str) -> PortResult<Timestamp> {
        let connection = connect(self.target.clone()).await?;
        let request = DumpRequest {
            server_id: super::open::made_up_id(),
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
}

fn parsed(set: &str) -> PortResult<GtidSet> {
    set.parse().map_err(|error| PortError::corrupt("read the server's GTID set").because(error))
}
