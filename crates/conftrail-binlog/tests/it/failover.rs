//! Another server answers, or the same one with another log: what is lost is told, and nothing is passed over.

use conftrail_binlog::Config;
use conftrail_core::{Action, Checkpoint};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};
use conftrail_testkit::wait::until;

use crate::reading::{DEADLINE, Reading, actions, config, ids};
use crate::statements::detail;

/// A server of its own with `d.t`, and the position behind three transactions: database, table, and one row.
async fn read_so_far(options: MysqlOptions) -> (MysqlServer, Checkpoint, Vec<String>) {
    let server = MysqlServer::start(options).await;
    let mut reading = Reading::earliest(config(&server, "d.*")).await;
    server
        .query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1)")
        .await;
    reading.catch_up(&server).await;
    let checkpoint = reading.checkpoint.clone();
    (server, checkpoint, ids(&reading.events()))
}

/// Empties the log, which takes a moment while the dump connection of before is still ending.
async fn reset(server: &MysqlServer, then: &str) {
    let words = if server.product() == Product::Mysql { "BINARY LOGS AND GTIDS" } else { "MASTER" };
    until(DEADLINE, "the reset", async || server.try_query(&format!("RESET {words}; {then}")).await.ok())
        .await;
}

fn replication(product: Product, to: &str) -> &'static str {
    match (product == Product::Mysql, to) {
        (true, "start") => {
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=1, SOURCE_USER='root', \
             SOURCE_AUTO_POSITION=1; START REPLICA"
        }
        (true, _) => "STOP REPLICA; RESET REPLICA ALL",
        (false, "start") => {
            "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=1, MASTER_USER='root', \
             MASTER_USE_GTID=slave_pos; START SLAVE"
        }
        (false, _) => "STOP SLAVE; RESET SLAVE ALL",
    }
}

#[tokio::test]
async fn transactions_that_only_the_dead_server_had_are_told_and_reading_goes_on() {
    for product in [Product::Mysql, Product::Mariadb11] {
        let options = MysqlOptions::recommended_of(product);
        let (server, checkpoint, _) = read_so_far(options.clone().with("--server-id=11")).await;
        let other = MysqlServer::start(options.with("--server-id=12")).await;
        let uuid = server.query("SELECT @@server_id").await.concat().concat();
        assert_eq!(uuid, "11");
        // The replica got all but the last transaction, and then a row of its own.
        let lost = if product == Product::Mysql {
            let uuid = server.query("SELECT @@server_uuid").await.concat().concat();
            other
                .query(&format!(
                    "SET gtid_next='{uuid}:1'; CREATE DATABASE d; SET gtid_next='{uuid}:2'; \
                     CREATE TABLE d.t (id INT PRIMARY KEY); SET gtid_next='AUTOMATIC'; INSERT INTO d.t VALUES (2)"
                ))
                .await;
            format!("{uuid}:3")
        } else {
            other
                .query(
                    "SET server_id = 11; SET gtid_seq_no = 1; CREATE DATABASE d; SET gtid_seq_no = 2; \
                     CREATE TABLE d.t (id INT PRIMARY KEY); SET server_id = 12; INSERT INTO d.t VALUES (2)",
                )
                .await;
            "0:3-3".to_owned()
        };

        // As long as it replicates, the rest may still come.
        other.query(replication(product, "start")).await;
        let waits =
            Reading::open(config(&other, "d.*"), Some(checkpoint.clone())).await.err().expect("it waits");
        assert!(waits.is_retryable() && waits.to_string().contains(&lost), "{waits}");
        other.query(replication(product, "end")).await;

        let mut reading =
            Reading::open(config(&other, "d.*"), Some(checkpoint.clone())).await.expect("it opens");
        let events = reading.catch_up(&other).await;
        assert_eq!(actions(&events), [Action::SourceChanged, Action::Create], "{product:?}");
        assert_eq!(detail(&events[0], "lost"), Some(lost.as_str()));
        assert!(detail(&events[0], "cause").is_some_and(|cause| cause.contains("lost")));
        // The same again from the same position; from the new one nothing.
        let mut again = Reading::open(config(&other, "d.*"), Some(checkpoint)).await.expect("it opens");
        assert_eq!(ids(&again.catch_up(&other).await), ids(&events));
        let mut behind =
            Reading::open(config(&other, "d.*"), Some(reading.checkpoint.clone())).await.expect("it opens");
        assert!(behind.catch_up(&other).await.is_empty());
    }
}

async fn check_overtaken(options: MysqlOptions) {
    let what = format!("{options:?}");
    let (server, checkpoint, before) = read_so_far(options).await;
    // The same numbers, the same sizes, and one transaction more than was read: by sets and places alone nothing is missing.
    reset(
        &server,
        "DO SLEEP(1.1); DROP DATABASE d; CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); \
         INSERT INTO d.t VALUES (2); INSERT INTO d.t VALUES (3); INSERT INTO d.t VALUES (4)",
    )
    .await;
    let mut reading =
        Reading::open(config(&server, "d.*"), Some(checkpoint.clone())).await.expect("it opens");
    let events = reading.catch_up(&server).await;
    let expected = [
        Action::Gap,
        Action::Schema,
        Action::Schema,
        Action::Schema,
        Action::Create,
        Action::Create,
        Action::Create,
    ];
    assert_eq!(actions(&events), expected, "{what}");
    assert!(detail(&events[0], "cause").is_some_and(|cause| cause.contains("restored")));
    let found = ids(&events);
    assert!(!before.iter().any(|id| found.contains(id)), "other transactions, other ids");
    let mut again = Reading::open(config(&server, "d.*"), Some(checkpoint)).await.expect("it opens");
    assert_eq!(ids(&again.catch_up(&server).await), found);
    let mut behind =
        Reading::open(config(&server, "d.*"), Some(reading.checkpoint.clone())).await.expect("it opens");
    assert!(behind.catch_up(&server).await.is_empty());
}

#[tokio::test]
async fn a_server_that_was_restored_and_has_overtaken_the_position_is_noticed() {
    for product in Product::ALL {
        check_overtaken(MysqlOptions::recommended_of(product)).await;
    }
    check_overtaken(
        MysqlOptions::recommended().with("--gtid-mode=OFF").with("--enforce-gtid-consistency=OFF"),
    )
    .await;
}

#[tokio::test]
async fn a_start_at_gtids_of_another_server_is_refused() {
    for (product, start, named) in [
        (
            Product::Mysql,
            "gtid:01020304-0506-0708-090a-0b0c0d0e0f10:1-7",
            "01020304-0506-0708-090a-0b0c0d0e0f10:1-7",
        ),
        (Product::Mariadb11, "gtid:0-77-5", "0:1-5"),
    ] {
        let server = MysqlServer::shared_of(product).await;
        let wanted = Config { start: start.parse().expect("a start"), ..config(server, "d.*") };
        let error = Reading::open(wanted, None).await.err().expect("it is refused");
        assert!(!error.is_retryable() && error.to_string().contains(named), "{error}");
    }
}
