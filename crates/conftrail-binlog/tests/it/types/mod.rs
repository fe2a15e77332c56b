//! Every column type with its edge values: what the server selects, and what the vendor's own reader of binlogs prints, is what
//! the event's after image says.

mod cases;
mod vendor;

use std::collections::HashMap;

use conftrail_binlog::decode::Charset;
use conftrail_core::{Action, Value};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};

use self::cases::{CASES, Case, MARIADB_CASES};
use crate::reading::{Reading, config};

/// Values with a JSON number of the same value are the same: `1.0` and `1`, `1e2` and `100.0`.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Float(a), Value::Float(b)) => a == b || ((a - b) / b).abs() < 1e-5,
        (Value::Int(a), Value::Float(b)) => *a as f64 == *b,
        (Value::Float(a), Value::Int(b)) => *a == *b as f64,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)))
        }
        _ => ours == theirs,
    }
}

/// Writes every value and compares; returns how many values there were. The vendor reads neither the formats of before MariaDB
/// 10.1 nor, here, MySQL, whose values are compared with the server alone.
async fn check(options: MysqlOptions, of_case: fn(&Case) -> bool, vendor_reads_it: bool) -> usize {
    let server = MysqlServer::start(options).await;
    let product = server.product();
    let own = if product == Product::Mysql { &[] } else { MARIADB_CASES };
    let cases: Vec<&Case> =
        CASES.iter().chain(own).filter(|case| case.is_known_to(product) && of_case(case)).collect();
    let mut script =
        "SET SESSION sql_mode = '', time_zone = '+00:00'; CREATE DATABASE d CHARACTER SET utf8mb4; "
            .to_owned();
    let mut rows = 0;
    for (table, case) in cases.iter().enumerate() {
        script.push_str(&format!("CREATE TABLE d.t{table} (id INT PRIMARY KEY, c {} NULL); ", case.column));
        for (id, value) in case.values.iter().enumerate() {
            // The value comes by an update: then both images and both of their bitmaps are decoded.
            script.push_str(&format!("INSERT INTO d.t{table} VALUES ({id}, NULL); "));
            script.push_str(&format!("UPDATE d.t{table} SET c = {value} WHERE id = {id}; "));
            rows += 1;
        }
    }
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server.query(&script).await;
    let events = reading.catch_up(&server).await;
    let undecoded: Vec<_> = events.iter().filter(|event| event.action == Action::Undecoded).collect();
    assert!(undecoded.is_empty(), "{undecoded:?}");

    let printed = if vendor_reads_it { vendor::updated_cells(&server).await } else { HashMap::new() };
    let mut agreed = 0;
    let mut right = 0;
    let mut wrong = Vec::new();
    for (table, case) in cases.iter().enumerate() {
        let value = case.select_of(product).replace("{}", "c");
        // One row a line, and the whole value as one JSON text.
        let select =
            format!("SET time_zone = '+00:00'; SELECT id, JSON_ARRAY({value}) FROM d.t{table} ORDER BY id");
        for row in server.query(&select).await {
            let id = &row[0];
            let theirs: Vec<Value> = serde_json::from_str(&row[1]).expect("json");
            let name = format!("mysql:orders-db/d/t{table}/{id}");
            let last = events.iter().rev().find(|event| event.resource.id == name).expect("an event");
            let ours =
                last.after.as_ref().and_then(Value::as_map).and_then(|map| map.get("c")).expect("a column");
            let theirs = theirs.first().cloned().unwrap_or_default();
            let printed = printed.get(&(table, id.clone()));
            match printed.and_then(|printed| vendor::agrees(case.column, printed, ours)) {
                Some(true) => agreed += 1,
                Some(false) => wrong
                    .push(format!("{} row {id}: the vendor prints {printed:?}, not {ours:?}", case.column)),
                None => {}
            }
            if same(ours, &theirs) {
                right += 1;
            } else {
                let cut = |value: &Value| value.display().chars().take(80).collect::<String>();
                wrong.push(format!("{} row {id}: {} is not {}", case.column, cut(ours), cut(&theirs)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {rows} are right, wrong are:\n{}", right, wrong.join("\n"));
    assert_eq!(right, rows);
    // Of nearly half of the cells the vendor prints all that we do.
    assert!(!vendor_reads_it || agreed * 5 > rows * 2, "{agreed} of {rows}");
    rows
}

#[tokio::test]
async fn with_full_metadata_every_value_is_what_the_server_selects() {
    check(MysqlOptions::recommended(), |_| true, false).await;
}

#[tokio::test]
async fn with_the_vendors_metadata_every_value_is_what_the_server_selects() {
    check(MysqlOptions::default(), |_| true, false).await;
}

#[tokio::test]
async fn on_mariadb_with_full_metadata_every_value_is_what_the_server_selects() {
    for product in Product::MARIADB {
        check(MysqlOptions::recommended_of(product), |_| true, true).await;
    }
}

#[tokio::test]
async fn on_mariadb_with_the_vendors_metadata_every_value_is_what_the_server_selects() {
    for product in Product::MARIADB {
        check(MysqlOptions::of(product).with("--binlog-format=ROW"), |_| true, true).await;
    }
}

#[tokio::test]
async fn times_in_the_formats_of_before_mariadb_10_1_are_what_the_server_selects() {
    let is_time = |case: &Case| case.column.starts_with("TIME") || case.column.starts_with("DATETIME");
    for options in [
        MysqlOptions::recommended_of(Product::Mariadb10),
        MysqlOptions::of(Product::Mariadb11).with("--binlog-format=ROW"),
    ] {
        let values = check(options.with("--mysql56-temporal-format=OFF"), is_time, false).await;
        assert!(values > 15, "{values}");
    }
}

#[tokio::test]
async fn every_collation_of_mariadb_belongs_to_its_character_set() {
    for product in Product::MARIADB {
        let server = MysqlServer::shared_of(product).await;
        let collations = server
            .query(
                "SELECT id, character_set_name FROM information_schema.collation_character_set_applicability \
                 WHERE id IS NOT NULL AND character_set_name IS NOT NULL",
            )
            .await;
        assert!(collations.len() > 300, "{}", collations.len());
        let wrong: Vec<_> = collations
            .iter()
            .filter(|row| {
                let found = Charset::of_collation(row[0].parse().expect("a number"));
                format!("{found:?}") != format!("{:?}", Charset::by_name(&row[1]))
            })
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}

#[tokio::test]
async fn wide_and_odd_tables_are_read() {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    let columns: Vec<String> = (0..300).map(|column| format!("c{column} INT")).collect();
    let mut reading = Reading::latest(config(&server, "*.*")).await;
    server
        .query(&format!(
            "CREATE DATABASE d; CREATE TABLE d.wide (id INT PRIMARY KEY, {}); \
             INSERT INTO d.wide (id, c0, c299) VALUES (1, 10, 309); CREATE DATABASE `o d/d`; \
             CREATE TABLE `o d/d`.`t.\"表` (`b` INT, `a 1` INT, g INT AS (b + 1) STORED, h INT INVISIBLE DEFAULT 5, \
             PRIMARY KEY (`a 1`, b)); INSERT INTO `o d/d`.`t.\"表` (b, `a 1`) VALUES (2, 1)",
            columns.join(", ")
        ))
        .await;
    let events = reading.catch_up(&server).await;
    let rows: Vec<_> = events.iter().filter(|event| event.action == Action::Create).collect();
    let wide = rows[0].after.as_ref().and_then(Value::as_map).expect("a row");
    assert_eq!(
        (wide.len(), wide.get("c299"), wide.get("c1")),
        (301, Some(&Value::Int(309)), Some(&Value::Null))
    );
    assert_eq!(rows[1].resource.id, "mysql:orders-db/o%20d%2Fd/t.%22表/1,2");
    let odd = rows[1].after.as_ref().and_then(Value::as_map).expect("a row");
    assert_eq!((odd.get("g"), odd.get("h")), (Some(&Value::Int(3)), Some(&Value::Int(5))));
}
