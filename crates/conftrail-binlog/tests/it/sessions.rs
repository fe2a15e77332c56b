//! Whose session it was: nobody rather than the wrong one.

use conftrail_binlog::Config;
use conftrail_core::{Binding, Checkpoint, Event};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer};
use conftrail_testkit::wait::until;
use mysql_async::prelude::Queryable;
use mysql_async::{ChangeUserOpts, Conn, OptsBuilder};

use crate::reading::{DEADLINE, Reading, config};

/// A session that stays open, as a pool keeps it.
async fn session(server: &MysqlServer, user: &str) -> Conn {
    let options = OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(server.port())
        .prefer_socket(false)
        .user(Some(user))
        .pass(Some("pw"))
        .connect_attribute("_client_name", "pool-driver");
    Conn::new(options).await.expect("a session")
}

async fn with_logins() -> MysqlServer {
    let server = MysqlServer::start(MysqlOptions::recommended()).await;
    for user in ["app", "eve"] {
        server.create_user(user, "pw", "ALL").await;
    }
    server.query("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v INT)").await;
    server
}

/// Reads nothing: from here on changes can be made that are read later.
async fn checkpoint(config: &Config) -> Checkpoint {
    Reading::latest(config.clone()).await.checkpoint
}

fn name_and_binding(event: &Event) -> (Option<&str>, Binding) {
    (event.actor.name.as_deref(), event.actor.binding)
}

#[tokio::test]
async fn a_session_that_changed_its_user_names_neither_of_them() {
    let server = with_logins().await;
    let config = config(&server, "d.*");
    let checkpoint = checkpoint(&config).await;
    let mut pooled = session(&server, "app").await;
    pooled.query_drop("INSERT INTO d.t VALUES (1, 1)").await.expect("app may");
    pooled
        .change_user(ChangeUserOpts::new().with_user(Some("eve".to_owned())).with_pass(Some("pw".to_owned())))
        .await
        .expect("the change");
    pooled.query_drop("INSERT INTO d.t VALUES (2, 2)").await.expect("eve may");
    let mut reading = Reading::open(config, Some(checkpoint)).await.expect("it opens");
    let events = reading.events_until(2).await;
    assert_eq!(name_and_binding(&events[0]), (None, Binding::None), "{:?}", events[0].actor);
    assert_eq!(name_and_binding(&events[1]), (Some("eve"), Binding::Exact), "{:?}", events[1].actor);
    // Behind more statements than the server remembers, still nobody's but hers.
    for id in 3..20 {
        pooled.query_drop(format!("INSERT INTO d.t VALUES ({id}, 0)")).await.expect("eve may");
    }
    let events = reading.events_until(19).await;
    assert_eq!(name_and_binding(&events[18]), (Some("eve"), Binding::Exact), "{:?}", events[18].actor);
}

#[tokio::test]
async fn on_a_replica_the_session_that_applies_a_change_did_not_make_it() {
    let source = with_logins().await;
    let replica = MysqlServer::start(MysqlOptions::recommended().with("--server-id=2")).await;
    replica
        .query(&format!(
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={}, SOURCE_USER='root', \
             SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1; START REPLICA",
            source.port()
        ))
        .await;
    until(DEADLINE, "the table to be replicated", async || {
        replica.try_query("SELECT COUNT(*) FROM d.t").await.ok()
    })
    .await;
    let config = config(&replica, "d.*");
    let checkpoint = checkpoint(&config).await;
    // Both stay open: on each server somebody has the thread's number.
    let mut app = session(&source, "app").await;
    app.query_drop("INSERT INTO d.t VALUES (1, 1)").await.expect("app may");
    until(DEADLINE, "the row to be replicated", async || {
        (replica.query("SELECT COUNT(*) FROM d.t").await == [["1"]]).then_some(())
    })
    .await;
    let mut eve = session(&replica, "eve").await;
    eve.query_drop("INSERT INTO d.t VALUES (2, 2)").await.expect("eve may");
    let mut reading = Reading::open(config, Some(checkpoint)).await.expect("it opens");
    let events = reading.events_until(2).await;
    assert_eq!(name_and_binding(&events[0]), (None, Binding::None), "{:?}", events[0].actor);
    assert!(events[0].has_flag("login_unknown"));
    // What is written on the replica itself has its login.
    assert_eq!(name_and_binding(&events[1]), (Some("eve"), Binding::Exact), "{:?}", events[1].actor);
    assert_eq!(events[1].actor.client.as_deref(), Some("pool-driver"));
}

/// The right to set `pseudo_thread_id` is an administrator's; who has it can take another session's number.
#[tokio::test]
async fn a_forged_thread_id_does_not_name_the_session_that_slept_meanwhile() {
    let server = with_logins().await;
    let config = config(&server, "d.*");
    let checkpoint = checkpoint(&config).await;
    let app = session(&server, "app").await;
    let idle = format!(
        "SELECT processlist_time >= 3 FROM performance_schema.threads WHERE processlist_id = {}",
        app.id()
    );
    until(DEADLINE, "the session to sleep", async || (server.query(&idle).await == [["1"]]).then_some(()))
        .await;
    // The forger is gone when somebody looks.
    server
        .query(&format!(
            "SET pseudo_thread_id = {}; INSERT INTO d.t VALUES (1, 1) /*user='alice'*/",
            app.id()
        ))
        .await;
    let mut reading = Reading::open(config, Some(checkpoint)).await.expect("it opens");
    let events = reading.events_until(1).await;
    assert_eq!(name_and_binding(&events[0]), (None, Binding::None), "{:?}", events[0].actor);
    assert_eq!(events[0].actor.claimed.as_ref().and_then(|claimed| claimed.name.as_deref()), Some("alice"));
}
