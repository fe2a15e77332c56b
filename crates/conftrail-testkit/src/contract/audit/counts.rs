//! Counts agree with searches.

use std::collections::BTreeMap;
use std::sync::Arc;

use conftrail_core::ports::{AggregateRequest, Bucket};
use conftrail_core::query::{EventView, Field, Query};
use conftrail_core::{ErrorKind, Event, Timestamp};

use super::Trails;
use crate::contract::events::{about, at, event};
use crate::queries;

const DAY: u64 = 86_400;

fn request(query: Query, facets: &[&str]) -> AggregateRequest {
    AggregateRequest {
        query,
        since: None,
        until: None,
        facets: facets.iter().map(|&field| field.to_owned()).collect(),
        top: 100,
        histogram: None,
    }
}

/// Counts a field's values as the matcher sees them, each event once for each value.
fn counted(events: &[&Event], field: &str) -> Vec<Bucket> {
    let field = Field::named(field).unwrap();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for event in events {
        let mut values = Vec::new();
        EventView::new(event, queries::now()).each_value(&field, |value| values.push(value.into_owned()));
        values.sort();
        values.dedup();
        for value in values {
            *counts.entry(value).or_default() += 1;
        }
    }
    let mut buckets: Vec<Bucket> = counts.into_iter().map(|(key, count)| Bucket { key, count }).collect();
    buckets.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.key.cmp(&other.key)));
    buckets
}

/// Total and facets of every query of the suite, whatever the facet's field.
pub async fn every_query_of_the_suite_counts_what_it_finds(trails: &dyn Trails) {
    let trail = trails.open().await;
    let events = queries::events();
    trail.write(events.clone()).await;
    let facets = ["action", "env", "actor.name", "flags", "resource.id", "changes.path", "labels.region"];
    for case in queries::cases() {
        let found = trail.reader.aggregate(request(case.query.clone(), &facets)).await.unwrap();
        assert_eq!(found.total, case.expected.len() as u64, "{}", case.text);
        let matching: Vec<&Event> = events.iter().filter(|event| case.expected.contains(&event.id)).collect();
        for (facet, field) in found.facets.iter().zip(facets) {
            assert_eq!(facet.field, field);
            assert_eq!(facet.buckets, counted(&matching, field), "{} by {field}", case.text);
        }
    }
}

/// Events over a week, counted with bounds within days and at their ends.
pub async fn facets_and_histogram_count_days_and_parts_of_days(trails: &dyn Trails) {
    let trail = trails.open().await;
    let events: Vec<Event> = (0..70)
        .map(|number| Event {
            actor: Arc::new(conftrail_core::Actor {
                name: Some(format!("user-{}", number % 3).into()),
                ..conftrail_core::Actor::clone(&event(0).actor)
            }),
            ..about(&number.to_string(), event(number * 8_000))
        })
        .collect();
    trail.write(events.clone()).await;
    let midnight = |days: u64| Timestamp::from_seconds(1_795_132_800 + (days * DAY) as i64);
    let bounds = [
        (None, None),
        (Some(at(5_000)), None),
        (None, Some(at(500_000))),
        (Some(midnight(1)), Some(midnight(3))),
        (Some(at(30_000)), Some(at(400_000))),
        (Some(at(30_000)), Some(at(60_000))),
        (Some(midnight(90)), None),
    ];
    for (since, until) in bounds {
        let within: Vec<&Event> = events
            .iter()
            .filter(|event| since.is_none_or(|since| since <= event.time))
            .filter(|event| until.is_none_or(|until| event.time < until))
            .collect();
        for (text, width) in [("*", DAY), ("*", 3_600), ("*", 900), ("alice or user", DAY), ("env:x", DAY)] {
            let asked = AggregateRequest {
                since,
                until,
                histogram: Some(width),
                ..request(Query::parse(text).unwrap(), &["actor.name", "action"])
            };
            let found = trail.reader.aggregate(asked).await.unwrap();
            let matching: &[&Event] = if text == "env:x" { &[] } else { &within };
            assert_eq!(found.total, matching.len() as u64, "{text} {since:?} {until:?}");
            for facet in &found.facets {
                assert_eq!(facet.buckets, counted(matching, &facet.field), "{text} {since:?} {until:?}");
            }
            let histogram = found.histogram.unwrap();
            assert_eq!(histogram.width, width);
            assert_eq!(histogram.buckets, slices(matching, width), "{text} {since:?} {until:?}");
        }
    }
}

fn slices(events: &[&Event], width: u64) -> Vec<Bucket> {
    let width = width as i64 * 1_000_000;
    let mut slices: BTreeMap<i64, u64> = BTreeMap::new();
    for event in events {
        *slices.entry(event.time.micros().div_euclid(width)).or_default() += 1;
    }
    let bucket =
        |(slice, count): (i64, u64)| Bucket { key: Timestamp::from_micros(slice * width).to_string(), count };
    slices.into_iter().map(bucket).collect()
}

/// No more values than asked for; equal counts are in the order of the values.
pub async fn the_most_frequent_values_come_first(trails: &dyn Trails) {
    let trail = trails.open().await;
    let by = |number: u64, name: &str| {
        let mut event = event(number);
        Arc::make_mut(&mut event.actor).name = Some(name.into());
        event
    };
    trail.write([by(1, "c"), by(2, "b"), by(3, "a"), by(4, "c")]).await;
    let asked = AggregateRequest { top: 2, ..request(Query::All, &["actor.name"]) };
    let found = trail.reader.aggregate(asked).await.unwrap();
    let expected = [("c", 2), ("a", 1)].map(|(key, count)| Bucket { key: key.to_owned(), count });
    assert_eq!(found.facets[0].buckets, expected);
    assert_eq!((found.total, found.histogram), (4, None));
}

/// A facet by an unknown field is refused.
pub async fn a_field_that_does_not_exist_is_rejected(trails: &dyn Trails) {
    let trail = trails.open().await;
    let refused = trail.reader.aggregate(request(Query::All, &["actor.nmae"])).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Rejected);
}
