//! Silences: what they keep from being told, and what their end tells.

use conftrail_core::alerting::{Fate, NotificationState};

use crate::world::{World, short};

const NOON: &str = "2026-11-20T12:00:00Z";

const ROUTING: &str = r#"
route:
  receiver: mail
  group_by: [team]
  group_wait: 10s
  group_interval: 5m
  routes:
    - { matchers: [ severity="critical" ], receiver: pager, group_wait: 0s, continue: true }
    - { matchers: [ severity=~".+" ], receiver: mail }
receivers: [ { name: mail }, { name: pager } ]
"#;

#[test]
fn what_is_silenced_is_suppressed_and_the_end_tells_each_receiver_in_one_line() {
    let mut world = World::at(NOON, ROUTING);
    let id = world.silence("team", "pay", 3600);
    for number in 0..30 {
        let (severity, resource) = (if number < 3 { "critical" } else { "info" }, format!("r{number}"));
        world.find("limit", &[("team", "pay"), ("severity", severity), ("resource_id", &resource)]);
        world.find("limit", &[("team", "dba"), ("severity", "info"), ("resource_id", "same")]);
    }
    let told = world.fold();
    assert_eq!(short(&told), [format!("pager [silence {id}]: 3 | 3 of")]);
    let told = world.pass(10);
    assert_eq!(
        short(&told),
        [format!("mail [silence {id}]: 30 | 30 of"), "mail: 30 | 30 of same".to_owned()]
    );
    assert!(told.iter().all(|one| one.announcement.events.len() == 20));

    world.find("limit", &[("team", "pay"), ("severity", "info"), ("resource_id", "r")]);
    assert!(world.pass(100).is_empty(), "the group's interval counts for what is silenced too");
    let ends = world.until("2026-11-20T13:00:00Z");
    assert_eq!(
        short(&ends),
        [
            format!("mail [silence {id}]: 1 | 1 of r"),
            "mail: 0 | a silence of alice ended (maintenance): it held back 2 messages with 31 findings"
                .to_owned(),
            "pager: 0 | a silence of alice ended (maintenance): it held back 1 message with 3 findings"
                .to_owned(),
        ]
    );
    let line = ends.iter().find(|one| one.receiver == "pager").unwrap();
    assert_eq!(line.announcement.rule, "conftrail/silence-ended");
    assert_eq!(line.announcement.annotations["matchers"], "team=\"pay\"");
    assert_eq!(line.announcement.annotations["silence"], id);
    assert!(world.until("2026-11-21T13:00:00Z").is_empty(), "an end is told once");
    assert!(world.fates.values().all(|fate| matches!(fate, Fate::Announced { .. } | Fate::Counted { .. })));
}

#[test]
fn what_still_gathers_when_a_silence_ends_is_counted_first() {
    let mut world = World::at(NOON, ROUTING);
    world.silence("team", "pay", 5);
    world.find("limit", &[("team", "pay"), ("severity", "info"), ("resource_id", "r")]);
    world.fold();
    let told = world.pass(5);
    let states: Vec<_> = told.iter().map(|one| (one.state, one.announcement.total)).collect();
    assert_eq!(states, [(NotificationState::Suppressed, 1), (NotificationState::Queued, 0)]);
    // What comes afterwards is told as ever.
    world.find("limit", &[("team", "pay"), ("severity", "info"), ("resource_id", "r")]);
    world.fold();
    assert_eq!(short(&world.pass(10)), ["mail: 1 | 1 of r"]);
}

#[test]
fn a_silence_that_held_nothing_back_ends_without_a_word() {
    let mut world = World::at(NOON, ROUTING);
    world.silence("team", "pay", 5);
    world.find("limit", &[("team", "dba"), ("severity", "info"), ("resource_id", "r")]);
    world.fold();
    assert_eq!(short(&world.pass(10)), ["mail: 1 | 1 of r"]);
}

#[test]
fn a_silence_made_while_a_group_gathers_holds_for_what_it_surely_matches() {
    let mut world = World::at(NOON, ROUTING);
    world.find("limit", &[("team", "pay"), ("severity", "info"), ("resource_id", "r1")]);
    world.find("limit", &[("team", "pay"), ("severity", "info"), ("resource_id", "r2")]);
    world.find("limit", &[("team", "dba"), ("severity", "info"), ("resource_id", "r1")]);
    world.find("other", &[("team", "dba"), ("severity", "high"), ("resource_id", "r3")]);
    world.fold();
    let by_team = world.silence("team", "pay", 60);
    // Of one group not all are this: nothing of it is hidden.
    world.silence("resource_id", "r1", 60);
    world.silence("severity", "high", 60);
    assert_eq!(
        short(&world.pass(10)),
        [
            format!("mail [silence {by_team}]: 2 | 2 of"),
            "mail: 2 | 2 findings of 2 rules: p/limit 1, p/other 1".to_owned(),
        ]
    );
}

#[test]
fn a_digest_of_late_changes_can_be_silenced_by_its_source() {
    let mut world = World::at(NOON, ROUTING);
    let id = world.silence("source_name", "orders-db", 60);
    world.find("limit", &[("severity", "critical"), ("resource_id", "r")]).late = true;
    world.fold();
    let told = world.pass(10);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].last_error.as_deref(), Some(format!("silence {id}").as_str()));
}
