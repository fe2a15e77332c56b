//! Every column type with its edge values: what the server selects, and what the vendor's own reader of binlogs prints, is what
//! the event's after image says.

mod cases;
mod tables;
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
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)))
        }
        _ => ours == theirs,
    }
}

/// What was compared.
#[derive(Debug, Default)]
struct Cells {
    all: usize,
    /// As many as the server selects alike.
    as_selected: usize,
    /// As many as the vendor's reader of binlogs prints alike, and of which it cannot print the value.
    as_printed: usize,
    not_printed: usize,
    wrong: Vec<String>,
}

impl Cells {
    /// Says so, one line a server, to whoever runs the tests with `--nocapture`.
    #[expect(clippy::print_stdout, reason = "the result of the comparison, for people")]
    fn report(&self, server: &MysqlServer) {
        let Self { all, as_selected, as_printed, not_printed, .. } = self;
        let printable = all - not_printed;
        println!(
            "{:?} {}: {as_selected} of {all} cells as selected, {as_printed} of {printable} as its own binlog reader prints them, \
             undecoded 0",
            server.product(),
            server.version(),
        );
    }
}

/// Writes every value and compares. The vendor's program does not read the formats of before MariaDB 10.1.
async fn check(options: MysqlOptions, of_case: fn(&Case) -> bool, vendor_reads_it: bool) -> Cells {
    let server = MysqlServer::start(options).await;
    let product = server.product();
    let own = if product == Product::Mysql { &[] } else { MARIADB_CASES };
    let cases: Vec<&Case> =
        CASES.iter().chain(own).filter(|case| case.is_known_to(product) && of_case(case)).collect();
    let mut script =
        "SET SESSION sql_mode = '', time_zone = '+00:00'; CREATE DATABASE d CHARACTER SET utf8mb4; "
            .to_owned();
    let mut cells = Cells::default();
    for (table, case) in cases.iter().enumerate() {
        script.push_str(&format!("CREATE TABLE d.t{table} (id INT PRIMARY KEY, c {} NULL); ", case.column));
        for (id, value) in case.values.iter().enumerate() {
            // The value comes by an update: then both images and both of their bitmaps are decoded.
            script.push_str(&format!("INSERT INTO d.t{table} VALUES ({id}, NULL); "));
            script.push_str(&format!("UPDATE d.t{table} SET c = {value} WHERE id = {id}; "));
            cells.all += 1;
        }
    }
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server.query(&script).await;
    let events = reading.catch_up(&server).await;
    let undecoded: Vec<_> = events.iter().filter(|event| event.action == Action::Undecoded).collect();
    assert!(undecoded.is_empty(), "{undecoded:?}");

    let printed = if vendor_reads_it { updated_cells(&server).await } else { HashMap::new() };
    for (table, case) in cases.iter().enumerate() {
        let value = case.select_of(product).replace("{}", "c");
        // One row a line, and the whole value as one JSON text.
        let select =
            format!("SET time_zone = '+00:00'; SELECT id, JSON_ARRAY({value}) FROM d.t{table} ORDER BY id");
        for row in server.query(&select).await {
            let id = &row[0];
            let place = format!("{} row {id}", case.column);
            let cut = |value: &Value| value.display().chars().take(80).collect::<String>();
            let theirs: Vec<Value> = serde_json::from_str(&row[1]).expect("json");
            let theirs = theirs.first().cloned().unwrap_or_default();
            let name = format!("mysql:orders-db/d/t{table}/{id}");
            let last = events.iter().rev().find(|event| event.resource.id == name).expect("an event");
            let ours =
                last.after.as_ref().and_then(Value::as_map).and_then(|map| map.get("c")).expect("a column");
            if same(ours, &theirs) {
                cells.as_selected += 1;
            } else {
                cells.wrong.push(format!("{place}: {} is not selected: {}", cut(ours), cut(&theirs)));
            }
            let printed = printed.get(&(format!("t{table}"), id.clone()));
            match printed.map(|printed| vendor::agrees(product, case.column, printed, ours)) {
                Some(Some(true)) => cells.as_printed += 1,
                Some(Some(false)) => cells.wrong.push(format!("{place}: {} is not printed", cut(ours))),
                Some(None) => cells.not_printed += 1,
                None if vendor_reads_it => cells.wrong.push(format!("{place}: nothing is printed")),
                None => {}
            }
        }
    }
    if vendor_reads_it {
        cells.report(&server);
    }
    assert!(cells.wrong.is_empty(), "{:?} {}: {:#?}", product, server.version(), cells.wrong);
    assert_eq!(cells.as_selected, cells.all);
    assert!(!vendor_reads_it || cells.as_printed + cells.not_printed == cells.all, "{cells:?}");
    // Two points on MySQL, and the year 0.
    assert!(cells.not_printed <= 3, "{cells:?}");
    cells
}

/// The value that each row got last, by table and id.
async fn updated_cells(server: &MysqlServer) -> HashMap<(String, String), Vec<u8>> {
    let mut cells = HashMap::new();
    for row in vendor::rows(server).await {
        if let [(1, id), (2, value)] = &row.after[..] {
            cells.insert((row.table, String::from_utf8_lossy(id).into_owned()), value.clone());
        }
    }
    cells
}

#[tokio::test]
async fn with_full_metadata_every_value_is_what_the_server_selects() {
    check(MysqlOptions::recommended(), |_| true, true).await;
}

#[tokio::test]
async fn with_the_vendors_metadata_every_value_is_what_the_server_selects() {
    check(MysqlOptions::default(), |_| true, true).await;
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
        assert!(values.all > 15, "{values:?}");
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

/// Half of a surrogate pair is a character of ucs2, and of no text.
#[tokio::test]
async fn text_that_is_not_valid_in_its_character_set_is_flagged_and_kept_as_bytes() {
    for product in [Product::Mysql, Product::Mariadb11] {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        server
            .query(
                "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, c VARCHAR(9) CHARACTER SET ucs2)",
            )
            .await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server
            .query(
                "INSERT INTO d.t VALUES (1, 'whole'); UPDATE d.t SET c = _ucs2 X'D83D' WHERE id = 1; \
                 UPDATE d.t SET c = 'mended' WHERE id = 1; UPDATE d.t SET c = 'again' WHERE id = 1",
            )
            .await;
        let events = reading.catch_up(&server).await;
        let flagged: Vec<bool> = events.iter().map(|event| event.has_flag("invalid_text")).collect();
        assert_eq!(flagged, [false, true, true, false], "{product:?} {events:?}");
        let after = events[1].after.as_ref().and_then(Value::as_map).expect("a row");
        assert_eq!(after.get("c").map(Value::display).as_deref(), Some(r#"{"$b64":"2D0="}"#), "{product:?}");
    }
}
