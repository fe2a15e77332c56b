//! Following the trail: everything once, in the order in which it was recorded.

use conftrail_core::ports::{Cursor, FollowRequest};
use conftrail_core::query::Query;
use conftrail_core::{ErrorKind, Event, EventId};

use super::Trails;
use crate::contract::events::{about, at, event};

fn from(after: Option<Cursor>, query: &str, limit: usize) -> FollowRequest {
    FollowRequest { query: Query::parse(query).unwrap(), after, limit }
}

/// What comes late has an older time, and is told when it comes; a repeat is not told again; a restart changes nothing.
pub async fn nothing_is_missed_or_told_twice_in_the_order_of_recording(trails: &dyn Trails) {
    let mut trail = trails.open().await;
    trail.write((0..5).map(event)).await;
    let begun = trail.reader.follow(from(None, "*", 10)).await.unwrap();
    assert!(begun.events.is_empty() && !begun.more, "what is there was not asked for");
    let late = Event { time: at(1), ..about("late", event(300)) };
    let batches = [
        vec![event(10), event(11)],
        vec![event(3), late.clone()],
        vec![event(11), event(12), event(13), event(14)],
    ];
    let expected: Vec<EventId> =
        [event(10), event(11), late, event(12), event(13), event(14)].map(|event| event.id).to_vec();
    let (mut next, mut told) = (begun.next.clone(), Vec::new());
    for batch in batches {
        trail.write(batch).await;
        loop {
            let found = trail.reader.follow(from(Some(next), "*", 2)).await.unwrap();
            assert!(found.events.len() <= 2);
            told.extend(found.events.iter().map(|recorded| recorded.event.id));
            next = found.next;
            if !found.more {
                break;
            }
        }
        drop(trail);
        trail = trails.open().await;
    }
    assert_eq!(told, expected);
    let nothing = trail.reader.follow(from(Some(next.clone()), "*", 2)).await.unwrap();
    assert_eq!((nothing.events.len(), nothing.next), (0, next));
    // Whoever was cut off behind any event goes on after it.
    let all = trail.reader.follow(from(Some(begun.next), "*", 100)).await.unwrap();
    for (index, recorded) in all.events.iter().enumerate() {
        let rest = trail.reader.follow(from(Some(recorded.at.clone()), "*", 100)).await.unwrap();
        let rest: Vec<EventId> = rest.events.iter().map(|recorded| recorded.event.id).collect();
        assert_eq!(rest, expected[index + 1..]);
    }
}

/// The query chooses what is told, and the place moves over the rest.
pub async fn what_does_not_match_moves_the_place_too(trails: &dyn Trails) {
    let trail = trails.open().await;
    let begun = trail.reader.follow(from(None, "*", 1)).await.unwrap().next;
    trail.write((0..30).map(event)).await;
    trail.write([about("wanted", event(40))]).await;
    let found = trail.reader.follow(from(Some(begun), "name:wanted", 5)).await.unwrap();
    let told: Vec<EventId> = found.events.iter().map(|recorded| recorded.event.id).collect();
    assert_eq!(told, [about("wanted", event(40)).id]);
    let rest = trail.reader.follow(from(Some(found.next), "*", 100)).await.unwrap();
    assert!(rest.events.is_empty() && !rest.more);
}

/// A place of a search, of another trail or of nothing is refused.
pub async fn a_place_that_is_none_of_ours_is_rejected(trails: &dyn Trails) {
    let trail = trails.open().await;
    trail.write([event(1), event(2)]).await;
    let search = super::request(Query::All, 1);
    let of_search = trail.reader.search(search).await.unwrap().next.expect("a second page").0;
    for text in ["", "nonsense", "限流", "f0123.0", &of_search] {
        let refused = trail.reader.follow(from(Some(Cursor(text.to_owned())), "*", 1)).await;
        assert_eq!(
            refused.map(|found| found.events.len()).unwrap_err().kind(),
            ErrorKind::Rejected,
            "{text}"
        );
    }
}
