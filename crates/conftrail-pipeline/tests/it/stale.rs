//! A source that cannot be read: from the worker that fails to the message.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::ports::{Source, SourceStream};
use conftrail_core::{Checkpoint, Origin, PortError, PortResult, Timestamp};
use conftrail_pipeline::{StaleWorker, now};
use conftrail_testkit::script::ScriptedReceiver;
use conftrail_testkit::wait::until;

use crate::rig::{Rig, SOON};

/// Can never be opened.
struct Unreachable(Origin);

#[async_trait]
impl Source for Unreachable {
    fn origin(&self) -> &Origin {
        &self.0
    }

    async fn open(&self, _after: Option<Checkpoint>) -> PortResult<SourceStream> {
        Err(PortError::unavailable("connect to the source"))
    }
}

fn five_minutes_later() -> Timestamp {
    now().plus(Duration::from_secs(300))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_cannot_be_opened_for_five_minutes_is_an_event_and_an_alert() {
    let directory = tempfile::tempdir().unwrap();
    let text = Arc::<str>::from;
    let origin =
        Origin { kind: text("mysql"), name: text("orders-db"), channel: text("binlog"), version: None };
    let receiver = Arc::new(ScriptedReceiver::default());
    let mut rig = Rig::start(directory.path(), Arc::new(Unreachable(origin)), receiver.clone());
    until(SOON, "the source to fail", async || rig.health.unready().pop()).await;
    let (health, control, acted) = (rig.health.clone(), rig.control.clone(), rig.acted.clone());
    rig.add(StaleWorker::new(health, control, acted).with_clock(five_minutes_later));
    until(SOON, "the stale source to be told", async || {
        receiver.taken().into_iter().find(|one| one.announcement.rule == "conftrail/stale-source")
    })
    .await;
    let found = rig.found("kind:health after.state:stale name:source/orders-db").await;
    assert_eq!(found.len(), 1);
    let message = found[0].reason.as_ref().and_then(|reason| reason.message.clone()).unwrap();
    assert!(
        message.contains("cannot be read since") && message.contains("connect to the source"),
        "{message}"
    );
    rig.stop().await;
}
