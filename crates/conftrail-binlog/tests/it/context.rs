//! What a transaction says about who makes it: rows of the context table, and columns that name an editor.

use conftrail_binlog::Config;
use conftrail_core::{Authority, Binding, Event};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};
use mysql_async::prelude::Queryable;

use crate::reading::{Reading, config};
use crate::statements::session;

/// Name, binding, authority, evidence, claimed name with its evidence, ticket.
type Who = (Option<String>, Binding, Authority, Option<String>, Option<(String, String)>, Option<String>);

fn who(event: &Event) -> Who {
    let actor = &event.actor;
    let claimed = actor.claimed.as_ref().map(|claimed| {
        (claimed.name.clone().unwrap_or_default().into(), claimed.via.clone().unwrap_or_default().into())
    });
    let ticket = event.reason.as_ref().and_then(|reason| reason.ticket.clone());
    let text = |text: Option<&_>| text.map(ToString::to_string);
    let (name, via) = (text(actor.name.as_ref()), text(actor.via.as_ref()));
    (name, actor.binding, actor.authority, via, claimed, ticket.map(Into::into))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A configuration that reads `context` beside the database's tables.
fn with_context(server: &MysqlServer, database: &str, trust: &[&str]) -> Config {
    let mut config = config(server, &format!("{database}.*"));
    config.actor.context = format!("{database}.context");
    config.actor.trust = trust.iter().map(|login| (*login).to_owned()).collect();
    config
}

#[tokio::test]
async fn a_context_row_names_the_person_for_what_follows_in_its_transaction() {
    let server = MysqlServer::shared().await;
    let database = server.create_database().await;
    server
        .query(&format!(
            "USE {database}; CREATE TABLE t (id INT PRIMARY KEY, v INT); \
             CREATE TABLE context (actor VARCHAR(64), ticket VARCHAR(64)) ENGINE=BLACKHOLE"
        ))
        .await;
    let (root, exact) = (some("root"), Binding::Exact);
    let login = (root.clone(), exact, Authority::Authenticated, some("session"), None, None);
    for (trust, expected, bob) in [
        (
            &["root@%"][..],
            (some("alice"), exact, Authority::Asserted, some("context"), None, some("CHG-1")),
            (some("bob"), exact, Authority::Asserted, some("comment"), None, some("CHG-1")),
        ),
        (
            &[],
            (
                root.clone(),
                exact,
                Authority::Authenticated,
                some("session"),
                some("alice").zip(some("context")),
                None,
            ),
            (
                root.clone(),
                exact,
                Authority::Authenticated,
                some("session"),
                some("bob").zip(some("comment")),
                None,
            ),
        ),
    ] {
        let mut reading = Reading::latest(with_context(server, &database, trust)).await;
        let mut root = session(server).await;
        root.query_drop(format!(
            "USE {database}; DELETE FROM t; BEGIN; INSERT INTO t VALUES (1, 1); \
             INSERT INTO context VALUES ('alice', 'CHG-1'); INSERT INTO t VALUES (2, 2); \
             INSERT INTO t VALUES (3, 3) /*user='bob'*/; COMMIT; INSERT INTO t VALUES (4, 4)"
        ))
        .await
        .expect("the statements");
        let events = reading.catch_up(server).await;
        let events = &events[events.len() - 4..];
        let found: Vec<Who> = events.iter().map(|event| who(event)).collect();
        assert_eq!(found, [login.clone(), expected, bob, login.clone()], "trust {trust:?}");
        let places: Vec<u64> = events.iter().map(|event| event.tx.as_ref().expect("a place").seq).collect();
        assert_eq!(places, [0, 2, 3, 0], "the row between counts and is no event");
        assert_eq!(events[1].has_flag("untrusted_claim"), trust.is_empty());
    }
}

/// As the vendors ship them: no names in the log, so that those of the context table come from the schema too.
#[tokio::test]
async fn a_context_row_is_read_on_every_server_as_it_is_shipped() {
    for product in Product::ALL {
        let options = MysqlOptions::of(product).with("--binlog-format=ROW");
        let server = MysqlServer::start(options).await;
        server
            .query(
                "CREATE DATABASE conftrail; CREATE TABLE conftrail.context (k VARCHAR(64), v VARCHAR(64)); \
                 CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)",
            )
            .await;
        let mut trusting = config(&server, "d.*");
        trusting.actor.trust = vec!["*".to_owned()];
        let mut reading = Reading::latest(trusting).await;
        server
            .query(
                "BEGIN; INSERT INTO conftrail.context VALUES ('user', 'alice'), ('ticket', 'CHG-1'); \
                 INSERT INTO d.t VALUES (1); COMMIT",
            )
            .await;
        let event = reading.events_until(1).await.remove(0);
        let (name, _, authority, via, _, ticket) = who(&event);
        assert_eq!(
            (name, authority, via, ticket),
            (some("alice"), Authority::Asserted, some("context"), some("CHG-1"))
        );
    }
}

#[tokio::test]
async fn a_column_names_the_editor_only_where_the_change_wrote_it() {
    let server = MysqlServer::shared().await;
    let database = server.create_database().await;
    server
        .query(&format!("CREATE TABLE {database}.t (id INT PRIMARY KEY, v INT, Updated_By VARCHAR(64))"))
        .await;
    for (image, flags) in [("FULL", 0), ("MINIMAL", 1)] {
        let mut config = config(server, &format!("{database}.*"));
        config.actor.columns = vec!["modifier".to_owned(), "updated_by".to_owned()];
        let mut reading = Reading::latest(config).await;
        server
            .query(&format!(
                "USE {database}; SET binlog_row_image = {image}; INSERT INTO t VALUES (1, 1, 'alice'); \
                 UPDATE t SET v = 2, updated_by = 'bob'; UPDATE t SET v = 3; \
                 UPDATE t SET v = 4, updated_by = 'carol' /*user='dave'*/; DELETE FROM t"
            ))
            .await;
        let events = reading.events_until(5).await;
        let claims: Vec<Option<(String, String)>> = events.iter().map(|event| who(event).4).collect();
        let claim = |name: &str, via: &str| Some((name.to_owned(), via.to_owned()));
        // The third change is nobody's by its columns: `bob` is who came before.
        let expected =
            [claim("alice", "column"), claim("bob", "column"), None, claim("dave", "comment"), None];
        assert_eq!(claims, expected, "{image}");
        assert_eq!(events[1].flags.iter().filter(|flag| *flag == "partial_image").count(), flags);
    }
}
