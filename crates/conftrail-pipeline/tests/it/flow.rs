//! From a change to a message, once, over restarts and broken connections.

use std::sync::Arc;

use conftrail_core::{Event, Timestamp};
use conftrail_testkit::script::{ScriptedReceiver, ScriptedSource, Step, file_event};
use conftrail_testkit::wait::until;

use crate::rig::{Rig, SOON, at};

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_recorded_and_told_once_over_a_broken_connection_and_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let change = |number| file_event("etc", "app.yaml", number, at(number));
    let steps = vec![
        Step::Changes(vec![change(1), change(2)], Some(at(2))),
        Step::Break,
        // A reconnected source may repeat what it had sent.
        Step::Changes(vec![change(2), change(3)], Some(at(3))),
    ];
    let source = Arc::new(ScriptedSource::new("etc", steps));
    let receiver = Arc::new(ScriptedReceiver::default());
    let rig = Rig::start(directory.path(), source.clone(), receiver.clone());
    until(SOON, "three changes on record and told", async || {
        let ledger = rig.control.ledger(Timestamp::default()).await.unwrap();
        let told = ledger.announced + ledger.counted == 3 && ledger.pending == 0;
        (rig.found("source.name:etc").await.len() == 3 && told).then_some(())
    })
    .await;
    assert_eq!(source.opened().len(), 2);
    let finished = rig.stop().await;
    assert!(finished.iter().any(|(worker, what)| worker == "audit" && what.contains("events stored")));
    let told = receiver.taken();

    let rig = Rig::start(directory.path(), source.clone(), receiver.clone());
    let reopened =
        until(SOON, "the source to be opened again", async || source.opened().get(2).cloned()).await;
    assert!(reopened.is_some(), "a restart goes on at the checkpoint");
    let ledger = rig.control.ledger(Timestamp::default()).await.unwrap();
    assert_eq!((ledger.detections, ledger.unaccounted), (3, 0));
    assert_eq!(ledger.delivered, told.len() as u64);
    rig.stop().await;
    let mut ids: Vec<_> = receiver.taken().into_iter().map(|one| one.id).collect();
    assert_eq!(ids.len(), told.len());
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), told.len(), "no message twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_readings_of_one_change_that_differ_keep_the_first_and_alert() {
    let directory = tempfile::tempdir().unwrap();
    let first = file_event("etc", "app.yaml", 1, at(1));
    let source = Arc::new(ScriptedSource::new("etc", vec![Step::Changes(vec![first.clone()], None)]));
    let rig = Rig::start(directory.path(), source, Arc::new(ScriptedReceiver::default()));
    until(SOON, "the change on record", async || rig.found("source.name:etc").await.pop()).await;
    rig.stop().await;

    // A rebuilt log does not know the id, and a second reading says something else.
    for file in ["log.db", "log.db-wal", "log.db-shm"] {
        let _ = std::fs::remove_file(directory.path().join(file));
    }
    let mut second = Event::clone(&first);
    second.after = Some("something else".into());
    let steps = vec![Step::Changes(vec![], None), Step::Changes(vec![Arc::new(second)], None)];
    let source = Arc::new(ScriptedSource::new("etc", steps));
    let receiver = Arc::new(ScriptedReceiver::default());
    let rig = Rig::start(directory.path(), source, receiver.clone());
    until(SOON, "the conflict to be told", async || {
        receiver.taken().into_iter().find(|one| one.announcement.rule == "conftrail/conflict")
    })
    .await;
    let shown = rig.trail.get(first.id).await.unwrap().unwrap();
    assert_eq!(shown.after, first.after);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_fails_is_told_once_in_an_hour_and_counted_each_time() {
    let directory = tempfile::tempdir().unwrap();
    let moment = at(1);
    let changes = (1..=3).map(|number| file_event("etc", "broken.yaml", number, moment)).collect();
    let source = Arc::new(ScriptedSource::new("etc", vec![Step::Changes(changes, Some(at(2)))]));
    let receiver = Arc::new(ScriptedReceiver::default());
    let rig = Rig::start(directory.path(), source, receiver.clone());
    let told = until(SOON, "the failure to be told", async || {
        receiver.taken().into_iter().find(|one| one.announcement.rule == "conftrail/rule-error")
    })
    .await;
    assert_eq!(
        told.announcement.summary,
        "A rule failed: test/broken: `size(changes) / 0`: a number is divided by zero"
    );
    let counted = "rule_errors_total{rule=\"test/broken\"} 3\n";
    until(SOON, "each failure to be counted", async || rig.metrics().contains(counted).then_some(())).await;
    until(SOON, "everything to be told", async || {
        let ledger = rig.control.ledger(Timestamp::default()).await.unwrap();
        (ledger.announced + ledger.counted == 4 && ledger.pending == 0).then_some(())
    })
    .await;
    rig.stop().await;
    let failures = receiver.taken().into_iter().filter(|one| one.announcement.rule == "conftrail/rule-error");
    assert_eq!(failures.count(), 1);
}
