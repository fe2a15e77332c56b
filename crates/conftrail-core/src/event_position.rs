//! The place of a change in the source's own log.

use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

use crate::{Map, Value};

/// Where a change stands, in the source's own words: a map to whoever reads it.
///
/// That of a binlog, of which there are many, becomes a map when somebody looks.
#[derive(Clone, Debug, Default)]
pub struct EventPosition {
    binlog: Option<BinlogPlace>,
    map: OnceLock<Map>,
}

/// A change's place in a binlog, as docs/event.md names its parts.
#[derive(Clone, Debug)]
pub struct BinlogPlace {
    /// The transaction's GTID, where the server gave it one.
    pub gtid: Option<SmolStr>,
    /// The file's name.
    pub file: SmolStr,
    /// Where the event begins in it.
    pub pos: u64,
    /// The change's number in the transaction.
    pub row: u64,
}

impl EventPosition {
    /// Returns a place in a binlog that is not told otherwise.
    pub(crate) fn binlog(&self) -> Option<&BinlogPlace> {
        self.binlog.as_ref()
    }

    fn map(&self) -> &Map {
        self.map.get_or_init(|| self.binlog.as_ref().map(BinlogPlace::to_map).unwrap_or_default())
    }
}

impl BinlogPlace {
    fn to_map(&self) -> Map {
        let gtid = self.gtid.iter().map(|gtid| (SmolStr::new_static("gtid"), Value::Text(gtid.clone())));
        let others = [
            (SmolStr::new_static("file"), Value::Text(self.file.clone())),
            (SmolStr::new_static("pos"), Value::from(self.pos)),
            (SmolStr::new_static("row"), Value::from(self.row)),
        ];
        Map::from_unique(gtid.chain(others))
    }
}

impl From<BinlogPlace> for EventPosition {
    fn from(place: BinlogPlace) -> Self {
        Self { binlog: Some(place), map: OnceLock::new() }
    }
}

impl From<Map> for EventPosition {
    fn from(map: Map) -> Self {
        Self { binlog: None, map: OnceLock::from(map) }
    }
}

impl Deref for EventPosition {
    type Target = Map;

    fn deref(&self) -> &Map {
        self.map()
    }
}

impl DerefMut for EventPosition {
    fn deref_mut(&mut self) -> &mut Map {
        self.map();
        // What is changed is told by the map alone.
        self.binlog = None;
        self.map.get_mut().expect("it was made just now")
    }
}

impl PartialEq for EventPosition {
    fn eq(&self, other: &Self) -> bool {
        self.map() == other.map()
    }
}

impl Serialize for EventPosition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.map().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for EventPosition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::{BinlogPlace, EventPosition};
    use crate::Value;

    fn place(gtid: Option<&str>) -> EventPosition {
        BinlogPlace { gtid: gtid.map(Into::into), file: "binlog.000001".into(), pos: 4, row: 1 }.into()
    }

    #[test]
    fn a_place_in_a_binlog_is_the_map_that_it_is_read_as() {
        for gtid in [Some("u:1"), None] {
            let place = place(gtid);
            let text = serde_json::to_string(&place).unwrap();
            assert_eq!(serde_json::from_str::<EventPosition>(&text).unwrap(), place);
            assert_eq!(place.get("gtid").and_then(Value::as_text), gtid);
            assert_eq!(place.get("pos"), Some(&Value::Int(4)));
        }
    }

    #[test]
    fn what_is_changed_in_the_map_is_what_it_tells() {
        let mut moved = place(Some("u:1"));
        moved.insert("pos", 5_u64);
        assert!(moved.binlog().is_none());
        assert_eq!(moved.get("pos"), Some(&Value::Int(5)));
        assert_ne!(moved, place(Some("u:1")));
    }
}
