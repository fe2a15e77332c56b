//! Tests of the engine at its boundaries: files in, findings, detections, alerts and messages out.

mod cases;
mod conditions;
mod detect;
mod docs;
mod explain;
mod fold;
mod fold_routes;
mod fold_silences;
mod intervals;
mod lint;
mod message;
mod routes;
mod routing;
mod rules;
mod schema;
mod world;

use std::sync::Arc;

use conftrail_core::{Event, Timestamp};
use conftrail_engine::RuleSet;
use conftrail_engine::intervals::TimeIntervals;
use conftrail_engine::rules::RuleSource;

/// An event of the query suite, by its name there.
fn event(name: &str) -> Event {
    let events = conftrail_testkit::queries::named_events();
    events.into_iter().find(|(known, _)| known == name).expect("an event of the suite").1
}

fn load(text: &str) -> Arc<RuleSet> {
    let source = RuleSource { file: "rules/test.yaml", text };
    Arc::new(RuleSet::load(&[source], &TimeIntervals::default()).unwrap_or_else(|error| panic!("{error}")))
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("RFC 3339")
}

/// A moment after an event at which its detection is not late.
fn soon_after(event: &Event) -> Timestamp {
    event.time.plus(std::time::Duration::from_secs(2))
}
