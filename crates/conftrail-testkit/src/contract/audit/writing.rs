//! What is written stays as it was written first.

use std::sync::Arc;

use conftrail_core::{Authority, Correlation, Event, Origin, Reason, flag};

use super::Trails;
use crate::contract::events::event;
use crate::queries;

/// Every kind of event comes back as it was, its place in the log included.
pub async fn an_event_comes_back_whole_after_a_restart(trails: &dyn Trails) {
    let mut events = queries::events();
    events.push(event(1));
    let trail = trails.open().await;
    let report = trail.write(events.clone()).await;
    assert_eq!((report.repeated, report.re_attributed), (0, 0));
    drop(trail);
    let trail = trails.open().await;
    for event in events {
        let found = trail.reader.get(event.id).await.unwrap();
        assert_eq!(found.as_deref(), Some(&event));
    }
}

/// What was never written is not there.
pub async fn an_unknown_id_is_no_event(trails: &dyn Trails) {
    let trail = trails.open().await;
    trail.write([event(1)]).await;
    assert_eq!(trail.reader.get(event(2).id).await.unwrap(), None);
}

/// The same event again, read later and found elsewhere in the log, is no other event.
pub async fn a_repeat_is_counted_and_changes_nothing(trails: &dyn Trails) {
    let trail = trails.open().await;
    trail.write([event(1), event(2)]).await;
    let again = Event { observed: event(9).observed, log: event(9).log, ..event(1) };
    let report = trail.write([again, event(3)]).await;
    assert_eq!((report.repeated, report.re_attributed), (1, 0));
    assert!(report.conflicts.is_empty());
    assert_eq!(trail.reader.get(event(1).id).await.unwrap().as_deref(), Some(&event(1)));
}

/// A second reading can know another actor; the first stays.
pub async fn a_repeat_with_another_actor_is_re_attributed(trails: &dyn Trails) {
    let trail = trails.open().await;
    trail.write([event(1)]).await;
    let mut again = event(1);
    Arc::make_mut(&mut again.actor).name = Some("bob".into());
    let report = trail.write([again]).await;
    assert_eq!((report.repeated, report.re_attributed), (1, 1));
    assert!(report.conflicts.is_empty());
    assert_eq!(trail.reader.get(event(1).id).await.unwrap().as_deref(), Some(&event(1)));
}

/// Whose comment is believed depends on the login, which may be gone at the second reading: then nothing is said of the reason either.
pub async fn a_repeat_with_another_reason_is_re_attributed(trails: &dyn Trails) {
    let trail = trails.open().await;
    let believed = Event {
        reason: Some(Reason {
            ticket: Some("CHG-1".into()),
            authority: Authority::Asserted,
            ..Reason::default()
        }),
        correlation: Some(Correlation { id: "CHG-1".into(), via: "ticket".into() }),
        trace: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        ..event(1)
    };
    trail.write([believed.clone()]).await;
    let report = trail.write([event(1)]).await;
    assert_eq!((report.repeated, report.re_attributed), (1, 1));
    assert!(report.conflicts.is_empty());
    assert_eq!(trail.reader.get(event(1).id).await.unwrap().as_deref(), Some(&believed));
}

/// After a failover the same change stands elsewhere, in the log of another release that may vouch for less.
pub async fn a_repeat_from_another_server_is_no_conflict(trails: &dyn Trails) {
    let trail = trails.open().await;
    trail.write([event(1)]).await;
    let mut again = event(1);
    again.source = Arc::new(Origin { version: Some(Arc::from("9.9.9")), ..(*again.source).clone() });
    let mut position = again.position.clone().unwrap_or_default();
    position.insert("file", "other.000009");
    again.position = Some(position);
    again.set_flag(flag::LOGIN_UNKNOWN);
    again.set_flag(flag::CLOCK_SUSPECT);
    let mut other = again.clone();
    let report = trail.write([again]).await;
    assert_eq!((report.repeated, report.re_attributed), (1, 1));
    assert!(report.conflicts.is_empty());
    assert_eq!(trail.reader.get(event(1).id).await.unwrap().as_deref(), Some(&event(1)));
    // What is said of the change itself is the same in every reading.
    other.set_flag(flag::ROLLED_BACK);
    assert_eq!(trail.write([other]).await.conflicts, [event(1).id]);
}

/// Any other difference is told; the first stays.
pub async fn a_repeat_with_other_content_is_a_conflict(trails: &dyn Trails) {
    let trail = trails.open().await;
    trail.write([event(1)]).await;
    let again = Event { after: event(2).after, ..event(1) };
    let report = trail.write([again]).await;
    assert_eq!((report.repeated, report.re_attributed), (1, 0));
    assert_eq!(report.conflicts, [event(1).id]);
    assert_eq!(trail.reader.get(event(1).id).await.unwrap().as_deref(), Some(&event(1)));
}

/// The first of a call stays, too.
pub async fn two_readings_in_one_call_are_one_event(trails: &dyn Trails) {
    let trail = trails.open().await;
    let mut again = Event { log: event(2).log, ..event(1) };
    Arc::make_mut(&mut again.actor).name = Some("bob".into());
    let report = trail.write([event(1), again]).await;
    assert_eq!((report.repeated, report.re_attributed), (1, 1));
    assert_eq!(trail.reader.get(event(1).id).await.unwrap().as_deref(), Some(&event(1)));
}
