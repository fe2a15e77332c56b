//! Events in, detections out.

use std::sync::Arc;

use conftrail_core::alerting::{Detection, Verdict};
use conftrail_core::{Change, ChangeOp, Map, ResourceKind, Value};
use conftrail_engine::RuleSet;
use conftrail_testkit::queries::named_events;

use crate::{event, load, soon_after, time};

const RULES: &str = r#"
version: 1
name: p
rules:
  - id: prod-update
    match: 'env:prod and action:update'
    group_by: [resource.env, resource.service, flags]
  - id: limit
    match: 'path:limit'
    severity: critical
    exceptions:
      - { name: batch, match: 'actor.login:batch*', reason: nightly, owner: o, expires: 2026-11-20 }
      - { name: old, match: '*', reason: over, owner: o, expires: 2026-11-19 }
  - id: watched
    match: '限流'
    mode: shadow
  - id: switched-off
    match: '*'
    mode: off
"#;

fn detected(rules: &RuleSet, name: &str) -> Vec<Detection> {
    let event = event(name);
    rules.detect(&event, soon_after(&event))
}

#[test]
fn each_event_meets_the_rules_that_match_it() {
    let rules = load(RULES);
    let table: [(&str, &[&str]); 6] = [
        ("limit", &["p/prod-update match", "p/limit match"]),
        ("delete", &["p/limit excepted batch"]),
        ("chinese", &["p/prod-update match", "p/watched shadow"]),
        ("gap", &["conftrail/gap match"]),
        ("undecoded", &["conftrail/undecoded match"]),
        ("price", &[]),
    ];
    for (name, expected) in table {
        let found: Vec<String> = (detected(&rules, name).iter())
            .map(|detection| match &detection.verdict {
                Verdict::Match => format!("{} match", detection.rule.name()),
                Verdict::Shadow => format!("{} shadow", detection.rule.name()),
                Verdict::Excepted { exception } => format!("{} excepted {exception}", detection.rule.name()),
                Verdict::RuleError { failed } => format!("{failed} failed"),
            })
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn the_built_in_rules_find_what_conftrail_says_of_its_own_health() {
    let rules = RuleSet::built_in();
    for (state, expected) in [
        ("stale", "conftrail/stale-source"),
        ("dead_letter", "conftrail/dead-letter"),
        ("rule_error", "conftrail/rule-error"),
        ("conflict", "conftrail/conflict"),
    ] {
        let mut event = event("limit");
        Arc::make_mut(&mut event.source).kind = "conftrail".into();
        event.resource.kind = ResourceKind::Health;
        let mut after = Map::default();
        after.insert("state", state);
        event.after = Some(Value::Map(after));
        let found: Vec<String> =
            rules.detect(&event, event.time).iter().map(|detection| detection.rule.name()).collect();
        assert_eq!(found, [expected]);
        Arc::make_mut(&mut event.source).kind = "mysql".into();
        assert!(rules.detect(&event, event.time).is_empty(), "a customer's row with a column `state`");
    }
}

#[test]
fn the_built_in_rules_find_files_that_cannot_be_read_and_that_can_be_again() {
    let rules = RuleSet::built_in();
    for (state, expected) in [
        ("unreadable", "conftrail/unreadable"),
        ("ok", "conftrail/readable-again"),
        ("gone", "conftrail/readable-again"),
    ] {
        let mut event = event("limit");
        Arc::make_mut(&mut event.source).kind = "files".into();
        event.resource.kind = ResourceKind::Health;
        let mut after = Map::default();
        after.insert("state", state);
        event.after = Some(Value::Map(after));
        let found: Vec<String> =
            rules.detect(&event, event.time).iter().map(|detection| detection.rule.name()).collect();
        assert_eq!(found, [expected]);
        event.resource.kind = ResourceKind::File;
        assert!(rules.detect(&event, event.time).is_empty(), "a file's content with a key `state`");
    }
}

#[test]
fn an_exception_holds_to_the_end_of_its_last_day() {
    let rules = load(RULES);
    let mut event = event("delete");
    let verdict_at = |event: &conftrail_core::Event| rules.detect(event, event.time)[0].verdict.clone();
    event.time = time("2026-11-20T23:59:59.999Z");
    assert_eq!(verdict_at(&event), Verdict::Excepted { exception: "batch".to_owned() });
    event.time = time("2026-11-21T00:00:00Z");
    assert_eq!(verdict_at(&event), Verdict::Match);
}

#[test]
fn labels_are_the_rules_and_those_of_its_groups() {
    let labels = |name: &str| -> Vec<String> {
        let detection = detected(&load(RULES), name).remove(0);
        detection.labels.iter().map(|(name, value)| format!("{name}={value}")).collect()
    };
    assert_eq!(
        labels("limit"),
        ["alertname=prod-update", "resource_env=prod", "resource_service=checkout", "severity=warning"]
    );
    assert_eq!(labels("chinese"), ["alertname=prod-update", "resource_env=prod", "severity=warning"]);
}

#[test]
fn a_long_value_of_a_group_is_cut_and_still_tells_groups_apart() {
    let rules = load("version: 1\nname: p\nrules: [{ id: a, match: '*', group_by: [resource.name] }]");
    let label = |name: String| {
        let mut event = event("limit");
        event.resource.name = name.into();
        rules.detect(&event, event.time)[0].labels["resource_name"].clone()
    };
    let long = "名".repeat(5000);
    assert!(label(long.clone()).chars().count() < 250);
    assert_ne!(label(format!("{long}a")), label(format!("{long}b")));
}

#[test]
fn ids_depend_on_rule_and_event_alone() {
    let rules = load(RULES);
    let event = event("limit");
    let ids = |rules: &RuleSet, now: &str| -> Vec<String> {
        rules.detect(&event, time(now)).into_iter().map(|detection| detection.id).collect()
    };
    let base = ids(&rules, "2026-11-20T10:00:02Z");
    assert_eq!(ids(&rules, "2027-01-01T00:00:00Z"), base);
    assert_eq!(
        ids(&load(&RULES.replace("severity: critical", "severity: info")), "2026-11-20T10:00:02Z"),
        base
    );
    assert_ne!(base[0], base[1]);
}

#[test]
fn what_is_detected_long_after_it_happened_is_late() {
    let rules = load(RULES);
    let event = event("limit");
    for (now, late) in [("2026-11-20T10:10:00Z", false), ("2026-11-20T10:10:01Z", true)] {
        assert_eq!(rules.detect(&event, time(now))[0].late, late, "{now}");
    }
    let mut suspect = event.clone();
    suspect.time = time("2011-01-01T00:00:00Z");
    suspect.set_flag(conftrail_core::flag::CLOCK_SUSPECT);
    assert!(!rules.detect(&suspect, time("2026-11-20T10:00:05Z"))[0].late);
}

#[test]
fn evidence_is_bounded() {
    let rules = load("version: 1\nname: p\nrules: [{ id: a, match: '*' }]");
    let mut event = event("limit");
    event.changes = (0..500)
        .map(|n| Change {
            path: format!("p{n}").into(),
            op: ChangeOp::Replace,
            before: Some(Value::from("长".repeat(100_000))),
            after: Some(Value::List(vec![Value::from(1_i64); 50_000].into())),
            sensitive: false,
        })
        .collect();
    let evidence = &rules.detect(&event, event.time)[0].evidence;
    assert_eq!((evidence.changes.len(), evidence.change_count), (20, 500));
    assert!(serde_json::to_string(evidence).unwrap().len() < 200_000);
}

#[test]
fn the_index_leaves_out_no_rule_that_matches() {
    // Every query of the suite as a rule, against every event: what the index finds is what the suite expects.
    let mut text = "version: 1\nname: suite\nrules:\n".to_owned();
    let cases = conftrail_testkit::queries::cases();
    for (number, case) in cases.iter().enumerate() {
        text.push_str(&format!(
            "  - id: r{number}\n    match: {}\n",
            serde_json::to_string(case.text).unwrap()
        ));
    }
    let rules = load(&text);
    for (name, mut event) in named_events() {
        // `now` in a rule is when the event was read.
        event.observed = conftrail_testkit::queries::now();
        let detections = rules.detect(&event, event.observed);
        for (number, case) in cases.iter().enumerate() {
            if case.text.contains("observed") {
                continue;
            }
            let id = format!("r{number}");
            let found =
                detections.iter().any(|detection| detection.rule.set == "suite" && detection.rule.id == id);
            assert_eq!(found, case.expected.contains(&event.id), "{} on {name}", case.text);
        }
    }
}
