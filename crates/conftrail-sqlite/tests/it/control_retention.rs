//! What the control store forgets, and what it never does.

use std::time::Duration;

use conftrail_core::alerting::{
    Alert, Detection, Fate, GroupKey, Ledger, Notification, NotificationState, Share, Transition,
};
use conftrail_core::ports::{
    Alerts as _, Detections as _, Notifications as _, OwnAudit as _, Retention as _, Silences as _,
};
use conftrail_core::{Action, Timestamp};
use conftrail_sqlite::{ControlStore, Options};
use conftrail_testkit::contract::control::sample::{
    act, announced, aside, at, by_rule, collecting, counted, dead, detection, notification, queue, retry,
    sent, shown, silence,
};
use tempfile::TempDir;

const KEEP: Duration = Duration::from_secs(3600);

fn open(directory: &TempDir) -> ControlStore {
    ControlStore::open(directory.path(), KEEP, &Options::default()).unwrap()
}

/// Detects, announces at second `announced_at` and queues one message.
async fn told(store: &ControlStore, number: u64, announced_at: u64, count: u64) -> String {
    let env = format!("env{number}");
    let found: Vec<_> = (1..=count).map(|detected| detection(&env, detected)).collect();
    store.record_detections(&found).await.unwrap();
    let alert = announced(&collecting(&found[0], at(1)), at(announced_at));
    let mut fates = vec![shown(&found[0], &alert)];
    fates.extend(found[1..].iter().map(|found| counted(found, &alert)));
    let mut message = notification("email/ops", number);
    message.announcement.alert = alert.id.clone();
    let id = message.id.clone();
    store
        .apply(&Transition {
            fates,
            alerts: vec![alert],
            notifications: vec![message],
            ..Transition::default()
        })
        .await
        .unwrap();
    id
}

async fn retire_all(store: &ControlStore, now: Timestamp) -> u64 {
    let mut removed = 0;
    loop {
        let step = store.retire(now).await.unwrap();
        assert_eq!(store.ledger(at(0)).await.unwrap().unaccounted, 0, "the ledger adds up after every step");
        if step == 0 {
            return removed;
        }
        removed += step;
    }
}

#[tokio::test]
async fn a_settled_alert_goes_as_a_whole_and_in_steps() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    let old = told(&store, 1, 10, 1200).await;
    let given_up = told(&store, 2, 10, 1).await;
    for (id, settlement) in [(&old, sent(20)), (&given_up, dead(20))] {
        assert!(store.intend(id, at(15)).await.unwrap());
        store.settle(id, &settlement).await.unwrap();
    }
    assert_eq!(retire_all(&store, at(20).plus(KEEP)).await, 0, "exactly at its retention it stays");
    assert_eq!(retire_all(&store, at(21).plus(KEEP)).await, 1201 + 2 + 2);
    assert_eq!(store.ledger(at(0)).await.unwrap(), Ledger::default());
    assert!(store.alerts(at(0), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_settled_stays_however_old_it_is() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    let waiting = told(&store, 1, 10, 2).await;
    let put_back = told(&store, 2, 10, 1).await;
    let under_way = told(&store, 3, 10, 1).await;
    for (id, settlement) in [(&waiting, retry(99)), (&put_back, dead(20))] {
        assert!(store.intend(id, at(15)).await.unwrap());
        store.settle(id, &settlement).await.unwrap();
    }
    assert!(store.requeue(&put_back, at(30), &act("n", Action::Update, 30)).await.unwrap());
    assert!(store.intend(&under_way, at(15)).await.unwrap());
    let gathering = detection("gathering", 1);
    store.record_detections(&[gathering.clone(), detection("open", 1)]).await.unwrap();
    let alert = collecting(&gathering, at(5));
    let fates = vec![shown(&gathering, &alert)];
    store.apply(&Transition { fates, alerts: vec![alert], ..Transition::default() }).await.unwrap();
    store.set_aside(&aside("0/0/1", 1)).await.unwrap();

    let before = store.ledger(at(0)).await.unwrap();
    assert_eq!(retire_all(&store, at(1_000_000)).await, 0);
    assert_eq!(store.ledger(at(0)).await.unwrap(), before);
    assert_eq!(store.acts_after(0, 10).await.unwrap().len(), 1);
    assert_eq!(store.asides(10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn detections_without_alert_and_messages_without_alert_go_too() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    let found = [detection("prod", 1), detection("prod", 100)];
    store.record_detections(&found).await.unwrap();
    let without = |index: usize| (found[index].id.clone(), Fate::NoAlert { reason: "shadow".into() });
    let fates = vec![without(0), without(1)];
    store.apply(&Transition { fates, ..Transition::default() }).await.unwrap();
    let mut test_message = notification("email/ops", 1);
    test_message.state = NotificationState::Suppressed;
    store.apply(&queue(vec![test_message, notification("email/ops", 2)])).await.unwrap();

    assert_eq!(retire_all(&store, at(50).plus(KEEP)).await, 2);
    let ledger = store.ledger(at(0)).await.unwrap();
    assert_eq!((ledger.detections, ledger.notifications, ledger.pending), (1, 1, 1));
}

#[tokio::test]
async fn a_detection_stays_until_every_alert_that_has_it_goes() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    let id = told(&store, 1, 10, 2).await;
    assert!(store.intend(&id, at(15)).await.unwrap());
    store.settle(&id, &sent(20)).await.unwrap();
    let found = [detection("env1", 1), detection("env1", 2)];
    let first = collecting(&found[0], at(1));
    let held = Alert { id: "held".into(), group: GroupKey("held".into()), ..first };
    let share = |index: usize| {
        let detection: &Detection = &found[index];
        Share { detection: detection.id.clone(), alert: held.id.clone(), shown: true }
    };
    let shares = vec![share(0), share(1)];
    store.apply(&Transition { shares, alerts: vec![held.clone()], ..Transition::default() }).await.unwrap();

    let later = at(1_000_000);
    assert_eq!(retire_all(&store, later).await, 0, "what is held is still to be told");
    let workload = store.workload(10, later, by_rule()).await.unwrap();
    assert_eq!(workload.groups[0].collecting.as_ref().unwrap().1, found);

    let mut message = Notification { id: "of held".into(), ..notification("email/ops", 9) };
    message.announcement.alert = held.id.clone();
    message.state = NotificationState::Suppressed;
    let alerts = vec![announced(&held, at(30))];
    store.apply(&Transition { alerts, notifications: vec![message], ..Transition::default() }).await.unwrap();
    // Two alerts with a notification each, two detections and their shares.
    assert_eq!(retire_all(&store, later).await, 4 + 2 + 2);
    assert_eq!(store.ledger(at(0)).await.unwrap(), Ledger::default());
}

#[tokio::test]
async fn a_silence_goes_once_its_end_was_told() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory);
    let (over, untold) = (silence(1, 1, 5), silence(2, 1, 5));
    for silence in [&over, &untold] {
        store.add_silence(silence, &act("s", Action::Create, 0)).await.unwrap();
    }
    let told = Transition { told_silences: vec![over.id.clone()], ..Transition::default() };
    store.apply(&told).await.unwrap();
    assert_eq!(retire_all(&store, at(5).plus(KEEP)).await, 0, "exactly at its retention it stays");
    assert_eq!(retire_all(&store, at(6).plus(KEEP)).await, 1);
    assert_eq!(store.silences(at(0), 10).await.unwrap(), [untold]);
}
