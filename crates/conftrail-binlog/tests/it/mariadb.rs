//! What is MariaDB's own, on both of its releases: GTIDs by domain, statements without sessions, times that can be forged.

use std::sync::Arc;

use conftrail_binlog::Config;
use conftrail_core::{Action, Authority, Binding, Event, Value};
use conftrail_testkit::servers::{MysqlServer, Product};

use crate::reading::{Reading, config};

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
