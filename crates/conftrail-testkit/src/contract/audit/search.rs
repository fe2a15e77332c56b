//! Searches find what the matcher finds, newest first, page by page.

use std::sync::Arc;

use conftrail_core::ports::{Cursor, SearchRequest};
use conftrail_core::query::{EventView, Query, matches};
use conftrail_core::{ErrorKind, Event, EventId};

use super::{Trails, ids, request};
use crate::contract::events::{about, at, event, order};
use crate::queries;

/// The query suite, in one page and in many.
pub async fn every_query_of_the_suite_finds_what_it_must(trails: &dyn Trails) {
    let trail = trails.open().await;
    trail.write(queries::events()).await;
    for case in queries::cases() {
        for limit in [1000, 2] {
            let found = trail.all(request(case.query.clone(), limit)).await;
            queries::check(&case, ids(&found));
        }
    }
}

/// Queries of the suite, joined and negated in pairs, against the matcher and the naive evaluation of their text.
pub async fn combinations_of_queries_find_what_the_matcher_finds(trails: &dyn Trails) {
    let trail = trails.open().await;
    let events = queries::events();
    trail.write(events.clone()).await;
    let cases = queries::cases();
    for pair in cases.windows(2) {
        let [one, other] = [0, 1].map(|index| pair[index].query.clone());
        let not = |query: &Query| Query::Not(Box::new(query.clone()));
        let combinations = [
            Query::and(vec![one.clone(), not(&other)]),
            Query::or(vec![one.clone(), other.clone()]),
            not(&Query::and(vec![one.clone(), other.clone()])),
            Query::or(vec![not(&one), Query::and(vec![one.clone(), other.clone()])]),
        ];
        for query in combinations {
            let found = trail.all(request(query.clone(), 1000)).await;
            let expected: Vec<EventId> = events
                .iter()
                .filter(|event| matches(&query, &EventView::new(event, queries::now())))
                .map(|event| event.id)
                .collect();
            let text = query.to_string();
            let naively = events.iter().filter(|event| queries::naive::finds(&text, event, queries::now()));
            assert_eq!(naively.map(|event| event.id).collect::<Vec<_>>(), expected, "{query}");
            let mut found = ids(&found);
            found.sort_by_key(|id| events.iter().position(|event| event.id == *id));
            assert_eq!(found, expected, "{query}");
        }
    }
}

/// Pages of any size hold the same events in the same order.
pub async fn pages_join_to_the_whole_newest_first(trails: &dyn Trails) {
    let trail = trails.open().await;
    // Many at one moment, and moments that are close and far apart.
    let events: Vec<Event> = (0..60)
        .map(|number| Event { time: at(number / 10 * (number / 30 * 3600 + 1)), ..event(number) })
        .collect();
    trail.write(events.clone()).await;
    let mut expected: Vec<&Event> = events.iter().collect();
    expected.sort_by_key(|event| std::cmp::Reverse((event.time, event.log)));
    let expected: Vec<_> = expected.iter().map(|event| event.id).collect();
    for limit in [1, 7, 60, 1000] {
        assert_eq!(ids(&trail.all(request(Query::All, limit)).await), expected, "{limit}");
    }
    let words = Query::parse("限流规则 orders-db").unwrap();
    assert_eq!(ids(&trail.all(request(words, 7)).await), expected);
}

/// What was committed later is newer, wherever it stands in the log; at one moment the log decides, however the
/// events arrive.
pub async fn time_comes_before_log_order(trails: &dyn Trails) {
    let trail = trails.open().await;
    let placed = |number: u64, micros: u64, place: u64| Event {
        time: at(0).plus(std::time::Duration::from_micros(micros)),
        log: Some(order(place)),
        ..event(number)
    };
    trail.write([placed(1, 300, 10)]).await;
    trail.write([placed(2, 100, 12), placed(3, 300, 5)]).await;
    trail.write([placed(4, 200, 1)]).await;
    trail.write([placed(5, 300, 11), placed(6, 1_000_000, 2)]).await;
    let expected = [6, 5, 1, 3, 4, 2].map(|number| event(number).id);
    for limit in [1, 2, 100] {
        assert_eq!(ids(&trail.all(request(Query::All, limit)).await), expected, "{limit}");
        let words = request(Query::parse("限流").unwrap(), limit);
        assert_eq!(ids(&trail.all(words).await), expected, "{limit}");
    }
}

/// Going on from a cursor neither repeats nor leaves out what was there when the first page was read.
pub async fn a_page_is_stable_while_events_arrive(trails: &dyn Trails) {
    let trail = trails.open().await;
    trail.write((10..20).map(event)).await;
    let first = trail.reader.search(request(Query::All, 4)).await.unwrap();
    assert_eq!(ids(&first.events), [19, 18, 17, 16].map(|number| event(number).id));
    // Newer ones, and one that is late: between the pages, at the same moment as the last event shown.
    trail.write((20..25).map(event)).await;
    let late = Event { time: at(16), log: Some(order(1)), ..about("late", event(300)) };
    trail.write([late.clone()]).await;
    let rest = trail.all(SearchRequest { cursor: first.next, ..request(Query::All, 4) }).await;
    let mut expected = vec![late.id];
    expected.extend((10..16).rev().map(|number| event(number).id));
    assert_eq!(ids(&rest), expected);
}

/// `since` is included, `until` is not.
pub async fn bounds_of_time_are_from_and_before(trails: &dyn Trails) {
    let trail = trails.open().await;
    trail.write((0..10).map(event)).await;
    let bounded =
        |query: Query| SearchRequest { since: Some(at(3)), until: Some(at(7)), ..request(query, 2) };
    let expected = [6, 5, 4, 3].map(|number| event(number).id);
    assert_eq!(ids(&trail.all(bounded(Query::All)).await), expected);
    assert_eq!(ids(&trail.all(bounded(Query::parse("alice").unwrap())).await), expected);
    let empty = SearchRequest { since: Some(at(7)), until: Some(at(3)), ..request(Query::All, 2) };
    assert!(trail.all(empty).await.is_empty());
    let narrower = Query::parse(&format!("time>={}", at(5))).unwrap();
    assert_eq!(ids(&trail.all(bounded(narrower)).await), expected[..2]);
}

/// A cursor that was handed out for another query, resource or prefix is refused, and says so.
pub async fn a_cursor_of_another_question_is_rejected(trails: &dyn Trails) {
    let trail = trails.open().await;
    trail.write((0..6).map(event)).await;
    let of = |text: &str| request(Query::parse(text).unwrap(), 2);
    let cursor = trail.reader.search(of("actor:alice")).await.unwrap().next;
    let refused = |refused: conftrail_core::PortError| {
        assert_eq!(refused.kind(), ErrorKind::Rejected);
        let said = conftrail_core::explain(&refused);
        assert!(said.contains("another"), "{said}");
    };
    let other = SearchRequest { cursor: cursor.clone(), ..of("actor:bob") };
    refused(trail.reader.search(other).await.map(|page| page.events.len()).unwrap_err());
    // Bounds of time may move on between pages: `now` does.
    let later = SearchRequest { cursor: cursor.clone(), since: Some(at(0)), ..of("actor:alice") };
    assert_eq!(trail.reader.search(later).await.unwrap().events.len(), 2);

    let row = crate::contract::events::row_id;
    trail.write([about("1", event(100)), about("1", event(101)), about("2", event(102))]).await;
    let cursor = trail.reader.timeline(&row("1"), 1, None).await.unwrap().next;
    refused(trail.reader.timeline(&row("2"), 1, cursor).await.map(|page| page.events.len()).unwrap_err());
    let cursor = trail.reader.current("mysql:", 1, None).await.unwrap().next;
    refused(trail.reader.current("files:", 1, cursor).await.map(|page| page.rows.len()).unwrap_err());
}

/// A cursor that this store did not hand out for a search is refused.
pub async fn a_foreign_cursor_is_rejected(trails: &dyn Trails) {
    let trail = trails.open().await;
    trail.write([event(1)]).await;
    for text in ["", "nonsense", "限流", "0"] {
        let cursor = Some(Cursor(text.to_owned()));
        let refused = trail.reader.search(SearchRequest { cursor, ..request(Query::All, 2) }).await;
        assert_eq!(refused.map(|page| page.events.len()).unwrap_err().kind(), ErrorKind::Rejected);
    }
    let found: Vec<Arc<Event>> = trail.all(request(Query::All, 2)).await;
    assert_eq!(found.len(), 1);
}
