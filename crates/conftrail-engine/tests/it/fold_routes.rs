//! Which messages findings make: by route, by group, over time and over mutes.

use conftrail_core::Timestamp;
use conftrail_core::alerting::{AlertState, Fate, Transition, Workload};

use crate::time;
use crate::world::{World, folder, labels, short};

const MORNING: &str = "2026-11-20T10:00:00Z";

const TWO_ROUTES: &str = r#"
route:
  receiver: mail
  group_by: [alertname]
  group_wait: 10s
  group_interval: 5m
  routes:
    - { matchers: [ severity="critical" ], receiver: pager, group_wait: 0s, continue: true, group_by: [team] }
    - { matchers: [ team="pay" ], receiver: pay }
receivers: [ { name: mail }, { name: pager }, { name: pay } ]
"#;

#[test]
fn a_finding_goes_to_every_route_it_takes_and_waits_as_each_says() {
    let mut world = World::at(MORNING, TWO_ROUTES);
    world.find("limit", &[("severity", "critical"), ("team", "pay"), ("resource_id", "r1")]);
    assert_eq!(short(&world.fold()), ["pager: 1 | 1 of r1"]);
    assert!(world.pass(9).is_empty());
    assert_eq!(short(&world.pass(1)), ["pay: 1 | 1 of r1"]);

    world.find("limit", &[("severity", "info"), ("resource_id", "r2")]);
    assert!(world.fold().is_empty());
    assert_eq!(short(&world.pass(10)), ["mail: 1 | 1 of r2"]);
    assert!(world.gathering().is_empty());
}

#[test]
fn a_storm_of_one_group_is_one_message_that_says_how_many() {
    let mut world = World::at(MORNING, TWO_ROUTES);
    for number in 0..5000 {
        let resource = format!("r{number}");
        world.find("limit", &[("actor_name", "alice"), ("resource_id", &resource)]);
        if number % 1000 == 999 {
            world.fold();
        }
    }
    let told = world.pass(10);
    assert_eq!(short(&told), ["mail: 5000 | 5000 of"]);
    assert_eq!(told[0].announcement.events.len(), 20);
    // What all have in common is said; what they differ in is not.
    assert_eq!(labels(&told[0]).get("actor_name").map(String::as_str), Some("alice"));
    assert_eq!(labels(&told[0]).get("resource_id"), None);
    let counted = world.fates.values().filter(|fate| matches!(fate, Fate::Counted { .. })).count();
    assert_eq!((world.fates.len(), counted), (5000, 4980));

    // What comes within the interval is one further message of the group, not before the interval has passed.
    world.find("limit", &[("actor_name", "bob"), ("resource_id", "r1")]);
    assert!(world.pass(289).is_empty());
    assert_eq!(short(&world.pass(11)), ["mail: 1 | 1 of r1"]);
    assert_eq!(world.told[0].announcement.group, world.told[1].announcement.group);
}

#[test]
fn rules_are_told_together_where_the_route_does_not_tell_them_apart() {
    let text = TWO_ROUTES.replace("group_by: [alertname]", "group_by: [resource_env]");
    let mut world = World::at(MORNING, &text);
    for (rule, severity) in [("limit", "info"), ("limit", "info"), ("other", "high"), ("limit", "info")] {
        world.find(rule, &[("severity", severity), ("resource_env", "prod"), ("resource_id", "r")]);
    }
    world.find("limit", &[("resource_env", "test"), ("resource_id", "r")]);
    world.fold();
    let told = world.pass(10);
    assert_eq!(short(&told), ["mail: 1 | 1 of r", "mail: 4 | 4 findings of 2 rules: p/limit 3, p/other 1"]);
    let several = told.iter().find(|one| one.announcement.total == 4).unwrap();
    assert_eq!(several.announcement.annotations["rules"], "p/limit 3, p/other 1");
    assert_eq!(several.announcement.rule, "p/other", "the most severe speaks");
    assert_eq!(labels(several)["severity"], "high");
    assert_eq!(labels(several).get("alertname"), None);
}

#[test]
fn a_dead_letter_is_told_by_itself_however_a_route_groups() {
    let text = TWO_ROUTES.replace("group_by: [alertname]", "group_by: []");
    let mut world = World::at(MORNING, &text);
    world.find("limit", &[("resource_id", "r")]);
    world.find("other", &[]);
    let letter = world.find("limit", &[("resource_id", "r")]);
    (letter.rule.set, letter.rule.id) = ("conftrail".to_owned(), "dead-letter".to_owned());
    world.fold();
    let told = world.pass(10);
    let totals: Vec<u64> = told.iter().map(|one| one.announcement.total).collect();
    assert_eq!((totals.len(), totals.iter().sum::<u64>()), (2, 3));
    assert!(
        told.iter()
            .any(|one| one.announcement.rule == "conftrail/dead-letter" && one.announcement.total == 1)
    );
}

#[test]
fn what_is_late_is_one_digest_of_its_source_and_pages_nobody_by_its_severity() {
    let mut world = World::at(MORNING, &TWO_ROUTES.replace("group_by: [alertname]", "group_by: []"));
    for source in ["a", "b", "a"] {
        let found =
            world.find("limit", &[("severity", "critical"), ("team", "pay"), ("resource_id", source)]);
        found.late = true;
        let mut origin = (*found.evidence.source).clone();
        origin.name = source.into();
        found.evidence.source = std::sync::Arc::new(origin);
    }
    assert!(world.fold().is_empty(), "the pager's route waits for nothing");
    let told = world.pass(10);
    let said: Vec<String> = short(&told).iter().map(|one| one.chars().take(12).collect()).collect();
    assert_eq!(said, ["mail: 1 | b:", "mail: 2 | a:"]);
    assert!(told.iter().all(|one| one.announcement.late));
}

const MUTED: &str = r#"
route:
  receiver: mail
  group_by: [team]
  group_wait: 10s
  routes:
    - { matchers: [ on="hold" ], mute_time_intervals: [nights] }
    - { matchers: [ on="digest" ], mute_time_intervals: [nights], x-on-mute: digest }
    - { matchers: [ on="drop" ], active_time_intervals: [days], x-on-mute: drop }
time_intervals:
  - { name: nights, time_intervals: [ { times: [ { start_time: '22:00', end_time: '24:00' }, { start_time: '00:00', end_time: '06:30' } ], location: Europe/Berlin } ] }
  - { name: days, time_intervals: [ { times: [ { start_time: '06:30', end_time: '22:00' } ], location: Europe/Berlin } ] }
receivers: [ { name: mail } ]
"#;

#[test]
fn a_mute_holds_groups_and_its_end_tells_each_at_once() {
    let mut world = World::at("2026-11-20T23:00:00Z", MUTED);
    for (team, resource) in [("a", "1"), ("a", "2"), ("b", "3")] {
        world.find("limit", &[("on", "hold"), ("team", team), ("resource_id", resource)]);
    }
    assert!(world.fold().is_empty());
    assert!(world.pass(10).is_empty());
    // The worker comes by whenever it is told that something is due; nothing is lost on the way to the morning.
    for _ in 0..6 {
        world.pass(3600);
    }
    world.find("limit", &[("on", "hold"), ("team", "a"), ("resource_id", "4")]);
    assert!(world.until("2026-11-21T05:29:59Z").is_empty());
    assert_eq!(world.gathering().len(), 2);
    assert!(world.gathering().iter().all(|alert| alert.held.as_deref() == Some("muted by nights")));
    let told = world.until("2026-11-21T05:30:00Z");
    assert_eq!(short(&told), ["mail: 1 | 1 of 3", "mail: 3 | 3 of"]);
    assert_eq!(told[0].announcement.annotations["held"], "muted by nights");
}

#[test]
fn a_held_alert_is_looked_at_again_when_its_mute_ends_and_at_least_every_hour() {
    let mut world = World::at("2026-11-21T03:00:00Z", MUTED);
    world.find("limit", &[("on", "hold"), ("team", "a"), ("resource_id", "1")]);
    world.fold();
    world.pass(10);
    let due = |world: &World| match world.gathering()[0].state {
        AlertState::Collecting { flush_at } => flush_at,
        AlertState::Announced { at } => at,
    };
    assert_eq!(due(&world), time("2026-11-21T04:00:10Z"));
    world.until("2026-11-21T05:00:10Z");
    assert_eq!(due(&world), time("2026-11-21T05:30:00Z"));
}

#[test]
fn a_digest_tells_a_muted_route_once_at_the_end() {
    let mut world = World::at("2026-11-20T21:30:00Z", MUTED);
    for (rule, team) in [("limit", "a"), ("limit", "b"), ("other", "c"), ("limit", "a")] {
        world.find(rule, &[("on", "digest"), ("team", team), ("resource_id", "r")]);
        assert!(world.pass(600).is_empty());
    }
    let told = world.until("2026-11-21T05:30:00Z");
    assert_eq!(short(&told), ["mail: 4 | 4 findings of 2 rules while muted by nights: p/limit 3, p/other 1"]);
    // By day each group is told by itself.
    for team in ["a", "b"] {
        world.find("limit", &[("on", "digest"), ("team", team), ("resource_id", "r")]);
    }
    world.fold();
    assert_eq!(world.pass(10).len(), 2);
}

#[test]
fn what_is_dropped_is_recorded_with_its_reason() {
    let mut world = World::at("2026-11-20T21:30:00Z", MUTED);
    world.find("limit", &[("on", "drop"), ("team", "a"), ("resource_id", "r")]);
    world.fold();
    assert_eq!(short(&world.pass(10)), ["mail [muted outside of days]: 1 | 1 of r"]);
    assert!(world.until("2026-11-21T05:30:00Z").is_empty());
}

#[test]
fn a_receiver_without_integrations_is_told_nothing_and_that_is_recorded() {
    let mut world =
        World::at(MORNING, "route: { receiver: nobody, group_wait: 0s }\nreceivers: [ { name: nobody } ]\n");
    world.find("limit", &[("resource_id", "r")]);
    assert_eq!(short(&world.fold()), ["nobody [the receiver nobody has no integration]: 1 | 1 of r"]);
}

#[test]
fn without_group_by_rule_and_labels_tell_groups_apart_as_before_there_were_routes() {
    let mut world =
        World::at(MORNING, "route: { receiver: mail, group_wait: 0s }\nreceivers: [ { name: mail } ]\n");
    let first = world.find("limit", &[("resource_id", "a")]).group();
    world.find("limit", &[("resource_id", "b")]);
    world.find("other", &[("resource_id", "a")]);
    world.find("limit", &[("resource_id", "a")]);
    let told = world.fold();
    assert_eq!(told.len(), 3);
    assert!(told.iter().any(|one| one.announcement.group == first && one.announcement.total == 2));
}

/// The routing file may change while alerts gather; each of them is told all the same.
#[test]
fn an_alert_whose_route_is_gone_is_told_to_the_receiver_it_was_for() {
    let mut world = World::at("2026-11-20T23:00:00Z", MUTED);
    world.find("limit", &[("on", "hold"), ("team", "a"), ("resource_id", "1")]);
    world.fold();
    world.pass(10);
    world.folder = folder("route: { receiver: other }\nreceivers: [ { name: other }, { name: mail } ]\n");
    assert_eq!(short(&world.pass(3600)), ["mail: 1 | 1 of 1"]);

    let mut world = World::at(MORNING, TWO_ROUTES);
    world.find("limit", &[("team", "pay"), ("resource_id", "1")]);
    world.fold();
    world.folder = folder("route: { receiver: other }\nreceivers: [ { name: other } ]\n");
    assert_eq!(short(&world.pass(10)), ["other: 1 | 1 of 1"]);
}

/// Alerts that gathered before there were routes name none.
#[test]
fn an_alert_of_before_there_were_routes_goes_to_the_root_receiver() {
    let mut world = World::at(MORNING, "route: { receiver: mail }\nreceivers: [ { name: mail } ]\n");
    let found = world.find("limit", &[("resource_id", "1")]).clone();
    let stored = format!(
        r#"{{"id":"a1","group":"{}","rule":{{"set":"p","id":"limit","revision":"r"}},"severity":"warning","labels":{{"alertname":"limit","severity":"warning"}},"state":"collecting","flush_at":"2026-11-20T10:00:30Z","opened":"2026-11-20T10:00:00Z","detections":1}}"#,
        found.group().0
    );
    let group = conftrail_core::alerting::AlertGroup {
        key: found.group(),
        collecting: Some((serde_json::from_str(&stored).unwrap(), vec![found])),
        last_announced: None,
    };
    let workload = Workload { groups: vec![group], ..Workload::default() };
    let now: Timestamp = time("2026-11-20T10:00:30Z");
    let folded: Transition =
        folder("route: { receiver: pager }\nreceivers: [ { name: pager } ]\n").fold(workload, now);
    assert_eq!(short(&folded.notifications), ["pager: 1 | 1 of"]);
}
