//! Column names where the binlog does not tell them (the vendor's `MINIMAL`): right, or flagged.

use conftrail_core::{Action, Event, Value};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};
use conftrail_testkit::wait::until;

use crate::reading::{DEADLINE, Reading, config};

const UNVERIFIED: &str = "schema_unverified";

/// The after image as JSON, and whether its names are proven.
fn row(event: &Event) -> (String, bool) {
    let after = event.after.as_ref().and_then(Value::as_map).expect("a row");
    (serde_json::to_string(after).expect("json"), !event.has_flag(UNVERIFIED))
}

async fn with_table() -> MysqlServer {
    let server = MysqlServer::start(MysqlOptions::default()).await;
    server
        .query(
            "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, a INT, b INT, state ENUM('on','off'))",
        )
        .await;
    server
}

/// While nobody reads, a row is written, the table is changed, and another row is written. Behind it one is written while
/// somebody reads.
#[tokio::test]
async fn rows_around_a_change_that_nobody_watched_have_their_own_names_or_say_that_they_may_not() {
    let server = with_table().await;
    let mut right = 0;
    // The change, the row before it and the row behind it; a change of labels alone cannot be seen by the names.
    let cases = [
        (
            "ADD c INT DEFAULT 9",
            r#"{"id":1,"a":10,"b":20,"state":"off"}"#,
            r#"{"id":2,"a":10,"b":20,"state":"off","c":9}"#,
            false,
        ),
        ("DROP b", r#"{"id":1,"a":10,"b":20,"state":"off"}"#, r#"{"id":2,"a":10,"state":"off"}"#, false),
        (
            "RENAME COLUMN b TO z",
            r#"{"id":1,"a":10,"b":20,"state":"off"}"#,
            r#"{"id":2,"a":10,"z":20,"state":"off"}"#,
            false,
        ),
        (
            "MODIFY b INT AFTER id",
            r#"{"id":1,"a":10,"b":20,"state":"off"}"#,
            r#"{"id":2,"b":20,"a":10,"state":"off"}"#,
            false,
        ),
        (
            "MODIFY state ENUM('new','on','off')",
            r#"{"id":1,"a":10,"b":20,"state":"off"}"#,
            r#"{"id":2,"a":10,"b":20,"state":"off"}"#,
            true,
        ),
    ];
    for (change, before, behind, is_proven) in cases {
        server
            .query(
                "DROP TABLE d.t; CREATE TABLE d.t (id INT PRIMARY KEY, a INT, b INT, state ENUM('on','off'))",
            )
            .await;
        let reading = Reading::latest(config(&server, "d.*")).await;
        let checkpoint = reading.checkpoint.clone();
        drop(reading);
        let insert = |id| {
            let b = if change == "DROP b" && id > 1 {
                ""
            } else if change.starts_with("RENAME") && id > 1 {
                ", z = 20"
            } else {
                ", b = 20"
            };
            format!("INSERT INTO d.t SET id = {id}, a = 10{b}, state = 'off'")
        };
        server.query(&format!("{}; ALTER TABLE d.t {change}; {}", insert(1), insert(2))).await;
        let mut reading = Reading::open(config(&server, "d.*"), Some(checkpoint)).await.expect("it opens");
        let events = reading.events_until(3).await;
        assert_eq!(events[1].action, Action::Schema, "{change}");
        assert_eq!(row(&events[0]), (before.to_owned(), is_proven), "{change}");
        assert_eq!(row(&events[2]), (behind.to_owned(), false), "{change}: committed before we could look");
        server.query(&insert(3)).await;
        let live = reading.events_until(4).await.remove(3);
        assert_eq!(row(&live), (behind.replace("\"id\":2", "\"id\":3"), true), "{change}: watched");
        right += 1;
    }
    assert_eq!(right, cases.len());
}

#[tokio::test]
async fn after_a_gap_no_name_from_before_it_is_believed() {
    let server = with_table().await;
    let reading = Reading::latest(config(&server, "d.*")).await;
    let checkpoint = reading.checkpoint.clone();
    drop(reading);
    server.query("ALTER TABLE d.t RENAME COLUMN a TO x, RENAME COLUMN b TO a; FLUSH BINARY LOGS").await;
    server.query("INSERT INTO d.t VALUES (1, 10, 20, 'on')").await;
    let last = server.query("SHOW BINARY LOGS").await.last().expect("a binlog")[0].clone();
    // The file stays for as long as somebody reads from it.
    until(DEADLINE, "the purge", async || {
        server.query(&format!("PURGE BINARY LOGS TO '{last}'")).await;
        (server.query("SHOW BINARY LOGS").await.len() == 1).then_some(())
    })
    .await;
    let mut reading = Reading::open(config(&server, "d.*"), Some(checkpoint)).await.expect("it opens");
    let events = reading.events_until(2).await;
    assert_eq!(events[0].action, Action::Gap);
    assert_eq!(row(&events[1]), (r#"{"id":1,"x":10,"a":20,"state":"on"}"#.to_owned(), false));
    server.query("INSERT INTO d.t VALUES (2, 10, 20, 'on')").await;
    let live = reading.events_until(3).await.remove(2);
    assert_eq!(row(&live), (r#"{"id":2,"x":10,"a":20,"state":"on"}"#.to_owned(), true));
}

#[tokio::test]
async fn a_change_that_the_server_did_not_log_is_found_and_until_then_no_name_is_proven() {
    let server = with_table().await;
    let reading = Reading::latest(config(&server, "d.*")).await;
    let checkpoint = reading.checkpoint.clone();
    drop(reading);
    server
        .query(
            "INSERT INTO d.t VALUES (1, 10, 20, 'on'); \
             SET sql_log_bin = 0; ALTER TABLE d.t RENAME COLUMN a TO x; SET sql_log_bin = 1",
        )
        .await;
    let mut reading = Reading::open(config(&server, "d.*"), Some(checkpoint)).await.expect("it opens");
    let events = reading.events_until(1).await;
    assert_eq!(row(&events[0]), (r#"{"id":1,"a":10,"b":20,"state":"on"}"#.to_owned(), false));
    reading.catch_up(&server).await;
    // The first one behind it makes us look, the next one came after the look.
    server.query("INSERT INTO d.t VALUES (2, 10, 20, 'on')").await;
    let looked = reading.events_until(2).await.remove(1);
    assert_eq!(row(&looked), (r#"{"id":2,"x":10,"b":20,"state":"on"}"#.to_owned(), false));
    server.query("INSERT INTO d.t VALUES (3, 10, 20, 'on')").await;
    let live = reading.events_until(3).await.remove(2);
    assert_eq!(row(&live), (r#"{"id":3,"x":10,"b":20,"state":"on"}"#.to_owned(), true));
}

#[tokio::test]
async fn rows_of_a_table_that_was_made_before_our_eyes_have_proven_names() {
    let server = with_table().await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server.query("CREATE TABLE d.made (id INT PRIMARY KEY, v INT)").await;
    assert_eq!(reading.events_until(1).await[0].action, Action::Schema);
    server.query("INSERT INTO d.made VALUES (1, 2)").await;
    let events = reading.events_until(2).await;
    assert_eq!(row(&events[1]), (r#"{"id":1,"v":2}"#.to_owned(), true));
}

/// A commit that waits for a replica's word stands in the log long before anybody is shown what it did.
#[tokio::test]
async fn the_columns_of_before_are_not_taken_for_those_of_a_change_that_is_not_shown_yet() {
    let server = with_table().await;
    server
        .query(
            "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'; \
             SET GLOBAL rpl_semi_sync_source_wait_no_replica = ON, GLOBAL rpl_semi_sync_source_timeout = 7000",
        )
        .await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server
        .query(
            "SET GLOBAL rpl_semi_sync_source_enabled = ON; ALTER TABLE d.t RENAME COLUMN a TO x; \
             SET GLOBAL rpl_semi_sync_source_enabled = OFF; INSERT INTO d.t VALUES (1, 10, 20, 'on')",
        )
        .await;
    let events = reading.catch_up(&server).await;
    assert_eq!(row(&events[1]).0, r#"{"id":1,"x":10,"b":20,"state":"on"}"#);
}

#[tokio::test]
async fn names_are_compared_as_the_server_compares_them() {
    // MySQL takes that setting only when a data directory is made.
    let options = MysqlOptions::of(Product::Mariadb10).with("--binlog-format=ROW");
    let server = MysqlServer::start(options.with("--lower-case-table-names=1")).await;
    server.query("CREATE DATABASE Shop; CREATE TABLE Shop.Flags (id INT PRIMARY KEY, a INT)").await;
    let mut reading = Reading::latest(config(&server, "SHOP.Flags")).await;
    server.query("INSERT INTO shop.FLAGS VALUES (1, 10)").await;
    assert_eq!(row(&reading.events_until(1).await[0]).0, r#"{"id":1,"a":10}"#);
    server.query("ALTER TABLE SHOP.FLAGS RENAME COLUMN a TO b").await;
    let changed = reading.events_until(2).await.remove(1);
    assert_eq!(
        (changed.action, changed.resource.id.as_str()),
        (Action::Schema, "mysql:orders-db/shop/flags")
    );
    server.query("USE SHOP; INSERT INTO Flags VALUES (2, 20)").await;
    let event = reading.events_until(3).await.remove(2);
    assert_eq!(row(&event), (r#"{"id":2,"b":20}"#.to_owned(), true));
    assert_eq!(event.resource.id, "mysql:orders-db/shop/flags/2");
}

/// As gh-ost and pt-online-schema-change do it: a copy beside the table, kept up, and put in its place. What they do is a change of
/// the table's shape; the rows that they write are none.
#[tokio::test]
async fn the_rows_that_a_schema_change_tool_copies_are_no_changes() {
    let server = with_table().await;
    server.query("CREATE TABLE d._plain_old (id INT PRIMARY KEY)").await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server
        .query(
            "USE d; INSERT INTO t VALUES (1, 10, 20, 'on'); CREATE TABLE _t_ghc (id INT PRIMARY KEY); INSERT INTO _t_ghc VALUES (1); \
             CREATE TABLE _t_gho LIKE t; ALTER TABLE _t_gho RENAME COLUMN b TO c; INSERT IGNORE INTO _t_gho SELECT * FROM t; \
             UPDATE t SET b = 21; REPLACE INTO _t_gho VALUES (1, 10, 21, 'on'); \
             RENAME TABLE t TO _t_del, _t_gho TO t; DROP TABLE _t_del, _t_ghc",
        )
        .await;
    reading.catch_up(&server).await;
    server.query("UPDATE d.t SET c = 22; INSERT INTO d._plain_old VALUES (7)").await;
    server
        .query(
            "USE d; CREATE TABLE _t_new LIKE t; ALTER TABLE _t_new ADD e INT; \
             CREATE TRIGGER pt_osc_d_t_upd AFTER UPDATE ON t FOR EACH ROW \
                 REPLACE INTO _t_new (id, a, c, state) VALUES (NEW.id, NEW.a, NEW.c, NEW.state); \
             INSERT LOW_PRIORITY IGNORE INTO _t_new (id, a, c, state) SELECT id, a, c, state FROM t; \
             UPDATE t SET c = 23; RENAME TABLE t TO _t_old, _t_new TO t; DROP TABLE _t_old",
        )
        .await;
    reading.catch_up(&server).await;
    server.query("UPDATE d.t SET e = 9").await;
    let events = reading.catch_up(&server).await;
    let rows: Vec<(String, String)> = events
        .iter()
        .filter(|event| event.after.is_some())
        .map(|event| (event.resource.id.replace("mysql:orders-db/d/", ""), row(event).0))
        .collect();
    let expected = [
        ("t/1", r#"{"id":1,"a":10,"b":20,"state":"on"}"#),
        ("t/1", r#"{"id":1,"a":10,"b":21,"state":"on"}"#),
        ("t/1", r#"{"id":1,"a":10,"c":22,"state":"on"}"#),
        ("_plain_old/7", r#"{"id":7}"#),
        ("t/1", r#"{"id":1,"a":10,"c":23,"state":"on"}"#),
        ("t/1", r#"{"id":1,"a":10,"c":23,"state":"on","e":9}"#),
    ];
    assert_eq!(rows, expected.map(|(id, row)| (id.to_owned(), row.to_owned())));
    let shapes = |name: &str| {
        let id = format!("mysql:orders-db/d/{name}");
        events.iter().filter(|event| event.action == Action::Schema && event.resource.id == id).count()
    };
    // What the tools were told to change stands in the definitions of their copies.
    assert_eq!((shapes("_t_gho"), shapes("_t_new")), (3, 3));
    assert!(shapes("t") >= 2);
    // Who wants the copies names them.
    let mut all = Reading::earliest(config(&server, "d._t_gho")).await;
    assert!(all.catch_up(&server).await.iter().any(|event| event.after.is_some()));
}

/// An index over an expression has a column that nobody sees, and that the log does not have.
#[tokio::test]
async fn the_hidden_column_of_an_index_moves_no_name() {
    let server = MysqlServer::start(MysqlOptions::default()).await;
    server
        .query("CREATE DATABASE d; CREATE TABLE d.f (id INT PRIMARY KEY, a INT, KEY k ((a * 2)), b INT)")
        .await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server.query("INSERT INTO d.f VALUES (1, 10, 20)").await;
    assert_eq!(row(&reading.events_until(1).await[0]), (r#"{"id":1,"a":10,"b":20}"#.to_owned(), true));
}
