//! The source end to end: from statements on a server to events.

use conftrail_core::{Action, Authority, Binding, Value};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer};

use crate::reading::{Reading, config};

fn number(value: Option<&Value>, column: &str) -> Option<i64> {
    match value?.as_map()?.get(column)? {
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

#[tokio::test]
async fn a_row_is_created_updated_renamed_and_deleted() {
    let server = MysqlServer::shared().await;
    let database = server.create_database().await;
    server.query(&format!("CREATE TABLE {database}.flags (id INT PRIMARY KEY, v INT, password TEXT)")).await;
    let mut reading = Reading::latest(config(server, &format!("{database}.*"))).await;
    server
        .query(&format!(
            "USE {database}; INSERT INTO flags VALUES (42, 100, 'hunter2'); UPDATE flags SET v = 500; \
             UPDATE flags SET id = 43; DELETE FROM flags"
        ))
        .await;
    let events = reading.events_until(4).await;
    let actions: Vec<Action> = events.iter().map(|event| event.action).collect();
    assert_eq!(actions, [Action::Create, Action::Update, Action::Rename, Action::Delete]);
    let update = &events[1];
    assert_eq!(update.resource.id, format!("mysql:orders-db/{database}/flags/42"));
    assert_eq!(
        (number(update.before.as_ref(), "v"), number(update.after.as_ref(), "v")),
        (Some(100), Some(500))
    );
    assert_eq!(update.changes.len(), 1);
    assert_eq!(update.masked, ["password"]);
    // The client may be gone before we could look.
    assert!(update.flags.iter().all(|flag| flag == "login_unknown"), "{:?}", update.flags);
    assert!(update.source.version.as_deref().is_some_and(|version| version.starts_with("9.")));
    let text = serde_json::to_string(&events).expect("json");
    assert!(!text.contains("hunter2"));
    let tx = update.tx.as_ref().expect("a transaction");
    assert_eq!(
        update.position.as_ref().and_then(|place| place.get("gtid")),
        Some(&Value::from(tx.id.as_str()))
    );
}

#[tokio::test]
async fn with_the_vendors_settings_names_come_from_the_schema_and_are_kept() {
    let server = MysqlServer::start(MysqlOptions::default()).await;
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, state ENUM('on','off'), v INT UNSIGNED)").await;
    let mut reading = Reading::latest(config(&server, "d.*")).await;
    server.query("INSERT INTO d.t VALUES (1, 'off', 4000000000)").await;
    let events = reading.events_until(1).await;
    let row = events[0].after.as_ref().and_then(Value::as_map).expect("a row").clone();
    assert_eq!(serde_json::to_string(&row).expect("json"), r#"{"id":1,"state":"off","v":4000000000}"#);
    assert!(!events[0].has_flag("schema_unverified"), "{:?}", events[0].flags);
    // What the names were is in the checkpoint: behind a later change of the table they are still right.
    assert!(reading.checkpoint.state.contains_key("table:d.t"));
    let checkpoint = reading.checkpoint.clone();
    drop(reading);
    server
        .query(
            "INSERT INTO d.t VALUES (2, 'on', 2); ALTER TABLE d.t RENAME COLUMN v TO w; \
             INSERT INTO d.t VALUES (3, 'on', 3)",
        )
        .await;
    let mut reading = Reading::open(config(&server, "d.*"), Some(checkpoint)).await.expect("it opens");
    let events = reading.events_until(3).await;
    assert_eq!(number(events[0].after.as_ref(), "v"), Some(2));
    assert_eq!(events[1].action, Action::Schema);
    assert_eq!(number(events[2].after.as_ref(), "w"), Some(3));
}

#[tokio::test]
async fn a_comment_of_a_trusted_login_names_the_person_and_any_other_is_a_claim() {
    let server = MysqlServer::shared().await;
    let database = server.create_database().await;
    server.query(&format!("CREATE TABLE {database}.flags (id INT PRIMARY KEY, v INT)")).await;
    for (trust, name, authority, has_reason) in [
        (vec!["root@%".to_owned()], "alice", Authority::Asserted, true),
        (vec!["app@10.%".to_owned()], "root", Authority::Authenticated, false),
    ] {
        let mut trusting = config(server, &format!("{database}.*"));
        trusting.actor.trust = trust;
        let mut reading = Reading::latest(trusting).await;
        // The session stays open behind its statement until we have looked.
        let statements = format!(
            "REPLACE INTO {database}.flags VALUES (42, 500) /*user='alice',ticket='CHG-1'*/; DO SLEEP(2)"
        );
        let (events, _) = tokio::join!(reading.events_until(1), server.query(&statements));
        let event = &events[0];
        assert_eq!(event.actor.name.as_deref(), Some(name));
        assert_eq!(
            (event.actor.binding, event.actor.authority),
            (Binding::Exact, authority),
            "{:?}",
            event.actor
        );
        assert_eq!(event.actor.login.as_deref().map(|login| login.starts_with("root@")), Some(true));
        let ticket = event.reason.as_ref().and_then(|reason| reason.ticket.as_deref());
        assert_eq!(ticket, has_reason.then_some("CHG-1"));
        assert_eq!(event.has_flag("untrusted_claim"), !has_reason);
        server.query(&format!("DELETE FROM {database}.flags")).await;
    }
}

#[tokio::test]
async fn a_session_that_is_gone_leaves_a_claim_and_no_guess() {
    let server = MysqlServer::shared().await;
    let database = server.create_database().await;
    server.query(&format!("CREATE TABLE {database}.flags (id INT PRIMARY KEY, v INT)")).await;
    let mut reading = Reading::latest(config(server, &format!("{database}.*"))).await;
    let checkpoint = reading.checkpoint.clone();
    drop(reading);
    server.query(&format!("INSERT INTO {database}.flags VALUES (1, 1) /*user='alice'*/")).await;
    reading =
        Reading::open(config(server, &format!("{database}.*")), Some(checkpoint)).await.expect("it opens");
    let event = reading.events_until(1).await.remove(0);
    assert_eq!((event.actor.name.as_deref(), event.actor.binding), (None, Binding::None));
    let claimed = event.actor.claimed.as_ref().and_then(|claimed| claimed.name.as_deref());
    assert_eq!(claimed, Some("alice"));
    assert!(event.has_flag("login_unknown"));
}
