//! A server with many tables.

use conftrail_binlog::preflight::{Severity, discover, preflight};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};

use crate::reading::{Reading, config};

/// So many that MariaDB takes longer than we wait to answer one question that names none of them and asks for the columns of each.
const TABLES: usize = 600;

#[tokio::test]
async fn a_server_with_many_tables_is_asked_for_those_that_are_read_a_page_at_a_time() {
    for product in [Product::Mariadb11, Product::Mysql] {
        let server = MysqlServer::start(MysqlOptions::of(product).with("--binlog-format=ROW")).await;
        let create = |number| {
            format!("CREATE TABLE many.t{number:04} (id INT PRIMARY KEY, a INT, b INT) ENGINE=MyISAM;")
        };
        let all: String = (0..TABLES).map(create).collect();
        server
            .query(&format!("CREATE DATABASE many; {all} CREATE VIEW many.v AS SELECT * FROM many.t0001"))
            .await;

        let mut reading = Reading::latest(config(&server, "many.t05*")).await;
        let known = reading.checkpoint.state.keys().filter(|key| key.starts_with("table:many.t05")).count();
        assert_eq!(known, 100, "{product:?}: {:?}", reading.checkpoint.state.keys());
        server.query("INSERT INTO many.t0599 VALUES (1, 2, 3)").await;
        let event = reading.events_until(1).await.remove(0);
        assert_eq!(serde_json::to_string(&event.after).expect("json"), r#"{"id":1,"a":2,"b":3}"#);

        let findings = preflight(&config(&server, "many.*")).await;
        let said = format!("{TABLES} of {} tables and views match", TABLES + 1);
        assert!(findings.iter().any(|one| one.what.starts_with(&said)), "{findings:?}");
        assert!(findings.iter().all(|one| one.severity != Severity::Fatal || one.place != "include"));
        let found = discover(&config(&server, "many.*")).await.expect("it is discovered");
        assert_eq!(found.tables.len(), TABLES);
    }
}
