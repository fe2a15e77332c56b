//! Doors for [`crate::fuzzing`] to what the reader does with an event's bytes.

use std::hint::black_box;

use conftrail_core::Position;

use super::compressed::inflated;
use super::gtid_event::Begin;
use super::payload::Payload;
use super::position::BinlogPosition;
use super::query_event::{QueryEvent, rows_query};
use super::sql::Grammar;
use super::statement::classify;
use crate::decode::RowsEvent;
use crate::gtid::GtidSet;
use crate::product::Product;
use crate::table_map::TableMap;
use crate::wire::{EventHeader, kind};

/// How many events of a compressed transaction are looked into: a few bytes can stand for very many.
const MOST_INNER_EVENTS: usize = 64;

/// Reads the body of an event of a type, and the events inside of a compressed transaction.
pub(crate) fn event_body(event_kind: u8, body: &[u8]) {
    match event_kind {
        // What mysql_common reads may panic: the source catches that, and the fuzzer would not.
        kind::GTID_TAGGED => {}
        kind::GTID | kind::ANONYMOUS_GTID | kind::MARIADB_GTID => {
            let header =
                EventHeader { timestamp: 0, kind: event_kind, server_id: 1, size: 0, log_pos: 0, flags: 0 };
            drop(black_box(Begin::read(&header, body)));
        }
        kind::QUERY_COMPRESSED..=kind::DELETE_ROWS_COMPRESSED => {
            if let Some((plain, body)) = inflated(event_kind, body) {
                event_body(plain, &body);
            }
        }
        kind::QUERY => {
            if let Some(query) = QueryEvent::read(body) {
                for product in [Product::Mysql, Product::Mariadb] {
                    let backslash_escapes = query.dialect.backslash_escapes().unwrap_or(true);
                    black_box(classify(&query.sql, Grammar { backslash_escapes, product }));
                }
            }
        }
        kind::EXECUTE_LOAD_QUERY => drop(black_box(QueryEvent::read_load(body))),
        kind::ROWS_QUERY => drop(black_box(rows_query(body))),
        kind::PREVIOUS_GTIDS => drop(black_box(GtidSet::decode(body))),
        kind::TABLE_MAP => drop(black_box(TableMap::parse(body))),
        kind::TRANSACTION_PAYLOAD => payload(body),
        _ => drop(black_box(RowsEvent::parse(event_kind, body))),
    }
}

fn payload(body: &[u8]) {
    let Ok(mut payload) = Payload::open(body) else { return };
    for _ in 0..MOST_INNER_EVENTS {
        let Ok(Some((header, inner))) = payload.next_event() else { return };
        if header.kind != kind::TRANSACTION_PAYLOAD {
            event_body(header.kind, inner);
        }
    }
}

/// Reads a checkpoint's position and writes it again.
///
/// # Panics
/// When what was written reads back as another position.
pub(crate) fn position(position: &Position) {
    if let Ok(read) = BinlogPosition::from_position(position) {
        let again = BinlogPosition::from_position(&read.to_position());
        assert!(again.is_ok_and(|again| again == read), "a position reads back as it was written");
    }
}
