//! Nothing that was detected disappears.

use std::collections::BTreeMap;

use conftrail_core::alerting::{Fate, Ledger, Notification, NotificationState, Transition};

use super::Stores;
use super::sample::{
    announced, at, collecting, counted, dead, detection, notification, queue, sent, shown, unknown,
};

/// Nothing detected, nothing owed.
pub async fn the_ledger_of_an_empty_store_is_zero(stores: &impl Stores) {
    assert_eq!(stores.open().await.ledger(at(0)).await.unwrap(), Ledger::default());
}

/// Open, gathering, shown, counted and without alert add up to all.
pub async fn every_detection_is_in_one_state(stores: &impl Stores) {
    let store = stores.open().await;
    let found: Vec<_> = (1..=8).map(|number| detection("prod", number)).collect();
    store.record_detections(&found).await.unwrap();
    let told = announced(&collecting(&found[0], at(30)), at(31));
    let gathering = collecting(&found[3], at(90));
    let without =
        |index: usize, reason: &str| (found[index].id.clone(), Fate::NoAlert { reason: reason.into() });
    let fold = Transition {
        fates: vec![
            shown(&found[0], &told),
            counted(&found[1], &told),
            counted(&found[2], &told),
            shown(&found[3], &gathering),
            counted(&found[4], &gathering),
            without(5, "shadow"),
            without(6, "exception night shift"),
        ],
        alerts: vec![told, gathering],
        notifications: vec![notification("email/ops", 1)],
        ..Transition::default()
    };
    store.apply(&fold).await.unwrap();
    let expected = Ledger {
        detections: 8,
        open: 3,
        announced: 1,
        counted: 2,
        no_alert: BTreeMap::from([("shadow".into(), 1), ("exception night shift".into(), 1)]),
        gathering: 1,
        notifications: 1,
        pending: 1,
        ..Ledger::default()
    };
    assert_eq!(store.ledger(at(0)).await.unwrap(), expected);
}

/// Delivered, pending, suppressed and dead add up to all.
pub async fn every_notification_is_in_one_state(stores: &impl Stores) {
    let store = stores.open().await;
    let made: Vec<_> = (1..=6).map(|number| notification(&format!("email/{number}"), number)).collect();
    let suppressed = Notification {
        state: NotificationState::Suppressed,
        last_error: Some("muted by nights".into()),
        ..notification("email/quiet", 7)
    };
    store.apply(&queue(made.iter().cloned().chain([suppressed]).collect())).await.unwrap();
    for notification in &made[..5] {
        assert!(store.intend(&notification.id, at(10)).await.unwrap());
    }
    store.settle(&made[0].id, &sent(11)).await.unwrap();
    store.settle(&made[1].id, &sent(11)).await.unwrap();
    store.settle(&made[2].id, &dead(11)).await.unwrap();
    store.settle(&made[3].id, &unknown(99)).await.unwrap();
    let expected = Ledger {
        notifications: 7,
        delivered: 2,
        pending: 3,
        suppressed: 1,
        suppressed_because: BTreeMap::from([("muted by nights".into(), 1)]),
        dead: 1,
        ..Ledger::default()
    };
    assert_eq!(store.ledger(at(0)).await.unwrap(), expected);
}

/// A fate that names no alert, and an announcement that tells nobody, are what the ledger is for.
pub async fn what_points_nowhere_is_unaccounted(stores: &impl Stores) {
    let store = stores.open().await;
    let found = [detection("prod", 1), detection("prod", 2)];
    store.record_detections(&found).await.unwrap();
    let lost = collecting(&found[0], at(30));
    let silent = announced(&collecting(&found[1], at(30)), at(31));
    let fold = Transition {
        fates: vec![shown(&found[0], &lost), shown(&found[1], &silent)],
        alerts: vec![silent],
        ..Transition::default()
    };
    store.apply(&fold).await.unwrap();
    let ledger = store.ledger(at(0)).await.unwrap();
    assert_eq!((ledger.detections, ledger.announced, ledger.unaccounted), (2, 1, 2));
}

/// Detections count by when they were detected, notifications by when they were made.
pub async fn what_happened_before_is_left_out(stores: &impl Stores) {
    let store = stores.open().await;
    store.record_detections(&[detection("prod", 5), detection("prod", 6)]).await.unwrap();
    let made = [notification("email/ops", 5), notification("email/ops", 6)];
    store.apply(&queue(made.to_vec())).await.unwrap();
    let ledger = store.ledger(at(6)).await.unwrap();
    assert_eq!((ledger.detections, ledger.notifications, ledger.unaccounted), (1, 1, 0));
    assert_eq!(store.ledger(at(7)).await.unwrap(), Ledger::default());
}
