//! What is MariaDB's own, on both of its releases: GTIDs by domain, statements without sessions, times that can be forged.

use std::sync::Arc;

use conftrail_binlog::Config;
use conftrail_binlog::preflight::{Severity, preflight};
use conftrail_binlog::source::Start;
use conftrail_binlog::wire::{Connection, TlsMode, WireError};
use conftrail_core::{Action, Authority, Binding, Event, Value};
use conftrail_testkit::servers::{Certificates, MysqlOptions, MysqlServer, Product};
use conftrail_testkit::wait::until;

use crate::reading::{DEADLINE, Reading, config};
use crate::support::{blocking, target, verifying};

fn column<'a>(row: Option<&'a Value>, name: &str) -> Option<&'a Value> {
    row?.as_map()?.get(name)
}

fn actions(events: &[Arc<Event>]) -> Vec<Action> {
    events.iter().map(|event| event.action).collect()
}

#[tokio::test]
async fn rows_come_with_their_gtid_their_statement_and_no_login() {
    for product in Product::MARIADB {
        let server = MysqlServer::shared_of(product).await;
        let database = server.create_database().await;
        server.query(&format!("CREATE TABLE {database}.flags (id INT PRIMARY KEY, v INT UNSIGNED)")).await;
        let with_query = Config { with_query: true, ..config(server, &format!("{database}.*")) };
        let mut reading = Reading::latest(with_query).await;
        server
            .query(&format!(
                "USE {database}; INSERT INTO flags VALUES (42, 100) /*user='alice',ticket='CHG-1'*/; \
                 BEGIN; UPDATE flags SET v = 4000000000; UPDATE flags SET id = 43; COMMIT; DELETE FROM flags"
            ))
            .await;
        let events = reading.events_until(4).await;
        assert_eq!(actions(&events), [Action::Create, Action::Update, Action::Rename, Action::Delete]);
        let [created, updated, renamed, deleted] = &events[..] else { panic!("four events") };
        assert_eq!(created.resource.id, format!("mysql:orders-db/{database}/flags/42"));
        assert_eq!(column(updated.after.as_ref(), "v"), Some(&Value::Int(4_000_000_000)));
        let tx =
            |event: &Event| event.tx.as_ref().map(|tx| (tx.id.clone(), tx.statement)).expect("a transaction");
        assert!(tx(created).0.starts_with("0-1-"), "{:?}", created.tx);
        assert_eq!((tx(updated).0, tx(updated).1 + 1), tx(renamed));
        assert_ne!(tx(renamed).0, tx(deleted).0);
        let place = updated.position.as_ref().expect("a place");
        assert_eq!(place.get("gtid").and_then(Value::as_text), Some(tx(updated).0.as_str()));
        assert_ne!(place.get("pos"), Some(&Value::Int(0)));
        let text = |event: &Event| {
            event.detail.as_ref().and_then(|detail| detail.get("text")?.as_text().map(str::to_owned))
        };
        assert!(
            text(created).is_some_and(|text| text.starts_with("INSERT INTO flags")),
            "{:?}",
            created.detail
        );
        // MariaDB tells no login of rows, and here nobody trusts the whole server.
        let claimed = created.actor.claimed.as_ref().and_then(|claimed| claimed.name.as_deref());
        assert_eq!((claimed, created.actor.authority), (Some("alice"), Authority::Claimed));
        for event in &events {
            assert_eq!((event.actor.login.as_deref(), event.actor.binding), (None, Binding::None));
            // The server lets nobody set the time.
            assert_eq!(event.flags, ["login_unknown"]);
        }
        assert!(created.source.version.as_deref().is_some_and(|version| version.contains("MariaDB")));
    }
}

fn detail(event: &Event, key: &str) -> Option<String> {
    event.detail.as_ref()?.get(key)?.as_text().map(str::to_owned)
}

fn ids(events: &[Arc<Event>]) -> Vec<String> {
    events.iter().map(|event| event.id.to_string()).collect()
}

/// A server of a test's own with the table `d.t`.
async fn with_table(options: MysqlOptions) -> MysqlServer {
    let server = MysqlServer::start(options).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT)").await;
    server
}

/// Comment or not, trusted or not: the login is never known, so that only the operator's word for the whole server gives a
/// comment's name authority.
#[tokio::test]
async fn who_changed_a_row_is_what_the_comment_claims_and_no_more() {
    let server = MysqlServer::shared_of(Product::Mariadb10).await;
    let database = server.create_database().await;
    server.query(&format!("CREATE TABLE {database}.flags (id INT PRIMARY KEY, v INT)")).await;
    let mut right = 0;
    for (comment, trust, name, binding, authority, claimed) in [
        (true, "*", Some("alice"), Binding::Exact, Authority::Asserted, None),
        (true, "root@%", None, Binding::None, Authority::Claimed, Some("alice")),
        (true, "app@10.%", None, Binding::None, Authority::Claimed, Some("alice")),
        (false, "*", None, Binding::None, Authority::None, None),
        (false, "root@%", None, Binding::None, Authority::None, None),
        (false, "app@10.%", None, Binding::None, Authority::None, None),
    ] {
        let mut trusting = config(server, &format!("{database}.*"));
        trusting.actor.trust = vec![trust.to_owned()];
        let mut reading = Reading::latest(trusting).await;
        let text = if comment { "/*user='alice',ticket='CHG-1'*/" } else { "" };
        // The session stays open behind its statement, and all the same nobody can tell that it was this one.
        let statements = format!("REPLACE INTO {database}.flags VALUES (42, {right}) {text}; DO SLEEP(1)");
        let (events, _) = tokio::join!(reading.events_until(1), server.query(&statements));
        let actor = &events[0].actor;
        let found_claim = actor.claimed.as_ref().and_then(|claimed| claimed.name.as_deref());
        let found = (actor.name.as_deref(), actor.binding, actor.authority, found_claim);
        assert_eq!(found, (name, binding, authority, claimed), "comment {comment}, trust {trust}");
        assert_eq!(events[0].reason.is_some(), comment && trust == "*");
        assert!(actor.login.is_none() && events[0].has_flag("login_unknown"));
        right += 1;
    }
    assert_eq!(right, 6);
}

#[tokio::test]
async fn a_definition_tells_its_session_whose_login_is_known_while_it_lives() {
    for product in Product::MARIADB {
        let server = MysqlServer::shared_of(product).await;
        let database = server.create_database().await;
        server.query(&format!("CREATE TABLE {database}.t (id INT PRIMARY KEY)")).await;
        let mut reading = Reading::latest(config(server, &format!("{database}.*"))).await;
        let statements = format!("ALTER TABLE {database}.t ADD v INT; DO SLEEP(2)");
        let (events, _) = tokio::join!(reading.events_until(1), server.query(&statements));
        assert_eq!(events[0].action, Action::Schema);
        assert_eq!(
            (events[0].actor.name.as_deref(), events[0].actor.binding),
            (Some("root"), Binding::Correlated),
            "{:?}",
            events[0].actor
        );
    }
}

#[tokio::test]
async fn a_time_is_suspect_unless_the_server_was_started_to_protect_it() {
    let mut server =
        with_table(MysqlOptions::recommended_of(Product::Mariadb10).with("--secure-timestamp=NO")).await;
    server.create_user("app", "pw", "INSERT").await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server.query("SET timestamp = 1000000000; INSERT INTO d.t VALUES (1, 1)").await;
    let forged = reading.events_until(1).await.remove(0);
    assert!(forged.has_flag("clock_suspect"), "{:?}", forged.flags);
    assert_eq!(forged.time.to_string(), "2010-01-01T00:00:00Z", "before 2010 no time is believed at all");
    let checkpoint = reading.checkpoint.clone();
    server.query("INSERT INTO d.t VALUES (2, 2)").await;
    drop(reading);
    server.kill_9().await;
    server.start_again_with(MysqlOptions::recommended_of(Product::Mariadb10)).await;
    let app = target(&server, "app", "pw");
    let forging = blocking(move || Connection::open(&app)?.execute("SET timestamp = 1000000000")).await;
    assert!(matches!(forging, Err(WireError::Server { .. })), "{forging:?}");
    server.query("INSERT INTO d.t VALUES (3, 3)").await;
    let mut reading = Reading::open(config(&server, "d.*"), Some(checkpoint)).await.expect("it opens");
    let events = reading.events_until(2).await;
    let suspect: Vec<bool> = events.iter().map(|event| event.has_flag("clock_suspect")).collect();
    assert_eq!(suspect, [true, false], "what was written before is as doubtful as it was");
}

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
        assert_eq!(detail(&events[0], "missing").as_deref(), Some("0:3-4,7:2-2"));
        assert_eq!((detail(&events[0], "from"), detail(&events[0], "to")), (Some(before), Some(purged)));
        // Opened again where it was, it is the same gap; opened behind it there is none.
        let mut again = Reading::open(config(&server, "d.*"), Some(checkpoint)).await.expect("it opens");
        assert_eq!(ids(&again.events_until(2).await), ids(&events));
        let behind = Some(reading.checkpoint.clone());
        let mut behind = Reading::open(config(&server, "d.*"), behind).await.expect("it opens");
        assert!(behind.catch_up(&server).await.is_empty());
    }
}

#[tokio::test]
async fn a_reset_binlog_is_a_gap_and_a_server_that_lacks_transactions_is_waited_for() {
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

    // Another server: first without our transactions, then with them and one more.
    let options = MysqlOptions::recommended_of(Product::Mariadb11).with("--server-id=2");
    let other = MysqlServer::start(options).await;
    let refused =
        Reading::open(config(&other, "d.*"), Some(checkpoint.clone())).await.err().expect("refused");
    assert!(refused.is_retryable() && refused.to_string().contains("replica"), "{refused}");
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

#[tokio::test]
async fn compressed_events_are_read_as_any_other() {
    for product in Product::MARIADB {
        let options = MysqlOptions::recommended_of(product)
            .with("--log-bin-compress=ON")
            .with("--log-bin-compress-min-len=10");
        let server = MysqlServer::start(options).await;
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
    let server = MysqlServer::start(MysqlOptions::recommended_of(Product::Mariadb10)).await;
    server
        .query("CREATE DATABASE d; CREATE TABLE d.c (id INT PRIMARY KEY, v VARCHAR(9) COMPRESSED, w TEXT COMPRESSED)")
        .await;
    let findings = preflight(&config(&server, "d.*")).await;
    let fatal: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Fatal).collect();
    assert_eq!(fatal.len(), 1, "{findings:?}");
    assert!(fatal[0].what.contains("d.c.v, d.c.w") && fatal[0].what.contains("exclude"), "{}", fatal[0].what);
    let excluding = Config { exclude: vec!["d.c".to_owned()], ..config(&server, "d.*") };
    assert!(preflight(&excluding).await.iter().all(|finding| finding.severity < Severity::Fatal));
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server.query("INSERT INTO d.c VALUES (1, 'a', 'b'); CREATE TABLE d.u (id INT PRIMARY KEY)").await;
    let events = reading.catch_up(&server).await;
    assert_eq!(actions(&events), [Action::Undecoded, Action::Schema]);
    assert_eq!(events[0].resource.id, "mysql:orders-db/d/c");
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

#[tokio::test]
async fn ed25519_and_native_passwords_read_and_a_socket_login_is_refused_with_the_way_out() {
    let server = MysqlServer::start(MysqlOptions::recommended_of(Product::Mariadb10)).await;
    server
        .query(
            "INSTALL SONAME 'auth_ed25519'; CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY); \
             CREATE USER e@127.0.0.1 IDENTIFIED VIA ed25519 USING PASSWORD('pw'); \
             CREATE USER n@127.0.0.1 IDENTIFIED VIA mysql_native_password USING PASSWORD('pw'); \
             CREATE USER s@127.0.0.1 IDENTIFIED VIA unix_socket",
        )
        .await;
    let as_user = |user: &str, password: &str| Config {
        url: server.url(user, password).parse().expect("a url"),
        ..config(&server, "d.*")
    };
    for user in ["e", "n"] {
        let grants = format!(
            "GRANT REPLICATION SLAVE, BINLOG MONITOR, PROCESS ON *.* TO {user}@127.0.0.1; \
             GRANT SELECT ON d.* TO {user}@127.0.0.1"
        );
        server.query(&grants).await;
        let findings = preflight(&as_user(user, "pw")).await;
        assert!(findings.iter().all(|finding| finding.severity == Severity::Info), "{findings:?}");
        let mut reading = Reading::latest(as_user(user, "pw")).await;
        let before = reading.events().len();
        server.query("REPLACE INTO d.t VALUES (1)").await;
        reading.events_until(before + 1).await;
        server.query("DELETE FROM d.t").await;
        let wrong = preflight(&as_user(user, "wrong")).await;
        assert_eq!((wrong.len(), wrong[0].place.as_str()), (1, "password_file"), "{wrong:?}");
    }
    let socket = preflight(&as_user("s", "pw")).await;
    assert_eq!((socket.len(), socket[0].severity), (1, Severity::Fatal), "{socket:?}");
    assert!(
        socket[0].what.contains("Unix socket") && socket[0].what.contains("ALTER USER"),
        "{}",
        socket[0].what
    );
}

#[tokio::test]
async fn with_certificates_everything_goes_through_tls() {
    for product in Product::MARIADB {
        let certificates = Certificates::for_this_machine();
        let server = MysqlServer::start(MysqlOptions::recommended_of(product).with_tls(&certificates)).await;
        server
            .query("CREATE DATABASE d; CREATE USER t@127.0.0.1 REQUIRE SSL; GRANT ALL ON *.* TO t@127.0.0.1")
            .await;
        let with = |mode| Config {
            url: server.url("t", "").parse().expect("a url"),
            tls: verifying(mode, &certificates),
            ..config(&server, "d.*")
        };
        for mode in [TlsMode::VerifyCa, TlsMode::VerifyFull] {
            let mut reading = Reading::latest(with(mode)).await;
            server.query("CREATE OR REPLACE TABLE d.t (id INT)").await;
            assert_eq!(reading.events_until(1).await[0].action, Action::Schema);
        }
        assert!(Reading::open(config(&server, "d.*"), None).await.is_ok(), "root needs none");
        let without = Config { url: server.url("t", "").parse().expect("a url"), ..config(&server, "d.*") };
        assert!(Reading::open(without, None).await.is_err(), "this account does");
    }
}

#[tokio::test]
async fn the_lines_that_preflight_prints_mend_what_it_found() {
    for product in Product::MARIADB {
        let server = MysqlServer::start(
            MysqlOptions::of(product)
                .with("--binlog-row-image=MINIMAL")
                .with("--binlog-annotate-row-events=OFF")
                .with("--binlog-expire-logs-seconds=3600")
                .with("--secure-timestamp=REPLICATION"),
        )
        .await;
        server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)").await;
        server.query("CREATE USER 'o''neil'@'127.0.0.1' IDENTIFIED BY 'pw'").await;
        let poor =
            Config { url: server.url("o'neil", "pw").parse().expect("a url"), ..config(&server, "d.*") };
        let mut rounds = 0;
        let findings = loop {
            let findings = preflight(&poor).await;
            let mends: Vec<&str> = findings.iter().filter_map(|finding| finding.mend.as_deref()).collect();
            if mends.is_empty() {
                break findings;
            }
            rounds += 1;
            assert!(rounds < 5, "{findings:?}");
            server.query(&mends.concat()).await;
        };
        assert!(rounds > 0);
        assert!(findings.iter().all(|finding| finding.severity == Severity::Info), "{findings:?}");
        assert!(findings.iter().any(|finding| finding.what.starts_with("MariaDB 1")), "{findings:?}");
    }
}

#[tokio::test]
async fn as_the_vendor_ships_it_preflight_names_the_format_and_the_time() {
    let server = MysqlServer::start(MysqlOptions::of(Product::Mariadb11)).await;
    let findings = preflight(&config(&server, "d.*")).await;
    let found =
        |place: &str| findings.iter().find(|finding| finding.place == place).map(|finding| finding.severity);
    assert_eq!(found("binlog_format"), Some(Severity::Fatal));
    for place in ["binlog_row_metadata", "gtid_strict_mode", "secure_timestamp"] {
        assert_eq!(found(place), Some(Severity::Warning), "{place}");
    }
    assert_eq!(found("binlog_annotate_row_events"), None, "it is on");
}
