//! Column names for tables whose table maps do not tell them: asked once, kept in the checkpoint, dropped by DDL.

use std::collections::BTreeMap;

use conftrail_core::{Map, StateChange, Timestamp, Value};

use crate::plan::{ColumnFacts, TableFacts};

/// Keys of the checkpoint's state start so.
const PREFIX: &str = "table:";

/// What `information_schema` said about a table, and when.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DatedFacts {
    pub(super) facts: TableFacts,
    /// The server's clock before it was asked: rows committed earlier may have had other columns.
    pub(super) asked: Timestamp,
}

/// The known facts by `schema.table`.
#[derive(Debug, Default)]
pub(super) struct SchemaFacts {
    known: BTreeMap<String, DatedFacts>,
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
        Self { known, changed: Vec::new() }
    }

    pub(super) fn get(&self, schema: &str, table: &str) -> Option<&DatedFacts> {
        self.known.get(&format!("{schema}.{table}"))
    }

    pub(super) fn insert(&mut self, schema: &str, table: &str, facts: DatedFacts) {
        let name = format!("{schema}.{table}");
        self.changed.push(StateChange { key: format!("{PREFIX}{name}"), value: Some(written(&facts)) });
        self.known.insert(name, facts);
    }

    /// Forgets a table, as after DDL on it.
    pub(super) fn forget(&mut self, schema: &str, table: &str) {
        let name = format!("{schema}.{table}");
        if self.known.remove(&name).is_some() {
            self.changed.push(StateChange { key: format!("{PREFIX}{name}"), value: None });
        }
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
        let mut map = Map::with_capacity(4);
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
    let mut map = Map::with_capacity(4);
    if let Some(row_end) = &dated.facts.row_end {
        map.insert("row_end", row_end.as_str());
    }
    map.insert("asked", dated.asked.micros());
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
    Some(DatedFacts {
        facts: TableFacts {
            columns: list("columns")?.iter().map(column).collect::<Option<_>>()?,
            key: list("key")?.iter().map(|name| name.as_text().map(str::to_owned)).collect::<Option<_>>()?,
            row_end: map.get("row_end").and_then(Value::as_text).map(str::to_owned),
        },
        asked: Timestamp::from_micros(*asked),
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
            asked: Timestamp::from_seconds(7),
        }
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
