//! Which routes labels take: the rules of Alertmanager, case by case.

use conftrail_core::Period;
use conftrail_core::alerting::Labels;
use conftrail_engine::Routing;
use conftrail_engine::routing::{GroupBy, OnMute, Route};

/// The tree of Alertmanager's own tests of routing, in the words of this file.
const TREE: &str = r#"
route:
  receiver: notify-def
  group_by: [alertname]
  routes:
    - matchers: [ owner="team-A" ]
      receiver: notify-A
      routes:
        - matchers: [ env="testing" ]
          receiver: notify-testing
          group_by: ['...']
        - matchers: [ env="production" ]
          receiver: notify-productionA
          group_wait: 1m
          continue: true
        - matchers: [ 'env=~"produ.*"', job=~".*" ]
          receiver: notify-productionB
          group_wait: 30s
          group_interval: 5m
          repeat_interval: 1h
          group_by: [job]
    - matchers: [ 'owner=~"team-(B|C)"' ]
      group_by: [foo, bar]
      group_wait: 2m
      receiver: notify-BC
    - matchers: [ group_by="role" ]
      group_by: [role]
      routes:
        - matchers: [ env="testing" ]
          receiver: notify-testing
          routes:
            - matchers: [ wait="long" ]
              group_wait: 2m
receivers:
  - name: notify-def
  - name: notify-A
  - name: notify-testing
  - name: notify-productionA
  - name: notify-productionB
  - name: notify-BC
"#;

fn load(text: &str) -> Routing {
    Routing::load("routing.yaml", text).unwrap_or_else(|error| panic!("{error}"))
}

fn labels(text: &str) -> Labels {
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.split_whitespace().map(|one| pair(one).expect("name=value")).collect()
}

fn by(names: &[&str]) -> GroupBy {
    GroupBy::Labels(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn labels_take_the_routes_that_alertmanager_gives_them() {
    let routing = load(TREE);
    let table: [(&str, &[&str]); 12] = [
        ("", &["notify-def"]),
        ("owner=team-X", &["notify-def"]),
        ("owner=team-A", &["notify-A"]),
        ("owner=team-A env=unset", &["notify-A"]),
        ("owner=team-A env=testing", &["notify-testing"]),
        ("owner=team-A env=production", &["notify-productionA", "notify-productionB"]),
        ("owner=team-A env=produce", &["notify-productionB"]),
        ("owner=team-B", &["notify-BC"]),
        ("owner=team-BC", &["notify-def"]),
        ("group_by=role env=testing", &["notify-testing"]),
        ("env=testing group_by=role wait=long", &["notify-testing"]),
        ("group_by=role", &["notify-def"]),
    ];
    for (given, expected) in table {
        let taken: Vec<&str> =
            routing.routes.matching(&labels(given)).iter().map(|route| route.receiver.as_str()).collect();
        assert_eq!(taken, expected, "{given}");
    }
}

#[test]
fn routes_inherit_everything_but_matching_and_time_intervals() {
    let routing = load(TREE);
    let one = |given: &str| -> Route {
        (*routing.routes.matching(&labels(given)).last().expect("the root takes all")).clone()
    };
    let waits = |route: &Route| (route.timing.group_wait, route.timing.group_interval);
    let default = (Period::seconds(30), Period::seconds(300));
    let table = [
        ("", by(&["alertname"]), default),
        ("owner=team-A", by(&["alertname"]), default),
        ("owner=team-A env=testing", GroupBy::All, default),
        ("owner=team-A env=production", by(&["job"]), default),
        ("owner=team-B", by(&["foo", "bar"]), (Period::seconds(120), Period::seconds(300))),
        ("group_by=role env=testing wait=long", by(&["role"]), (Period::seconds(120), Period::seconds(300))),
    ];
    for (given, group_by, expected) in table {
        let route = one(given);
        assert_eq!((&route.group_by, waits(&route)), (&group_by, expected), "{given}");
    }

    let text = r#"
route:
  receiver: ops
  routes:
    - matchers: [ a="1" ]
      mute_time_intervals: [nights]
      active_time_intervals: [days]
      x-on-mute: drop
      routes:
        - matchers: [ b="1" ]
          group_by: []
time_intervals:
  - { name: nights, time_intervals: [ {} ] }
  - { name: days, time_intervals: [ {} ] }
receivers: [ { name: ops } ]
"#;
    let routing = load(text);
    let parent = routing.routes.matching(&labels("a=1"))[0].clone();
    let child = routing.routes.matching(&labels("a=1 b=1"))[0].clone();
    assert_eq!(
        (parent.muted_in.as_slice(), parent.active_in.as_slice()),
        (&["nights".to_owned()][..], &["days".to_owned()][..])
    );
    assert!(child.muted_in.is_empty() && child.active_in.is_empty());
    assert_eq!((child.on_mute, &child.group_by), (OnMute::Drop, &GroupBy::All));
    assert_eq!((parent.id.as_str(), child.id.as_str()), ("/a=\"1\"", "/a=\"1\"/b=\"1\""));
}

#[test]
fn a_route_keeps_its_name_when_others_come_or_go() {
    let text = |before: &str| {
        format!(
            "route:\n  receiver: ops\n  routes:\n{before}    - {{ matchers: [ team=pay ] }}\n    - {{ matchers: [ team=pay ] , continue: true }}\nreceivers: [ {{ name: ops }} ]\n"
        )
    };
    let id = |text: &str| {
        let routing = load(text);
        routing.routes.matching(&labels("team=pay"))[0].id.clone()
    };
    assert_eq!(id(&text("")), id(&text("    - { matchers: [ team=dba ] }\n")));
    let routing = load(&text(""));
    assert!(routing.routes.by_id("/team=\"pay\"#2").is_some());
    assert_eq!(routing.routes.root().id, "");
}

#[test]
fn mutes_and_active_times_decide_by_the_moment() {
    let text = r#"
route:
  receiver: ops
  routes:
    - { matchers: [ a="1" ], mute_time_intervals: [noon, night] }
    - { matchers: [ a="2" ], active_time_intervals: [noon, night] }
    - { matchers: [ a="3" ], active_time_intervals: [noon], mute_time_intervals: [night] }
time_intervals:
  - { name: noon, time_intervals: [ { times: [ { start_time: '12:00', end_time: '13:00' } ] } ] }
  - { name: night, time_intervals: [ { times: [ { start_time: '22:00', end_time: '24:00' } ] } ] }
receivers: [ { name: ops } ]
"#;
    let routing = load(text);
    let muted = |given: &str, at: &str| {
        let route = routing.routes.matching(&labels(given))[0];
        routing.routes.muted(route, crate::time(&format!("2026-11-20T{at}:00Z")))
    };
    assert_eq!(muted("a=1", "12:30").as_deref(), Some("muted by noon"));
    assert_eq!(muted("a=1", "23:00").as_deref(), Some("muted by night"));
    assert_eq!(muted("a=1", "13:00"), None);
    assert_eq!(muted("a=2", "13:00").as_deref(), Some("muted outside of noon, night"));
    assert_eq!(muted("a=2", "12:00"), None);
    assert_eq!(muted("a=3", "23:00").as_deref(), Some("muted by night"));
    assert_eq!(muted("", "23:00"), None);
}
