//! How resources stood at a time, and what must be said where that is not known.

use std::sync::Arc;

use conftrail_core::ports::{Standing, StateRequest, StateRow, Why};
use conftrail_core::{
    Action, Event, Map, Position, Progress, Resource, ResourceKind, Timestamp, Transaction, Value, flag,
};

use super::{Opened, Trails};
use crate::contract::events::{about, at, event, order, row_id, without_content};

const PREFIX: &str = "mysql:orders-db/";

async fn states(trail: &Opened, prefix: &str, time: Timestamp, limit: usize) -> Vec<StateRow> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let request = StateRequest { prefix: prefix.to_owned(), at: time, limit, cursor };
        let page = trail.reader.state_at(request).await.unwrap();
        assert!(page.rows.len() <= limit);
        found.extend(page.rows);
        match page.next {
            Some(next) => cursor = Some(next),
            None => return found,
        }
    }
}

/// How row 42 stood.
async fn state(trail: &Opened, seconds: u64) -> StateRow {
    let found = states(trail, &row_id("42"), at(seconds), 10).await;
    assert_eq!(found.len(), 1, "at {seconds}: {found:?}");
    assert_eq!((found[0].resource.as_str(), found[0].at), (row_id("42").as_str(), at(seconds)));
    found.into_iter().next().unwrap()
}

fn reasons(row: &StateRow) -> Vec<Why> {
    row.because.iter().map(|ground| ground.why).collect()
}

/// Checks what is said, why, and by which event.
#[track_caller]
fn check(row: &StateRow, state: Standing, why: &[Why], by: Option<&Event>) {
    assert_eq!((row.state, reasons(row)), (state, why.to_vec()), "{row:?}");
    assert_eq!(row.event, by.map(|event| event.id), "{row:?}");
    if let Some(by) = by {
        assert_eq!((row.time, row.actor.as_ref()), (Some(by.time), Some(&by.actor)), "{row:?}");
        let is_removed = matches!(by.action, Action::Delete | Action::Truncate);
        assert_eq!(row.value, by.after.clone().filter(|_| !is_removed), "{row:?}");
    } else {
        assert_eq!(row.value, None, "{row:?}");
    }
}

async fn captured(trail: &Opened, seconds: u64) {
    let source = Arc::from("orders-db");
    let progress = Progress { source, watermark: at(seconds), position: Position::default() };
    trail.writer.reached(&[progress]).await.unwrap();
}

/// Row 42 as event `number` leaves it.
fn row(action: Action, number: u64) -> Event {
    let mut event = Event { action, ..about("42", event(number)) };
    match action {
        Action::Create => event.before = None,
        Action::Delete => event.after = None,
        _ => {}
    }
    event
}

fn flagged(flags: &[&str], event: Event) -> Event {
    Event { flags: flags.iter().map(|flag| (*flag).into()).collect(), ..event }
}

/// An event about more than a row, without content.
fn wide(action: Action, resource: Resource, number: u64, detail: &[(&'static str, &str)]) -> Event {
    let mut known = Map::default();
    for (name, text) in detail {
        known.insert(*name, *text);
    }
    Event { detail: Some(known), ..without_content(action, resource, number) }
}

fn table() -> Resource {
    Resource::new("mysql", "orders-db", ResourceKind::Table, Some("shop"), None, "flags")
}

fn database() -> Resource {
    Resource::new("mysql", "orders-db", ResourceKind::Schema, None, None, "shop")
}

fn source() -> Resource {
    Resource::new("mysql", "orders-db", ResourceKind::Source, None, None, "binlog")
}

/// The time is the commit's, and a commit at the very time counts.
pub async fn a_row_has_the_value_of_each_time(trails: &dyn Trails) {
    let trail = trails.open().await;
    captured(&trail, 0).await;
    // Who made it does not matter.
    let made = flagged(&[flag::LOGIN_UNKNOWN], row(Action::Create, 10));
    let (changed, gone) = (row(Action::Update, 20), row(Action::Delete, 30));
    let again = row(Action::Create, 40);
    trail.write([made.clone(), changed.clone(), gone.clone(), again.clone()]).await;
    captured(&trail, 50).await;
    drop(trail);
    let trail = trails.open().await;
    check(&state(&trail, 5).await, Standing::Absent, &[Why::NotCreated], None);
    for (from, to, by, state_then) in [
        (10, 19, &made, Standing::Known),
        (20, 29, &changed, Standing::Known),
        (30, 39, &gone, Standing::Absent),
        (40, 50, &again, Standing::Known),
    ] {
        check(&state(&trail, from).await, state_then, &[], Some(by));
        check(&state(&trail, to).await, state_then, &[], Some(by));
    }
    let action = |row: StateRow| row.action;
    assert_eq!(action(state(&trail, 35).await), Some(Action::Delete));
}

/// Before it was read, before the first event, and after what was read.
pub async fn a_time_that_the_trail_does_not_cover_is_unknown(trails: &dyn Trails) {
    let trail = trails.open().await;
    let (first, last) = (row(Action::Update, 20), row(Action::Update, 30));
    trail.write([first.clone(), last.clone()]).await;
    // Nothing says how far the source was read; a later event of the row does.
    let unsaid = state(&trail, 30).await;
    check(&unsaid, Standing::Unknown, &[Why::NotCaptured], None);
    assert_eq!(unsaid.because[0].time, None);
    check(&state(&trail, 25).await, Standing::Known, &[], Some(&first));
    captured(&trail, 10).await;
    captured(&trail, 40).await;
    captured(&trail, 35).await;
    let before = state(&trail, 5).await;
    check(&before, Standing::Unknown, &[Why::BeforeFirstEvent, Why::BeforeCapture], None);
    assert_eq!((before.because[0].event, before.because[1].time), (Some(first.id), Some(at(10))));
    // What an update changed had been there, though nobody saw it.
    check(&state(&trail, 15).await, Standing::Unknown, &[Why::BeforeFirstEvent], None);
    check(&state(&trail, 40).await, Standing::Known, &[], Some(&last));
    let ahead = state(&trail, 41).await;
    check(&ahead, Standing::Unknown, &[Why::NotCaptured], None);
    assert_eq!(ahead.because[0].time, Some(at(40)));
}

/// What created a row proves that it was not there, unless something was lost in between.
pub async fn a_row_that_may_have_been_removed_unseen_was_not_absent_for_sure(trails: &dyn Trails) {
    let trail = trails.open().await;
    captured(&trail, 0).await;
    trail.write([wide(Action::Statement, table(), 20, &[]), row(Action::Create, 30)]).await;
    captured(&trail, 50).await;
    check(&state(&trail, 10).await, Standing::Unknown, &[Why::BeforeFirstEvent], None);
    check(&state(&trail, 25).await, Standing::Absent, &[Why::NotCreated], None);
}

/// The state is doubtful from such an event on, until the row is seen again.
pub async fn events_about_more_than_a_row_leave_its_state_in_doubt(trails: &dyn Trails) {
    for (action, resource, why) in [
        (Action::Gap, source(), Why::Gap),
        (Action::Undecoded, source(), Why::Undecoded),
        (Action::Undecoded, table(), Why::Undecoded),
        (Action::Statement, table(), Why::Statement),
        (Action::Statement, database(), Why::Statement),
        (Action::Schema, table(), Why::Schema),
        (Action::Truncate, table(), Why::Truncate),
    ] {
        let name = format!("{}-{}", action.as_str(), resource.kind.as_str());
        let trail = trails.open().await;
        let prefix = format!("{PREFIX}{name}/");
        // A source for each, as all of them are in one trail.
        let told = |event: Event| {
            let id = event.resource.id.replacen("orders-db", &name, 1);
            let origin = conftrail_core::Origin { name: name.as_str().into(), ..(*event.source).clone() };
            let id_of = conftrail_core::EventId::derive(event.time, &name, &id, 0);
            let resource = Resource { id, ..event.resource.clone() };
            Event { id: id_of, source: Arc::new(origin), resource, ..event }
        };
        let (made, doubted) = (told(row(Action::Create, 10)), told(wide(action, resource, 20, &[])));
        let seen = told(row(Action::Update, 30));
        let until = |seconds| Progress {
            source: name.as_str().into(),
            watermark: at(seconds),
            position: Position::default(),
        };
        trail.writer.reached(&[until(0)]).await.unwrap();
        trail.writer.reached(&[until(19)]).await.unwrap();
        trail.write([made.clone(), doubted.clone(), seen.clone()]).await;
        trail.writer.reached(&[until(40)]).await.unwrap();
        let id = made.resource.id.clone();
        let found = |seconds| {
            let (trail, id) = (&trail, &id);
            async move { states(trail, id, at(seconds), 1).await.remove(0) }
        };
        check(&found(15).await, Standing::Known, &[], Some(&made));
        let doubtful = found(25).await;
        check(&doubtful, Standing::Uncertain, &[why], Some(&made));
        let ground = &doubtful.because[0];
        assert_eq!((ground.event, ground.time), (Some(doubted.id), Some(doubted.time)), "{prefix}");
        check(&found(30).await, Standing::Known, &[], Some(&seen));
    }
}

/// A gap is noticed, and dated, when it is over.
pub async fn within_what_a_gap_lost_nothing_is_sure(trails: &dyn Trails) {
    let trail = trails.open().await;
    captured(&trail, 0).await;
    let (made, seen) = (row(Action::Create, 10), row(Action::Update, 40));
    trail.write([made.clone()]).await;
    captured(&trail, 20).await;
    trail.write([wide(Action::Gap, source(), 30, &[])]).await;
    captured(&trail, 35).await;
    trail.write([seen.clone()]).await;
    captured(&trail, 50).await;
    check(&state(&trail, 20).await, Standing::Known, &[], Some(&made));
    for seconds in [21, 29, 30, 36, 39] {
        check(&state(&trail, seconds).await, Standing::Uncertain, &[Why::Gap], Some(&made));
    }
    check(&state(&trail, 45).await, Standing::Known, &[], Some(&seen));
}

/// Nothing is left of a table that was emptied whole; of a partition nobody knows.
pub async fn a_row_of_an_emptied_table_is_absent_by_the_event_that_emptied_it(trails: &dyn Trails) {
    let trail = trails.open().await;
    captured(&trail, 0).await;
    let emptied = wide(Action::Truncate, table(), 20, &[("text", "truncate table flags")]);
    let (again, partly) =
        (row(Action::Create, 30), [("text", "ALTER TABLE flags TRUNCATE PARTITION p0")].as_slice());
    trail.write([row(Action::Create, 10), emptied.clone(), again.clone()]).await;
    trail.write([wide(Action::Truncate, table(), 40, partly)]).await;
    captured(&trail, 50).await;
    check(&state(&trail, 25).await, Standing::Absent, &[], Some(&emptied));
    check(&state(&trail, 35).await, Standing::Known, &[], Some(&again));
    check(&state(&trail, 45).await, Standing::Uncertain, &[Why::Truncate], Some(&again));
}

/// A routine, a tablespace and a server that has everything change no value.
pub async fn what_changes_no_value_leaves_none_in_doubt(trails: &dyn Trails) {
    let trail = trails.open().await;
    captured(&trail, 0).await;
    let made = row(Action::Create, 10);
    trail
        .write([
            made.clone(),
            wide(Action::Schema, database(), 20, &[("text", "CREATE PROCEDURE shop.p() SELECT 1")]),
            wide(Action::Schema, source(), 21, &[("text", "CREATE TABLESPACE ts")]),
            wide(Action::SourceChanged, source(), 22, &[("was", "a"), ("is", "b")]),
            wide(Action::Access, table(), 23, &[]),
        ])
        .await;
    let dropped = wide(Action::Schema, database(), 40, &[("text", "drop database shop")]);
    let other = wide(Action::SourceChanged, source(), 45, &[("lost", "a:5")]);
    trail.write([dropped, other]).await;
    captured(&trail, 60).await;
    check(&state(&trail, 30).await, Standing::Known, &[], Some(&made));
    check(&state(&trail, 42).await, Standing::Uncertain, &[Why::Schema], Some(&made));
    let both = state(&trail, 50).await;
    assert_eq!(both.state, Standing::Uncertain);
    assert!(
        reasons(&both).contains(&Why::SourceChanged) && reasons(&both).contains(&Why::Schema),
        "{both:?}"
    );
}

/// What a flag says of the event is a reason, where it concerns the state.
pub async fn flags_of_the_event_leave_the_state_in_doubt(trails: &dyn Trails) {
    let trail = trails.open().await;
    captured(&trail, 0).await;
    let names: [(&[&str], &[Why]); 6] = [
        (&[flag::SCHEMA_UNVERIFIED], &[Why::SchemaUnverified]),
        (&[flag::PARTIAL_IMAGE, flag::LATE], &[Why::PartialImage]),
        (&[flag::CLOCK_SUSPECT], &[Why::ClockSuspect]),
        (&[flag::NO_KEY], &[Why::NoKey]),
        (&[flag::UNLOGGED, flag::OBSERVED], &[Why::Observed]),
        (&[flag::UNTRUSTED_CLAIM, flag::LOGIN_UNKNOWN, flag::UNPARSED], &[]),
    ];
    let first = row(Action::Create, 1);
    trail.write([first.clone()]).await;
    for (number, (flags, why)) in (1..).zip(names) {
        let event = flagged(flags, row(Action::Update, number * 10));
        trail.write([event.clone()]).await;
        captured(&trail, number * 10 + 5).await;
        let state_then = if why.is_empty() { Standing::Known } else { Standing::Uncertain };
        check(&state(&trail, number * 10 + 5).await, state_then, why, Some(&event));
    }
    // The change of 30 may have been made before 25, which is known otherwise; 15 has its own doubt.
    let partly = state(&trail, 25).await;
    assert_eq!(reasons(&partly), [Why::PartialImage, Why::ClockSuspect]);
    let gone = flagged(&[flag::PARTIAL_IMAGE, flag::SCHEMA_UNVERIFIED], row(Action::Delete, 90));
    trail.write([gone.clone()]).await;
    captured(&trail, 95).await;
    check(&state(&trail, 95).await, Standing::Absent, &[], Some(&gone));
}

/// A prepared change counts once its outcome is on record; one that was rolled back is told.
pub async fn a_change_whose_transaction_was_not_committed_is_not_sure(trails: &dyn Trails) {
    let trail = trails.open().await;
    captured(&trail, 0).await;
    let within = |id: &str, event: Event| Event {
        tx: Some(Transaction { id: id.into(), seq: 1, statement: 0 }),
        ..event
    };
    let prepared = within("xa:1", flagged(&[flag::XA_PREPARED], row(Action::Update, 10)));
    let committed = wide(Action::Outcome, source(), 20, &[("of", "xa:1"), ("result", "committed")]);
    let undone = within("tx:2", row(Action::Update, 30));
    let mut outcome = wide(Action::Outcome, source(), 31, &[("of", "tx:2"), ("result", "rolled_back")]);
    outcome.time = undone.time;
    outcome.detail.as_mut().unwrap().insert("from", 1_u64);
    trail.write([prepared.clone(), committed, undone.clone(), outcome.clone()]).await;
    captured(&trail, 50).await;
    check(&state(&trail, 15).await, Standing::Uncertain, &[Why::XaPrepared], Some(&prepared));
    check(&state(&trail, 25).await, Standing::Known, &[], Some(&prepared));
    let rolled_back = state(&trail, 40).await;
    check(&rolled_back, Standing::Uncertain, &[Why::RolledBack], Some(&undone));
    assert_eq!(rolled_back.because[0].event, Some(outcome.id));
}

/// A source's clock that went back makes a time ambiguous, and a second reading that differed makes the content so.
pub async fn clocks_that_went_back_and_conflicts_are_told(trails: &dyn Trails) {
    let trail = trails.open().await;
    captured(&trail, 0).await;
    let early = row(Action::Update, 30);
    let back = Event { log: Some(order(40)), ..row(Action::Update, 20) };
    trail.write([early.clone(), back.clone()]).await;
    captured(&trail, 50).await;
    check(&state(&trail, 25).await, Standing::Uncertain, &[Why::TimeOrder], Some(&back));
    check(&state(&trail, 35).await, Standing::Known, &[], Some(&back));
    let name = format!("event/{}", back.id);
    let resource = Resource::new("conftrail", "conftrail", ResourceKind::Health, None, Some("health"), &name);
    let conflict = Event { resource, after: Some(Value::from("conflict")), ..event(60) };
    trail.write([conflict.clone()]).await;
    let told = state(&trail, 35).await;
    check(&told, Standing::Uncertain, &[Why::Conflict], Some(&back));
    assert_eq!(told.because[0].event, Some(conflict.id));
}

/// The old id was left, the new one begins with the rename.
pub async fn a_rename_moves_the_state(trails: &dyn Trails) {
    let trail = trails.open().await;
    captured(&trail, 0).await;
    let made = Event { action: Action::Create, before: None, ..about("old", event(10)) };
    let mut renamed = Event { action: Action::Rename, ..about("old", event(20)) };
    renamed.resource.renamed_to = Some(row_id("new").into());
    trail.write([made.clone(), renamed.clone()]).await;
    captured(&trail, 50).await;
    let at_15 = states(&trail, PREFIX, at(15), 10).await;
    assert_eq!(at_15.iter().map(|row| row.state).collect::<Vec<_>>(), [Standing::Absent, Standing::Known]);
    let at_25 = states(&trail, PREFIX, at(25), 10).await;
    assert_eq!(at_25.iter().map(|row| row.state).collect::<Vec<_>>(), [Standing::Known, Standing::Absent]);
    assert!(at_25.iter().all(|row| row.event == Some(renamed.id)));
    assert_eq!((at_25[0].value.as_ref(), at_25[1].value.as_ref()), (renamed.after.as_ref(), None));
}

/// Ids are in order, a prefix is exact, removed ones are told, and pages join to the whole.
pub async fn states_below_a_prefix_are_paged_by_id(trails: &dyn Trails) {
    let trail = trails.open().await;
    captured(&trail, 0).await;
    let names = ["1", "10", "11", "2", "限流"];
    for (number, name) in (1..).zip(names) {
        trail.write([about(name, event(number))]).await;
    }
    trail.write([Event { action: Action::Delete, after: None, ..about("11", event(20)) }]).await;
    captured(&trail, 50).await;
    for (prefix, expected) in [("", &names[..]), ("1", &["1", "10", "11"]), ("3", &[])] {
        for limit in [1, 2, 100] {
            let found = states(&trail, &row_id(prefix), at(30), limit).await;
            let ids: Vec<&str> = found.iter().map(|row| row.resource.as_str()).collect();
            let expected: Vec<String> = expected.iter().map(|name| row_id(name)).collect();
            assert_eq!(ids, expected, "{prefix} {limit}");
            let absent = found.iter().filter(|row| row.state == Standing::Absent);
            assert!(absent.eq(found.iter().filter(|row| row.resource == row_id("11"))));
        }
    }
    let foreign = StateRequest {
        prefix: PREFIX.to_owned(),
        at: at(30),
        limit: 1,
        cursor: Some(conftrail_core::ports::Cursor("none".to_owned())),
    };
    let refused = trail.reader.state_at(foreign).await.unwrap_err();
    assert_eq!(refused.kind(), conftrail_core::ErrorKind::Rejected);
}
