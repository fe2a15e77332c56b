//! Changes in Maxwell's JSON, on real servers: value by value what the server itself says.

use std::path::Path;
use std::process::Stdio;

use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};
use conftrail_testkit::wait::until;
use serde_json::{Value as Json, json};

use crate::cli::{Instance, SOON, conftrail, finished, serving, terminate};

const COLUMNS: &str = "i BIGINT, u BIGINT UNSIGNED, m MEDIUMINT, d DECIMAL(12,4), f FLOAT, g DOUBLE, b BIT(12), y YEAR, \
     day DATE, at DATETIME(3), seen TIMESTAMP(6) NULL, spent TIME(2), kind ENUM('new','done'), marks SET('a','b','c'), \
     name VARCHAR(40) CHARACTER SET latin1, note TEXT CHARACTER SET utf8mb4, raw VARBINARY(20), file BLOB, place POINT";

/// What Maxwell prints for a row, as the server says it: every value by a function of its own, the row as its JSON.
const SAID: &str = "JSON_OBJECT('id', id, 'i', i, 'u', u, 'm', m, 'd', CAST(d AS CHAR), 'f', f, 'g', g, 'b', b + 0, 'y', y + 0, \
     'day', CAST(day AS CHAR), 'at', CAST(at AS CHAR), 'seen', CAST(seen AS CHAR), 'spent', CAST(spent AS CHAR), \
     'kind', CAST(kind AS CHAR), 'marks', CAST(marks AS CHAR), 'name', CONVERT(name USING utf8mb4), 'note', note, \
     'raw', TO_BASE64(raw), 'file', TO_BASE64(file), 'place', REPLACE(ST_AsText(place), '(', ' ('))";

const ROWS: [&str; 3] = [
    "(1, -9223372036854775808, 18446744073709551615, -8388608, -12345678.9012, 0.5, 1e-300, 4095, 2155, '2026-11-20', \
     '2026-11-20 10:00:00.123', '2026-11-20 10:00:00.123456', '-838:59:58.25', 'done', 'a,c', 'café', '配置 \"x\"\\\\', \
     X'00FF10', X'0001', ST_GeomFromText('POINT(3 2)'))",
    "(2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    "(3, 0, 0, -1, 0.1000, -1.25, 3.141592653589793, 1, 1901, '1000-01-01', '9999-12-31 23:59:59.999', \
     '1970-01-01 00:00:01', '00:00:00', 'new', '', '', '', '', '', ST_GeomFromText('POINT(-1.5 0)'))",
];

/// Runs `conftrail tail --output maxwell` to a number of changes and returns its lines.
fn tail(directory: &Path, server: &MysqlServer, database: &str, count: usize) -> Vec<Json> {
    let config = format!(
        "sources: [{{ name: db, kind: mysql, url: '{}', include: ['{database}.*'], start: earliest, tls: {{ mode: disabled }} }}]",
        server.url("root", "")
    );
    std::fs::write(directory.join("conftrail.yaml"), config).expect("a temporary directory can be written");
    let count = count.to_string();
    let (code, stdout, stderr) =
        finished(directory, &["tail", "--output", "maxwell", "--with-query", "-n", &count]);
    assert_eq!(code, 0, "{stderr}");
    stdout.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

fn of_type<'a>(lines: &'a [Json], kind: &str) -> Vec<&'a Json> {
    lines.iter().filter(|line| line["type"] == kind).collect()
}

/// The rows as the server says them, by id.
async fn said(server: &MysqlServer, database: &str) -> Vec<Json> {
    let rows =
        server.query(&format!("SET time_zone = '+00:00'; SELECT {SAID} FROM {database}.t ORDER BY id")).await;
    let rows = rows.into_iter().map(|row| serde_json::from_str::<Json>(&row[0]).expect("the server's JSON"));
    rows.map(|mut row| {
        if let Some(marks) = row["marks"].as_str() {
            row["marks"] = marks.split(',').filter(|mark| !mark.is_empty()).map(Json::from).collect();
        }
        row
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_what_the_server_says_on_each_product() {
    for product in Product::ALL {
        let server = MysqlServer::shared_of(product).await;
        let database = server.create_database().await;
        server
            .query(&format!(
                "SET time_zone = '+00:00'; USE {database}; CREATE TABLE t (id INT PRIMARY KEY, {COLUMNS})"
            ))
            .await;
        for row in ROWS {
            server.query(&format!("SET time_zone = '+00:00'; INSERT INTO {database}.t VALUES {row}")).await;
        }
        let inserted = said(server, &database).await;
        server.query(&format!("UPDATE {database}.t SET i = 7, note = 'new'")).await;
        let updated = said(server, &database).await;
        server
            .query(&format!(
                "UPDATE {database}.t SET id = 4 WHERE id = 3; DELETE FROM {database}.t WHERE id = 4"
            ))
            .await;
        let directory = tempfile::tempdir().expect("a temporary directory");
        // The database, the table, three rows of each kind, a key, a deletion.
        let lines = tail(directory.path(), server, &database, 10);
        assert!(lines.iter().all(|line| line["database"] == database.as_str()), "{lines:?}");
        let data = |lines: &[&Json]| lines.iter().map(|line| line["data"].clone()).collect::<Vec<_>>();
        assert_eq!(data(&of_type(&lines, "insert")), inserted, "{product:?}");
        let updates = of_type(&lines, "update");
        assert_eq!(data(&updates[..3]), updated, "{product:?}");
        for (update, before) in updates.iter().zip(&inserted) {
            assert_eq!(update["old"], json!({ "i": before["i"], "note": before["note"] }), "{product:?}");
        }
        assert_eq!(updates[3]["old"], json!({ "id": 3 }));
        let mut deleted = updated[2].clone();
        deleted["id"] = json!(4);
        assert_eq!(data(&of_type(&lines, "delete")), [deleted]);
        assert_eq!(of_type(&lines, "database-create").len(), 1, "{lines:?}");
        assert!(
            of_type(&lines, "table-create")[0]["sql"].as_str().is_some_and(|sql| sql.contains("PRIMARY KEY"))
        );
        assert!(
            updates[0]["query"].as_str().is_some_and(|query| query.contains("i = 7")),
            "{:?}",
            updates[0]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn places_and_the_order_within_a_transaction_are_those_of_the_log() {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, doc JSON)").await;
    server
        .query(r#"BEGIN; INSERT INTO d.t VALUES (1, '{"a": [1, null]}'), (2, NULL); DELETE FROM d.t WHERE id = 2; COMMIT"#)
        .await;
    let gtid = &server.query("SELECT @@server_uuid").await[0][0];
    let directory = tempfile::tempdir().expect("a temporary directory");
    let lines = tail(directory.path(), &server, "d", 5);
    let rows = &lines[2..];
    assert_eq!(rows.iter().map(|row| row["xoffset"].clone()).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(rows.iter().all(|row| row["gtid"] == format!("{gtid}:3")), "{rows:?}");
    assert_eq!(rows[0]["data"], json!({ "id": 1, "doc": { "a": [1, null] } }));
    let events = server.query("SHOW BINLOG EVENTS IN 'binlog.000001'").await;
    let starts: Vec<String> = events
        .iter()
        .filter(|event| event[2].ends_with("_rows"))
        .map(|event| format!("{}:{}", event[0], event[1]))
        .collect();
    let places: Vec<&str> = rows.iter().filter_map(|row| row["position"].as_str()).collect();
    assert_eq!(places, [&starts[0], &starts[0], &starts[1]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_record_is_exported_oldest_first_page_after_page() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let directory = directory.path();
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, password VARCHAR(20))").await;
    let values: Vec<String> = (1..=1_200).map(|id| format!("({id}, 'hunter{id}')")).collect();
    server.query(&format!("INSERT INTO d.t VALUES {}", values.join(","))).await;
    std::fs::create_dir(directory.join("config")).expect("a directory");
    let config = format!(
        "data_dir: data\napi: {{ listen: '127.0.0.1:0' }}\nsources:\n  - {{ name: db, kind: mysql, url: '{}', \
         include: ['d.*'], start: earliest, tls: {{ mode: disabled }} }}\n  - {{ name: etc, kind: files, path: config }}\n",
        server.url("root", "")
    );
    std::fs::write(directory.join("conftrail.yaml"), config).expect("written");
    let instance =
        Instance(conftrail(directory, &["run"]).stderr(Stdio::piped()).spawn().expect("it starts"));
    serving(directory).await;
    std::fs::write(directory.join("config/app.yaml"), "limit: 100\n").expect("written");
    until(SOON, "all changes on record", async || {
        let counted = finished(directory, &["search", "source.kind:mysql or source.kind:files", "--count"]).1;
        (counted.trim() == "1203").then_some(())
    })
    .await;
    for offline in [&[][..], &["--offline"]] {
        let export = |arguments: &[&str]| {
            let (code, stdout, stderr) = finished(directory, &[&["export"], arguments, offline].concat());
            assert_eq!(code, 0, "{stderr}");
            stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Json>>()
        };
        let changes = export(&["--format", "maxwell"]);
        assert_eq!(changes.len(), 1_202);
        assert_eq!(
            (&changes[0]["type"], &changes[1]["type"]),
            (&json!("database-create"), &json!("table-create"))
        );
        let ids: Vec<i64> = changes[2..].iter().filter_map(|change| change["data"]["id"].as_i64()).collect();
        assert_eq!(ids, (1..=1_200).collect::<Vec<_>>());
        let masked = changes[2]["data"]["password"].as_str().expect("a text");
        assert!(masked.starts_with("hmac-sha256:"), "{masked}");
        let events = export(&["kind:row or kind:file"]);
        assert_eq!(events.len(), 1_201);
        assert!(events.windows(2).all(|pair| pair[0]["time"].as_str() <= pair[1]["time"].as_str()));
    }
    let (code, _, stderr) = finished(directory, &["export", "kind:"]);
    assert_eq!(code, 1, "{stderr}");
    terminate(instance);
}

#[test]
fn maxwells_json_is_refused_where_it_cannot_be_had() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (code, _, stderr) = finished(directory.path(), &["log", "--output", "maxwell"]);
    assert!(code == 2 && stderr.contains("conftrail export --format maxwell"), "{stderr}");
    let (code, _, stderr) = finished(directory.path(), &["tail", "--watch", ".", "--output", "maxwell"]);
    assert!(code == 2 && stderr.contains("MySQL"), "{stderr}");
}
