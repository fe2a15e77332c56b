//! One resource's events, in the order of the log.

use conftrail_core::{Action, Event, EventId};

use super::{Opened, Trails, ids};
use crate::contract::events::{about, at, event, order, row_id};

async fn pages(trail: &Opened, resource: &str, limit: usize) -> Vec<EventId> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = trail.reader.timeline(resource, limit, cursor).await.unwrap();
        assert!(page.events.len() <= limit);
        found.extend(ids(&page.events));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return found,
        }
    }
}

/// Clocks may go backwards; the log does not.
pub async fn a_timeline_is_in_log_order_whatever_the_times(trails: &dyn Trails) {
    let trail = trails.open().await;
    let placed = |number: u64, seconds: u64, place: u64| Event {
        time: at(seconds),
        log: Some(order(place)),
        ..about("42", event(number))
    };
    trail.write([placed(1, 100, 3), placed(2, 50, 4), event(9)]).await;
    trail.write([placed(3, 70, 1), placed(4, 10, 2)]).await;
    let expected = [2, 1, 4, 3].map(|number| event(number).id);
    assert_eq!(pages(&trail, &row_id("42"), 100).await, expected);
    assert!(pages(&trail, &row_id("4"), 100).await.is_empty());
}

/// Pages join to the whole, and what arrives is not repeated.
pub async fn a_timeline_is_paged_and_stable(trails: &dyn Trails) {
    let trail = trails.open().await;
    trail.write((0..20).map(|number| about("42", event(number)))).await;
    let expected: Vec<EventId> = (0..20).rev().map(|number| event(number).id).collect();
    for limit in [1, 6, 20] {
        assert_eq!(pages(&trail, &row_id("42"), limit).await, expected, "{limit}");
    }
    let first = trail.reader.timeline(&row_id("42"), 5, None).await.unwrap();
    trail.write([about("42", event(20))]).await;
    let second = trail.reader.timeline(&row_id("42"), 5, first.next).await.unwrap();
    assert_eq!(ids(&second.events), expected[5..10]);
}

/// The rename ends one timeline and begins the other.
pub async fn a_rename_is_in_both_timelines(trails: &dyn Trails) {
    let trail = trails.open().await;
    let mut renamed = Event { action: Action::Rename, ..about("old", event(2)) };
    renamed.resource.renamed_to = Some(row_id("new").into());
    trail.write([about("old", event(1)), renamed, about("new", event(3))]).await;
    let numbered = |numbers: &[u64]| -> Vec<EventId> { numbers.iter().map(|one| event(*one).id).collect() };
    assert_eq!(pages(&trail, &row_id("old"), 1).await, numbered(&[2, 1]));
    assert_eq!(pages(&trail, &row_id("new"), 1).await, numbered(&[3, 2]));
}
