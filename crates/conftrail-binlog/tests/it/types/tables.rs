//! Tables of every shape and images of every kind: the rows that events add up to are those that the server selects, and each event is
//! the row that the vendor's own reader of binlogs prints.

use std::collections::BTreeMap;
use std::sync::Arc;

use conftrail_core::{Action, Event, Map, Value};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};

use super::{same, vendor};
use crate::reading::{Reading, config};

/// A table and what is done with it; `{}` stands for its name.
struct Shape {
    columns: Vec<(String, &'static str)>,
    /// What stands behind the columns: the key.
    key: &'static str,
    script: &'static str,
}

fn shape(columns: &[(&str, &'static str)], key: &'static str, script: &'static str) -> Shape {
    let columns = columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    Shape { columns, key, script }
}

fn shapes() -> Vec<Shape> {
    let mut wide = shape(
        &[("id", "INT")],
        ", PRIMARY KEY (id)",
        "INSERT INTO {} (id, c0, c299) VALUES (1, 10, -1), (2, NULL, 7); UPDATE {} SET c250 = -5, c8 = 8 WHERE id = 1; \
         UPDATE {} SET c299 = NULL; DELETE FROM {} WHERE id = 2; INSERT INTO {} (id, c0) VALUES (2, 3)",
    );
    wide.columns.extend((0..300).map(|column| (format!("c{column}"), "MEDIUMINT")));
    vec![
        wide,
        shape(
            &[("a", "INT"), ("b", "VARCHAR(20)"), ("c", "BLOB")],
            "",
            "INSERT INTO {} VALUES (1, 'x', NULL), (1, 'x', NULL), (2, NULL, x'00ff'); UPDATE {} SET b = 'y' WHERE a = 1 LIMIT 1; \
             UPDATE {} SET c = x'01' WHERE a = 2; DELETE FROM {} WHERE b = 'x' LIMIT 1",
        ),
        shape(
            &[("u", "INT"), ("v", "INT"), ("t", "TEXT")],
            ", UNIQUE KEY (u)",
            "INSERT INTO {} VALUES (1, 1, 't'), (NULL, 2, 't'); UPDATE {} SET v = -3; UPDATE {} SET u = 5 WHERE u = 1",
        ),
        shape(
            &[("a", "INT"), ("b", "VARCHAR(10)"), ("v", "MEDIUMINT"), ("t", "TEXT")],
            ", PRIMARY KEY (b, a)",
            "INSERT INTO {} VALUES (1, 'x,y', -1, 't'), (1, 'x%2Cy', 2, 't'), (2, '', 3, NULL); UPDATE {} SET v = -8388608 WHERE a = 1; \
             UPDATE {} SET a = 9 WHERE b = ''; UPDATE {} SET b = 'z', t = 'u' WHERE a = 9; DELETE FROM {} WHERE b = 'x,y'",
        ),
        shape(
            &[("k", "BINARY(8)"), ("v", "INT"), ("b", "BLOB")],
            ", PRIMARY KEY (k)",
            "INSERT INTO {} VALUES (x'0100', 1, x'ff'), (x'00', 2, NULL), (x'ffffffffffffffff', 3, ''); UPDATE {} SET v = v + 10; \
             UPDATE {} SET k = x'01000002' WHERE v = 11; UPDATE {} SET b = x'00' WHERE v = 12",
        ),
        shape(
            &[("k", "VARCHAR(700)"), ("v", "INT")],
            ", PRIMARY KEY (k)",
            "INSERT INTO {} VALUES (CONCAT(REPEAT('é', 699), 'a'), 1), (CONCAT(REPEAT('é', 699), 'b'), 2), ('', 3); \
             UPDATE {} SET v = -v; UPDATE {} SET k = CONCAT(REPEAT('é', 699), 'c') WHERE v = -2; DELETE FROM {} WHERE v = -1",
        ),
        shape(
            &[("k", "TEXT"), ("v", "INT")],
            ", PRIMARY KEY (k(10))",
            "INSERT INTO {} VALUES ('a long key, longer than its prefix', 1), ('k', 2); UPDATE {} SET v = 3 WHERE k = 'k'; \
             UPDATE {} SET k = 'l' WHERE v = 3",
        ),
        shape(
            &[
                ("id", "BIGINT UNSIGNED"),
                ("a", "INT"),
                ("g", "INT AS (a + 1) VIRTUAL"),
                ("s", "INT AS (a * 2) STORED"),
                ("h", "INT INVISIBLE DEFAULT 5"),
                ("t", "TEXT"),
            ],
            ", PRIMARY KEY (id)",
            "INSERT INTO {} (id, a, t) VALUES (18446744073709551615, 1, 't'), (0, -1, NULL); UPDATE {} SET a = 7 WHERE id = 0; \
             UPDATE {} SET h = 6; UPDATE {} SET id = 1 WHERE id = 0",
        ),
        shape(
            &[("b", "INT"), ("a 1", "INT"), ("\"表", "DATE"), ("c.d", "SET('a','b')")],
            ", PRIMARY KEY (`a 1`, b)",
            "INSERT INTO {} VALUES (2, 1, '0000-00-00', 'a,b'), (1, 2, '2026-11-20', ''); UPDATE {} SET `\"表` = '1000-01-01'; \
             DELETE FROM {} WHERE b = 1",
        ),
    ]
}

impl Shape {
    fn definition(&self, name: &str) -> String {
        let columns: Vec<String> =
            self.columns.iter().map(|(column, kind)| format!("`{column}` {kind}")).collect();
        format!("CREATE TABLE d.{name} ({}{}); ", columns.join(", "), self.key)
    }

    /// Each row as a JSON array, in the form of the event format.
    fn select(&self, name: &str) -> String {
        let cells: Vec<String> = self
            .columns
            .iter()
            .map(|(column, kind)| match *kind {
                "BLOB" | "BINARY(8)" => format!(
                    "IF(`{column}` IS NULL, NULL, CONCAT('b64 ', REPLACE(TO_BASE64(`{column}`), '\\n', '')))"
                ),
                "DATE" => format!("CAST(`{column}` AS CHAR)"),
                _ => format!("`{column}`"),
            })
            .collect();
        format!("SELECT JSON_ARRAY({}) FROM d.{name}", cells.join(", "))
    }

    fn has_key(&self) -> bool {
        self.key.contains("PRIMARY")
    }

    /// A row in the form of [`Shape::select`].
    fn selected(&self, row: &Map) -> Value {
        let cell = |(name, kind): &(String, &str)| match (row.get(name).cloned().unwrap_or_default(), kind) {
            (Value::Map(bytes), _) => {
                let encoded = bytes.get("$b64").and_then(Value::as_text).expect("base64");
                format!("b64 {encoded}").into()
            }
            (Value::List(labels), _) => {
                labels.iter().filter_map(Value::as_text).collect::<Vec<_>>().join(",").into()
            }
            (value, _) => value,
        };
        Value::List(self.columns.iter().map(cell).collect())
    }
}

/// The rows of one table, as its events add up to.
#[derive(Default)]
struct Rows {
    keyed: BTreeMap<String, Map>,
    /// Of a table without a key.
    loose: Vec<Map>,
}

fn image(side: Option<&Value>) -> Map {
    side.and_then(Value::as_map).cloned().unwrap_or_default()
}

impl Rows {
    fn apply(&mut self, event: &Event, has_key: bool) {
        let before = image(event.before.as_ref());
        let old = match event.action {
            Action::Create => None,
            _ if has_key => Some(self.keyed.remove(&*event.resource.id).expect("the row is there")),
            _ => {
                let is_it = |row: &Map| before.iter().all(|(name, value)| row.get(name) == Some(value));
                let place = self.loose.iter().position(is_it).expect("the row is there");
                Some(self.loose.remove(place))
            }
        };
        if event.action == Action::Delete {
            return;
        }
        let mut row = old.unwrap_or_default();
        for (name, value) in image(event.after.as_ref()).iter() {
            row.insert(name.clone(), value.clone());
        }
        if has_key {
            let id = event.resource.renamed_to.as_deref().unwrap_or(&event.resource.id);
            assert!(self.keyed.insert(id.to_owned(), row).is_none(), "{id} is there twice");
        } else {
            self.loose.push(row);
        }
    }
}

/// Tables are named by their shape's number.
fn shape_of<'s>(shapes: &'s [Shape], table: &str) -> &'s Shape {
    let number: usize = table.trim_start_matches('t').parse().expect("a number");
    &shapes[number]
}

/// Compares all shapes on a server with one kind of image; returns how many cells were compared with each oracle.
async fn check(product: Product, row_image: &str) -> (usize, usize) {
    let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
    let mut shapes = shapes();
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    let mut script = format!(
        "SET sql_mode = '', binlog_row_image = {row_image}; CREATE DATABASE d CHARACTER SET utf8mb4; "
    );
    for (number, shape) in shapes.iter().enumerate() {
        let name = format!("t{number}");
        script.push_str(&shape.definition(&name));
        script.push_str(&format!("{}; ", shape.script.replace("{}", &format!("d.{name}"))));
    }
    server.query(&script).await;
    let events = reading.catch_up(&server).await;
    let changes: Vec<&Arc<Event>> = events.iter().filter(|event| event.action != Action::Schema).collect();
    let printed = vendor::rows(&server).await;
    assert_eq!(changes.len(), printed.len(), "{product:?} {row_image}");

    let mut rows: BTreeMap<String, Rows> = BTreeMap::new();
    let (mut cells_selected, mut cells_printed) = (0, 0);
    for (event, printed) in changes.iter().zip(&printed) {
        let table = event.resource.group.as_deref().expect("a table");
        let verb = match event.action {
            Action::Create => "INSERT INTO",
            Action::Update | Action::Rename => "UPDATE",
            Action::Delete => "DELETE FROM",
            other => panic!("{product:?} {row_image}: {other:?} {:?}", event.detail),
        };
        assert_eq!((&*printed.verb, &*printed.table), (verb, table), "{product:?} {row_image}");
        let shape = shape_of(&shapes, table);
        assert_eq!(event.has_flag("no_key"), !shape.has_key(), "{table}");
        for (side, ours) in [(&printed.before, &event.before), (&printed.after, &event.after)] {
            for (column, cell) in side {
                let (name, kind) = &shape.columns[column - 1];
                let row = ours.as_ref().and_then(Value::as_map).expect("an image");
                let value = row.get(name).unwrap_or_else(|| panic!("{row_image} {table}.{name} is missing"));
                let agreed = vendor::agrees(product, kind, cell, value);
                assert_eq!(agreed, Some(true), "{product:?} {row_image} {table}.{name}: {value:?}");
                cells_printed += 1;
            }
        }
        rows.entry(table.to_owned()).or_default().apply(event, shape.has_key());
    }
    // MariaDB's images of changed columns leave out a virtual column that changed with them.
    if product != Product::Mysql && row_image != "FULL" {
        shapes.iter_mut().for_each(|shape| shape.columns.retain(|(_, kind)| !kind.ends_with("VIRTUAL")));
    }
    for (table, rows) in rows {
        let shape = shape_of(&shapes, &table);
        let mut ours: Vec<Value> =
            rows.keyed.values().chain(&rows.loose).map(|row| shape.selected(row)).collect();
        let selected = server.query(&shape.select(&table)).await;
        assert_eq!(ours.len(), selected.len(), "{product:?} {row_image} {table}");
        for row in selected {
            let theirs: Value = serde_json::from_str(&row[0]).expect("json");
            let place = ours.iter().position(|ours| same(ours, &theirs)).unwrap_or_else(|| {
                panic!("{product:?} {row_image} {table}: {} is not among {ours:#?}", theirs.display())
            });
            ours.remove(place);
            cells_selected += shape.columns.len();
        }
    }
    (cells_selected, cells_printed)
}

#[expect(clippy::print_stdout, reason = "the result of the comparison, for people")]
async fn check_all(product: Product, images: &[&str]) {
    for row_image in images {
        let (selected, printed) = check(product, row_image).await;
        assert!(selected > 600 && printed > 100, "{selected} {printed}");
        println!(
            "{product:?} {row_image} images: {selected} of {selected} cells as selected, {printed} of {printed} as its own binlog \
             reader prints them, undecoded 0"
        );
    }
}

#[tokio::test]
async fn tables_of_every_shape_add_up_to_what_mysql_selects() {
    check_all(Product::Mysql, &["FULL", "MINIMAL", "NOBLOB"]).await;
}

#[tokio::test]
async fn tables_of_every_shape_add_up_to_what_mariadb_10_11_selects() {
    check_all(Product::Mariadb10, &["FULL", "MINIMAL", "NOBLOB"]).await;
}

#[tokio::test]
async fn tables_of_every_shape_add_up_to_what_mariadb_11_4_selects() {
    check_all(Product::Mariadb11, &["FULL", "MINIMAL", "NOBLOB", "FULL_NODUP"]).await;
}

#[tokio::test]
async fn the_names_of_databases_tables_and_keys_are_told_whatever_they_are() {
    for product in Product::ALL {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        let mut reading = Reading::latest(config(&server, "*.*")).await;
        server
            .query(
                "CREATE DATABASE `o d/d`; CREATE TABLE `o d/d`.`t.\"表` (`b` INT, `a 1` INT, PRIMARY KEY (`a 1`, b)); \
                 INSERT INTO `o d/d`.`t.\"表` VALUES (2, 1); CREATE TABLE `o d/d`.l (k VARCHAR(600) PRIMARY KEY); \
                 INSERT INTO `o d/d`.l VALUES (CONCAT(REPEAT('k', 599), 'a')), (CONCAT(REPEAT('k', 599), 'b'))",
            )
            .await;
        let events = reading.catch_up(&server).await;
        let ids: Vec<&str> = events
            .iter()
            .filter(|event| event.action == Action::Create)
            .map(|event| &*event.resource.id)
            .collect();
        assert_eq!(ids[0], "mysql:orders-db/o%20d%2Fd/t.%22表/1,2");
        assert!(ids[1] != ids[2] && ids[1].len() < 700, "{ids:?}");
    }
}
