//! How far the binlog has been read: exact sets, and places that compare.

use std::cmp::Ordering;

use conftrail_core::{Map, PortError, PortResult, Position, SmolStr, Timestamp, Value};

use crate::gtid::Executed;
use crate::product::Product;

/// The version of the position's format.
const VERSION: i64 = 1;
/// Marks positions of MariaDB; those of MySQL have no such mark.
const MARIADB: &str = "mariadb";

/// Says by what a reading is resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// By the set of transactions read.
    Gtid,
    /// By file and offset.
    File,
}

/// A place between two transactions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BinlogPosition {
    /// All transactions read so far, and those before the first reading; exact in mode [`Mode::Gtid`].
    pub(super) executed: Executed,
    /// The place on the server it was read from.
    pub(super) place: Place,
    /// The server it was read from.
    pub(super) server_uuid: String,
    /// By what to resume.
    pub(super) mode: Mode,
    /// The transaction read last, where it can be found again on that server.
    pub(super) last: Option<LastRead>,
}

/// A transaction by which a server's log is recognised: a server that was reset or restored gives its numbers again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LastRead {
    /// Its identity, as ids have it.
    pub(super) identity: SmolStr,
    /// When its origin committed it.
    pub(super) time: Timestamp,
    /// The file it stands in.
    pub(super) file: SmolStr,
    /// Where its first event starts.
    pub(super) start: u64,
}

/// An offset in a binlog file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The file's name; empty when it is not known yet.
    pub(super) file: String,
    /// The offset.
    pub(super) offset: u64,
}

impl Place {
    pub(super) fn new(file: impl Into<String>, offset: u64) -> Self {
        Self { file: file.into(), offset }
    }

    /// Compares with another place, as [`PartialOrd`] does.
    pub(super) fn order_to(&self, file: &str, offset: u64) -> Option<Ordering> {
        if self.file == file {
            return Some(self.offset.cmp(&offset));
        }
        let ((base, number), (other_base, other_number)) = (parts(&self.file), parts(file));
        (base == other_base).then(|| number.cmp(&other_number).then(self.offset.cmp(&offset)))
    }
}

/// Splits `binlog.000003` into its base and its number.
fn parts(file: &str) -> (&str, u64) {
    match file.rsplit_once('.') {
        Some((base, number)) => (base, number.parse().unwrap_or(0)),
        None => (file, 0),
    }
}

/// By the file's number, not as text: `binlog.999999` is followed by `binlog.1000000`. Places of two servers with
/// other base names have no order.
impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.order_to(&other.file, other.offset)
    }
}

impl BinlogPosition {
    /// Writes the position for a checkpoint.
    pub(super) fn to_position(&self) -> Position {
        let mut map = Map::default();
        map.insert("v", VERSION);
        map.insert("gtid_set", self.executed.to_string());
        if self.executed.product() == Product::Mariadb {
            map.insert("flavor", MARIADB);
        }
        map.insert("file", self.place.file.as_str());
        map.insert("pos", self.place.offset);
        map.insert("server_uuid", self.server_uuid.as_str());
        map.insert("mode", if self.mode == Mode::Gtid { "gtid" } else { "file" });
        if let Some(last) = &self.last {
            map.insert("last", last.to_map());
        }
        Position(Value::Map(map))
    }

    /// Reads a checkpoint's position.
    ///
    /// # Errors
    /// `Corrupt` when it is none of a MySQL source's.
    pub(super) fn from_position(position: &Position) -> PortResult<Self> {
        let corrupt = || PortError::corrupt("read the checkpoint: it is no position of a MySQL source");
        let map = position.0.as_map().ok_or_else(corrupt)?;
        let text = |key: &str| map.get(key).and_then(Value::as_text).ok_or_else(corrupt);
        if map.get("v") != Some(&Value::Int(VERSION)) {
            return Err(corrupt());
        }
        let offset = map.get("pos").and_then(offset).ok_or_else(corrupt)?;
        let product = match map.get("flavor").map(Value::as_text) {
            None => Product::Mysql,
            Some(Some(MARIADB)) => Product::Mariadb,
            Some(_) => return Err(corrupt()),
        };
        Ok(Self {
            executed: Executed::parse(product, text("gtid_set")?)
                .map_err(|error| corrupt().because(error))?,
            place: Place::new(text("file")?, offset),
            server_uuid: text("server_uuid")?.to_owned(),
            mode: match text("mode")? {
                "gtid" => Mode::Gtid,
                "file" => Mode::File,
                _ => return Err(corrupt()),
            },
            // Checkpoints of earlier versions have none.
            last: map.get("last").map(|last| LastRead::of(last).ok_or_else(corrupt)).transpose()?,
        })
    }
}

/// Returns when the transaction read last was committed, if a position tells.
pub(super) fn time_of_last(position: &Position) -> Option<Timestamp> {
    match position.0.as_map()?.get("last")?.as_map()?.get("time")? {
        Value::Int(micros) => Some(Timestamp::from_micros(*micros)),
        _ => None,
    }
}

impl LastRead {
    fn to_map(&self) -> Map {
        let mut map = Map::default();
        map.insert("tx", self.identity.as_str());
        map.insert("time", self.time.micros());
        map.insert("file", self.file.as_str());
        map.insert("pos", self.start);
        map
    }

    fn of(value: &Value) -> Option<Self> {
        let map = value.as_map()?;
        let Some(Value::Int(micros)) = map.get("time") else { return None };
        Some(Self {
            identity: SmolStr::new(map.get("tx")?.as_text()?),
            time: Timestamp::from_micros(*micros),
            file: SmolStr::new(map.get("file")?.as_text()?),
            start: offset(map.get("pos")?)?,
        })
    }
}

fn offset(value: &Value) -> Option<u64> {
    match value {
        Value::Int(offset) => u64::try_from(*offset).ok(),
        Value::Uint(offset) => Some(*offset),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_as_it_was_written() {
        for (product, executed) in [
            (Product::Mysql, "c9f06a51-0000-0000-0000-000000000000:1-7:9-10"),
            (Product::Mariadb, "0-1-5,1-2-3"),
            (Product::Mariadb, ""),
        ] {
            let position = BinlogPosition {
                executed: Executed::parse(product, executed).unwrap(),
                place: Place::new("binlog.000003", 5_000_000_000),
                server_uuid: "c9f06a51-0000-0000-0000-000000000000".into(),
                mode: Mode::Gtid,
                last: (!executed.is_empty()).then(|| LastRead {
                    identity: SmolStr::new(executed),
                    time: Timestamp::from_micros(1_795_174_315_727_249),
                    file: SmolStr::new("binlog.000002"),
                    start: 157,
                }),
            };
            assert_eq!(BinlogPosition::from_position(&position.to_position()).unwrap(), position);
            let time = position.last.as_ref().map(|last| last.time);
            assert_eq!(time_of_last(&position.to_position()), time);
            let text = serde_json::to_string(&position.to_position()).unwrap();
            let read: Position = serde_json::from_str(&text).unwrap();
            assert_eq!(BinlogPosition::from_position(&read).unwrap(), position);
        }
    }

    #[test]
    fn another_sources_position_is_corrupt() {
        for text in [
            "null",
            "{}",
            r#"{"v":2}"#,
            r#"{"v":1,"gtid_set":"0-1-5","flavor":"other","file":"","pos":4,"server_uuid":"","mode":"gtid"}"#,
            r#"{"v":1,"gtid_set":"0-1-5","file":"","pos":4,"server_uuid":"","mode":"gtid"}"#,
            r#"{"v":1,"gtid_set":"x","file":"","pos":4,"server_uuid":"","mode":"gtid"}"#,
            r#"{"v":1,"gtid_set":"","file":"","pos":4,"server_uuid":"","mode":"gtid","last":{"tx":"x"}}"#,
        ] {
            let position: Position = serde_json::from_str(text).unwrap();
            let error = BinlogPosition::from_position(&position).unwrap_err();
            assert_eq!(error.kind(), conftrail_core::ErrorKind::Corrupt);
        }
    }

    #[test]
    fn files_are_compared_by_number() {
        assert!(Place::new("binlog.999999", 9) < Place::new("binlog.1000000", 4));
        assert!(Place::new("binlog.000002", 9) > Place::new("binlog.000002", 4));
        assert_eq!(Place::new("a.1", 4).partial_cmp(&Place::new("b.2", 4)), None);
    }
}
