//! How far each source has been read.

use std::collections::BTreeMap;

use conftrail_core::ports::Claim;
use conftrail_core::{LogIdentity, LogPlace, Map, Order, Position, StateChange, Value};

use super::Stores;

fn position(offset: u64) -> Position {
    let mut map = Map::default();
    map.insert("gtid", "c9f06a51:1-5");
    map.insert("offset", offset);
    Position(Value::Map(map))
}

fn set(key: &str, value: impl Into<Value>) -> StateChange {
    StateChange { key: key.into(), value: Some(value.into()) }
}

fn remove(key: &str) -> StateChange {
    StateChange { key: key.into(), value: None }
}

/// A source that was never saved has no checkpoint.
pub async fn a_source_that_was_never_saved_has_no_checkpoint(stores: &impl Stores) {
    let store = stores.open().await;
    assert_eq!(store.load_checkpoint("etc").await.unwrap(), None);
    assert!(store.checkpointed_sources().await.unwrap().is_empty());
}

/// Integers of 64 bits, nulls, and keys in any language come back as they were saved.
pub async fn a_checkpoint_survives_a_restart_to_the_last_bit(stores: &impl Stores) {
    let state = [set("shop.标志", u64::MAX), set("empty", Value::Null), set("", -0.5)];
    stores
        .open()
        .await
        .save_checkpoint("orders-db", Claim::default(), &position(u64::MAX), &state)
        .await
        .unwrap();

    let loaded = stores.open().await.load_checkpoint("orders-db").await.unwrap().unwrap();
    assert_eq!(loaded.position, position(u64::MAX));
    let expected = BTreeMap::from([
        ("shop.标志".into(), Value::from(u64::MAX)),
        ("empty".into(), Value::Null),
        (String::new(), Value::from(-0.5)),
    ]);
    assert_eq!(loaded.state, expected);
}

/// A save sets and removes the entries it names; others, and other sources, keep theirs.
pub async fn a_save_touches_only_the_entries_and_the_source_it_names(stores: &impl Stores) {
    let store = stores.open().await;
    store
        .save_checkpoint("a", Claim::default(), &position(1), &[set("x", 1_i64), set("y", 2_i64)])
        .await
        .unwrap();
    store.save_checkpoint("b", Claim::default(), &position(7), &[set("x", 8_i64)]).await.unwrap();
    store
        .save_checkpoint(
            "a",
            Claim::default(),
            &position(2),
            &[remove("x"), set("z", 3_i64), remove("never")],
        )
        .await
        .unwrap();

    let a = store.load_checkpoint("a").await.unwrap().unwrap();
    assert_eq!(a.position, position(2));
    assert_eq!(a.state, BTreeMap::from([("y".into(), Value::Int(2)), ("z".into(), Value::Int(3))]));
    let b = store.load_checkpoint("b").await.unwrap().unwrap();
    assert_eq!(b.position, position(7));
    assert_eq!(b.state, BTreeMap::from([("x".into(), Value::Int(8))]));
}

/// The same save twice is the same as once; a position without changes moves alone.
pub async fn saving_again_changes_nothing(stores: &impl Stores) {
    let store = stores.open().await;
    let changes = [set("x", 1_i64), remove("y")];
    store.save_checkpoint("a", Claim::default(), &position(1), &changes).await.unwrap();
    let once = store.load_checkpoint("a").await.unwrap();
    store.save_checkpoint("a", Claim::default(), &position(1), &changes).await.unwrap();
    assert_eq!(store.load_checkpoint("a").await.unwrap(), once);

    store.save_checkpoint("a", Claim::default(), &position(2), &[]).await.unwrap();
    let moved = store.load_checkpoint("a").await.unwrap().unwrap();
    assert_eq!(moved.position, position(2));
    assert_eq!(moved.state, once.unwrap().state);
}

/// Who claimed a checkpoint last moves it; what another saves is not mixed in.
pub async fn a_checkpoint_is_moved_by_who_claimed_it_last(stores: &impl Stores) {
    let store = stores.open().await;
    store.save_checkpoint("a", Claim::default(), &position(1), &[set("x", 1_i64)]).await.unwrap();
    let (first, found) = store.claim_checkpoint("a").await.unwrap();
    assert_eq!(found.map(|found| found.position), Some(position(1)));
    assert!(store.save_checkpoint("a", first, &position(2), &[]).await.unwrap());
    let (second, found) = store.claim_checkpoint("a").await.unwrap();
    assert_eq!(found.map(|found| found.position), Some(position(2)));
    for late in [Claim::default(), first] {
        assert!(!store.save_checkpoint("a", late, &position(9), &[set("x", 9_i64)]).await.unwrap());
    }
    drop(store);
    let store = stores.open().await;
    assert!(store.save_checkpoint("a", second, &position(3), &[set("y", 3_i64)]).await.unwrap());
    let saved = store.load_checkpoint("a").await.unwrap().unwrap();
    assert_eq!(saved.position, position(3));
    assert_eq!(saved.state, BTreeMap::from([("x".into(), Value::Int(1)), ("y".into(), Value::Int(3))]));
    assert!(store.save_checkpoint("b", Claim::default(), &position(1), &[]).await.unwrap(), "another source");
}

/// Where there is no checkpoint, the first that saves one has it, and the others have to begin from it.
pub async fn the_first_checkpoint_of_a_source_is_of_who_saves_first(stores: &impl Stores) {
    let store = stores.open().await;
    let (first, nothing) = store.claim_checkpoint("a").await.unwrap();
    let (second, nothing_yet) = store.claim_checkpoint("a").await.unwrap();
    assert_eq!((nothing, nothing_yet), (None, None));
    assert!(store.save_checkpoint("a", first, &position(1), &[]).await.unwrap());
    assert!(!store.save_checkpoint("a", second, &position(2), &[]).await.unwrap());
    assert!(store.save_checkpoint("a", first, &position(3), &[]).await.unwrap());
    let (third, found) = store.claim_checkpoint("a").await.unwrap();
    assert_eq!(found.map(|found| found.position), Some(position(3)));
    assert!(third != second, "a claim is never given twice");
}

/// Every saved source is listed once, by name.
pub async fn the_sources_with_a_checkpoint_are_listed(stores: &impl Stores) {
    let store = stores.open().await;
    for source in ["orders-db", "etc", "orders-db"] {
        store.save_checkpoint(source, Claim::default(), &position(1), &[]).await.unwrap();
    }
    assert_eq!(store.checkpointed_sources().await.unwrap(), ["etc", "orders-db"]);
}

/// What each source's appender saw of the log replaces what it saw before, and survives a restart.
pub async fn what_was_seen_of_the_log_is_kept_by_source(stores: &impl Stores) {
    let place = |id: &str, offset| LogPlace {
        log: LogIdentity { id: id.to_owned(), epoch: u32::MAX, partitions: 1 },
        end: vec![Order { epoch: u32::MAX, partition: 0, offset }],
    };
    let store = stores.open().await;
    assert!(store.log_places().await.unwrap().is_empty());
    for (source, place) in [("etc", place("a", 1)), ("orders-db", place("a", 7)), ("etc", place("b", 2))] {
        store.save_log_place(source, &place).await.unwrap();
    }
    drop(store);
    let seen = stores.open().await.log_places().await.unwrap();
    let expected = [("etc", place("b", 2)), ("orders-db", place("a", 7))];
    assert_eq!(seen, expected.map(|(source, place)| (source.to_owned(), place)).into());
}
