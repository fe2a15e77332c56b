//! Who changed something, and when, as far as MariaDB tells.

use conftrail_binlog::Config;
use conftrail_binlog::wire::{Connection, WireError};
use conftrail_core::{Action, Authority, Binding, Event, Value};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};

use super::{column, with_table};
use crate::reading::{Reading, actions, config};
use crate::support::{blocking, target};

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
