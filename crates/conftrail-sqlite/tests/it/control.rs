//! The control store against its contract.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::ErrorKind;
use conftrail_core::alerting::Transition;
use conftrail_core::ports::{Alerts as _, ControlStore as Port, Detections as _, Notifications as _};
use conftrail_sqlite::{ControlStore, Options};
use conftrail_testkit::contract::control::Stores;
use conftrail_testkit::contract::control::sample::{
    announced, at, by_rule, collecting, detection, notification, shown,
};
use tempfile::TempDir;

const KEEP: Duration = Duration::from_secs(3600);

/// A control store in a directory of its own.
struct InDirectory(TempDir);

impl InDirectory {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }
}

#[async_trait]
impl Stores for InDirectory {
    async fn open(&self) -> Arc<dyn Port> {
        let store = ControlStore::open(self.0.path(), KEEP, &Options::default());
        Arc::new(store.unwrap())
    }
}

conftrail_testkit::control_contract!(InDirectory::new());

#[tokio::test]
async fn a_fold_that_finds_the_disk_full_leaves_nothing_behind() {
    let directory = TempDir::new().unwrap();
    let small = Options { max_bytes: Some(1 << 20), ..Options::default() };
    let store = ControlStore::open(directory.path(), KEEP, &small).unwrap();
    let found = detection("prod", 1);
    store.record_detections(std::slice::from_ref(&found)).await.unwrap();
    let alert = announced(&collecting(&found, at(1)), at(2));
    let fold = Transition {
        fates: vec![shown(&found, &alert)],
        alerts: vec![alert],
        notifications: (1..5000).map(|number| notification("email/ops", number)).collect(),
        ..Transition::default()
    };
    let refused = store.apply(&fold).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable { retry_after: None });
    let ledger = store.ledger(at(0)).await.unwrap();
    assert_eq!((ledger.open, ledger.announced, ledger.notifications), (1, 0, 0));
    assert_eq!(store.workload(10, at(9), by_rule()).await.unwrap().open, [found]);
}

#[tokio::test]
async fn a_reader_sees_the_store_while_its_owner_writes_and_changes_nothing() {
    let directory = TempDir::new().unwrap();
    let store = ControlStore::open(directory.path(), KEEP, &Options::default()).unwrap();
    store.record_detections(&[detection("prod", 1)]).await.unwrap();
    let reader = ControlStore::open_read_only(directory.path(), &Options::default()).unwrap();
    assert_eq!(reader.ledger(at(0)).await.unwrap().open, 1);
    store.record_detections(&[detection("prod", 2)]).await.unwrap();
    assert_eq!(reader.ledger(at(0)).await.unwrap().open, 2);
    let refused = reader.record_detections(&[detection("prod", 3)]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Rejected);
    let second = ControlStore::open(directory.path(), KEEP, &Options::default()).err().unwrap();
    assert_eq!(second.kind(), ErrorKind::Misconfigured);
}
