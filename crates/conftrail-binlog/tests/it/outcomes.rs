//! What became of changes after they were logged: rollbacks, savepoints, XA in one phase, XA of before.

use conftrail_binlog::Config;
use conftrail_binlog::source::Start;
use conftrail_core::{Action, Timestamp, Value};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};

use crate::reading::{Reading, actions, config};
use crate::statements::detail;

/// GTIDs of MySQL forbid what mixes tables with and without transactions.
fn without_gtids(product: Product) -> MysqlOptions {
    let options = MysqlOptions::recommended_of(product);
    match product {
        Product::Mysql => options.with("--gtid-mode=OFF").with("--enforce-gtid-consistency=OFF"),
        _ => options,
    }
}

async fn server(product: Product) -> MysqlServer {
    let server = MysqlServer::start(without_gtids(product)).await;
    server
        .query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); CREATE TABLE d.m (id INT PRIMARY KEY) ENGINE=MyISAM")
        .await;
    server
}

#[tokio::test]
async fn a_rollback_within_the_log_is_an_outcome_of_what_stands_before_it() {
    for product in Product::ALL {
        let server = server(product).await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server
            .query(
                "SET SESSION binlog_format = STATEMENT; BEGIN; INSERT INTO d.t VALUES (1); INSERT INTO d.m VALUES (1); \
                 ROLLBACK; INSERT INTO d.t VALUES (2)",
            )
            .await;
        let events = reading.catch_up(&server).await;
        use Action::{Outcome, Statement};
        assert_eq!(actions(&events), [Statement, Statement, Outcome, Statement], "{product:?}");
        let taken_back = &events[2];
        assert!(taken_back.has_flag("rolled_back"));
        assert_eq!(detail(taken_back, "result"), Some("rolled_back"));
        assert_eq!(detail(taken_back, "of"), events[0].tx.as_ref().map(|tx| tx.id.as_str()));
        assert_ne!(events[3].tx.as_ref().map(|tx| &tx.id), events[0].tx.as_ref().map(|tx| &tx.id));
    }
}

/// Sessions of MariaDB set the time that their transactions are told with, so one of before the start stands behind others.
#[tokio::test]
async fn an_outcome_of_before_the_start_says_nothing_of_the_change_that_stands_before_it() {
    for product in Product::ALL.into_iter().filter(|product| *product != Product::Mysql) {
        let server = server(product).await;
        server
            .query(
                "INSERT INTO d.t VALUES (1); SET SESSION binlog_format = STATEMENT; SET timestamp = 1500000000; \
                 BEGIN; INSERT INTO d.t VALUES (2); INSERT INTO d.m VALUES (2); ROLLBACK",
            )
            .await;
        let start = Start::Timestamp(Timestamp::from_seconds(1_600_000_000));
        let mut reading = Reading::latest(Config { start, ..config(&server, "d.*") }).await;
        let events = reading.catch_up(&server).await;
        let of_row = events.last().expect("the row is told");
        assert_eq!((of_row.action, of_row.has_flag("rolled_back")), (Action::Create, false), "{product:?}");
    }
}

/// Bytes of the event that ends a transaction, with its checksum.
const END: u64 = 31;

#[tokio::test]
async fn rows_of_a_transaction_that_a_dying_server_did_not_finish_are_told_as_rolled_back() {
    for product in Product::ALL {
        let mut server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        server
            .query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1)")
            .await;
        let file = server.query("SHOW BINARY LOGS").await.pop().expect("a binlog").remove(0);
        server.kill_9().await;
        // As the death of its machine within the last write leaves it.
        let log = server.data_dir().join(file);
        let length = std::fs::metadata(&log).expect("the binlog").len();
        let open = std::fs::OpenOptions::new().write(true).open(&log).expect("the binlog");
        open.set_len(length - END).expect("it is cut");
        server.start_again().await;
        let mut reading = Reading::earliest(config(&server, "d.*")).await;
        let events = reading.catch_up(&server).await;
        use Action::{Create, Outcome, Schema};
        if product == Product::Mysql {
            // It cuts the log itself.
            assert_eq!(actions(&events), [Schema, Schema]);
            continue;
        }
        assert_eq!(actions(&events), [Schema, Schema, Create, Outcome], "{product:?}");
        assert_eq!(detail(&events[3], "result"), Some("rolled_back"));
        assert!(events[3].has_flag("rolled_back"));
        assert_eq!(detail(&events[3], "of"), events[2].tx.as_ref().map(|tx| tx.id.as_str()));
        let mut again =
            Reading::open(config(&server, "d.*"), Some(reading.checkpoint)).await.expect("it opens");
        assert!(again.catch_up(&server).await.is_empty(), "{product:?}");
    }
}

#[tokio::test]
async fn what_a_rollback_to_a_savepoint_took_back_is_told_from_where_on() {
    for product in Product::ALL {
        let server = server(product).await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server
            .query(
                "SET SESSION binlog_format = STATEMENT; BEGIN; INSERT INTO d.t VALUES (1); SAVEPOINT a; \
                 SAVEPOINT S; INSERT INTO d.m VALUES (1); INSERT INTO d.t VALUES (2); ROLLBACK TO s; \
                 INSERT INTO d.t VALUES (3); COMMIT",
            )
            .await;
        let events = reading.catch_up(&server).await;
        use Action::{Outcome, Statement};
        assert_eq!(actions(&events), [Statement, Statement, Statement, Outcome, Statement], "{product:?}");
        let taken_back = &events[3];
        assert!(taken_back.has_flag("rolled_back"));
        assert!(detail(taken_back, "savepoint").is_some_and(|name| name.eq_ignore_ascii_case("s")));
        let from = taken_back.detail.as_ref().and_then(|detail| detail.get("from"));
        assert_eq!(from, Some(&Value::from(1_u64)));
        assert_eq!(events.iter().filter(|event| event.tx == events[0].tx).count(), 1);
        let transactions: Vec<_> = events.iter().filter_map(|event| event.tx.as_ref()).collect();
        assert!(transactions.iter().all(|tx| tx.id == transactions[0].id));
        assert_eq!(transactions.iter().map(|tx| tx.seq).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    }
}

#[tokio::test]
async fn tables_without_transactions_commit_row_by_row_and_keep_what_a_rollback_cannot_take_back() {
    for product in Product::ALL {
        let server = server(product).await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server
            .query(
                "INSERT INTO d.m VALUES (1); BEGIN; INSERT INTO d.t VALUES (1); INSERT INTO d.m VALUES (2); ROLLBACK; \
                 INSERT INTO d.m VALUES (3); BEGIN; INSERT INTO d.t VALUES (4); SAVEPOINT s; INSERT INTO d.t VALUES (5); \
                 ROLLBACK TO s; INSERT INTO d.t VALUES (6); COMMIT",
            )
            .await;
        let events = reading.catch_up(&server).await;
        let seen: Vec<&str> =
            events.iter().map(|event| event.resource.id.trim_start_matches("mysql:orders-db/d/")).collect();
        assert_eq!(seen, ["m/1", "m/2", "m/3", "t/4", "t/6"], "{product:?}");
        // What the server holds is what was told.
        let held =
            server.query("SELECT CONCAT('m/', id) FROM d.m UNION ALL SELECT CONCAT('t/', id) FROM d.t").await;
        assert_eq!(held.concat(), seen);
    }
}

#[tokio::test]
async fn an_xa_transaction_in_one_phase_is_decided_at_once() {
    for product in Product::ALL {
        let server = server(product).await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server
            .query("XA START 'a', 'b', 7; INSERT INTO d.t VALUES (1); XA END 'a', 'b', 7; XA COMMIT 'a', 'b', 7 ONE PHASE")
            .await;
        let events = reading.catch_up(&server).await;
        if product == Product::Mysql {
            assert_eq!(actions(&events), [Action::Create, Action::Outcome]);
            assert!(events[0].has_flag("xa_prepared"));
            assert_eq!(detail(&events[1], "result"), Some("committed"));
            assert_eq!(detail(&events[1], "xid"), Some("X'61',X'62',7"));
            assert_eq!(detail(&events[1], "of"), events[0].tx.as_ref().map(|tx| tx.id.as_str()));
        } else {
            // To MariaDB it is a transaction as any other.
            assert_eq!(actions(&events), [Action::Create]);
            assert!(!events[0].has_flag("xa_prepared"));
        }
        assert!(!reading.checkpoint.state.keys().any(|key| key.starts_with("xa:")));
    }
}

#[tokio::test]
async fn the_outcome_of_an_xa_transaction_is_told_unless_none_of_its_rows_is_captured() {
    for product in Product::ALL {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        server
            .query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); CREATE TABLE d.x LIKE d.t")
            .await;
        let prepare = |xid: &str, table: &str, id: u8| {
            let insert = format!("INSERT INTO d.{table} VALUES ({id})");
            format!("XA START '{xid}'; {insert}; XA END '{xid}'; XA PREPARE '{xid}'")
        };
        server.query(&prepare("before", "t", 1)).await;
        let captured = Config { exclude: vec!["d.x".to_owned()], ..config(&server, "d.*") };
        let mut reading = Reading::latest(captured.clone()).await;
        server.query(&prepare("other", "x", 1)).await;
        server
            .query(&format!("SET SESSION binlog_format = STATEMENT; {}", prepare("by statement", "t", 2)))
            .await;
        let events = reading.catch_up(&server).await;
        assert_eq!(actions(&events), [Action::Statement], "{product:?}");
        assert!(events[0].has_flag("xa_prepared"));
        let mut reading = Reading::open(captured, Some(reading.checkpoint)).await.expect("it opens");
        server.query("XA COMMIT 'other'; XA ROLLBACK 'by statement'; XA COMMIT 'before'").await;
        let outcomes = reading.catch_up(&server).await;
        assert_eq!(actions(&outcomes), [Action::Outcome; 2], "{product:?}");
        assert_eq!(detail(&outcomes[0], "of"), events[0].tx.as_ref().map(|tx| tx.id.as_str()));
        assert_eq!(detail(&outcomes[0], "result"), Some("rolled_back"));
        assert_eq!(detail(&outcomes[1], "xid"), Some("X'6265666f7265',X'',1"));
        let of = outcomes[1].detail.as_ref().and_then(|detail| detail.get("of"));
        assert_eq!((detail(&outcomes[1], "result"), of), (Some("committed"), None::<&Value>));
    }
}

#[tokio::test]
async fn a_secret_in_the_name_of_an_xa_transaction_or_of_a_savepoint_is_masked_in_events_and_checkpoint() {
    const SECRET: &str = "x8Kq2mPz91Lw";
    let digits: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
    let server = server(Product::Mysql).await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    let xid = format!("'password={SECRET}'");
    server
        .query(&format!("XA START {xid}; INSERT INTO d.t VALUES (1); XA END {xid}; XA PREPARE {xid}"))
        .await;
    let prepared = reading.catch_up(&server).await;
    let is_open = |key: &String| key.starts_with("xa:'password=hmac-sha256:");
    assert!(reading.checkpoint.state.keys().any(is_open), "{:?}", reading.checkpoint.state.keys());
    server.query(&format!("XA COMMIT {xid}")).await;
    let outcome = reading.catch_up(&server).await;
    let told = outcome.last().expect("the outcome is told");
    assert_eq!(detail(told, "of"), prepared[0].tx.as_ref().map(|tx| tx.id.as_str()));
    let savepoint = format!("`password={SECRET}`");
    server
        .query(&format!(
            "SET SESSION binlog_format = STATEMENT; BEGIN; INSERT INTO d.t VALUES (2); SAVEPOINT {savepoint}; \
             INSERT INTO d.m VALUES (1); INSERT INTO d.t VALUES (3); ROLLBACK TO {savepoint}; COMMIT"
        ))
        .await;
    let back = reading.catch_up(&server).await;
    let told = back.iter().find_map(|event| detail(event, "savepoint")).expect("the rollback is told");
    assert!(told.starts_with("password=hmac-sha256:"), "{told}");
    for event in [prepared, outcome, back].iter().flatten() {
        let printed = serde_json::to_string(event).unwrap();
        assert!(!printed.contains(SECRET) && !printed.contains(&digits), "{printed}");
    }
    assert!(!reading.checkpoint.state.keys().any(|key| key.starts_with("xa:")));
}
