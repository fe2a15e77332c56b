//! Integrations do not wait for each other, keep their pace, and have others told in their place.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use conftrail_core::Timestamp;
use conftrail_core::alerting::{NotificationState, Overflow, Pace, RateLimit};
use conftrail_pipeline::Fallback;
use conftrail_testkit::script::{Answer, ScriptedReceiver, ScriptedSource, Step, file_event};
use conftrail_testkit::wait::until;

use crate::rig::{Rig, SOON, at};

/// A source with so many changes, each of a file of its own: each is an alert.
fn changes(count: u64) -> Arc<ScriptedSource> {
    let change = |number| file_event("etc", &format!("app-{number}.yaml"), number, at(1));
    Arc::new(ScriptedSource::new("etc", vec![Step::Changes((1..=count).map(change).collect(), None)]))
}

fn fallback(after: Option<Duration>) -> BTreeMap<String, Fallback> {
    let spare = Fallback { receiver: "spare".to_owned(), after };
    BTreeMap::from([(ScriptedReceiver::NAME.to_owned(), spare)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_with_a_heap_before_it_holds_up_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let hanging = Arc::new(ScriptedReceiver::new([Answer::TakeLate; 100]));
    let healthy = Arc::new(ScriptedReceiver::default().named("healthy"));
    let receivers = vec![hanging.clone(), healthy.clone()];
    let rig = Rig::start_with(directory.path(), changes(100), receivers, BTreeMap::new());
    until(SOON, "the healthy receiver to have everything", async || {
        (healthy.taken().len() == 100).then_some(())
    })
    .await;
    assert!(hanging.taken().len() <= 8, "it is asked a few at a time: {}", hanging.taken().len());
    hanging.release();
    until(SOON, "the other one to have everything", async || (hanging.taken().len() == 100).then_some(()))
        .await;
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_beyond_the_pace_is_told_in_digests_and_adds_up() {
    let directory = tempfile::tempdir().unwrap();
    let limit = RateLimit { count: 3, per: Duration::from_secs(1) };
    let receiver = Arc::new(ScriptedReceiver::default().paced(Pace { limit, overflow: Overflow::Digest }));
    let rig = Rig::start(directory.path(), changes(60), receiver.clone());
    let ledger = until(SOON, "everything to be settled", async || {
        let ledger = rig.control.ledger(Timestamp::default()).await.unwrap();
        (ledger.detections == 60 && ledger.open == 0 && ledger.pending == 0).then_some(ledger)
    })
    .await;
    let suppressed = rig.control.notifications(NotificationState::Suppressed, 100).await.unwrap();
    let taken = receiver.taken();
    let digests: Vec<_> = taken.iter().filter(|one| one.announcement.digest.is_some()).collect();
    assert!(!digests.is_empty() && taken.len() < 30, "{} messages", taken.len());
    // A digest may have gone into the next one: what the sent ones stand for is every alert that was not told by itself.
    let told: u64 = digests.iter().filter_map(|one| Some(one.announcement.digest.as_ref()?.messages)).sum();
    assert_eq!(told + (taken.len() - digests.len()) as u64, 60);
    assert_eq!((ledger.unaccounted, ledger.suppressed), (0, suppressed.len() as u64));
    assert_eq!(ledger.delivered + ledger.suppressed, ledger.notifications);
    for one in &suppressed {
        assert!(one.last_error.as_deref().is_some_and(|reason| reason.starts_with("digest ")), "{one:?}");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_overflow_wait_everything_is_told_one_by_one() {
    let directory = tempfile::tempdir().unwrap();
    let limit = RateLimit { count: 8, per: Duration::from_millis(300) };
    let receiver = Arc::new(ScriptedReceiver::default().paced(Pace { limit, overflow: Overflow::Wait }));
    let rig = Rig::start(directory.path(), changes(40), receiver.clone());
    until(SOON, "everything to be told", async || (receiver.taken().len() == 40).then_some(())).await;
    assert!(receiver.taken().iter().all(|one| one.announcement.digest.is_none()));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_is_told_to_the_fallback_and_goes_no_further() {
    let directory = tempfile::tempdir().unwrap();
    let first = Arc::new(ScriptedReceiver::new([Answer::Refuse; 10]));
    let spare = Arc::new(ScriptedReceiver::new([Answer::Refuse, Answer::Take]).named("spare"));
    let mut round = fallback(None);
    // Whatever the file says: nobody is told twice.
    let back = Fallback { receiver: ScriptedReceiver::NAME.to_owned(), after: None };
    round.insert("spare".to_owned(), back);
    let receivers = vec![first.clone(), spare.clone()];
    let told = [ScriptedReceiver::NAME.to_owned()];
    let rig = Rig::start_told(directory.path(), changes(1), receivers, round, &told);
    let ledger = until(SOON, "everything to be settled", async || {
        let ledger = rig.control.ledger(Timestamp::default()).await.unwrap();
        (ledger.dead >= 3 && ledger.delivered >= 1 && ledger.pending == 0).then_some(ledger)
    })
    .await;
    assert_eq!(ledger.unaccounted, 0);
    let dead = rig.control.notifications(NotificationState::Dead, 10).await.unwrap();
    let of_change: Vec<_> = dead.iter().filter(|one| one.announcement.rule == "test/limit-changed").collect();
    let ways: Vec<_> = of_change.iter().map(|one| (one.receiver.as_str(), one.instead_of.len())).collect();
    assert_eq!(ways, [(ScriptedReceiver::NAME, 0), ("spare", 1)]);
    assert!(first.taken().is_empty(), "the first receiver is not told its own message again");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_too_long_is_told_to_the_fallback_once_and_still_tried() {
    let directory = tempfile::tempdir().unwrap();
    let first = Arc::new(ScriptedReceiver::new([Answer::Busy; 40]));
    let spare = Arc::new(ScriptedReceiver::default().named("spare"));
    let receivers = vec![first.clone(), spare.clone()];
    let rig =
        Rig::start_with(directory.path(), changes(1), receivers, fallback(Some(Duration::from_millis(200))));
    until(SOON, "both to be told", async || {
        (spare.taken().len() == 1 && first.taken().len() == 1).then_some(())
    })
    .await;
    let told = spare.taken().swap_remove(0);
    assert_eq!(told.instead_of, [ScriptedReceiver::NAME]);
    assert_eq!(told.announcement, first.taken()[0].announcement);
    let ledger = rig.control.ledger(Timestamp::default()).await.unwrap();
    assert_eq!((ledger.notifications, ledger.dead, ledger.unaccounted), (2, 0, 0));
    rig.stop().await;
}
