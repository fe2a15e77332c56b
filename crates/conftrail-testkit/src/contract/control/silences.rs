//! Silences, and what they hold back until their end is told.

use std::sync::Arc;

use conftrail_core::alerting::{Alert, HeldBack, HeldBackSum, Silence, Transition};
use conftrail_core::own::Act;
use conftrail_core::ports::ControlStore;
use conftrail_core::{Action, ErrorKind, ResourceKind};

use super::Stores;
use super::sample::{act, at, by_rule, collecting, detection, silence};

fn silencing(silence: &Silence, action: Action, seconds: u64) -> Act {
    Act { kind: ResourceKind::Silence, ..act(&silence.id, action, seconds) }
}

async fn added(store: &Arc<dyn ControlStore>, silence: &Silence) {
    store.add_silence(silence, &silencing(silence, Action::Create, 0)).await.unwrap();
}

fn held(silence: &Silence, number: u64, integration: &str, findings: u64) -> HeldBack {
    HeldBack {
        silence: silence.id.clone(),
        notification: format!("{integration}-{number}"),
        receiver: "team".into(),
        integration: integration.into(),
        findings,
    }
}

/// A silence survives a restart whole; the same once more adds neither it nor an act.
pub async fn a_silence_comes_back_as_it_was_made_with_its_act(stores: &impl Stores) {
    let (first, second) = (silence(1, 10, 20), silence(2, 10, 30));
    let store = stores.open().await;
    added(&store, &first).await;
    added(&store, &second).await;
    added(&store, &first).await;
    drop(store);

    let store = stores.open().await;
    assert_eq!(store.silence(&first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(store.silence("never").await.unwrap(), None);
    assert_eq!(store.silences(at(0), 10).await.unwrap(), [second.clone(), first]);
    assert_eq!(store.silences(at(20), 10).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(store.silences(at(0), 1).await.unwrap(), [second]);
    assert_eq!(store.acts_after(0, 10).await.unwrap().len(), 2);
}

/// Ending takes effect at once and is an act; what is over or not there cannot be ended. One that has not begun never will.
pub async fn a_silence_ends_once_with_its_act(stores: &impl Stores) {
    let store = stores.open().await;
    let (holding, pending) = (silence(1, 10, 20), silence(2, 50, 60));
    added(&store, &holding).await;
    added(&store, &pending).await;
    let end = |silence: &Silence, seconds| {
        let (store, id) = (store.clone(), silence.id.clone());
        let act = silencing(silence, Action::Delete, seconds);
        async move { store.expire_silence(&id, at(seconds), &act).await.unwrap() }
    };
    assert!(!end(&silence(3, 0, 9), 15).await);
    assert!(end(&holding, 15).await);
    assert!(!end(&holding, 16).await);
    assert!(end(&pending, 15).await);
    assert_eq!(store.acts_after(2, 10).await.unwrap().len(), 2, "what was refused has no act");
    let ended = Silence { ends: at(15), ..holding };
    assert_eq!(store.silence(&ended.id).await.unwrap(), Some(ended));
    let never = store.silence(&pending.id).await.unwrap().unwrap();
    assert_eq!((never.starts, never.ends), (at(15), at(15)));
}

/// From the start until before the end.
pub async fn only_silences_that_hold_are_in_the_workload(stores: &impl Stores) {
    let store = stores.open().await;
    let (first, second) = (silence(1, 10, 20), silence(2, 15, 30));
    added(&store, &first).await;
    added(&store, &second).await;
    for (second_of, expected) in [(9, 0), (10, 1), (15, 2), (20, 1), (30, 0)] {
        let workload = store.workload(10, at(second_of), by_rule()).await.unwrap();
        assert_eq!(workload.silences.len(), expected, "{second_of}");
    }
    assert_eq!(store.workload(10, at(15), by_rule()).await.unwrap().silences, [first, second]);
}

/// A crash between the end and its telling loses nothing.
pub async fn the_end_of_a_silence_is_due_until_it_was_told(stores: &impl Stores) {
    let store = stores.open().await;
    let silence = silence(1, 10, 20);
    added(&store, &silence).await;
    assert!(store.workload(10, at(19), by_rule()).await.unwrap().ended.is_empty());
    drop(store);

    let store = stores.open().await;
    let ended = store.workload(10, at(20), by_rule()).await.unwrap().ended;
    assert_eq!(ended.len(), 1);
    assert_eq!((&ended[0].silence, ended[0].held_back.len()), (&silence, 0));
    let told = Transition { told_silences: vec![silence.id.clone()], ..Transition::default() };
    store.apply(&told).await.unwrap();
    assert!(store.workload(10, at(21), by_rule()).await.unwrap().ended.is_empty());
}

/// What still gathers is counted before the end is told, however long its group would have waited.
pub async fn what_gathers_under_a_silence_is_due_when_it_ends(stores: &impl Stores) {
    let store = stores.open().await;
    let silence = silence(1, 10, 20);
    added(&store, &silence).await;
    let found = detection("prod", 12);
    store.record_detections(std::slice::from_ref(&found)).await.unwrap();
    let gathering = Alert { silence: Some(silence.id.clone()), ..collecting(&found, at(500)) };
    let fates = vec![super::sample::shown(&found, &gathering)];
    let fold = Transition { fates, alerts: vec![gathering.clone()], ..Transition::default() };
    store.apply(&fold).await.unwrap();

    assert!(store.workload(10, at(19), by_rule()).await.unwrap().groups.is_empty());
    let workload = store.workload(10, at(20), by_rule()).await.unwrap();
    assert_eq!(workload.groups[0].collecting, Some((gathering.clone(), vec![found])));
    assert!(workload.ended.is_empty(), "its end waits for what gathers");
    let counted = Transition {
        alerts: vec![super::sample::announced(&gathering, at(20))],
        held_back: vec![held(&silence, 1, "email/ops", 1)],
        ..Transition::default()
    };
    store.apply(&counted).await.unwrap();
    let ended = store.workload(10, at(20), by_rule()).await.unwrap().ended;
    assert_eq!(ended[0].held_back.len(), 1);
}

/// By integration, each notification once; nothing is added after the end was told.
pub async fn what_a_silence_held_back_counts_once(stores: &impl Stores) {
    let store = stores.open().await;
    let (kept, other) = (silence(1, 10, 20), silence(2, 10, 90));
    added(&store, &kept).await;
    added(&store, &other).await;
    let fold = Transition {
        held_back: vec![
            held(&kept, 1, "email/ops", 5000),
            held(&kept, 2, "email/ops", 12),
            held(&kept, 1, "wecom/0", 5000),
            held(&other, 3, "email/ops", 7),
        ],
        ..Transition::default()
    };
    store.apply(&fold).await.unwrap();
    store.apply(&fold).await.unwrap();
    let sum = |integration: &str, announcements, findings| HeldBackSum {
        receiver: "team".into(),
        integration: integration.into(),
        announcements,
        findings,
    };
    let ended = store.workload(10, at(20), by_rule()).await.unwrap().ended;
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].held_back, [sum("email/ops", 2, 5012), sum("wecom/0", 1, 5000)]);

    let told = Transition { told_silences: vec![kept.id.clone()], ..Transition::default() };
    store.apply(&told).await.unwrap();
    store.apply(&fold).await.unwrap();
    assert!(store.workload(10, at(20), by_rule()).await.unwrap().ended.is_empty());
}

/// Each silence is asked for every finding: a thousand is the most.
pub async fn there_are_no_more_silences_than_can_be_asked(stores: &impl Stores) {
    let store = stores.open().await;
    for number in 0..1000 {
        added(&store, &silence(number, 10, 20)).await;
    }
    let more = silence(1000, 10, 20);
    let refused = store.add_silence(&more, &silencing(&more, Action::Create, 0)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Rejected);
    assert!(
        store
            .expire_silence(&silence(0, 0, 0).id, at(5), &silencing(&more, Action::Delete, 5))
            .await
            .unwrap()
    );
    let later = Silence { created: at(5), ..more };
    added(&store, &later).await;
}
