//! Transactions whose end does not come, and incidents: what is not known is told, and reading goes on.

use conftrail_core::Action;
use conftrail_testkit::servers::{MysqlServer, Product};

use super::proxy;
use super::{BODY, TYPE, detail, names, server, through};
use crate::packets::PacketProxy;
use crate::reading::{Reading, actions};

const ROTATE: u8 = 4;
const INTVAR: u8 = 5;
const XID: u8 = 16;
const INCIDENT: u8 = 26;
const TRANSACTION_PAYLOAD: u8 = 40;
/// Where the flags stand in an event's header; the one of events that stand in no file.
const FLAGS: usize = 17;
const ARTIFICIAL: u8 = 0x20;

/// Opened at the position behind what was read, nothing comes again.
async fn assert_read_once(proxy: &PacketProxy, server: &MysqlServer, reading: Reading) {
    let again = Reading::open(through(proxy, server), Some(reading.checkpoint)).await;
    assert!(again.expect("it opens").catch_up(server).await.is_empty(), "{:?}", server.product());
}

#[tokio::test]
async fn a_transaction_without_an_end_is_a_gap_behind_what_was_read_of_it() {
    for product in Product::ALL {
        let server = server(product).await;
        let mut ends = 0;
        let proxy = proxy::start(server.port(), move |event| {
            ends += usize::from(event[TYPE] == XID);
            let is_first = event[TYPE] == XID && ends == 1;
            if is_first {
                // Of this type nothing becomes.
                event[TYPE] = INTVAR;
            }
            is_first
        })
        .await;
        let mut reading = Reading::latest(through(&proxy, &server)).await;
        server.query("INSERT INTO d.t VALUES (1, 1); INSERT INTO d.t VALUES (2, 2)").await;
        let events = reading.catch_up(&server).await;
        assert_eq!(actions(&events), [Action::Create, Action::Gap, Action::Create], "{product:?}");
        let cause = detail(&events[1], "cause").as_text().expect("a text");
        assert!(cause.contains("has no end"), "{cause}");
        assert_eq!(events[1].tx.as_ref().map(|tx| &tx.id), events[0].tx.as_ref().map(|tx| &tx.id));
        assert_read_once(&proxy, &server, reading).await;
    }
}

#[tokio::test]
async fn a_compressed_transaction_without_an_end_is_undecoded_behind_what_was_read_of_it() {
    let server = server(Product::Mysql).await;
    let proxy = proxy::start(server.port(), |event| {
        let is_wanted = event[TYPE] == TRANSACTION_PAYLOAD;
        if is_wanted {
            // Fields with their lengths, up to the one of type 0; then the events, of which the last is the end.
            let mut content = BODY;
            while event[content] != 0 {
                content += 2 + usize::from(event[content + 1]);
            }
            let inner = zstd::decode_all(&event[content + 1..]).expect("zstd");
            let cut = inner.len() - BODY - 8;
            assert_eq!(inner[cut + TYPE], XID);
            event.truncate(content + 1);
            event.extend(zstd::encode_all(&inner[..cut], 3).expect("zstd"));
        }
        is_wanted
    })
    .await;
    let mut reading = Reading::latest(through(&proxy, &server)).await;
    server
        .query(
            "SET binlog_transaction_compression = ON; INSERT INTO d.t VALUES (1, 1); \
                SET binlog_transaction_compression = OFF; INSERT INTO d.t VALUES (2, 2)",
        )
        .await;
    let events = reading.catch_up(&server).await;
    assert_eq!(actions(&events), [Action::Create, Action::Undecoded, Action::Create]);
    assert_eq!(detail(&events[1], "error").as_text(), Some("the transaction's events have no end"));
    assert_read_once(&proxy, &server, reading).await;
}

#[tokio::test]
async fn an_incident_that_stands_alone_is_a_gap_and_keeps_nobody_waiting() {
    for product in Product::ALL {
        let server = server(product).await;
        let proxy = proxy::start(server.port(), |event| {
            let is_wanted = event[TYPE] == ROTATE && event[FLAGS] & ARTIFICIAL == 0;
            if is_wanted {
                event[TYPE] = INCIDENT;
            }
            is_wanted
        })
        .await;
        let mut reading = Reading::latest(through(&proxy, &server)).await;
        server.query("INSERT INTO d.t VALUES (1, 1); FLUSH BINARY LOGS").await;
        // Nothing more happens on the server.
        assert_eq!(actions(&reading.catch_up(&server).await), [Action::Create, Action::Gap], "{product:?}");
        server.query("INSERT INTO d.t VALUES (2, 2)").await;
        let events = reading.catch_up(&server).await;
        assert_eq!(names(&events), ["1", "binlog", "2"], "{product:?}");
        assert_read_once(&proxy, &server, reading).await;
    }
}

#[tokio::test]
async fn a_dump_that_the_server_ends_is_worth_another_try() {
    let server = server(Product::Mysql).await;
    let mut ends = 0;
    let proxy = proxy::start(server.port(), move |event| {
        ends += usize::from(event[TYPE] == XID);
        let is_wanted = event[TYPE] == XID && ends == 2;
        if is_wanted {
            event.clear();
        }
        is_wanted
    })
    .await;
    let mut reading = Reading::latest(through(&proxy, &server)).await;
    server.query("INSERT INTO d.t VALUES (1, 1); INSERT INTO d.t VALUES (2, 2)").await;
    let error = reading.failure().await;
    assert!(error.is_retryable() && error.to_string().contains("ended the dump"), "{error}");
    let again = Reading::open(through(&proxy, &server), Some(reading.checkpoint)).await;
    assert_eq!(names(&again.expect("it opens").catch_up(&server).await), ["2"]);
}
