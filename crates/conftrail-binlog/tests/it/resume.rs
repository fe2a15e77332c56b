//! Going on: after a stop, a killed connection, a purge, a restart; by GTID and by file.

use std::collections::BTreeSet;

use conftrail_binlog::source::Start;
use conftrail_core::{Action, Checkpoint, Value};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};
use conftrail_testkit::wait::until;

use crate::reading::{DEADLINE, Reading, actions, config, ids};

/// A round that ends with a transaction of another table.
const ELSEWHERE: (&str, usize) = ("INSERT INTO d.other VALUES (3)", 0);

/// Opened at the position after every batch, the rest of the events follows: none is lost, none has another id.
/// `last` is what each round ends with, with so many changes of `d.t`.
async fn check_every_position(server: &MysqlServer, (last, changes): (&str, usize)) {
    server
        .query(
            "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT); CREATE TABLE d.other (id INT)",
        )
        .await;
    let wanted = config(server, "d.t");
    let mut reading = Reading::latest(wanted.clone()).await;
    for round in 0..4 {
        server
            .query(&format!(
                "BEGIN; INSERT INTO d.t VALUES ({round}, 1), (1{round}, 2); INSERT INTO d.other VALUES (1), (2); \
                 UPDATE d.t SET v = v + 1; COMMIT; {last}"
            ))
            .await;
        reading.catch_up(server).await;
    }
    let all = reading.events();
    assert_eq!(ids(&all).iter().collect::<BTreeSet<_>>().len(), all.len(), "an id came twice");
    assert_eq!(all.len(), (0..4).map(|round| 2 + 2 * (round + 1) + changes).sum::<usize>());

    let mut checkpoint = Checkpoint::default();
    let mut seen = 0;
    for batch in &reading.batches {
        checkpoint.advance(batch.position.clone(), batch.state.clone());
        seen += batch.events.len();
        let mut again = Reading::open(wanted.clone(), Some(checkpoint.clone())).await.expect("it opens");
        let rest = again.catch_up(server).await;
        assert_eq!(ids(&rest), ids(&all[seen..]), "from {:?}", batch.position);
    }

    // A filter that lets more through moves no id.
    let mut wider = Reading::earliest(config(server, "d.*")).await;
    let wider = ids(&wider.catch_up(server).await);
    assert!(ids(&all).iter().all(|id| wider.contains(id)));
}

#[tokio::test]
async fn by_gtid_nothing_is_lost_and_no_id_changes() {
    for product in Product::ALL {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        check_every_position(&server, ELSEWHERE).await;
    }
}

#[tokio::test]
async fn by_file_nothing_is_lost_and_no_id_changes() {
    let options = MysqlOptions::recommended().with("--gtid-mode=OFF").with("--enforce-gtid-consistency=OFF");
    check_every_position(&MysqlServer::start(options).await, ELSEWHERE).await;
}

/// A set of GTIDs stands still then while the log goes on.
#[tokio::test]
async fn where_some_transactions_have_gtids_and_others_none_nothing_is_lost_and_no_id_changes() {
    let options = MysqlOptions::recommended().with("--gtid-mode=ON_PERMISSIVE");
    let nameless =
        "SET gtid_next = 'ANONYMOUS'; INSERT INTO d.t VALUES (100, 0); DELETE FROM d.t WHERE id = 100";
    check_every_position(&MysqlServer::start(options).await, (nameless, 2)).await;
}

#[tokio::test]
async fn a_purged_binlog_is_a_gap_with_exactly_what_is_missing_and_reading_goes_on() {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)").await;
    let reading = Reading::latest(config(&server, "d.*")).await;
    let checkpoint = reading.checkpoint.clone();
    drop(reading);
    let before = server.query("SELECT @@gtid_executed").await.concat().concat();
    server.query("INSERT INTO d.t VALUES (1), (2); INSERT INTO d.t VALUES (3); FLUSH BINARY LOGS").await;
    let purged = server.query("SELECT @@gtid_executed").await.concat().concat();
    server.query("INSERT INTO d.t VALUES (4)").await;
    let last = server.query("SHOW BINARY LOGS").await.last().expect("a binlog")[0].clone();
    // The file stays for as long as somebody reads from it.
    until(DEADLINE, "the purge", async || {
        server.query(&format!("PURGE BINARY LOGS TO '{last}'")).await;
        (server.query("SHOW BINARY LOGS").await.len() == 1).then_some(())
    })
    .await;
    let missing =
        server.query(&format!("SELECT GTID_SUBTRACT('{purged}', '{before}')")).await.concat().concat();

    let mut reading =
        Reading::open(config(&server, "d.*"), Some(checkpoint.clone())).await.expect("it opens");
    let events = reading.events_until(2).await;
    assert_eq!((events[0].action, events[1].action), (Action::Gap, Action::Create));
    let detail = events[0].detail.as_ref().expect("a detail");
    let text = |key: &str| detail.get(key).and_then(Value::as_text).map(str::to_owned);
    assert_eq!(text("missing"), Some(missing));
    assert_eq!((text("from"), text("to")), (Some(before), Some(purged)));
    // Opened again where it was, it is the same gap; opened behind it there is none.
    let mut again = Reading::open(config(&server, "d.*"), Some(checkpoint)).await.expect("it opens");
    assert_eq!(ids(&again.events_until(2).await), ids(&events));
    let mut behind =
        Reading::open(config(&server, "d.*"), Some(reading.checkpoint.clone())).await.expect("it opens");
    assert!(behind.catch_up(&server).await.is_empty());
}

#[tokio::test]
async fn by_file_a_purged_binlog_is_a_gap_too() {
    let options = MysqlOptions::recommended().with("--gtid-mode=OFF").with("--enforce-gtid-consistency=OFF");
    let server = MysqlServer::start(options).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)").await;
    let reading = Reading::latest(config(&server, "d.*")).await;
    let checkpoint = reading.checkpoint.clone();
    drop(reading);
    server.query("INSERT INTO d.t VALUES (1); FLUSH BINARY LOGS; INSERT INTO d.t VALUES (2)").await;
    let last = server.query("SHOW BINARY LOGS").await.last().expect("a binlog")[0].clone();
    until(DEADLINE, "the purge", async || {
        server.query(&format!("PURGE BINARY LOGS TO '{last}'")).await;
        (server.query("SHOW BINARY LOGS").await.len() == 1).then_some(())
    })
    .await;
    let mut reading = Reading::open(config(&server, "d.*"), Some(checkpoint)).await.expect("it opens");
    let events = reading.events_until(2).await;
    assert_eq!((events[0].action, events[1].action), (Action::Gap, Action::Create));
    let to = events[0].detail.as_ref().and_then(|detail| detail.get("to")).and_then(Value::as_text);
    assert_eq!(to, Some(format!("{last}:4").as_str()));
}

#[tokio::test]
async fn a_reset_binlog_is_a_gap_and_another_server_is_told() {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server
        .query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1)")
        .await;
    let reading = Reading::latest(config(&server, "d.*")).await;
    let checkpoint = reading.checkpoint.clone();
    drop(reading);
    until(DEADLINE, "the reset", async || {
        server.try_query("RESET BINARY LOGS AND GTIDS; INSERT INTO d.t VALUES (2)").await.ok()
    })
    .await;
    let mut reading =
        Reading::open(config(&server, "d.*"), Some(checkpoint.clone())).await.expect("it opens");
    let events = reading.events_until(2).await;
    assert_eq!((events[0].action, events[1].action), (Action::Gap, Action::Create));

    let other = MysqlServer::start(MysqlOptions::recommended()).await;
    let uuids = server.query("SELECT @@gtid_executed").await.concat().concat();
    until(DEADLINE, "the other server to have it all", async || {
        other
            .try_query(&format!("RESET BINARY LOGS AND GTIDS; SET GLOBAL gtid_purged = '{uuids}:1-1000'"))
            .await
            .ok()
    })
    .await;
    other.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (9)").await;
    let mut reading = Reading::open(config(&other, "d.*"), Some(checkpoint)).await.expect("it opens");
    let events = reading.catch_up(&other).await;
    let actions: Vec<Action> = events.iter().map(|event| event.action).collect();
    assert_eq!(actions, [Action::SourceChanged, Action::Gap, Action::Schema, Action::Schema, Action::Create]);
}

#[tokio::test]
async fn a_killed_connection_is_worth_another_try_and_loses_nothing() {
    for product in Product::ALL {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)").await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server.query("INSERT INTO d.t VALUES (1)").await;
        reading.events_until(1).await;
        let dumps = server
            .query("SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'")
            .await;
        server.query(&format!("INSERT INTO d.t VALUES (2); KILL {}", dumps[0][0])).await;
        let error = reading.failure().await;
        assert!(error.is_retryable(), "{}", conftrail_core::explain(&error));
        let mut seen = ids(&reading.events());
        let mut again =
            Reading::open(config(&server, "d.*"), Some(reading.checkpoint.clone())).await.expect("it opens");
        seen.extend(ids(&again.catch_up(&server).await));
        assert_eq!(seen.len(), 2);
    }
}

#[tokio::test]
async fn a_frozen_server_is_noticed_by_its_silence_whatever_it_was_asked() {
    let mut server = MysqlServer::start(MysqlOptions::recommended()).await;
    let mut said = Vec::new();
    // Once in a while the reader itself is waiting for an answer when the server freezes: then that is what fails.
    while !said.iter().any(|said: &String| said.contains("has been silent for 3 s")) && said.len() < 3 {
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server.sigstop();
        let error = reading.failure().await;
        server.sigcont();
        assert!(error.is_retryable());
        said.push(conftrail_core::explain(&error));
    }
    assert!(said.iter().any(|said| said.contains("has been silent for 3 s")), "{said:?}");
}

#[tokio::test]
async fn a_restarted_server_is_read_on() {
    for product in Product::ALL {
        let mut server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)").await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server.kill_9().await;
        assert!(reading.failure().await.is_retryable());
        let refused = Reading::open(config(&server, "d.*"), Some(reading.checkpoint.clone())).await.err();
        assert!(refused.expect("nobody is there").is_retryable());
        server.start_again().await;
        server.query("INSERT INTO d.t VALUES (1)").await;
        let mut again =
            Reading::open(config(&server, "d.*"), Some(reading.checkpoint.clone())).await.expect("it opens");
        assert_eq!(again.events_until(1).await.len(), 1);
    }
}

#[tokio::test]
async fn a_first_reading_starts_where_it_is_told() {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server
        .query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); INSERT INTO d.t VALUES (1)")
        .await;
    let set = server.query("SELECT @@gtid_executed").await.concat().concat();
    let end = server.query("SHOW BINARY LOG STATUS").await.remove(0);
    let time =
        server.query("DO SLEEP(0.1); SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')").await;
    server.query("FLUSH BINARY LOGS; INSERT INTO d.t VALUES (2)").await;
    let start = |text: String| text.parse::<Start>().expect("a start");
    for (start, expected) in [
        (Start::Earliest, 4),
        (start(format!("gtid:{set}")), 1),
        (start(format!("file:{}:{}", end[0], end[1])), 1),
        (start(format!("timestamp:{}", time[0][0])), 1),
        (Start::Latest, 0),
    ] {
        let wanted = conftrail_binlog::Config { start: start.clone(), ..config(&server, "d.*") };
        let mut reading = Reading::latest(wanted).await;
        assert_eq!(reading.catch_up(&server).await.len(), expected, "{start}");
    }
}

#[tokio::test]
async fn when_gtids_are_switched_on_reading_goes_over_to_them() {
    let options =
        MysqlOptions::recommended().with("--gtid-mode=OFF_PERMISSIVE").with("--enforce-gtid-consistency=ON");
    let server = MysqlServer::start(options).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)").await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server.query("INSERT INTO d.t VALUES (1)").await;
    reading.events_until(1).await;
    let mode = |checkpoint: &Checkpoint| {
        checkpoint.position.0.as_map().and_then(|map| map.get("mode")?.as_text()).map(str::to_owned)
    };
    assert_eq!(mode(&reading.checkpoint).as_deref(), Some("file"));
    server
        .query("SET GLOBAL gtid_mode = ON_PERMISSIVE; SET GLOBAL gtid_mode = ON; INSERT INTO d.t VALUES (2)")
        .await;
    let mut again =
        Reading::open(config(&server, "d.*"), Some(reading.checkpoint.clone())).await.expect("it opens");
    let events = again.events_until(1).await;
    assert_eq!(actions(&events), [Action::Create]);
    server.query("FLUSH BINARY LOGS; INSERT INTO d.t VALUES (3)").await;
    again.events_until(2).await;
    assert_eq!(mode(&again.checkpoint).as_deref(), Some("gtid"));
    let mut by_gtid =
        Reading::open(config(&server, "d.*"), Some(again.checkpoint.clone())).await.expect("it opens");
    assert!(by_gtid.catch_up(&server).await.is_empty());
}
