//! What the metrics say of a source.

use std::sync::Arc;

use conftrail_core::{Action, Event};
use conftrail_testkit::script::{ScriptedReceiver, ScriptedSource, Step, file_event};
use conftrail_testkit::wait::until;

use crate::rig::{Rig, SOON, at};

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_are_not_known_one_by_one_are_counted_once_by_source_and_action() {
    let directory = tempfile::tempdir().unwrap();
    let event = |number, action| {
        let mut event = Event::clone(&file_event("etc", "app.yaml", number, at(number)));
        event.action = action;
        Arc::new(event)
    };
    let (gap, undecoded) = (event(1, Action::Gap), event(2, Action::Undecoded));
    let more = [event(3, Action::Update), event(4, Action::Undecoded)];
    let steps = vec![
        Step::Changes(vec![gap.clone(), undecoded.clone()], None),
        Step::Break,
        // A reconnected source may repeat what it had sent.
        Step::Changes([vec![gap, undecoded], more.to_vec()].concat(), None),
    ];
    let source = Arc::new(ScriptedSource::new("etc", steps));
    let rig = Rig::start(directory.path(), source, Arc::new(ScriptedReceiver::default()));
    let line = |action, count| {
        format!("source_unclear_events_total{{source=\"etc\",action=\"{action}\"}} {count}\n")
    };
    until(SOON, "both undecoded ones", async || rig.metrics().contains(&line("undecoded", 2)).then_some(()))
        .await;
    let told = rig.metrics();
    // A rate needs the zero that it starts from.
    for (action, count) in [("gap", 1), ("undecoded", 2), ("statement", 0)] {
        assert!(told.contains(&line(action, count)), "{told}");
    }
    assert!(!told.contains("action=\"update\"") && !told.contains("source_kept_until_seconds{"), "{told}");
    rig.stop().await;
}
