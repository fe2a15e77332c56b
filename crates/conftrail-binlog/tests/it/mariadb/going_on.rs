//! Where a reading of MariaDB starts and goes on: by domain, behind a purge, on another server.

use conftrail_binlog::Config;
use conftrail_binlog::source::Start;
use conftrail_core::Action;
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};
use conftrail_testkit::wait::until;

use super::with_table;
use crate::reading::{DEADLINE, Reading, actions, config, ids};
use crate::statements::detail;

#[tokio::test]
async fn a_purged_binlog_is_a_gap_with_the_missing_numbers_of_each_domain() {
    for product in Product::MARIADB {
        let server = with_table(MysqlOptions::recommended_of(product)).await;
        server.query("SET gtid_domain_id = 7; INSERT INTO d.t VALUES (0, 0)").await;
        let reading = Reading::latest(config(&server, "d.*")).await;
        let checkpoint = reading.checkpoint.clone();
        drop(reading);
        let position = async || server.query("SELECT @@gtid_binlog_pos").await.concat().concat();
        let before = position().await;
        server
            .query(
                "INSERT INTO d.t VALUES (1, 1); INSERT INTO d.t VALUES (2, 2); SET gtid_domain_id = 7; \
                 INSERT INTO d.t VALUES (3, 3); FLUSH BINARY LOGS",
            )
            .await;
        let purged = position().await;
        server.query("INSERT INTO d.t VALUES (4, 4)").await;
        let last = server.query("SHOW BINARY LOGS").await.last().expect("a binlog")[0].clone();
        // The file stays for as long as somebody reads from it, and until it is not needed to recover.
        until(DEADLINE, "the purge", async || {
            server.query(&format!("PURGE BINARY LOGS TO '{last}'")).await;
            (server.query("SHOW BINARY LOGS").await.len() == 1).then_some(())
        })
        .await;
        let mut reading =
            Reading::open(config(&server, "d.*"), Some(checkpoint.clone())).await.expect("it opens");
        let events = reading.events_until(2).await;
        assert_eq!(actions(&events), [Action::Gap, Action::Create]);
        assert_eq!(detail(&events[0], "missing"), Some("0:3-4,7:2-2"));
        assert_eq!(
            (detail(&events[0], "from"), detail(&events[0], "to")),
            (Some(before.as_str()), Some(purged.as_str()))
        );
        // Opened again where it was, it is the same gap; opened behind it there is none.
        let mut again = Reading::open(config(&server, "d.*"), Some(checkpoint)).await.expect("it opens");
        assert_eq!(ids(&again.events_until(2).await), ids(&events));
        let behind = Some(reading.checkpoint.clone());
        let mut behind = Reading::open(config(&server, "d.*"), behind).await.expect("it opens");
        assert!(behind.catch_up(&server).await.is_empty());
    }
}

#[tokio::test]
async fn a_reset_binlog_is_a_gap_and_another_server_is_told() {
    let server = with_table(MysqlOptions::recommended_of(Product::Mariadb10)).await;
    let reading = Reading::latest(config(&server, "d.*")).await;
    let checkpoint = reading.checkpoint.clone();
    drop(reading);
    until(DEADLINE, "the reset", async || {
        server.try_query("RESET MASTER; INSERT INTO d.t VALUES (2, 2)").await.ok()
    })
    .await;
    let mut reading =
        Reading::open(config(&server, "d.*"), Some(checkpoint.clone())).await.expect("it opens");
    assert_eq!(actions(&reading.events_until(2).await), [Action::Gap, Action::Create]);

    // Another server, with our transactions and one more.
    let options = MysqlOptions::recommended_of(Product::Mariadb11).with("--server-id=2");
    let other = MysqlServer::start(options).await;
    other
        .query(
            "SET server_id = 1; SET gtid_seq_no = 1; CREATE DATABASE d; SET gtid_seq_no = 2; \
             CREATE TABLE d.t (id INT PRIMARY KEY, v INT); SET server_id = 2; INSERT INTO d.t VALUES (9, 9)",
        )
        .await;
    let mut reading = Reading::open(config(&other, "d.*"), Some(checkpoint)).await.expect("it opens");
    let events = reading.catch_up(&other).await;
    assert_eq!(actions(&events), [Action::SourceChanged, Action::Create]);
    assert_eq!(events[1].tx.as_ref().map(|tx| tx.id.as_str()), Some("0-2-3"));
}

#[tokio::test]
async fn a_first_reading_starts_where_it_is_told() {
    for product in Product::MARIADB {
        let server = with_table(MysqlOptions::recommended_of(product)).await;
        server.query("INSERT INTO d.t VALUES (1, 1)").await;
        let position = server.query("SELECT @@gtid_binlog_pos").await.concat().concat();
        let end = server.query("SHOW MASTER STATUS").await.remove(0);
        // Its binlog knows whole seconds.
        let later = "DO SLEEP(1.1); SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%dT%H:%i:%sZ')";
        let time = server.query(later).await;
        server.query("FLUSH BINARY LOGS; INSERT INTO d.t VALUES (2, 2)").await;
        let start = |text: String| text.parse::<Start>().expect("a start");
        for (start, expected) in [
            (Start::Earliest, 4),
            (start(format!("gtid:{position}")), 1),
            (start("gtid:".to_owned()), 4),
            (start(format!("file:{}:{}", end[0], end[1])), 1),
            (start(format!("timestamp:{}", time[0][0])), 1),
            (Start::Latest, 0),
        ] {
            let wanted = Config { start: start.clone(), ..config(&server, "d.*") };
            let mut reading = Reading::latest(wanted).await;
            assert_eq!(reading.catch_up(&server).await.len(), expected, "{product:?} {start}");
        }
        for wrong in ["gtid:c9f06a51-0000-0000-0000-000000000000:1", "file:binlog.000009:4"] {
            let wanted = Config { start: start(wrong.to_owned()), ..config(&server, "d.*") };
            let error = Reading::open(wanted, None).await.err().expect("it is refused");
            assert!(!error.is_retryable(), "{error}");
        }
    }
}
