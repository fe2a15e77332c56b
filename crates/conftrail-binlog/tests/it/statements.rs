//! What leaves no rows, or rows of another kind: definitions, statements, XA, compression, partial images.

use conftrail_core::{Action, Event, Value};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, OptsBuilder};

use crate::reading::{Reading, actions, config};

pub(crate) fn detail<'a>(event: &'a Event, key: &str) -> Option<&'a str> {
    event.detail.as_ref()?.get(key)?.as_text()
}

/// A session of root that stays open.
pub(crate) async fn session(server: &MysqlServer) -> Conn {
    let options =
        OptsBuilder::default().ip_or_hostname("127.0.0.1").tcp_port(server.port()).user(Some("root"));
    Conn::new(options).await.expect("a session")
}

fn json(value: Option<&Value>) -> String {
    serde_json::to_string(&value).expect("json")
}

#[tokio::test]
async fn definitions_truncation_and_rights_are_events_and_other_tables_are_not() {
    for product in Product::ALL {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        let mut reading = Reading::latest(config(&server, "d.t*")).await;
        server
            .query(
                "CREATE DATABASE d; USE d; CREATE TABLE t (id INT PRIMARY KEY); CREATE TABLE elsewhere (id INT); \
                 ALTER TABLE t ADD password VARCHAR(20) DEFAULT 'hunter2' /*user='alice'*/; TRUNCATE t; \
                 TRUNCATE elsewhere; CREATE INDEX i ON elsewhere (id); RENAME TABLE t TO t2; \
                 CREATE USER app IDENTIFIED BY 'hunter3'; GRANT SELECT ON d.* TO app; DROP TABLE t2; FLUSH PRIVILEGES",
            )
            .await;
        let events = reading.catch_up(&server).await;
        use Action::{Access, Schema, Truncate};
        // A renamed table is told under both names.
        let expected = [Schema, Schema, Schema, Truncate, Schema, Schema, Access, Access, Schema];
        assert_eq!(
            actions(&events),
            expected,
            "{:?}",
            events.iter().map(|event| &event.detail).collect::<Vec<_>>()
        );
        assert_eq!(events[3].resource.id, "mysql:orders-db/d/t");
        assert!(detail(&events[2], "text").is_some_and(|text| text.contains("ADD password")));
        assert!(detail(&events[2], "digest").is_some_and(|digest| digest.starts_with("sha256:")));
        assert!(
            events[2].actor.claimed.as_ref().is_some_and(|claimed| claimed.name.as_deref() == Some("alice"))
        );
        let text = serde_json::to_string(&events).expect("json");
        assert!(!text.contains("hunter2") && !text.contains("hunter3") && !text.contains("$A$"), "{text}");
    }
}

#[tokio::test]
async fn a_change_by_statement_is_reported_where_its_table_is_captured() {
    for product in Product::ALL {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        server
            .query(
                "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT); CREATE TABLE d.x (id INT)",
            )
            .await;
        let mut reading = Reading::latest(config(&server, "d.t")).await;
        server
            .query(
                "SET binlog_format = STATEMENT; USE d; INSERT INTO t VALUES (1, 1); INSERT INTO x VALUES (1); \
                 UPDATE d.t SET v = 3; BEGIN; INSERT INTO x VALUES (2); UPDATE t SET v = 4; COMMIT",
            )
            .await;
        let events = reading.catch_up(&server).await;
        assert_eq!(actions(&events), [Action::Statement; 3]);
        assert_eq!(events[0].resource.id, "mysql:orders-db/d/t");
        assert_eq!(detail(&events[1], "text"), Some("UPDATE d.t SET v = 3"));
        assert_eq!(
            events[2].tx.as_ref().map(|tx| tx.seq),
            Some(1),
            "the statement on the other table counts"
        );
    }
}

#[tokio::test]
async fn what_becomes_of_xa_transactions_is_told_even_after_a_restart_of_ours() {
    for product in Product::ALL {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)").await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        let prepare = |xid: &str, id: u8| {
            format!("XA START '{xid}'; INSERT INTO d.t VALUES ({id}); XA END '{xid}'; XA PREPARE '{xid}'")
        };
        server.query(&prepare("one", 1)).await;
        server.query(&prepare("two", 2)).await;
        let prepared = reading.events_until(2).await;
        assert!(prepared.iter().all(|event| event.action == Action::Create && event.has_flag("xa_prepared")));
        assert_eq!(reading.checkpoint.state.keys().filter(|key| key.starts_with("xa:")).count(), 2);
        let checkpoint = reading.checkpoint.clone();
        drop(reading);
        server.query("XA COMMIT 'one'; XA ROLLBACK 'two'").await;
        let mut reading = Reading::open(config(&server, "d.*"), Some(checkpoint)).await.expect("it opens");
        let outcomes = reading.events_until(2).await;
        assert_eq!(actions(&outcomes), [Action::Outcome; 2]);
        for (outcome, prepared, result) in
            [(&outcomes[0], &prepared[0], "committed"), (&outcomes[1], &prepared[1], "rolled_back")]
        {
            assert_eq!(detail(outcome, "result"), Some(result));
            assert_eq!(detail(outcome, "of"), prepared.tx.as_ref().map(|tx| tx.id.as_str()));
            assert_eq!(outcome.has_flag("rolled_back"), result == "rolled_back");
        }
        assert!(!reading.checkpoint.state.keys().any(|key| key.starts_with("xa:")));
    }
}

#[tokio::test]
async fn savepoints_change_nothing_and_tables_without_transactions_are_read() {
    for product in Product::ALL {
        let server = MysqlServer::start(MysqlOptions::recommended_of(product)).await;
        server
            .query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); CREATE TABLE d.m (id INT PRIMARY KEY) ENGINE=MyISAM")
            .await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server
            .query(
                "BEGIN; INSERT INTO d.t VALUES (1); SAVEPOINT s; INSERT INTO d.t VALUES (2); ROLLBACK TO s; COMMIT; \
                 INSERT INTO d.m VALUES (3); CREATE TABLE d.copy AS SELECT * FROM d.t",
            )
            .await;
        let events = reading.catch_up(&server).await;
        assert_eq!(actions(&events), [Action::Create, Action::Create, Action::Schema, Action::Create]);
        let names: Vec<&str> = events.iter().map(|event| event.resource.name.as_str()).collect();
        assert_eq!(names[..2], ["1", "3"]);
        let [.., schema, row] = events.as_slice() else { panic!("four events") };
        assert_eq!(schema.tx.as_ref().map(|tx| &tx.id), row.tx.as_ref().map(|tx| &tx.id));
    }
}

#[tokio::test]
async fn a_compressed_transaction_is_read_as_any_other() {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v TEXT)").await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    let insert = "SET binlog_transaction_compression = ON; BEGIN; \
        INSERT INTO d.t VALUES (1, REPEAT('x', 60000)) /*user='alice'*/; UPDATE d.t SET v = 'y'; COMMIT";
    server.query(insert).await;
    let events = reading.catch_up(&server).await;
    assert_eq!(actions(&events), [Action::Create, Action::Update]);
    assert!(
        events[0].actor.claimed.is_some() && events[1].actor.claimed.is_none(),
        "a comment is its statement's"
    );
    assert_eq!(events[1].tx.as_ref().map(|tx| (tx.seq, tx.statement)), Some((1, 1)));
    let mut again =
        Reading::open(config(&server, "d.*"), Some(reading.checkpoint.clone())).await.expect("it opens");
    assert!(again.catch_up(&server).await.is_empty());
}

#[tokio::test]
async fn a_compressed_xa_transaction_is_told_as_any_other() {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v TEXT)").await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    let rows = |xid: &str, id: u8| {
        format!("XA START '{xid}'; INSERT INTO d.t VALUES ({id}, REPEAT('x', 60000)); XA END '{xid}'")
    };
    let compressed = "SET binlog_transaction_compression = ON";
    server.query(&format!("{compressed}; {}; XA PREPARE 'two'", rows("two", 1))).await;
    server.query(&format!("{compressed}; {}; XA COMMIT 'one' ONE PHASE", rows("one", 2))).await;
    server.query("XA ROLLBACK 'two'").await;
    let events = reading.catch_up(&server).await;
    use Action::{Create, Outcome};
    assert_eq!(actions(&events), [Create, Create, Outcome, Outcome]);
    let outcomes: Vec<_> =
        events[2..].iter().map(|event| (detail(event, "of"), detail(event, "result"))).collect();
    let tx = |index: usize| events[index].tx.as_ref().map(|tx| tx.id.as_str());
    assert_eq!(outcomes, [(tx(1), Some("committed")), (tx(0), Some("rolled_back"))]);
    assert!(!reading.checkpoint.state.keys().any(|key| key.starts_with("xa:")));
}

#[tokio::test]
async fn a_large_compressed_transaction_is_handed_on_in_parts_and_its_position_with_the_last() {
    const ROWS: usize = 17_000;
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v BLOB)").await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    let before = reading.checkpoint.position.clone();
    // What is random stays as large as it is: more than one packet's chunk of 16 MB.
    server
        .query(&format!(
            "USE d; SET binlog_transaction_compression = ON, cte_max_recursion_depth = {ROWS}; INSERT INTO d.t WITH RECURSIVE \
             n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) SELECT i, RANDOM_BYTES(1024) FROM n"
        ))
        .await;
    let events = reading.events_until(ROWS).await;
    let names: Vec<String> = events.iter().map(|event| event.resource.name.to_string()).collect();
    assert_eq!(names, (1..=ROWS).map(|id| id.to_string()).collect::<Vec<_>>());
    let parts: Vec<_> = reading.batches.iter().filter(|batch| !batch.events.is_empty()).collect();
    assert!(
        parts.iter().all(|part| part.events.len() < 300),
        "a batch is bounded, whatever it was read from"
    );
    assert!(parts[..parts.len() - 1].iter().all(|part| part.position == before));
    server.query("INSERT INTO d.t VALUES (0, 'behind')").await;
    assert_eq!(reading.catch_up(&server).await.len(), ROWS + 1);
    let mut again =
        Reading::open(config(&server, "d.*"), Some(reading.checkpoint.clone())).await.expect("it opens");
    assert!(again.catch_up(&server).await.is_empty());
}

#[tokio::test]
async fn of_partial_images_only_what_was_logged_is_shown_and_secrets_stay_secret() {
    for image in ["MINIMAL", "NOBLOB"] {
        let server = MysqlServer::start(MysqlOptions::recommended()).await;
        server.query("CREATE DATABASE d; CREATE TABLE d.t (b TEXT, password VARCHAR(20), v INT, id INT, PRIMARY KEY (id))").await;
        let mut reading = Reading::latest(config(&server, "d.*")).await;
        server
            .query(&format!(
                "SET binlog_row_image = {image}; INSERT INTO d.t (id, v, password, b) VALUES (7, 1, 'hunter2', 'b'); \
                 UPDATE d.t SET v = 2; UPDATE d.t SET password = 'hunter3'; UPDATE d.t SET id = 8; DELETE FROM d.t"
            ))
            .await;
        let events = reading.catch_up(&server).await;
        use Action::{Create, Delete, Rename, Update};
        assert_eq!(actions(&events), [Create, Update, Update, Rename, Delete], "{image}");
        let text = serde_json::to_string(&events).expect("json");
        assert!(!text.contains("hunter"), "{text}");
        let update = &events[1];
        assert!(update.has_flag("partial_image") && update.resource.name == "7");
        if image == "MINIMAL" {
            assert_eq!(json(update.before.as_ref()), r#"{"id":7}"#);
            assert_eq!(json(update.after.as_ref()), r#"{"id":7,"v":2}"#);
        }
        let change = events[2].changes.iter().find(|change| change.path == "password").expect("a change");
        assert!(change.sensitive && events[2].masked == ["password"]);
        assert_eq!(events[3].resource.renamed_to.as_deref(), Some("mysql:orders-db/d/t/8"));
    }
}

#[tokio::test]
async fn tagged_transactions_are_read_and_resumed() {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)").await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server.query("SET gtid_next = 'AUTOMATIC:team_a'; INSERT INTO d.t VALUES (1)").await;
    let events = reading.catch_up(&server).await;
    assert!(events[0].tx.as_ref().is_some_and(|tx| tx.id.contains(":team_a:1")), "{:?}", events[0].tx);
    assert!(!events[0].has_flag("clock_suspect"));
    server.query("SET gtid_next = 'AUTOMATIC:team_a'; INSERT INTO d.t VALUES (2)").await;
    let mut again =
        Reading::open(config(&server, "d.*"), Some(reading.checkpoint.clone())).await.expect("it opens");
    let events = again.catch_up(&server).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].resource.name, "2");
}

#[tokio::test]
async fn the_statement_stands_in_the_event_where_it_is_asked_for_masked() {
    let server = MysqlServer::shared().await;
    let database = server.create_database().await;
    server.query(&format!("CREATE TABLE {database}.t (id INT PRIMARY KEY, password TEXT)")).await;
    let wanted = conftrail_binlog::Config { with_query: true, ..config(server, &format!("{database}.*")) };
    let mut reading = Reading::latest(wanted).await;
    server.query(&format!("INSERT INTO {database}.t (id, password) VALUES (1, 'hunter2')")).await;
    let event = reading.events_until(1).await.remove(0);
    let text = detail(&event, "text").expect("a statement");
    assert!(text.starts_with("INSERT INTO") && !text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn what_only_a_row_shows_to_be_secret_is_masked_in_its_statement_too() {
    let server = MysqlServer::shared().await;
    let database = server.create_database().await;
    server
        .query(&format!(
            "USE {database}; CREATE TABLE p (id INT PRIMARY KEY, name VARCHAR(20), value VARCHAR(20), doc JSON); \
             INSERT INTO p VALUES (1, 'limit', '5', NULL), (2, 'db.password', 'x', NULL), (3, 'url', 'y', NULL); \
             CREATE PROCEDURE rotate(v VARCHAR(20), d VARCHAR(20)) UPDATE p SET value = v, doc = JSON_OBJECT('token', d) WHERE id = 2"
        ))
        .await;
    let wanted = conftrail_binlog::Config { with_query: true, ..config(server, &format!("{database}.*")) };
    let mut reading = Reading::latest(wanted).await;
    server
        .query(&format!(
            "USE {database}; UPDATE p SET value = 'hunter2' WHERE id IN (1, 2); UPDATE p SET value = 0x68756e74657233 WHERE id = 2; \
             CALL rotate('hunter4', 'hunter5'); UPDATE p SET value = 'plain' WHERE id = 3"
        ))
        .await;
    let events = reading.events_until(5).await;
    for event in &events {
        let text = detail(event, "text").expect("a statement");
        let is_plain = event.resource.name == "3";
        assert_eq!(text.contains("hmac-sha256:"), !is_plain, "{text}");
        assert_eq!(text.contains("'plain'"), is_plain);
        assert!(!text.contains("hunter") && !text.contains("68756e74"), "{text}");
        assert!(event.detail.as_ref().is_some_and(|detail| detail.get("digest").is_some()));
    }
}

#[tokio::test]
async fn a_large_transaction_comes_in_pieces_whose_position_stays_before_it() {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT)").await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    let before = reading.checkpoint.position.clone();
    server
        .query(
            "SET cte_max_recursion_depth = 10000; INSERT INTO d.t \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i, i FROM n",
        )
        .await;
    reading.events_until(5000).await;
    let pieces: Vec<_> = reading.batches.iter().filter(|batch| !batch.events.is_empty()).collect();
    assert!(pieces.len() > 2);
    assert!(pieces[..pieces.len() - 1].iter().all(|batch| batch.position == before));
    reading.catch_up(&server).await;
    assert_ne!(reading.checkpoint.position, before);
    assert_eq!(reading.events().len(), 5000);
}

#[tokio::test]
async fn a_letter_of_the_sessions_character_set_forges_no_comment() {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    server
        .query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(99) CHARACTER SET gbk)")
        .await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    // Typed into a form: 縗' /*user='root',ticket='CHG-9'*/ -- , which the client's library escapes in GBK, where 縗 is bf 5c.
    let typed: &[u8] = b"'\xbf\x5c\\' /*user=\\'root\\',ticket=\\'CHG-9\\'*/ -- '";
    let statements: [Vec<u8>; 3] = [
        b"SET NAMES gbk".to_vec(),
        [b"INSERT INTO d.t VALUES (1, ", typed, b")"].concat(),
        [b"INSERT INTO d.t VALUES (2, ", typed, b") /*user='\xc0\xee\xc0\xd7'*/"].concat(),
    ];
    let mut session = session(&server).await;
    for statement in statements {
        session.query_drop(statement).await.expect("the server takes it");
    }
    let events = reading.events_until(2).await;
    let value = events[0].after.as_ref().and_then(Value::as_map).and_then(|row| row.get("v"));
    assert_eq!(value.and_then(Value::as_text), Some("縗' /*user='root',ticket='CHG-9'*/ -- "));
    assert_eq!(events[0].actor.claimed, None);
    assert_eq!(events[0].reason, None);
    let claimed = events[1].actor.claimed.as_ref().and_then(|claimed| claimed.name.as_deref());
    assert_eq!(claimed, Some("李雷"));
}
