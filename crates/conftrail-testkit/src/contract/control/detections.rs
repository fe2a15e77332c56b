//! What rules found.

use conftrail_core::alerting::{Detection, Fate, Transition, Verdict};
use conftrail_core::ports::RecordReport;

use super::Stores;
use super::sample::{at, by_rule, detection};

/// A known id adds nothing, within a batch, in a later one, and after a restart.
pub async fn a_detection_is_recorded_once(stores: &impl Stores) {
    let (first, second) = (detection("prod", 1), detection("prod", 2));
    let batch = [first.clone(), second.clone(), first.clone()];
    let report = stores.open().await.record_detections(&batch).await.unwrap();
    assert_eq!(report, RecordReport { new: 2, known: 1 });

    let store = stores.open().await;
    let report = store.record_detections(&[second, detection("prod", 3)]).await.unwrap();
    assert_eq!(report, RecordReport { new: 1, known: 1 });
    assert_eq!(store.record_detections(&[]).await.unwrap(), RecordReport::default());
    assert_eq!(store.workload(10, at(0), by_rule()).await.unwrap().open.len(), 3);
}

/// What a replay makes of the same event can know less; the first judgement stays.
pub async fn the_first_occurrence_of_a_detection_stays(stores: &impl Stores) {
    let store = stores.open().await;
    let first = detection("prod", 1);
    let replayed = Detection { late: true, detected: at(99), ..first.clone() };
    store.record_detections(std::slice::from_ref(&first)).await.unwrap();
    store.record_detections(&[replayed]).await.unwrap();
    assert_eq!(store.workload(10, at(100), by_rule()).await.unwrap().open, [first]);
}

/// Detections come back with everything they were recorded with, in the order of recording.
pub async fn detections_come_back_whole_and_oldest_first(stores: &impl Stores) {
    let excepted =
        Detection { verdict: Verdict::Excepted { exception: "night shift".into() }, ..detection("test", 5) };
    let shadow = Detection { verdict: Verdict::Shadow, late: true, ..detection("prod", 1) };
    let failed = Detection { verdict: Verdict::RuleError { failed: "p/a".into() }, ..detection("prod", 4) };
    let recorded = [detection("prod", 3), excepted, shadow, failed, detection("prod", 2)];
    stores.open().await.record_detections(&recorded).await.unwrap();

    let workload = stores.open().await.workload(10, at(100), by_rule()).await.unwrap();
    assert_eq!(workload.open, recorded);
    let mut groups: Vec<_> = workload.groups.iter().map(|group| group.key.clone()).collect();
    groups.sort();
    let mut expected: Vec<_> = recorded.iter().map(Detection::group).collect();
    expected.sort();
    expected.dedup();
    assert_eq!(expected.len(), 3, "three share a group, and what is late has its own");
    assert_eq!(groups, expected, "each group of an open detection stands there once");
    assert!(workload.groups.iter().all(|group| group.collecting.is_none() && group.last_announced.is_none()));
    assert_eq!(workload.next_flush, None);
}

/// The limit cuts at the young end; the rest comes with the next workload.
pub async fn a_workload_holds_no_more_open_detections_than_asked_for(stores: &impl Stores) {
    let store = stores.open().await;
    let recorded: Vec<_> = (1..=5).map(|number| detection("prod", number)).collect();
    store.record_detections(&recorded).await.unwrap();
    assert_eq!(store.workload(2, at(100), by_rule()).await.unwrap().open, recorded[..2]);

    let fates = recorded[..2].iter().map(|done| (done.id.clone(), no_alert())).collect();
    store.apply(&Transition { fates, ..Transition::default() }).await.unwrap();
    assert_eq!(store.workload(10, at(100), by_rule()).await.unwrap().open, recorded[2..]);
}

/// A replayed detection that already has its fate is not open again.
pub async fn a_replay_does_not_reopen_what_was_folded(stores: &impl Stores) {
    let found = detection("prod", 1);
    let store = stores.open().await;
    store.record_detections(std::slice::from_ref(&found)).await.unwrap();
    let fates = vec![(found.id.clone(), no_alert())];
    store.apply(&Transition { fates, ..Transition::default() }).await.unwrap();
    drop(store);

    let store = stores.open().await;
    assert_eq!(store.record_detections(&[found]).await.unwrap(), RecordReport { new: 0, known: 1 });
    assert!(store.workload(10, at(100), by_rule()).await.unwrap().open.is_empty());
}

fn no_alert() -> Fate {
    Fate::NoAlert { reason: "exception night shift".into() }
}
