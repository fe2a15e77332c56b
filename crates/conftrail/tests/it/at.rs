//! `conftrail at` over a real server: a row that comes, changes and goes, with a part of the log lost in between.

use std::path::Path;
use std::process::Stdio;

use conftrail_testkit::servers::{MysqlOptions, MysqlServer};
use conftrail_testkit::wait::until;
use serde_json::Value as Json;

use crate::cli::{Instance, SOON, conftrail, finished, serving, terminate};

const ROWS: &str = "mysql:orders-db/shop/flags/";

/// Starts an instance that reads the server.
async fn start(directory: &Path, server: &MysqlServer) -> Instance {
    let text = format!(
        "data_dir: data\nsources:\n- {{ name: orders-db, kind: mysql, url: '{}', tls: {{ mode: disabled }}, include: ['shop.*'] }}\n\
         api: {{ listen: '127.0.0.1:0' }}\n",
        server.url("root", "")
    );
    std::fs::write(directory.join("conftrail.yaml"), text).expect("a temporary directory can be written");
    let started = conftrail(directory, &["run"]).stderr(Stdio::piped()).spawn();
    let instance = Instance(started.expect("the program can be started"));
    serving(directory).await;
    instance
}

/// The server's clock, as people and programs write it.
async fn clock(server: &MysqlServer) -> String {
    let asked = "SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')";
    server.query(asked).await.concat().concat()
}

/// How a row stood.
fn stood(directory: &Path, time: &str, key: &str, more: &[&str]) -> Json {
    let resource = format!("{ROWS}{key}");
    let arguments = [&["at", time, &resource, "--output", "json"], more].concat();
    let (code, stdout, stderr) = finished(directory, &arguments);
    assert_eq!(code, 0, "{stderr}");
    stdout.lines().next().map_or(Json::Null, |line| serde_json::from_str(line).expect("JSON"))
}

/// Waits until the trail knows what was committed up to a time.
async fn known_until(directory: &Path, time: &str, key: &str) {
    until(SOON, "the source to be read so far", async || {
        let row = stood(directory, time, key, &[]);
        matches!(row["state"].as_str(), Some("known" | "absent" | "uncertain")).then_some(())
    })
    .await;
}

fn said(row: &Json) -> (&str, &str, &str) {
    let text = |value: &'static str| row.pointer(value).and_then(Json::as_str).unwrap_or_default();
    (text("/state"), text("/value/v"), text("/because/0/why"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_a_real_server_is_told_as_it_stood_at_each_time() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let directory = directory.path();
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server.query("CREATE DATABASE shop; CREATE TABLE shop.flags (id INT PRIMARY KEY, v VARCHAR(20))").await;
    let instance = start(directory, &server).await;
    server.query("INSERT INTO shop.flags VALUES (7, 'still')").await;
    let begun = clock(&server).await;
    known_until(directory, &begun, "7").await;

    let mut times = vec![clock(&server).await];
    for change in [
        "INSERT INTO shop.flags VALUES (1, 'made')",
        "UPDATE shop.flags SET v = 'second' WHERE id = 1",
        "UPDATE shop.flags SET v = 'third' WHERE id = 1",
        "DELETE FROM shop.flags WHERE id = 1",
    ] {
        server.query(change).await;
        times.push(clock(&server).await);
    }
    known_until(directory, &times[4], "1").await;
    terminate(instance);

    // Made again and changed while nobody read, and the log of it is gone.
    server.query("INSERT INTO shop.flags VALUES (1, 'lost')").await;
    let lost = clock(&server).await;
    server.query("FLUSH BINARY LOGS; UPDATE shop.flags SET v = 'after' WHERE id = 1").await;
    let last = server.query("SHOW BINARY LOGS").await.last().expect("a binlog")[0].clone();
    until(SOON, "the purge", async || {
        server.query(&format!("PURGE BINARY LOGS TO '{last}'")).await;
        (server.query("SHOW BINARY LOGS").await.len() == 1).then_some(())
    })
    .await;
    let after = clock(&server).await;
    let instance = start(directory, &server).await;
    known_until(directory, &after, "1").await;

    let at = |time: &str, key| stood(directory, time, key, &["--utc"]);
    for (time, expected) in times.iter().zip([
        ("absent", "", "not_created"),
        ("known", "made", ""),
        ("known", "second", ""),
        ("known", "third", ""),
        ("absent", "", ""),
    ]) {
        let row = at(time, "1");
        assert_eq!(said(&row), expected, "{row}");
        if !row["event"].is_null() {
            assert!(row["time"].as_str() <= Some(time), "{row}");
            assert!(row["actor"]["binding"].is_string(), "{row}");
        }
    }
    assert_eq!(at(&times[4], "1")["action"], "delete");
    // Within what was lost nothing is sure, not even that it was gone; what was seen again since is.
    assert_eq!(said(&at(&lost, "1")), ("uncertain", "", "gap"));
    assert_eq!(said(&at(&after, "1")), ("known", "after", ""));
    assert_eq!(said(&at(&times[4], "7")), ("known", "still", ""));
    assert_eq!(said(&at(&lost, "7")), ("uncertain", "still", "gap"));
    assert_eq!(said(&at(&after, "7")), ("uncertain", "still", "gap"));
    let early = at("2020-01-01", "7");
    assert_eq!((said(&early).0, &early["because"][1]["why"]), ("unknown", &Json::from("before_capture")));
    assert_eq!(said(&at("2037-01-01", "1")), ("unknown", "", "not_captured"));
    assert_eq!(stood(directory, &lost, "7", &["--offline"]), at(&lost, "7"));

    let (_, shown, _) = finished(directory, &["at", &times[2], ROWS, "--utc", "--lang", "en", "-n", "1"]);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 2, "{shown}");
    assert_eq!(lines[0], format!("{ROWS}1\tknown\t{{\"id\":1,\"v\":\"second\"}}"));
    assert!(lines[1].contains("  update  "), "{shown}");
    let (_, shown, _) = finished(directory, &["at", &lost, &format!("{ROWS}7"), "--lang", "en"]);
    assert!(
        shown.contains("uncertain") && shown.contains("gap: part of the source's log is lost"),
        "{shown}"
    );
    let (code, stdout, stderr) = finished(directory, &["at", &lost, "mysql:none/"]);
    assert!(code == 0 && stdout.is_empty() && stderr.contains("not known"), "{stderr}");
    let (code, _, stderr) = finished(directory, &["at", "yesterday", ROWS]);
    assert!(code == 1 && stderr.contains("`yesterday` is no time"), "{code} {stderr}");
    let view = "source.kind:conftrail and kind:view and name:state";
    let (_, read, _) = finished(directory, &["search", view, "--count"]);
    assert!(read.trim().parse::<u64>().is_ok_and(|count| count > 0), "reading it is on record: {read}");
    terminate(instance);
}
