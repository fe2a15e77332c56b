//! Column names for tables whose table maps do not tell them: asked once, kept in the checkpoint, dropped by DDL.

use std::collections::{BTreeMap, BTreeSet};

use conftrail_core::{Map, StateChange, Timestamp, Value};

use super::position::Place;
use super::sight::Sight;
use crate::plan::{ColumnFacts, TableFacts};

/// Keys of the checkpoint's state start so.
const PREFIX: &str = "table:";

/// What `information_schema` said about a table, and when.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DatedFacts {
    pub(super) facts: TableFacts,
    /// Rows committed before may have had other columns.
    pub(super) asked: Sight,
}

/// The known facts by `schema.table`.
#[derive(Debug, Default)]
pub(super) struct SchemaFacts {
    known: BTreeMap<String, DatedFacts>,
    /// The tables of `known` that the server showed with other columns when the reading began. Their change stands ahead in
    /// the log, or the log does not tell it.
    contradicted: BTreeSet<String>,
    changed: Vec<StateChange>,
}

impl SchemaFacts {
    /// Reads what a checkpoint kept; entries that cannot be read are asked for again.
    pub(super) fn from_state(state: &BTreeMap<String, Value>) -> Self {
        let mut known = BTreeMap::new();
        for (key, value) in state {
            if let (Some(name), Some(facts)) = (key.strip_prefix(PREFIX), read(value)) {
                known.insert(name.to_owned(), facts);
            }
        }
        Self { known, ..Self::default() }
    }

    /// Forgets every table, as after a gap: a change may have stood in it.
    pub(super) fn forget_all(&mut self) {
        for name in std::mem::take(&mut self.known).into_keys() {
            self.forgotten(&name);
        }
    }

    /// Forgets where the log ended at each look: it was another server's log.
    pub(super) fn forget_places(&mut self) {
        for (name, dated) in &mut self.known {
            if dated.asked.end.take().is_some() {
                self.changed
                    .push(StateChange { key: format!("{PREFIX}{name}"), value: Some(written(dated)) });
            }
        }
    }

    /// Forgets the tables that are not read any more; `reads` is asked by database and table.
    pub(super) fn keep(&mut self, reads: impl Fn(&str, &str) -> bool) {
        let is_read = |name: &str| name.split_once('.').is_some_and(|(schema, table)| reads(schema, table));
        let others: Vec<String> = self.known.keys().filter(|name| !is_read(name)).cloned().collect();
        for name in &others {
            self.known.remove(name);
            self.forgotten(name);
        }
    }

    /// Compares with the columns that the server shows now, by `schema.table`.
    pub(super) fn compare(&mut self, present: &BTreeMap<String, String>) {
        let is_contradicted = |(name, dated): (&String, &DatedFacts)| {
            let is_same = present.get(name).is_some_and(|list| dated.facts.is_listed_as(list));
            (!is_same).then(|| name.clone())
        };
        self.contradicted = self.known.iter().filter_map(is_contradicted).collect();
    }

    /// Forgets the tables whose change the log did not tell up to the moment of that comparison.
    pub(super) fn settle(&mut self) -> BTreeSet<String> {
        let unexplained = std::mem::take(&mut self.contradicted);
        for name in &unexplained {
            self.known.remove(name);
            self.forgotten(name);
        }
        unexplained
    }

    /// Returns since when what is known of a table is proven.
    pub(super) fn proven_since(&self, schema: &str, table: &str, dated: &DatedFacts) -> Sight {
        let is_contradicted =
            !self.contradicted.is_empty() && self.contradicted.contains(&format!("{schema}.{table}"));
        if is_contradicted { Sight::never() } else { dated.asked.clone() }
    }

    pub(super) fn get(&self, schema: &str, table: &str) -> Option<&DatedFacts> {
        self.known.get(&format!("{schema}.{table}"))
    }

    pub(super) fn insert(&mut self, schema: &str, table: &str, facts: DatedFacts) {
        let name = format!("{schema}.{table}");
        self.changed.push(StateChange { key: format!("{PREFIX}{name}"), value: Some(written(&facts)) });
        self.contradicted.remove(&name);
        self.known.insert(name, facts);
    }

    /// Forgets a table, as after DDL on it.
    pub(super) fn forget(&mut self, schema: &str, table: &str) {
        let name = format!("{schema}.{table}");
        if self.known.remove(&name).is_some() {
            self.contradicted.remove(&name);
            self.forgotten(&name);
        }
    }

    fn forgotten(&mut self, name: &str) {
        self.changed.push(StateChange { key: format!("{PREFIX}{name}"), value: None });
    }

    /// Forgets a database's tables.
    pub(super) fn forget_schema(&mut self, schema: &str) {
        let prefix = format!("{schema}.");
        let tables: Vec<String> =
            self.known.keys().filter_map(|name| name.strip_prefix(&prefix)).map(str::to_owned).collect();
        for table in tables {
            self.forget(schema, &table);
        }
    }

    /// Hands out what the checkpoint has to learn.
    pub(super) fn take_changes(&mut self) -> Vec<StateChange> {
        std::mem::take(&mut self.changed)
    }
}

fn written(dated: &DatedFacts) -> Value {
    let columns = dated.facts.columns.iter().map(|column| {
        let mut map = Map::default();
        map.insert("name", column.name.as_str());
        map.insert("type", column.column_type.as_str());
        if let Some(charset) = &column.charset {
            map.insert("charset", charset.as_str());
        }
        if column.invisible {
            map.insert("invisible", true);
        }
        Value::Map(map)
    });
    let key = dated.facts.key.iter().map(|name| Value::from(name.as_str()));
    let mut map = Map::default();
    if let Some(row_end) = &dated.facts.row_end {
        map.insert("row_end", row_end.as_str());
    }
    map.insert("asked", dated.asked.time.micros());
    if let Some(end) = &dated.asked.end {
        map.insert("file", end.file.as_str());
        map.insert("pos", end.offset);
    }
    map.insert("columns", Value::List(columns.collect()));
    map.insert("key", Value::List(key.collect()));
    Value::Map(map)
}

fn read(value: &Value) -> Option<DatedFacts> {
    let map = value.as_map()?;
    let list = |key: &str| match map.get(key)? {
        Value::List(list) => Some(list),
        _ => None,
    };
    let column = |value: &Value| {
        let map = value.as_map()?;
        let text = |key: &str| map.get(key).and_then(Value::as_text).map(str::to_owned);
        let invisible = map.get("invisible") == Some(&Value::Bool(true));
        Some(ColumnFacts {
            name: text("name")?,
            column_type: text("type")?,
            charset: text("charset"),
            invisible,
        })
    };
    let Some(Value::Int(asked)) = map.get("asked") else { return None };
    let offset = match map.get("pos") {
        Some(Value::Int(offset)) => u64::try_from(*offset).ok(),
        Some(Value::Uint(offset)) => Some(*offset),
        _ => None,
    };
    let file = map.get("file").and_then(Value::as_text);
    Some(DatedFacts {
        facts: TableFacts {
            columns: list("columns")?.iter().map(column).collect::<Option<_>>()?,
            key: list("key")?.iter().map(|name| name.as_text().map(str::to_owned)).collect::<Option<_>>()?,
            row_end: map.get("row_end").and_then(Value::as_text).map(str::to_owned),
        },
        asked: Sight {
            time: Timestamp::from_micros(*asked),
            end: file.zip(offset).map(|(file, offset)| Place::new(file, offset)),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> DatedFacts {
        let column = |name: &str, charset: Option<&str>| ColumnFacts {
            name: name.to_owned(),
            column_type: "varchar(9)".to_owned(),
            charset: charset.map(str::to_owned),
            invisible: charset.is_none(),
        };
        let columns = vec![column("a", Some("latin1")), column("b", None)];
        DatedFacts {
            facts: TableFacts { columns, key: vec!["a".to_owned()], row_end: Some("b".to_owned()) },
            asked: Sight {
                time: Timestamp::from_seconds(7),
                end: Some(Place::new("binlog.000003", 5_000_000_000)),
            },
        }
    }

    #[test]
    fn what_the_server_shows_otherwise_is_not_proven_until_the_log_tells_or_is_read() {
        let mut known = SchemaFacts::default();
        for table in ["same", "altered", "told", "gone"] {
            known.insert("shop", table, facts());
        }
        let present = [("same", "a,b"), ("altered", "b,a"), ("told", "a")];
        let present = present.map(|(table, columns)| (format!("shop.{table}"), columns.to_owned()));
        known.compare(&present.into_iter().collect());
        let proven = |known: &SchemaFacts, table| {
            known.get("shop", table).map(|dated| known.proven_since("shop", table, dated) != Sight::never())
        };
        assert_eq!(
            ["same", "altered", "told", "gone"].map(|table| proven(&known, table)),
            [Some(true), Some(false), Some(false), Some(false)]
        );
        known.forget("shop", "told");
        known.insert("shop", "told", facts());
        assert_eq!(proven(&known, "told"), Some(true));
        let unexplained: Vec<String> = known.settle().into_iter().collect();
        assert_eq!(unexplained, ["shop.altered", "shop.gone"]);
        assert_eq!((proven(&known, "altered"), proven(&known, "same")), (None, Some(true)));
        known.forget_all();
        assert_eq!(proven(&known, "same"), None);
        let kept = known.take_changes().into_iter().rev().find(|change| change.key == "table:shop.same");
        assert_eq!(kept.map(|change| change.value), Some(None), "the checkpoint forgets it too");
    }

    #[test]
    fn a_table_that_is_not_read_any_more_is_forgotten_and_not_taken_for_a_changed_one() {
        let mut known = SchemaFacts::default();
        known.insert("shop", "read", facts());
        known.insert("shop", "not.any.more", facts());
        known.keep(|schema, table| (schema, table) == ("shop", "read"));
        known.compare(&[("shop.read".to_owned(), "a,b".to_owned())].into());
        assert!(known.settle().is_empty());
        assert!(known.get("shop", "read").is_some() && known.get("shop", "not.any.more").is_none());
        let last = known.take_changes().pop().map(|change| (change.key, change.value));
        assert_eq!(last, Some(("table:shop.not.any.more".to_owned(), None)));
    }

    #[test]
    fn of_a_place_on_another_server_only_the_time_is_left() {
        let mut known = SchemaFacts::default();
        known.insert("shop", "t", facts());
        known.forget_places();
        let state = known.take_changes().into_iter().filter_map(|change| Some((change.key, change.value?)));
        let again = SchemaFacts::from_state(&state.collect());
        let asked = Sight { time: Timestamp::from_seconds(7), end: None };
        assert_eq!(again.get("shop", "t").map(|dated| &dated.asked), Some(&asked));
    }

    #[test]
    fn facts_survive_in_the_checkpoint_until_ddl() {
        let mut known = SchemaFacts::default();
        known.insert("shop", "t", facts());
        let changes = known.take_changes();
        let state = changes.into_iter().filter_map(|change| Some((change.key, change.value?))).collect();
        let mut again = SchemaFacts::from_state(&state);
        assert_eq!(again.get("shop", "t"), Some(&facts()));
        again.forget_schema("shop");
        assert_eq!(again.get("shop", "t"), None);
        assert_eq!(again.take_changes(), [StateChange { key: "table:shop.t".to_owned(), value: None }]);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let state = [("table:a.b", Value::Null), ("other", Value::Null)];
        let state = state.map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
        assert_eq!(SchemaFacts::from_state(&state).get("a", "b"), None);
    }
}
