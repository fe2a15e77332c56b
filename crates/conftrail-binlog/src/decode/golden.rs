//! Decodes the binlog of a real server (MySQL 9.7.4) and compares every row with what `SELECT` printed there.
//!
//! `tests/fixtures/types/make.py` makes the files anew.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base64::Engine as _;
use conftrail_core::{Map, Value};

use super::{Names, RowsEvent};
use crate::plan::{ColumnFacts, PlanCache, SchemaFrom, TableFacts, TablePlan};
use crate::table_map::TableMap;

const TABLE_MAP: u8 = 19;
const HEADER: usize = 19;
const CHECKSUM: usize = 4;

/// The last image of each row, by table and key.
type Rows = BTreeMap<(String, String), Map>;

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/types/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).expect("a fixture");
    if name.ends_with(".zst") { zstd::decode_all(&*bytes).expect("a compressed fixture") } else { bytes }
}

/// Returns type and body of each event of a binlog file.
fn events(file: &[u8]) -> Vec<(u8, &[u8])> {
    let mut events = Vec::new();
    let mut rest = &file[4..];
    while rest.len() >= HEADER {
        let size = u32::from_le_bytes(rest[9..13].try_into().expect("four bytes")) as usize;
        events.push((rest[4], &rest[HEADER..size - CHECKSUM]));
        rest = &rest[size..];
    }
    events
}

fn facts() -> HashMap<String, TableFacts> {
    let json: serde_json::Value = serde_json::from_slice(&fixture("facts.json")).expect("json");
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let column = |column: &serde_json::Value| ColumnFacts {
        name: text(&column[0]).expect("a name"),
        column_type: text(&column[1]).expect("a type"),
        charset: text(&column[2]),
        invisible: column[3] == "1",
    };
    let table = |table: &serde_json::Value| TableFacts {
        columns: table["columns"].as_array().expect("columns").iter().map(column).collect(),
        key: table["key"].as_array().expect("a key").iter().filter_map(text).collect(),
        row_end: None,
    };
    json.as_object().expect("tables").iter().map(|(name, facts)| (name.clone(), table(facts))).collect()
}

/// Replays the file into the last image of each row.
fn replay(mut plan_of: impl FnMut(TableMap) -> TablePlan) -> Rows {
    let file = fixture("rows.binlog.zst");
    let mut plans = PlanCache::default();
    let mut rows = Rows::new();
    for (event_type, body) in events(&file) {
        if event_type == TABLE_MAP {
            if plans.of_table_map(body).is_none() {
                let map = TableMap::parse(body).expect("a table map");
                plans.remember(body, Arc::new(plan_of(map)));
            }
            continue;
        }
        let Ok(event) = RowsEvent::parse(event_type, body) else {
            continue;
        };
        let plan = plans.of_table_id(event.table_id).expect("a plan");
        let changes: Vec<_> = event.rows(plan, &mut Names::default()).expect("the plan's columns").collect();
        assert_eq!(event.count_rows(plan), Ok(changes.len() as u64), "{}", plan.table);
        for change in changes {
            let change = change.unwrap_or_else(|error| panic!("{}: {error}", plan.table));
            assert!(!change.has_invalid_text, "{}", plan.table);
            apply(&mut rows, plan, change.before, change.after);
        }
    }
    rows
}

fn apply(rows: &mut Rows, plan: &TablePlan, before: Option<Map>, after: Option<Map>) {
    let place = |row: &Map| {
        let key = plan.key_of(row)?;
        let key: Vec<&Value> = key.into_iter().map(|(_, value)| value).collect();
        Some((plan.table.to_string(), serde_json::to_string(&key).expect("json")))
    };
    let old = before.as_ref().and_then(place).and_then(|place| rows.remove(&place).map(|row| (place, row)));
    let Some(after) = after else {
        return;
    };
    match (old, place(&after)) {
        (Some((_, mut row)), Some(new)) => {
            after.iter().for_each(|(name, value)| row.insert(name.clone(), value.clone()));
            rows.insert(new, row);
        }
        // A minimal image has the changed columns only.
        (Some((place, mut row)), None) => {
            after.iter().for_each(|(name, value)| row.insert(name.clone(), value.clone()));
            rows.insert(place, row);
        }
        (None, new) => {
            rows.insert(new.expect("every table has a key"), after);
        }
    }
}

/// Says whether our value is what `SELECT` printed for a column of this type.
fn same(ours: &Value, data_type: &str, theirs: Option<&str>) -> bool {
    let Some(theirs) = theirs else {
        return ours.is_null();
    };
    match (data_type, ours) {
        ("float", Value::Float(_) | Value::Int(_)) => {
            theirs.parse::<f64>().expect("a number") as f32
                == ours.display().parse::<f32>().expect("a number")
        }
        ("double", _) => theirs.parse::<f64>().ok() == ours.display().parse::<f64>().ok(),
        ("year", Value::Int(year)) => format!("{year:04}") == theirs,
        ("set", Value::List(labels)) => {
            labels.iter().filter_map(Value::as_text).collect::<Vec<_>>().join(",") == theirs
        }
        ("timestamp", Value::Text(text)) => text.replace('T', " ").trim_end_matches('Z') == theirs,
        ("binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob", Value::Map(map)) => {
            let encoded = map.get("$b64").and_then(Value::as_text).expect("base64");
            let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).expect("base64");
            bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>() == theirs
        }
        ("json", _) => same_json(ours, &serde_json::from_str(theirs).expect("json")),
        ("vector", Value::List(numbers)) => {
            let theirs: Vec<f32> = serde_json::from_str(theirs).expect("json");
            let ours: Vec<f32> =
                numbers.iter().map(|number| number.display().parse().expect("a number")).collect();
            ours == theirs
        }
        ("geometry" | "point", Value::Map(map)) => {
            let srid = map.get("srid").expect("srid").display();
            let wkt = map.get("wkt").expect("wkt").display();
            // MySQL writes no spaces but those between coordinates, and exponents.
            let plain = wkt.replace(", ", ",").replace(" (", "(").replace("1000000000000000000000", "1e21");
            format!("{srid};{plain}") == theirs
        }
        _ => ours.display() == theirs,
    }
}

/// Compares with MySQL's text of a document, where decimals are numbers.
fn same_json(ours: &Value, theirs: &serde_json::Value) -> bool {
    match (ours, theirs) {
        (Value::Text(decimal), serde_json::Value::Number(number)) => decimal.parse().ok() == number.as_f64(),
        (Value::Map(map), serde_json::Value::Object(object)) => {
            map.len() == object.len()
                && map
                    .iter()
                    .all(|(key, value)| object.get(&**key).is_some_and(|theirs| same_json(value, theirs)))
        }
        (Value::List(list), serde_json::Value::Array(array)) => {
            list.len() == array.len() && list.iter().zip(array).all(|(one, other)| same_json(one, other))
        }
        _ => serde_json::to_value(ours).ok().as_ref() == Some(theirs),
    }
}

/// Compares with every selected row and returns how many cells were equal.
fn compare(mut rows: Rows, key_of: impl Fn(&str, &[serde_json::Value]) -> String) -> usize {
    let selected = String::from_utf8(fixture("select.jsonl.zst")).expect("utf-8");
    let mut equal = 0;
    for line in selected.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("json");
        let table = line["table"].as_str().expect("a table");
        let cells = line["row"].as_array().expect("cells");
        let key = key_of(table, cells);
        let row = rows
            .remove(&(table.to_owned(), key.clone()))
            .unwrap_or_else(|| panic!("{table} {key} is missing"));
        for cell in cells {
            let (column, data_type) = (cell[0].as_str().expect("a name"), cell[1].as_str().expect("a type"));
            let ours = row.get(column).unwrap_or(&Value::Null);
            let theirs = cell[2].as_str();
            assert!(
                same(ours, data_type, theirs),
                "{table} {key} {column}: {} is not {theirs:?}",
                ours.display()
            );
            equal += 1;
        }
    }
    assert!(rows.is_empty(), "rows that SELECT does not show: {:?}", rows.keys());
    equal
}

/// Writes a selected row's key as `apply` writes a decoded one's.
fn selected_key(facts: &HashMap<String, TableFacts>, table: &str, cells: &[serde_json::Value]) -> String {
    let key = facts[table].key.iter().map(|name| {
        let cell = cells.iter().find(|cell| cell[0] == **name).expect("a key column");
        let text = cell[2].as_str().expect("a key value");
        if cell[1] == "text" { format!("\"{text}\"") } else { text.to_owned() }
    });
    format!("[{}]", key.collect::<Vec<_>>().join(","))
}

#[test]
fn every_type_decodes_to_what_select_prints() {
    let facts = facts();
    let rows = replay(|map| {
        let plan = TablePlan::best(&map, None);
        assert_eq!(plan.schema_from, SchemaFrom::Binlog, "{}", plan.table);
        let key: Vec<&str> = plan.key.iter().map(|index| &*plan.columns[*index].name).collect();
        assert_eq!(key, facts[&*plan.table].key, "{}", plan.table);
        plan
    });
    let equal = compare(rows, |table, cells| selected_key(&facts, table, cells));
    assert!(equal > 900, "{equal} cells");
}

#[test]
fn minimal_metadata_joined_with_the_schema_decodes_the_same() {
    let facts = facts();
    let rows = replay(|mut map| {
        let full = TablePlan::best(&map, None);
        map.metadata.names = None;
        map.metadata.visible = None;
        map.metadata.key.clear();
        map.metadata.labels.iter_mut().for_each(Vec::clear);
        for (index, column) in map.columns.iter().enumerate() {
            if column.is_labelled() {
                map.metadata.collations[index] = None;
            }
        }
        let plan = TablePlan::best(&map, facts.get(&map.table));
        assert_eq!(plan.schema_from, SchemaFrom::InformationSchema, "{}", plan.table);
        assert_eq!(plan.fingerprint, full.fingerprint, "{}", plan.table);
        plan
    });
    compare(rows, |table, cells| selected_key(&facts, table, cells));
}

#[test]
fn damaged_events_of_a_real_server_never_panic() {
    let file = fixture("rows.binlog.zst");
    let mut random = crate::testing::Random::new(17);
    let mut plans = PlanCache::default();
    for (event_type, body) in events(&file) {
        let small = body.get(..body.len().min(4_000)).unwrap_or(body);
        if event_type == TABLE_MAP {
            let map = TableMap::parse(body).expect("a table map");
            plans.remember(body, Arc::new(TablePlan::best(&map, None)));
        }
        for _ in 0..400 {
            let damaged = random.damaged(small);
            if event_type == TABLE_MAP {
                if let Ok(map) = TableMap::parse(&damaged) {
                    let _any_outcome = TablePlan::best(&map, None);
                }
                continue;
            }
            let Ok(event) = RowsEvent::parse(event_type, &damaged) else {
                continue;
            };
            for plan in plans.of_table_id(event.table_id).into_iter() {
                let counted = event.count_rows(plan);
                let mut names = Names::default();
                let Ok(rows) = event.rows(plan, &mut names) else {
                    continue;
                };
                let decoded =
                    rows.filter(|row| !row.as_ref().is_err_and(super::DecodeError::loses_the_rest)).count();
                if let Ok(counted) = counted {
                    assert_eq!(decoded as u64, counted);
                }
            }
        }
    }
}
