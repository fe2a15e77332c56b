//! Where a reading goes on: the stored position against what the server still has.

mod begun;
mod by_gtid;
mod lacking;
mod recognise;

use conftrail_core::{Map, PortError, PortResult, Timestamp};

use self::begun::begun;
use super::config::Config;
use super::position::{BinlogPosition, LastRead, Mode, Place};
use super::start::Start;
use crate::control::{Control, LogFile, OwnFacts, ServerFacts};
use crate::gtid::{Executed, GtidError};
use crate::product::Product;
use crate::wire::Target;

pub(super) use self::begun::begun_at_start;

/// Where a binlog file's events start.
pub(super) const FILE_START: u64 = 4;
/// Why a server's log is not the one that was read.
const RESTORED: &str = "the server's binlog was reset or restored from a backup";
/// Why a source is another server, in the words of an alert.
const ANOTHER: &str = "another server answers";

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
                let executed = self.parsed(&end.gtid_executed)?;
                Ok(self.position(executed, Place::new(end.file, end.position), self.best_mode()))
            }
            Start::Earliest => self.earliest().await,
            Start::Gtid(executed) => {
                let wanted = self.position(self.own(executed)?, Place::default(), Mode::Gtid);
                self.start_by_gtid(wanted).await
            }
            Start::File { name, position } => self.at(Place::new(name.as_str(), *position)).await,
            Start::Timestamp(time) => {
                let files = self.files().await?;
                let file = self.file_before(&files, *time).await?;
                self.at(Place::new(file, FILE_START)).await
            }
        }
    }

    /// The wanted GTIDs, where this server has such.
    fn own(&self, wanted: &Executed) -> PortResult<Executed> {
        if !self.facts.has_gtids() {
            return Err(PortError::misconfigured(
                "start at gtid:… : the server's gtid_mode is not ON; start at latest or at file:…",
            ));
        }
        let product = self.facts.product();
        if wanted.is_empty() {
            return Ok(Executed::none(product));
        }
        if wanted.product() != product {
            return Err(PortError::misconfigured(format!(
                "start at gtid:… : the server is {} and these are GTIDs of {}",
                product.as_str(),
                wanted.product().as_str()
            )));
        }
        Ok(wanted.clone())
    }

    /// A place that was asked for.
    async fn at(&mut self, place: Place) -> PortResult<BinlogPosition> {
        match self.facts.product() {
            Product::Mysql => Ok(self.position(Executed::none(Product::Mysql), place, Mode::File)),
            // MariaDB tells which transactions lie before a place, so that reading goes by GTID from the first one on.
            Product::Mariadb => {
                let executed = self.executed_at(&place).await?;
                Ok(self.position(executed, place, Mode::Gtid))
            }
        }
    }

    /// The oldest transaction that the server still has.
    async fn earliest(&mut self) -> PortResult<BinlogPosition> {
        let files = self.files().await?;
        let oldest = Place::new(files.first().map(|file| file.name.clone()).unwrap_or_default(), FILE_START);
        let executed = match &self.facts.own {
            OwnFacts::Mysql(own) => self.parsed(&own.gtid_purged)?,
            OwnFacts::Mariadb(_) => self.executed_at(&oldest).await?,
        };
        Ok(self.position(executed, oldest, self.best_mode()))
    }

    async fn go_on(&mut self, stored: BinlogPosition) -> PortResult<BinlogPosition> {
        let is_other_server = stored.server_uuid != self.facts.server_uuid;
        if is_other_server {
            let mut detail = Map::default();
            detail.insert("was", stored.server_uuid.as_str());
            detail.insert("is", self.facts.server_uuid.as_str());
            detail.insert("cause", ANOTHER);
            // Of the same position the same event, whenever the change is noticed.
            let identity = format!(
                "source_changed:{}:{}:{}",
                stored.server_uuid, self.facts.server_uuid, stored.executed
            );
            let time = self.oldest_time().await?;
            self.notes.push(Note { is_gap: false, identity, time, detail });
        }
        if !is_other_server && !self.is_recognised(stored.last.as_ref()).await? {
            return self.started_anew(&stored).await;
        }
        match stored.mode {
            Mode::Gtid if self.facts.has_gtids() && stored.executed.product() == self.facts.product() => {
                self.go_on_by_gtid(stored).await
            }
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

    /// Behind transactions that were asked for: the server must have executed them, else it would send everything.
    async fn start_by_gtid(&mut self, wanted: BinlogPosition) -> PortResult<BinlogPosition> {
        let lack = match &wanted.executed {
            Executed::Mysql(read) => self.lack_of_set(read).await?,
            Executed::Mariadb(read) => self.lack_of_position(read)?,
        };
        match lack {
            Some(lack) => Err(PortError::misconfigured(format!(
                "start at gtid:… : the server has not executed {}; these may be GTIDs of another server",
                lack.lost
            ))),
            None => {
                let read = wanted.executed.clone();
                self.go_on_from(wanted, read).await
            }
        }
    }

    /// The place where to go on on this server, and what was read last of it; a place on another one means nothing here.
    fn kept_place(&self, stored: BinlogPosition) -> (Place, Option<LastRead>) {
        let is_this = stored.server_uuid == self.facts.server_uuid;
        if is_this { (stored.place, stored.last) } else { (Place::default(), None) }
    }

    /// Adds to what is told of another server that it lacks transactions which were recorded.
    fn tell_lost(&mut self, lost: &str) {
        if let Some(note) = self.notes.last_mut().filter(|note| !note.is_gap) {
            note.identity = format!("{}:lost:{lost}", note.identity);
            note.detail.insert("lost", lost);
            note.detail.insert(
                "cause",
                "another server answers, and it does not have all transactions that were recorded: they were lost with \
                 the server before it",
            );
        }
    }

    /// Notes what the server purged before it was read.
    async fn purged(&mut self, from: &Executed, to: &Executed, missing: &str) -> PortResult<()> {
        let mut detail = Map::default();
        detail.insert("from", from.to_string());
        detail.insert("to", to.to_string());
        detail.insert("missing", missing);
        detail.insert("cause", "the server purged transactions that were not read");
        self.note_gap(format!("gap:{missing}"), detail).await
    }

    async fn go_on_by_file(&mut self, stored: BinlogPosition) -> PortResult<BinlogPosition> {
        let files = self.files().await?;
        let known = files.iter().find(|file| file.name == stored.place.file);
        if known.is_some_and(|file| stored.place.offset <= file.size) {
            let BinlogPosition { executed, place, last, .. } = stored;
            return Ok(BinlogPosition { last, ..self.position(executed, place, Mode::File) });
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
        let mut detail = Map::default();
        detail.insert("from", from);
        detail.insert("to", to.as_str());
        detail.insert("cause", cause);
        self.note_gap(format!("gap:{from}:{to}"), detail).await
    }

    async fn note_gap(&mut self, identity: String, detail: Map) -> PortResult<()> {
        let time = self.oldest_time().await?;
        self.notes.push(Note { is_gap: true, identity, time, detail });
        Ok(())
    }

    fn position(&self, executed: Executed, place: Place, mode: Mode) -> BinlogPosition {
        BinlogPosition { executed, place, server_uuid: self.facts.server_uuid.clone(), mode, last: None }
    }

    fn parsed(&self, text: &str) -> PortResult<Executed> {
        Executed::parse(self.facts.product(), text).map_err(corrupt)
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
            Some(oldest) => begun(self.target, &oldest.name).await,
            None => Ok(self.control.clock().await?),
        }
    }

    /// The last file that was begun before a time, or the oldest.
    async fn file_before(&mut self, files: &[LogFile], time: Timestamp) -> PortResult<String> {
        let (mut low, mut high) = (0, files.len());
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let name = files.get(middle).map(|file| file.name.clone()).unwrap_or_default();
            if begun(self.target, &name).await? <= time { low = middle } else { high = middle }
        }
        Ok(files.get(low).map(|file| file.name.clone()).unwrap_or_default())
    }
}

fn corrupt(error: GtidError) -> PortError {
    PortError::corrupt("read the server's GTIDs").because(error)
}
