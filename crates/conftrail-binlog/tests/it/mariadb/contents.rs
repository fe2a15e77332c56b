//! What only MariaDB logs: compressed events and columns, versions of rows, sequences.

use conftrail_binlog::Config;
use conftrail_binlog::preflight::{Severity, preflight};
use conftrail_core::{Action, Value};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};

use super::column;
use crate::reading::{Reading, actions, config};

#[tokio::test]
async fn compressed_events_are_read_as_any_other() {
    for product in Product::MARIADB {
        let options = MysqlOptions::recommended_of(product)
            .with("--log-bin-compress=ON")
            .with("--log-bin-compress-min-len=10");
        let server = MysqlServer::start(options).await;
        let findings = preflight(&config(&server, "*.*")).await;
        let told = findings.iter().find(|finding| finding.place == "log_bin_compress").expect("a finding");
        assert_eq!(told.severity, Severity::Info, "{told:?}");
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server
            .query(
                "CREATE DATABASE d; CREATE TABLE d.c (id INT PRIMARY KEY, v TEXT); \
                 INSERT INTO d.c VALUES (1, REPEAT('x', 60000)) /*user='alice'*/; \
                 UPDATE d.c SET v = REPEAT('y', 60000); DELETE FROM d.c; \
                 SET binlog_format = STATEMENT; INSERT INTO d.c VALUES (2, 'a rather long text to be compressed')",
            )
            .await;
        let events = reading.catch_up(&server).await;
        use Action::{Create, Delete, Schema, Statement, Update};
        assert_eq!(actions(&events), [Schema, Schema, Create, Update, Delete, Statement]);
        assert!(events[2].actor.claimed.is_some());
        let text = column(events[3].after.as_ref(), "v").and_then(Value::as_text).expect("a text");
        assert_eq!(text, "y".repeat(60_000));
        let log = server.mysqlbinlog(&[&server.data_dir().join("binlog.000001").display().to_string()]).await;
        assert!(log.contains("Write_compressed_rows") && log.contains("Query_compressed"), "{log}");
    }
}

#[tokio::test]
async fn compressed_columns_are_refused_by_preflight_and_never_silent() {
    for product in Product::MARIADB {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        server
            .query("CREATE DATABASE d; CREATE TABLE d.c (id INT PRIMARY KEY, v VARCHAR(9) COMPRESSED, w TEXT COMPRESSED)")
            .await;
        let findings = preflight(&config(&server, "d.*")).await;
        let fatal: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Fatal).collect();
        assert_eq!(fatal.len(), 1, "{findings:?}");
        assert!(
            fatal[0].what.contains("d.c.v, d.c.w") && fatal[0].what.contains("exclude"),
            "{}",
            fatal[0].what
        );
        let excluding = Config { exclude: vec!["d.c".to_owned()], ..config(&server, "d.*") };
        assert!(preflight(&excluding).await.iter().all(|finding| finding.severity < Severity::Fatal));
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server.query("INSERT INTO d.c VALUES (1, 'a', 'b'); CREATE TABLE d.u (id INT PRIMARY KEY)").await;
        let events = reading.catch_up(&server).await;
        assert_eq!(actions(&events), [Action::Undecoded, Action::Schema]);
        assert_eq!(events[0].resource.id, "mysql:orders-db/d/c");
    }
}

#[tokio::test]
async fn rows_of_system_versioned_tables_are_one_resource_each() {
    for options in [
        MysqlOptions::recommended_of(Product::Mariadb10),
        MysqlOptions::of(Product::Mariadb10).with("--binlog-format=ROW"),
        MysqlOptions::recommended_of(Product::Mariadb11),
        MysqlOptions::of(Product::Mariadb11).with("--binlog-format=ROW"),
    ] {
        let server = MysqlServer::start(options).await;
        server
            .query(
                "CREATE DATABASE d; CREATE TABLE d.hidden (id INT PRIMARY KEY, v INT) WITH SYSTEM VERSIONING; \
                 CREATE TABLE d.named (id INT PRIMARY KEY, v INT, since TIMESTAMP(6) GENERATED ALWAYS AS ROW START, \
                 until TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, until)) \
                 WITH SYSTEM VERSIONING",
            )
            .await;
        for table in ["hidden", "named"] {
            let mut reading = Reading::latest(config(&server, "d.*")).await;
            server
                .query(&format!(
                    "INSERT INTO d.{table} (id, v) VALUES (1, 1); UPDATE d.{table} SET v = 2; DELETE FROM d.{table}; \
                     DELETE HISTORY FROM d.{table}"
                ))
                .await;
            let events = reading.catch_up(&server).await;
            use Action::{Create, Delete, Statement, Update};
            assert_eq!(actions(&events), [Create, Update, Delete, Statement, Statement], "{table}");
            for event in &events[..3] {
                assert_eq!(event.resource.id, format!("mysql:orders-db/d/{table}/1"));
                assert!(!event.has_flag("schema_unverified"), "{:?}", event.flags);
            }
            assert_eq!(column(events[2].before.as_ref(), "v"), Some(&Value::Int(2)));
            assert_eq!(events[3].resource.id, format!("mysql:orders-db/d/{table}"));
        }
    }
}

#[tokio::test]
async fn sequences_and_json_are_what_the_server_stores() {
    for product in Product::MARIADB {
        let server = MysqlServer::start(MysqlOptions::of(product).with("--binlog-format=ROW")).await;
        server.query("CREATE DATABASE d; CREATE TABLE d.j (id INT PRIMARY KEY, doc JSON)").await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server
            .query(
                r#"CREATE SEQUENCE d.q START WITH 5; SELECT NEXTVAL(d.q); INSERT INTO d.j VALUES (1, '{"a":  1}')"#,
            )
            .await;
        let events = reading.catch_up(&server).await;
        assert_eq!(actions(&events), [Action::Schema, Action::Create, Action::Create]);
        let sequence = events[1].after.as_ref();
        assert_eq!(column(sequence, "start_value"), Some(&Value::Int(5)), "{sequence:?}");
        assert!(events[1].has_flag("no_key"), "{:?}", events[1].flags);
        assert_eq!(column(events[2].after.as_ref(), "doc").and_then(Value::as_text), Some(r#"{"a":  1}"#));
    }
}
