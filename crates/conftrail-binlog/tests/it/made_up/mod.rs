//! Types of events and of columns that no server has yet, and logs that no server should write: each is told, and what follows is
//! read as if nothing had been.

mod endings;
mod proxy;

use std::sync::Arc;

use conftrail_binlog::Config;
use conftrail_binlog::wire::{Tls, TlsMode};
use conftrail_core::{Action, Event, Value};
use conftrail_testkit::servers::{MysqlOptions, MysqlServer, Product};

use crate::packets::PacketProxy;
use crate::reading::{Reading, actions, config};

/// No event and no column is of this type.
const MADE_UP: u8 = 99;

/// Where the type stands in an event's header, and where its body begins.
const TYPE: usize = 4;
const BODY: usize = 19;

const QUERY: u8 = 2;
const TABLE_MAP: u8 = 19;

async fn server(product: Product) -> MysqlServer {
    let server =
        MysqlServer::start(MysqlOptions::recommended_of(product).with("--binlog-checksum=CRC32")).await;
    server
        .query(
            "CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v MEDIUMINT); CREATE TABLE d.other LIKE d.t",
        )
        .await;
    server
}

/// Everything is captured, through the proxy.
fn through(proxy: &PacketProxy, server: &MysqlServer) -> Config {
    Config {
        url: format!("mysql://root@127.0.0.1:{}", proxy.port).parse().expect("a url"),
        tls: Tls { mode: TlsMode::Disabled, ..Tls::default() },
        ..config(server, "d.*")
    }
}

fn is_rows(event: &[u8]) -> bool {
    matches!(event[TYPE], 23..=25 | 30..=32)
}

/// Where the type of a table map's last column stands, when it is of `d.t`, which has two.
fn last_column(event: &[u8]) -> Option<usize> {
    let names = [1, b'd', 0, 1, b't', 0, 2];
    let place = BODY + 8 + names.len();
    (event[TYPE] == TABLE_MAP && event[BODY + 8..].starts_with(&names)).then_some(place + 1)
}

fn detail<'e>(event: &'e Event, name: &str) -> &'e Value {
    event.detail.as_ref().and_then(|detail| detail.get(name)).expect("a detail")
}

fn value(event: &Event) -> &Value {
    event.after.as_ref().and_then(Value::as_map).and_then(|row| row.get("v")).expect("a value")
}

fn names(events: &[Arc<Event>]) -> Vec<&str> {
    events.iter().map(|event| &*event.resource.name).collect()
}

#[tokio::test]
async fn an_event_of_a_type_that_does_not_exist_yet_is_told_and_the_next_row_is_right() {
    for product in Product::ALL {
        let server = server(product).await;
        let mut seen = 0;
        let proxy = proxy::start(server.port(), move |event| {
            seen += usize::from(is_rows(event));
            let is_second = is_rows(event) && seen == 2;
            if is_second {
                event[TYPE] = MADE_UP;
            }
            is_second
        })
        .await;
        let mut plain = Reading::latest(config(&server, "d.*")).await;
        let mut reading = Reading::latest(through(&proxy, &server)).await;
        server
            .query(
                "INSERT INTO d.t VALUES (1, -1); BEGIN; INSERT INTO d.t VALUES (2, -2); INSERT INTO d.t VALUES (3, -3); \
                 COMMIT; UPDATE d.t SET v = -8388608 WHERE id = 1",
            )
            .await;
        let events = reading.catch_up(&server).await;
        use Action::{Create, Undecoded, Update};
        assert_eq!(actions(&events), [Create, Undecoded, Create, Update], "{product:?}");
        assert_eq!(detail(&events[1], "type"), &Value::Int(MADE_UP.into()));
        assert_eq!(detail(&events[1], "error").as_text(), Some("this type of event is not known"));
        assert_eq!((value(&events[2]), value(&events[3])), (&Value::Int(-3), &Value::Int(-8_388_608)));
        // What is told in place of a row counts as one: the ids behind it are those of an undisturbed reading.
        let expected = plain.catch_up(&server).await;
        assert_eq!(crate::reading::ids(&events), crate::reading::ids(&expected), "{product:?}");
    }
}

#[tokio::test]
async fn a_transaction_that_ends_with_a_type_that_does_not_exist_yet_is_read_once() {
    for product in Product::ALL {
        let server = server(product).await;
        let proxy = proxy::start(server.port(), |event| {
            let is_wanted = event[TYPE] == QUERY && event.ends_with(b"ADD COLUMN made_up INT");
            if is_wanted {
                event[TYPE] = MADE_UP;
            }
            is_wanted
        })
        .await;
        let mut reading = Reading::latest(through(&proxy, &server)).await;
        server.query("ALTER TABLE d.other ADD COLUMN made_up INT; INSERT INTO d.t VALUES (1, -1)").await;
        let events = reading.catch_up(&server).await;
        assert_eq!(actions(&events), [Action::Undecoded, Action::Create], "{product:?}");
        server.query("INSERT INTO d.t VALUES (2, -2)").await;
        let resumed = Reading::open(through(&proxy, &server), Some(reading.checkpoint.clone())).await;
        let again = resumed.expect("it opens").catch_up(&server).await;
        assert_eq!(names(&again), ["2"], "{product:?}");
    }
}

#[tokio::test]
async fn a_column_of_a_type_that_does_not_exist_yet_costs_the_rows_that_have_a_value_there() {
    for product in Product::ALL {
        let server = server(product).await;
        let mut seen = 0;
        let proxy = proxy::start(server.port(), move |event| {
            let Some(place) = last_column(event) else { return false };
            seen += 1;
            let is_wanted = seen <= 2;
            if is_wanted {
                event[place] = MADE_UP;
            }
            is_wanted
        })
        .await;
        let mut reading = Reading::latest(through(&proxy, &server)).await;
        server
            .query(
                "BEGIN; INSERT INTO d.t VALUES (1, -1), (2, -2); INSERT INTO d.other VALUES (1, -5); COMMIT; \
                 INSERT INTO d.t VALUES (3, NULL); INSERT INTO d.t VALUES (4, -8388608)",
            )
            .await;
        let events = reading.catch_up(&server).await;
        use Action::{Create, Undecoded};
        assert_eq!(actions(&events), [Undecoded, Create, Create, Create], "{product:?}");
        assert_eq!(events[0].resource.id, "mysql:orders-db/d/t");
        let error = detail(&events[0], "error").as_text().expect("a text");
        assert!(error.contains("column 1 of type 99") && error.contains("not supported"), "{error}");
        assert_eq!(names(&events[1..]), ["1", "3", "4"], "{product:?}");
        let values: Vec<_> = events[1..].iter().map(|event| value(event)).collect();
        assert_eq!(values, [&Value::Int(-5), &Value::Null, &Value::Int(-8_388_608)]);
    }
}

/// Damages an event of its kind and says whether it was one.
type Damage = fn(&mut [u8]) -> bool;

/// Rows that have more columns than their table map says; version 2 of rows events has two more bytes before the number.
fn more_columns(event: &mut [u8]) -> bool {
    let place = BODY + if event[TYPE] >= 30 { 10 } else { 8 };
    let is_wanted = is_rows(event);
    if is_wanted {
        event[place] = 200;
    }
    is_wanted
}

/// A table map whose first name is longer than the event.
fn endless_name(event: &mut [u8]) -> bool {
    let is_wanted = last_column(event).is_some();
    if is_wanted {
        event[BODY + 8] = 250;
    }
    is_wanted
}

/// A table map of another number of columns than it has types for.
fn missing_types(event: &mut [u8]) -> bool {
    let Some(place) = last_column(event) else { return false };
    event[place - 2] = 240;
    true
}

#[tokio::test]
async fn an_event_that_contradicts_itself_is_told_and_what_follows_is_right() {
    for product in Product::ALL {
        for damage in [more_columns as Damage, endless_name, missing_types] {
            let server = server(product).await;
            let mut seen = 0;
            let proxy = proxy::start(server.port(), move |event| {
                let mut damaged = event.to_vec();
                seen += usize::from(damage(&mut damaged));
                let is_second = seen == 2 && damaged != *event;
                if is_second {
                    event.copy_from_slice(&damaged);
                }
                is_second
            })
            .await;
            let mut reading = Reading::latest(through(&proxy, &server)).await;
            server
                .query(
                    "INSERT INTO d.t VALUES (1, -1); INSERT INTO d.t VALUES (2, -2); INSERT INTO d.t VALUES (3, -3)",
                )
                .await;
            let events = reading.catch_up(&server).await;
            let [first, told @ .., last] = &events[..] else { panic!("{:?}", actions(&events)) };
            assert_eq!((&*first.resource.name, &*last.resource.name), ("1", "3"), "{product:?}: {told:?}");
            assert_eq!(value(last), &Value::Int(-3));
            assert!(
                !told.is_empty() && actions(told).iter().all(|one| *one == Action::Undecoded),
                "{told:?}"
            );
            assert!(
                told.iter().all(|one| detail(one, "error").as_text().is_some_and(|error| !error.is_empty()))
            );
            server.query("INSERT INTO d.t VALUES (4, -4)").await;
            let resumed = Reading::open(through(&proxy, &server), Some(reading.checkpoint.clone())).await;
            assert_eq!(names(&resumed.expect("it opens").catch_up(&server).await), ["4"], "{product:?}");
        }
    }
}

/// The number that ends a statement without rows is also given to a table, once as many were opened.
#[tokio::test]
async fn a_table_with_the_number_that_stands_for_no_table_is_read_as_any_other() {
    for product in Product::ALL {
        let server = server(product).await;
        let proxy = proxy::start(server.port(), |event| {
            let is_wanted = event[TYPE] == TABLE_MAP || is_rows(event);
            if is_wanted {
                event[BODY..BODY + 6].copy_from_slice(&[0xff, 0xff, 0xff, 0, 0, 0]);
            }
            is_wanted
        })
        .await;
        let mut reading = Reading::latest(through(&proxy, &server)).await;
        server.query("INSERT INTO d.t VALUES (1, -1)").await;
        assert_eq!(actions(&reading.catch_up(&server).await), [Action::Create], "{product:?}");
    }
}
