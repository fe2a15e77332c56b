//! Folding detections into alerts.

use std::sync::Arc;

use conftrail_core::Timestamp;
use conftrail_core::alerting::{
    Alert, Detection, Fate, GroupKey, SHOWN_DETECTIONS, Share, Silence, Transition,
};
use conftrail_core::ports::{ControlStore, Grouping};

use super::Stores;
use super::sample::{announced, at, by_rule, collecting, counted, detection, notification, shown};

async fn recorded(store: &Arc<dyn ControlStore>, env: &str, count: u64) -> Vec<Detection> {
    let found: Vec<_> = (1..=count).map(|number| detection(env, number)).collect();
    store.record_detections(&found).await.unwrap();
    found
}

/// Fates, alerts and notifications of a fold are there together after a restart.
pub async fn a_fold_is_applied_as_a_whole_and_survives_a_restart(stores: &impl Stores) {
    let store = stores.open().await;
    let found = recorded(&store, "prod", 1).await;
    let alert = announced(&collecting(&found[0], at(1)), at(31));
    let told = notification("email/ops", 1);
    let fold = Transition {
        fates: vec![shown(&found[0], &alert)],
        alerts: vec![alert.clone()],
        notifications: vec![told.clone()],
        ..Transition::default()
    };
    store.apply(&fold).await.unwrap();
    drop(store);

    let store = stores.open().await;
    assert!(store.workload(10, at(100), by_rule()).await.unwrap().open.is_empty());
    assert_eq!(store.alerts(at(0), 10).await.unwrap(), [alert]);
    assert_eq!(store.due_notifications(at(100), 10).await.unwrap(), [told]);
}

/// All events of an alert are told, those that it only counts and those that are another alert's by their fate, too.
pub async fn the_events_of_an_alert_are_those_of_all_its_detections(stores: &impl Stores) {
    let store = stores.open().await;
    let found = recorded(&store, "prod", 4).await;
    let alert = announced(&collecting(&found[0], at(1)), at(31));
    let other = announced(&collecting(&found[3], at(1)), at(31));
    let fold = Transition {
        fates: vec![shown(&found[0], &alert), counted(&found[1], &alert), shown(&found[3], &other)],
        shares: vec![Share { detection: found[3].id.clone(), alert: alert.id.clone(), shown: false }],
        alerts: vec![alert.clone(), other.clone()],
        ..Transition::default()
    };
    store.apply(&fold).await.unwrap();
    let events = |of: &[usize]| of.iter().map(|&index| found[index].evidence.event).collect::<Vec<_>>();
    assert_eq!(store.events_of_alert(&alert.id, 10).await.unwrap(), events(&[0, 1, 3]));
    assert_eq!(store.events_of_alert(&alert.id, 2).await.unwrap(), events(&[0, 1]));
    assert_eq!(store.events_of_alert(&other.id, 10).await.unwrap(), events(&[3]));
    assert!(store.events_of_alert("none", 10).await.unwrap().is_empty());
}

/// A fold whose answer was lost may be applied again.
pub async fn repeating_a_fold_changes_nothing(stores: &impl Stores) {
    let store = stores.open().await;
    let found = recorded(&store, "prod", 2).await;
    let alert = announced(&collecting(&found[0], at(1)), at(31));
    let fold = Transition {
        fates: vec![shown(&found[0], &alert), counted(&found[1], &alert)],
        alerts: vec![alert.clone()],
        notifications: vec![notification("email/ops", 1), notification("email/ops", 1)],
        ..Transition::default()
    };
    store.apply(&fold).await.unwrap();
    let once = store.ledger(at(0)).await.unwrap();
    store.apply(&fold).await.unwrap();
    store.apply(&Transition::default()).await.unwrap();
    assert_eq!(store.ledger(at(0)).await.unwrap(), once);
    assert_eq!(store.alerts(at(0), 10).await.unwrap(), [alert]);
    assert_eq!((once.announced, once.counted, once.notifications, once.unaccounted), (1, 1, 1, 0));
}

/// A second fate, and a fate for what is not there, are without effect.
pub async fn a_fate_is_final(stores: &impl Stores) {
    let store = stores.open().await;
    let found = recorded(&store, "prod", 1).await;
    let alert = collecting(&found[0], at(30));
    let fates = vec![shown(&found[0], &alert)];
    store.apply(&Transition { fates, alerts: vec![alert.clone()], ..Transition::default() }).await.unwrap();

    let never = detection("never", 1);
    let late = |found: &Detection| (found.id.clone(), Fate::NoAlert { reason: "too late".into() });
    let fates = vec![late(&found[0]), late(&never), (found[0].id.clone(), Fate::Open)];
    store.apply(&Transition { fates, ..Transition::default() }).await.unwrap();

    let workload = store.workload(10, at(30), by_rule()).await.unwrap();
    assert!(workload.open.is_empty());
    assert_eq!(workload.groups[0].collecting, Some((alert, found)));
    assert!(store.ledger(at(0)).await.unwrap().no_alert.is_empty());
}

/// At most [`SHOWN_DETECTIONS`], the oldest first; what is only counted is not among them. Before the alert is due nobody
/// needs them.
pub async fn a_gathering_alert_comes_with_the_detections_it_shows(stores: &impl Stores) {
    let store = stores.open().await;
    let found = recorded(&store, "prod", 24).await;
    let alert = collecting(&found[0], at(30));
    let mut fates: Vec<_> = found[1..23].iter().map(|found| shown(found, &alert)).collect();
    fates.push(counted(&found[0], &alert));
    store.apply(&Transition { fates, alerts: vec![alert.clone()], ..Transition::default() }).await.unwrap();
    drop(store);

    let store = stores.open().await;
    let workload = store.workload(10, at(0), by_rule()).await.unwrap();
    assert_eq!(workload.open, found[23..], "a group comes along for its open detection before it is due");
    assert_eq!(workload.groups.len(), 1);
    assert_eq!(workload.groups[0].collecting, Some((alert.clone(), Vec::new())));
    assert_eq!(workload.next_flush, None, "the only group that gathers is in the workload");

    let workload = store.workload(10, at(30), by_rule()).await.unwrap();
    let expected = found[1..=SHOWN_DETECTIONS].to_vec();
    assert_eq!(workload.groups[0].collecting, Some((alert, expected)));
}

/// A detection is in an alert of each route it takes; the fate names the first, shares the others.
pub async fn an_alert_shows_what_another_alert_has_too(stores: &impl Stores) {
    let store = stores.open().await;
    let found = recorded(&store, "prod", 3).await;
    let first = collecting(&found[0], at(30));
    let other = Alert { id: "other".into(), group: GroupKey("other".into()), ..first.clone() };
    let share = |index: usize, shown| {
        let detection: &Detection = &found[index];
        Share { detection: detection.id.clone(), alert: other.id.clone(), shown }
    };
    let fold = Transition {
        fates: found.iter().map(|found| shown(found, &first)).collect(),
        shares: vec![share(2, true), share(0, true), share(1, false)],
        alerts: vec![first.clone(), other.clone()],
        ..Transition::default()
    };
    store.apply(&fold).await.unwrap();
    store.apply(&fold).await.unwrap();
    drop(store);

    let store = stores.open().await;
    let workload = store.workload(10, at(30), by_rule()).await.unwrap();
    let gathered: Vec<_> = workload.groups.into_iter().filter_map(|group| group.collecting).collect();
    let expected = [(first, found.clone()), (other, vec![found[0].clone(), found[2].clone()])];
    assert_eq!(gathered, expected);
}

/// The store asks which groups there are; it knows of none by itself.
pub async fn the_groups_of_open_detections_are_those_it_is_told(stores: &impl Stores) {
    struct InTwo;
    impl Grouping for InTwo {
        fn groups(&self, open: &[Detection], silences: &[Silence], now: Timestamp) -> Vec<GroupKey> {
            assert_eq!((open.len(), silences.len(), now), (2, 0, at(5)));
            ["a", "b", "a"].map(|key| GroupKey(key.into())).to_vec()
        }
    }
    let store = stores.open().await;
    recorded(&store, "prod", 2).await;
    let workload = store.workload(10, at(5), Arc::new(InTwo)).await.unwrap();
    let keys: Vec<_> = workload.groups.iter().map(|group| group.key.0.as_str()).collect();
    assert_eq!(keys, ["a", "b"]);
}

/// A group whose alert is due comes without open detections; `next_flush` is the first of all others.
pub async fn due_groups_are_in_the_workload_and_the_next_names_its_time(stores: &impl Stores) {
    let store = stores.open().await;
    for (env, flush_at) in [("b", 40), ("a", 30), ("c", 50)] {
        let found = recorded(&store, env, 1).await;
        let alert = collecting(&found[0], at(flush_at));
        let fates = vec![shown(&found[0], &alert)];
        store.apply(&Transition { fates, alerts: vec![alert], ..Transition::default() }).await.unwrap();
    }
    let waiting = store.workload(10, at(29), by_rule()).await.unwrap();
    assert!(waiting.groups.is_empty());
    assert_eq!(waiting.next_flush, Some(at(30)));

    let due = store.workload(10, at(40), by_rule()).await.unwrap();
    let envs: Vec<_> = due.groups.iter().filter_map(|group| group.collecting.as_ref()).collect();
    let envs: Vec<_> = envs.iter().map(|(alert, _)| alert.labels["env"].as_str()).collect();
    assert_eq!(envs, ["a", "b"], "the longest due comes first");
    assert_eq!(due.next_flush, Some(at(50)));

    let cut = store.workload(1, at(40), by_rule()).await.unwrap();
    assert_eq!(cut.groups.len(), 1);
    assert_eq!(cut.next_flush, Some(at(40)), "a due group that did not fit is next");
}

/// The last announcement of a group, among several, is known when its next detection comes.
pub async fn a_group_knows_when_it_was_last_announced(stores: &impl Stores) {
    let store = stores.open().await;
    let found = recorded(&store, "prod", 3).await;
    let other = recorded(&store, "test", 1).await;
    let alerts = [(0, 31), (1, 60)].map(|(index, at_second): (usize, u64)| {
        announced(&collecting(&found[index], at(at_second)), at(at_second))
    });
    let fates = vec![shown(&found[0], &alerts[0]), shown(&found[1], &alerts[1])];
    store.apply(&Transition { fates, alerts: alerts.to_vec(), ..Transition::default() }).await.unwrap();

    let workload = store.workload(10, at(100), by_rule()).await.unwrap();
    let of = |found: &Detection| workload.groups.iter().find(|group| group.key == found.group()).unwrap();
    assert_eq!(of(&found[2]).last_announced, Some(at(60)));
    assert_eq!(of(&other[0]).last_announced, None);
}

/// A fold that was computed before the announcement and arrives after it does not undo it.
pub async fn an_announced_alert_never_gathers_again(stores: &impl Stores) {
    let store = stores.open().await;
    let found = recorded(&store, "prod", 1).await;
    let gathering = collecting(&found[0], at(30));
    let told = announced(&gathering, at(31));
    for alert in [&gathering, &told, &gathering] {
        let alerts = vec![alert.clone()];
        store.apply(&Transition { alerts, ..Transition::default() }).await.unwrap();
    }
    assert_eq!(store.alerts(at(0), 10).await.unwrap(), [told]);
}

/// Alerts are listed by the time they were opened, newest first, from a time on.
pub async fn alerts_are_listed_newest_first(stores: &impl Stores) {
    let store = stores.open().await;
    let found = recorded(&store, "prod", 4).await;
    let alerts: Vec<_> = found.iter().map(|found| collecting(found, at(90))).collect();
    store.apply(&Transition { alerts: alerts.clone(), ..Transition::default() }).await.unwrap();
    let listed = store.alerts(at(2), 2).await.unwrap();
    assert_eq!(listed, [alerts[3].clone(), alerts[2].clone()]);
    assert_eq!(store.alerts(at(2), 10).await.unwrap().len(), 3);
}
