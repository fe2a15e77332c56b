//! Changes of rows by statement: an event of each captured table that the statement writes to.

use conftrail_binlog::Config;
use conftrail_core::{Action, Event, Value};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};
use mysql_async::prelude::Queryable;

use crate::reading::{Reading, actions, config};
use crate::statements::{detail, session};

fn tables(events: &[std::sync::Arc<Event>]) -> Vec<&str> {
    events.iter().map(|event| event.resource.id.rsplit('/').next().expect("a name")).collect()
}

async fn server(product: Product) -> MysqlServer {
    let options = MysqlOptions::recommended_of(product).with("--secure-file-priv=");
    let server = MysqlServer::start(options).await;
    server
        .query(
            "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT, password VARCHAR(40)); \
             CREATE TABLE d.m LIKE d.t; CREATE TABLE d.x LIKE d.t; INSERT INTO d.t (id) VALUES (1), (2), (3); \
             INSERT INTO d.m SELECT * FROM d.t",
        )
        .await;
    server
}

#[tokio::test]
async fn of_several_tables_each_that_is_written_is_told_by_its_own_name() {
    for product in Product::ALL {
        let server = server(product).await;
        let mut reading = Reading::latest(excluding(&server)).await;
        let statements = [
            ("UPDATE t, m SET t.v = 4, m.v = 4 WHERE t.id = m.id", &["t", "m"][..]),
            ("UPDATE x, m SET m.v = 5 WHERE x.id = 9 OR m.id = 1", &["m"]),
            ("UPDATE t AS a JOIN m AS b ON a.id = b.id SET b.v = 6", &["m"]),
            ("UPDATE t JOIN x SET t.v = 7, x.v = 7", &["t"]),
            ("DELETE a FROM t AS a JOIN m ON a.id = m.id WHERE a.id = 1", &["t"]),
            ("DELETE FROM a USING m AS a JOIN t ON a.id = t.id WHERE t.id = 2", &["m"]),
            ("REPLACE INTO `d` . `t` (id, v) VALUES (9, 9)", &["t"]),
            ("INSERT IGNORE INTO x SELECT * FROM t", &[]),
            (
                "INSERT INTO t (id, v) VALUES (10, RAND() * 10), (11, @a) ON DUPLICATE KEY UPDATE v = 1",
                &["t"],
            ),
            ("INSERT INTO t (id, password) VALUES (12, 'hunter2')", &["t"]),
            ("DELETE FROM t WHERE password = 'hunter2' /*user='alice'*/", &["t"]),
        ];
        for (sql, _) in statements {
            server.query(&format!("SET SESSION binlog_format = STATEMENT; USE d; {sql}")).await;
        }
        let events = reading.catch_up(&server).await;
        assert!(events.iter().all(|event| event.action == Action::Statement));
        let mut written = tables(&events).into_iter();
        for (sql, expected) in statements {
            let found: Vec<&str> = written.by_ref().take(expected.len()).collect();
            assert_eq!(found, expected, "{product:?}: {sql}");
        }
        assert_eq!(written.next(), None, "{product:?}");
        let printed = serde_json::to_string(&events).expect("json");
        assert!(!printed.contains("hunter2"), "{printed}");
        let last = events.last().expect("the deletion");
        assert!(last.actor.claimed.as_ref().is_some_and(|claimed| claimed.name.as_deref() == Some("alice")));
        // Two events of one statement are one statement of the transaction.
        let places = [&events[0], &events[1]].map(|event| event.tx.clone().expect("a transaction"));
        assert_eq!((places[0].seq, places[1].seq, places[0].statement), (0, 1, places[1].statement));
        assert_eq!(places[0].id, places[1].id);
        assert_ne!(events[0].id, events[1].id);
    }
}

fn excluding(server: &MysqlServer) -> Config {
    Config { exclude: vec!["d.x".to_owned()], ..config(server, "d.*") }
}

#[tokio::test]
async fn a_table_made_of_a_query_by_statement_is_a_definition_and_rows_nobody_logged() {
    for product in Product::ALL {
        let server = server(product).await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server.query("SET SESSION binlog_format = STATEMENT; CREATE TABLE d.copy AS SELECT * FROM d.t").await;
        let events = reading.catch_up(&server).await;
        assert_eq!(actions(&events), [Action::Schema, Action::Statement], "{product:?}");
        assert_eq!(tables(&events), ["copy", "copy"]);
    }
}

#[tokio::test]
async fn what_load_data_loads_by_statement_is_told_and_never_shown() {
    for product in Product::ALL {
        let server = server(product).await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        let file = server.data_dir().join("load.txt");
        std::fs::write(&file, "20\t1\thunter2\n21\t2\thunter2\n").expect("a file");
        server
            .query(&format!(
                "SET SESSION binlog_format = STATEMENT; USE d; LOAD DATA INFILE '{file}' INTO TABLE t; UPDATE t SET v = 0",
                file = file.display()
            ))
            .await;
        let events = reading.catch_up(&server).await;
        assert_eq!(actions(&events), [Action::Statement; 2], "{product:?}");
        assert_eq!(tables(&events), ["t", "t"]);
        assert!(detail(&events[0], "text").is_some_and(|text| text.starts_with("LOAD DATA")));
        assert!(!serde_json::to_string(&events).expect("json").contains("hunter2"));
    }
}

#[tokio::test]
async fn a_statement_that_does_not_say_what_it_writes_is_told_of_the_database() {
    for product in Product::ALL {
        let server = server(product).await;
        let mut root = session(&server).await;
        for sql in [
            "SET GLOBAL log_bin_trust_function_creators = 1",
            "CREATE FUNCTION d.f() RETURNS INT DETERMINISTIC BEGIN UPDATE d.t SET v = v + 1; RETURN 1; END",
            "SET SESSION binlog_format = STATEMENT",
        ] {
            root.query_drop(sql).await.expect("the server takes it");
        }
        let mut here = Reading::latest(config(&server, "d.t")).await;
        let mut elsewhere = Reading::latest(config(&server, "hr.*")).await;
        root.query_drop("USE d").await.expect("a database");
        root.query_drop("SELECT f()").await.expect("a function");
        let events = here.catch_up(&server).await;
        assert_eq!(actions(&events), [Action::Statement], "{product:?}");
        assert_eq!(events[0].resource.id, "mysql:orders-db/d");
        assert!(detail(&events[0], "text").is_some_and(|text| text.contains('f')));
        assert!(elsewhere.catch_up(&server).await.is_empty());
    }
}

#[tokio::test]
async fn of_a_very_long_statement_the_beginning_is_kept_and_its_length() {
    for product in Product::ALL {
        let server = server(product).await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        let mut root = session(&server).await;
        root.query_drop("SET SESSION binlog_format = STATEMENT").await.expect("a format");
        let rows: Vec<String> = (100..20_100).map(|id| format!("({id}, 1, 'hunter2')")).collect();
        let statement = format!("INSERT INTO d.t VALUES {}", rows.join(", "));
        root.query_drop(&statement).await.expect("the rows");
        let event = reading.events_until(1).await.remove(0);
        let text = detail(&event, "text").expect("a statement");
        assert!(
            text.starts_with("INSERT INTO d.t VALUES (100, 1, 'hmac-sha256:") && !text.contains("hunter")
        );
        assert!(text.len() < 300_000, "{}", text.len());
        let bytes = event.detail.as_ref().and_then(|detail| detail.get("bytes"));
        assert_eq!(bytes, Some(&Value::from(statement.len() as u64)), "{product:?}");
    }
}
