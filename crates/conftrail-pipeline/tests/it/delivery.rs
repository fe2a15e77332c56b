//! What becomes of a message when its receiver is busy, refuses, or loses the answer.

use std::sync::Arc;

use conftrail_core::Timestamp;
use conftrail_core::alerting::{Ledger, NotificationState};
use conftrail_testkit::script::{Answer, ScriptedReceiver, ScriptedSource, Step, file_event};
use conftrail_testkit::wait::until;

use crate::rig::{Rig, SOON, at};

async fn play(
    script: Vec<Answer>,
    settled: impl Fn(&Ledger) -> bool,
) -> (Rig, Arc<ScriptedReceiver>, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let change = file_event("etc", "app.yaml", 1, at(1));
    let source = Arc::new(ScriptedSource::new("etc", vec![Step::Changes(vec![change], None)]));
    let receiver = Arc::new(ScriptedReceiver::new(script));
    let rig = Rig::start(directory.path(), source, receiver.clone());
    until(SOON, "the message to be settled", async || {
        settled(&rig.control.ledger(Timestamp::default()).await.unwrap()).then_some(())
    })
    .await;
    (rig, receiver, directory)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_receiver_gets_the_message_later_and_once() {
    let (rig, receiver, _directory) =
        play(vec![Answer::Busy, Answer::Busy], |ledger| ledger.delivered == 1).await;
    assert_eq!(receiver.taken().len(), 1);
    assert!(!receiver.taken()[0].possible_repeat);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_makes_one_repeat_with_the_same_id_that_says_so() {
    let (rig, receiver, _directory) = play(vec![Answer::TakeSilently], |ledger| ledger.delivered == 1).await;
    let taken = receiver.taken();
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0].id, taken[1].id);
    assert!(!taken[0].possible_repeat && taken[1].possible_repeat);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_is_a_dead_letter_and_an_alert_of_its_own() {
    let (rig, receiver, _directory) =
        play(vec![Answer::Refuse], |ledger| ledger.dead == 1 && ledger.delivered == 1).await;
    let dead = rig.control.notifications(NotificationState::Dead, 10).await.unwrap();
    assert_eq!(dead[0].announcement.rule, "test/limit-changed");
    assert_eq!(receiver.taken()[0].announcement.rule, "conftrail/dead-letter");
    assert_eq!(rig.found("source.kind:conftrail and after.state:dead_letter").await.len(), 1);
    rig.stop().await;
}
