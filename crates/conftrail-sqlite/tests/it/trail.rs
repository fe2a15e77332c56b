//! The audit store against its contract, and what is its own.

use std::sync::Arc;

use async_trait::async_trait;
use conftrail_core::ports::{AuditReader as _, AuditWriter as _, SearchRequest};
use conftrail_core::query::Query;
use conftrail_core::{ErrorKind, Event, explain};
use conftrail_sqlite::{Options, Trail};
use conftrail_testkit::contract::audit::{Opened, Trails, ids, request};
use conftrail_testkit::contract::events::{about, at, event, order};
use conftrail_testkit::queries;
use tempfile::TempDir;

/// A trail in a directory of its own.
struct InDirectory(TempDir);

impl InDirectory {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }
}

#[async_trait]
impl Trails for InDirectory {
    async fn open(&self) -> Opened {
        let trail = Arc::new(opened(&self.0));
        Opened { writer: trail.clone(), reader: trail }
    }
}

fn opened(directory: &TempDir) -> Trail {
    Trail::open(directory.path(), &Options::default()).unwrap().with_clock(queries::now)
}

fn shared(events: impl IntoIterator<Item = Event>) -> Vec<Arc<Event>> {
    events.into_iter().map(Arc::new).collect()
}

conftrail_testkit::audit_contract!(InDirectory::new());

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_beside_the_writer_sees_whole_writes_only() {
    let directory = TempDir::new().unwrap();
    let trail = opened(&directory);
    let beside = Trail::open_read_only(directory.path(), &Options::default()).unwrap();
    let writing = async {
        for batch in 0..20 {
            trail.write(&shared((0..50).map(|number| event(batch * 50 + number)))).await.unwrap();
        }
    };
    let reading = async {
        let mut seen = 0;
        while seen < 1000 {
            let found = beside.search(request(Query::All, 10_000)).await.unwrap();
            assert!(found.events.len().is_multiple_of(50) && found.events.len() >= seen);
            seen = found.events.len();
        }
    };
    tokio::join!(writing, reading);
    let refused = beside.write(&shared([event(2000)])).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Rejected);
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_loses_nothing() {
    let directory = TempDir::new().unwrap();
    let small = Options { max_bytes: Some(2 << 20), ..Options::default() };
    let trail = Trail::open(directory.path(), &small).unwrap();
    let mut stored = 0;
    let refused = loop {
        match trail.write(&shared((stored..stored + 200).map(event))).await {
            Ok(report) => assert_eq!(report.done, 200),
            Err(error) => break error,
        }
        stored += 200;
    };
    assert_eq!(refused.kind(), ErrorKind::Unavailable { retry_after: None }, "{}", explain(&refused));
    assert!(stored > 0);
    assert_eq!(trail.search(request(Query::All, 10_000)).await.unwrap().events.len() as u64, stored);
    drop(trail);
    let trail = opened(&directory);
    let report = trail.write(&shared((0..stored + 200).map(event))).await.unwrap();
    assert_eq!((report.done, report.repeated), (stored + 200, stored));
}

#[tokio::test]
async fn a_search_that_reads_much_in_vain_ends_its_page_and_goes_on() {
    let directory = TempDir::new().unwrap();
    let trail = opened(&directory);
    for batch in 0..25 {
        trail.write(&shared((0..1000).map(|number| event(batch * 1000 + number + 1)))).await.unwrap();
    }
    // No index knows the ends of words, and only the oldest event has this one.
    let mut oldest = event(0);
    Arc::make_mut(&mut oldest.actor).name = Some("sentinel".into());
    trail.write(&shared([oldest.clone()])).await.unwrap();
    let mut asked = request(Query::parse("*entinel").unwrap(), 10);
    let mut pages = 0;
    let found = loop {
        let page = trail.search(asked.clone()).await.unwrap();
        pages += 1;
        match page.next {
            Some(next) => asked = SearchRequest { cursor: Some(next), ..asked },
            None => break page.events,
        }
    };
    assert_eq!(ids(&found), [oldest.id]);
    assert!(pages > 1);
}

#[tokio::test]
async fn content_that_hides_from_the_full_text_is_found_by_its_field() {
    let directory = TempDir::new().unwrap();
    let trail = opened(&directory);
    // A row with columns of these names looks like a document, whose other members are no text.
    let mut hidden = event(1);
    let side = serde_json::json!({"digest": "d", "text": "t", "limit": "zebra"});
    hidden.after = Some(serde_json::from_value(side).unwrap());
    trail.write(&shared([hidden.clone(), event(2)])).await.unwrap();
    for text in
        ["after.limit:zebra", "after.limit:*zebra not after.limit:x", "after.text:t", "after.limit:z*"]
    {
        let found = trail.search(request(Query::parse(text).unwrap(), 10)).await.unwrap();
        assert_eq!(ids(&found.events), [hidden.id], "{text}");
    }
}

#[tokio::test]
async fn events_that_arrive_in_any_order_are_found_in_the_order_of_time() {
    let directory = TempDir::new().unwrap();
    let trail = opened(&directory);
    // A fixed shuffle: 7 and 101 have no common factor.
    let shuffled = (0..101).map(|number| (number * 7) % 101);
    for number in shuffled {
        let time = at(0).plus(std::time::Duration::from_millis(number * 11));
        let event = Event { time, log: Some(order(1000 - number)), ..about("42", event(number)) };
        trail.write(&shared([event])).await.unwrap();
    }
    let expected: Vec<_> = (0..101).rev().map(|number| event(number).id).collect();
    for text in ["*", "alice", "actor:alice", "action:update", "res:mysql:orders-db/*", "after.id>=0"] {
        let mut asked = request(Query::parse(text).unwrap(), 13);
        let mut found = Vec::new();
        loop {
            let page = trail.search(asked.clone()).await.unwrap();
            found.extend(ids(&page.events));
            match page.next {
                Some(next) => asked = SearchRequest { cursor: Some(next), ..asked },
                None => break,
            }
        }
        assert_eq!(found, expected, "{text}");
    }
}

#[tokio::test]
async fn a_trail_that_is_not_there_cannot_be_read() {
    let directory = TempDir::new().unwrap();
    let refused = Trail::open_read_only(directory.path(), &Options::default()).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::Misconfigured);
    assert!(explain(&refused).contains("trail.db"), "{}", explain(&refused));
}

#[tokio::test]
async fn what_a_killed_process_had_written_is_there() {
    let (directory, copied) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let trail = opened(&directory);
    trail.write(&shared((0..100).map(event))).await.unwrap();
    // The files as a kill would leave them: nothing folded, nothing closed, no index of the write-ahead log.
    for file in ["trail.db", "trail.db-wal"] {
        std::fs::copy(directory.path().join(file), copied.path().join(file)).unwrap();
    }
    let beside = Trail::open_read_only(copied.path(), &Options::default()).unwrap();
    assert_eq!(beside.search(request(Query::All, 1000)).await.unwrap().events.len(), 100);
    drop(beside);
    let again = opened(&copied);
    let report = again.write(&shared((50..150).map(event))).await.unwrap();
    assert_eq!((report.done, report.repeated), (100, 50));
}

#[tokio::test]
async fn the_largest_queries_that_parse_can_be_run() {
    let directory = TempDir::new().unwrap();
    let trail = opened(&directory);
    trail.write(&shared([event(1)])).await.unwrap();
    let leaves = conftrail_core::query::MOST_LEAVES;
    let depth = conftrail_core::query::DEEPEST_NESTING;
    let joined = |leaf: &str, between: &str| vec![leaf; leaves].join(between);
    let nested = |leaf: &str| {
        let steps = (depth - 1).min(leaves - 1);
        let mut query = leaf.to_owned();
        for step in 0..steps {
            let word = if step % 2 == 0 { "and" } else { "or" };
            query = format!("({leaf} {word} {query})");
        }
        query
    };
    for leaf in [
        "alice",
        "env:x",
        "not alice",
        "not env:x",
        "after.id:*",
        "flags:late",
        "time>2020-01-01",
        "name:*1*",
    ] {
        for text in [joined(leaf, " or "), joined(leaf, " and "), nested(leaf)] {
            let Ok(query) = Query::parse(&text) else { continue };
            let expected = usize::from(!["env:x", "not alice", "flags:late"].contains(&leaf));
            let found = trail.search(request(query, 10)).await;
            assert_eq!(
                found.map(|page| page.events.len()).map_err(|error| explain(&error)),
                Ok(expected),
                "{leaf}"
            );
        }
    }
}
