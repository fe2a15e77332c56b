//! A control store of before there were routes and silences is brought up to date with everything in it.

use std::sync::Arc;
use std::time::Duration;

use conftrail_core::alerting::{AlertState, NotificationState};
use conftrail_core::ports::{Alerts as _, Detections as _, Notifications as _, Silences as _};
use conftrail_sqlite::{ControlStore, Options};
use conftrail_testkit::contract::control::sample::{at, by_rule, detection, notification};
use rusqlite::{Connection, params};
use serde_json::json;
use tempfile::TempDir;

/// The schema as it was.
const BEFORE: [&str; 2] = [
    include_str!("../../../../migrations/sqlite/control/0001_control.sql"),
    include_str!("../../../../migrations/sqlite/control/0002_log_places.sql"),
];

#[tokio::test]
async fn what_gathered_before_there_were_routes_is_still_there_and_told() {
    let directory = TempDir::new().unwrap();
    let found = detection("prod", 1);
    let group = found.group();
    {
        let old = Connection::open(directory.path().join("control.db")).unwrap();
        BEFORE.iter().for_each(|sql| old.execute_batch(sql).unwrap());
        old.pragma_update(None, "user_version", BEFORE.len()).unwrap();
        let insert =
            "INSERT INTO detections (id, detected, fate, alert, body) VALUES (?1, ?2, 'announced', 'a1', ?3)";
        let body = serde_json::to_string(&found).unwrap();
        old.execute(insert, params![found.id, found.detected.micros(), body]).unwrap();
        // An alert as that version wrote it.
        let alert = json!({
            "id": "a1", "group": group.0, "rule": found.rule, "severity": "high", "labels": found.labels,
            "state": "collecting", "flush_at": at(30), "opened": at(1), "detections": 1,
        });
        let insert = "INSERT INTO alerts (id, group_key, state, flush_at, opened, body) VALUES ('a1', ?1, 'collecting', ?2, ?3, ?4)";
        old.execute(insert, params![group.0, at(30).micros(), at(1).micros(), alert.to_string()]).unwrap();
        let waiting = notification("email/ops", 7);
        let insert = "INSERT INTO notifications (id, receiver, integration, alert, state, attempts, possible_repeat,
                          created, due, announcement) VALUES (?1, 'team', 'email/ops', 'a0', 'queued', 0, 0, ?2, ?2, ?3)";
        let body = serde_json::to_string(&waiting.announcement).unwrap();
        old.execute(insert, params![waiting.id, at(7).micros(), body]).unwrap();
    }

    let store = ControlStore::open(directory.path(), Duration::from_secs(3600), &Options::default()).unwrap();
    store.record_detections(&[detection("prod", 2)]).await.unwrap();
    let workload = store.workload(10, at(30), by_rule()).await.unwrap();
    let (alert, shown) = workload.groups[0].collecting.clone().unwrap();
    assert_eq!((alert.id.as_str(), &alert.state), ("a1", &AlertState::Collecting { flush_at: at(30) }));
    assert_eq!((alert.route, alert.silence, alert.rules.len()), (None, None, 0));
    assert_eq!(shown, [found]);
    assert_eq!(workload.open.len(), 1);
    assert_eq!(store.notifications(NotificationState::Queued, 10).await.unwrap().len(), 1);
    assert!(store.silences(at(0), 10).await.unwrap().is_empty());
    let ledger = store.ledger(at(0)).await.unwrap();
    assert_eq!((ledger.detections, ledger.open, ledger.gathering, ledger.unaccounted), (2, 2, 1, 0));
    drop(store);

    // Another process may read it now, which it could not before.
    let reader = ControlStore::open_read_only(directory.path(), &Options::default()).unwrap();
    assert_eq!(Arc::new(reader).alerts(at(0), 10).await.unwrap().len(), 1);
}
