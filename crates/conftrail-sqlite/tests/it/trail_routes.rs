//! Ways through a trail of many events, where what is frequent and what is rare go different ways.

use std::sync::Arc;

use conftrail_core::ports::{AggregateRequest, AuditReader as _, AuditWriter as _, SearchRequest};
use conftrail_core::query::{EventView, Query, matches};
use conftrail_core::{Action, Event, EventId};
use conftrail_sqlite::{Options, Trail};
use conftrail_testkit::contract::audit::{ids, request};
use conftrail_testkit::contract::events::event;
use conftrail_testkit::queries;
use tempfile::TempDir;

/// Beyond what is counted exactly where each event must be read.
const EVENTS: u64 = 21_000;

/// Half are alice's updates, half bob's creations; one is bob's update, and one alice's creation with a ticket.
fn numbered(number: u64) -> Event {
    let mut event = event(number);
    if !number.is_multiple_of(2) {
        event.action = Action::Create;
        Arc::make_mut(&mut event.actor).name = Some("bob".into());
    }
    match number {
        1_001 => event.action = Action::Update,
        15_000 => {
            event.action = Action::Create;
            event.reason =
                Some(conftrail_core::Reason { ticket: Some("CHG-7".into()), ..Default::default() });
        }
        _ => {}
    }
    event
}

async fn filled(directory: &TempDir) -> (Trail, Vec<Arc<Event>>) {
    let trail = Trail::open(directory.path(), &Options::default()).unwrap().with_clock(queries::now);
    let events: Vec<Arc<Event>> = (0..EVENTS).map(|number| Arc::new(numbered(number))).collect();
    for batch in events.chunks(3_000) {
        assert_eq!(trail.write(batch).await.unwrap().done, batch.len() as u64);
    }
    (trail, events)
}

async fn all_pages(trail: &Trail, query: &str, limit: usize) -> Vec<EventId> {
    let mut asked = request(Query::parse(query).unwrap(), limit);
    let mut found = Vec::new();
    loop {
        let page = trail.search(asked.clone()).await.unwrap();
        found.extend(ids(&page.events));
        match page.next {
            Some(next) => asked = SearchRequest { cursor: Some(next), ..asked },
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_frequent_and_what_is_rare_find_the_same_as_the_matcher_in_any_combination() {
    let directory = TempDir::new().unwrap();
    let (trail, events) = filled(&directory).await;
    let table = [
        "actor:alice action:create",
        "actor:bob action:update",
        "actor:alice action:delete",
        "actor:bob action:update path:limit",
        "限流规则 action:create not actor:bob",
        "限流规则 ticket:CHG-7",
        "group:flags action:create ticket:*",
        "ticket:CHG-7 action:update",
        "kind:row source.name:elsewhere",
        "actor:alice (action:create or ticket:none)",
        "flags:backfill actor:bob",
        "group:flags actor:alice action:update after.id<40",
    ];
    for query in table {
        let parsed = Query::parse(query).unwrap();
        let newest_first =
            events.iter().rev().filter(|one| matches(&parsed, &EventView::new(one, queries::now())));
        let expected: Vec<EventId> = newest_first.map(|one| one.id).collect();
        assert_eq!(all_pages(&trail, query, 7).await, expected, "{query}");
        assert!(expected.len() < 30, "{query}");
    }
    for (query, count) in
        [("actor:alice action:update", EVENTS / 2 - 1), ("actor:bob action:create", EVENTS / 2 - 1)]
    {
        assert_eq!(all_pages(&trail, query, 5_000).await.len() as u64, count, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_count_that_would_read_very_many_events_is_estimated_and_says_so() {
    let directory = TempDir::new().unwrap();
    let (trail, _) = filled(&directory).await;
    let count = async |query: &str, facet: &str| {
        let asked = AggregateRequest {
            query: Query::parse(query).unwrap(),
            since: None,
            until: None,
            facets: vec![facet.to_owned()],
            top: 5,
            histogram: Some(86_400),
        };
        trail.aggregate(asked).await.unwrap()
    };
    let of_path = count("path:limit", "actor.name").await;
    assert!(of_path.estimated);
    assert_eq!(of_path.total, EVENTS, "all of a sample is all");
    let of_ends = count("*lice", "actor.name").await;
    let half = EVENTS / 2;
    assert!(of_ends.estimated && of_ends.total.abs_diff(half) < half / 20, "{}", of_ends.total);
    let per_day: u64 = of_ends.histogram.unwrap().buckets.iter().map(|bucket| bucket.count).sum();
    assert!(per_day.abs_diff(of_ends.total) <= 1, "{per_day}");

    let by_path = count("*", "path").await;
    assert!(by_path.estimated && by_path.total == EVENTS, "the total is known without reading");
    for (query, total) in [("actor:alice", half), ("ticket:CHG-7 path:limit", 1), ("path:nothing", 0)] {
        let exact = count(query, "action").await;
        assert!(!exact.estimated && exact.total == total, "{query}: {}", exact.total);
    }
}
