//! A change log that was removed, or put back from a copy, while nothing ran.

use std::path::Path;
use std::sync::Arc;

use conftrail_core::ports::Source;
use conftrail_core::{Event, Value};
use conftrail_testkit::script::{ScriptedReceiver, ScriptedSource, Step, file_event};
use conftrail_testkit::wait::until;
use tempfile::TempDir;

use crate::rig::{Rig, SOON, at};

/// Returns a source in which changes 1 to `changes` were made, one by one.
fn source(changes: u64) -> Arc<ScriptedSource> {
    let change = |number| Step::Changes(vec![file_event("etc", "app.yaml", number, at(number))], None);
    Arc::new(ScriptedSource::new("etc", (1..=changes).map(change).collect()))
}

/// Runs everything until a number of changes is on record.
async fn run_until_recorded(directory: &Path, source: Arc<dyn Source>, changes: usize) {
    let rig = Rig::start(directory, source, Arc::new(ScriptedReceiver::default()));
    until(SOON, "the changes on record", async || (updates(&rig).await.len() == changes).then_some(())).await;
    rig.stop().await;
}

async fn updates(rig: &Rig) -> Vec<Value> {
    let found = rig.found("source.name:etc action:update").await;
    found.iter().rev().filter_map(|event| event.after.clone()).collect()
}

async fn gaps(rig: &Rig) -> Vec<Arc<Event>> {
    rig.found("source.name:etc action:gap").await
}

fn remove_log(directory: &Path) {
    for file in ["log.db", "log.db-wal", "log.db-shm"] {
        let _ = std::fs::remove_file(directory.join(file));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_log_is_a_gap_and_an_alert_and_what_comes_after_it_is_on_record() {
    let directory = TempDir::new().unwrap();
    run_until_recorded(directory.path(), source(2), 2).await;
    // Change 3 was read, and is in the log only: nobody recorded it.
    let rig = Rig::collect_only(directory.path(), source(3));
    until(SOON, "change 3 in the log", async || {
        let checkpoint = rig.control.load_checkpoint("etc").await.unwrap();
        checkpoint.filter(|checkpoint| checkpoint.position.0 == Value::from(3_u64))
    })
    .await;
    rig.stop().await;
    remove_log(directory.path());

    let receiver = Arc::new(ScriptedReceiver::default());
    let rig = Rig::start(directory.path(), source(4), receiver.clone());
    until(SOON, "change 4 on record", async || (updates(&rig).await.len() == 3).then_some(())).await;
    let numbers = [1_u64, 2, 4].map(Value::from);
    assert_eq!(updates(&rig).await, numbers, "change 3 is what was lost");
    let told = until(SOON, "the gap to be told", async || {
        let ours = |rule: &str, source: &str| rule == "conftrail/gap" && source.contains("etc");
        let taken = receiver.taken();
        taken.into_iter().find(|one| ours(&one.announcement.rule, &format!("{:?}", one.announcement)))
    })
    .await;
    assert!(format!("{:?}", told.announcement).contains("whatever the change log held"), "{told:?}");
    let found = gaps(&rig).await;
    let detail = found[0].detail.as_ref().unwrap();
    assert_eq!(found.len(), 1);
    assert!(["from", "to", "cause"].iter().all(|member| detail.get(member).is_some()), "{detail:?}");
    rig.stop().await;

    let rig = Rig::start(directory.path(), source(5), Arc::new(ScriptedReceiver::default()));
    until(SOON, "change 5 on record", async || (updates(&rig).await.len() == 4).then_some(())).await;
    assert_eq!(gaps(&rig).await.len(), 1, "a gap is told once");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_put_back_from_a_copy_is_a_gap_and_newer_values_still_win() {
    let directory = TempDir::new().unwrap();
    let (log, copy) = (directory.path().join("log.db"), directory.path().join("copy-of-log.db"));
    run_until_recorded(directory.path(), source(1), 1).await;
    std::fs::copy(&log, &copy).unwrap();
    run_until_recorded(directory.path(), source(3), 3).await;
    remove_log(directory.path());
    std::fs::copy(&copy, &log).unwrap();

    let rig = Rig::start(directory.path(), source(4), Arc::new(ScriptedReceiver::default()));
    until(SOON, "change 4 on record", async || (updates(&rig).await.len() == 4).then_some(())).await;
    until(SOON, "the gap on record", async || gaps(&rig).await.pop()).await;
    let shown = rig.trail.current("files:etc/app.yaml", 10, None).await.unwrap();
    assert_eq!(
        shown.rows[0].value,
        Some(Value::from(4_u64)),
        "its place is after those of the log that is gone"
    );
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_stays_is_no_gap_however_often_everything_starts() {
    let directory = TempDir::new().unwrap();
    for changes in 1..=3 {
        run_until_recorded(directory.path(), source(changes), changes as usize).await;
    }
    let rig = Rig::start(directory.path(), source(3), Arc::new(ScriptedReceiver::default()));
    assert!(gaps(&rig).await.is_empty() && rig.found("action:gap").await.is_empty());
    rig.stop().await;
}
