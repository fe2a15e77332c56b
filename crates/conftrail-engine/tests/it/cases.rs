//! Files of cases: what they say, what is wrong with them, and what they are written back as.

use std::time::Duration;

use conftrail_core::{ChangeOp, Value};
use conftrail_engine::cases::{Came, CaseFile, Control, Doing, Fired, updated};
use conftrail_engine::rules::{LoadError, RuleSource};

const GOOD: &str = r#"
rules: [shop.yaml]
fixtures:
  flag: &flag
    source: { kind: mysql, name: orders-db }
    resource: { kind: row, namespace: shop, group: flags, name: "42" }
    actor: { name: alice }
tests:
  - name: one
    start: 2026-10-13T15:00:00+08:00
    events:
      - at: 0s
        event: *flag
        changes:
          - { path: v, before: 100, after: "500" }
          - { path: w, after: null }
      - { at: 1m, event: *flag, set: { resource.name: "x" }, repeat: { n: 2, every: 10s, set: { actor.name: "bot-{{i}}" } } }
      - { at: 30s, control: source_stopped, for: 1h }
    expect:
      - { at: 5m, rule: limit, alerts: [{ labels: { severity: high }, count: 2 }] }
  - name: two
    watch: [limit]
    start: 2026-10-13T15:00:00+08:00
    events:
      - { at: 0s, event: *flag }

    # What comes of it is written here.
"#;

fn load(text: &str) -> CaseFile {
    CaseFile::load(RuleSource { file: "a.test.yaml", text }).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_case_says_what_happens_when_and_an_event_needs_only_what_matters() {
    let file = load(GOOD);
    let case = &file.cases[0];
    let changes: Vec<_> = (case.steps.iter())
        .filter_map(|step| match &step.doing {
            Doing::Change(event) => Some((step.at, event)),
            Doing::Control(_) => None,
        })
        .collect();
    let (_, first) = changes[0];
    assert_eq!(first.resource.id, "mysql:orders-db/shop/flags/42");
    let ops: Vec<ChangeOp> = first.changes.iter().map(|change| change.op).collect();
    assert_eq!(ops, [ChangeOp::Replace, ChangeOp::Add]);
    assert_eq!(first.changes[0].before, Some(Value::Int(100)));
    assert_eq!(first.changes[0].after, Some(Value::from("500")), "what stands in quotes is text");
    assert_eq!(first.changes[1].after, Some(Value::Null));
    let repeated: Vec<_> = (changes[1..].iter())
        .map(|(at, event)| {
            (at.as_secs(), event.actor.name.as_deref().unwrap_or_default(), event.resource.id.as_str())
        })
        .collect();
    let id = "mysql:orders-db/shop/flags/x";
    assert_eq!(repeated, [(60, "bot-0", id), (70, "bot-1", id)]);
    assert_ne!(changes[1].1.id, changes[2].1.id);
    assert_eq!(first.time, case.start);
    let control = Doing::Control(Control::SourceStopped(Duration::from_secs(3600)));
    assert_eq!(format!("{:?}", case.steps[1].doing), format!("{control:?}"), "in the order of time");
}

#[test]
fn everything_that_is_wrong_with_a_case_is_told_at_its_place() {
    let text = r#"
location: Asia/Shanghai
tests:
  - name: one
    start: yesterday
    events:
      - { at: 0s, event: { resource: { nmae: x } } }
      - { at: 5, control: reload }
      - { at: 0s, control: crash_and_restrat }
      - { at: 0s, control: source_stopped }
      - { at: 0s }
    expect:
      - { rule: limit }
      - { rule: limit, alerts: [{ state: firing }] }
  - name: two
    watch: [other]
    start: 2026-10-13T15:00:00+08:00
    events:
      - { at: 0s, event: { resource: { nmae: x }, action: updated } }
      - { at: 0s, event: { resource: { nmae: x } } }
      - { at: 0s, event: { action: update }, repeat: { n: 20000 } }
    expect:
      - { rule: shop/limit, alerts: [] }
    expect_notifications: [{ between: [0s] }]
"#;
    let LoadError(findings) =
        CaseFile::load(RuleSource { file: "a.test.yaml", text }).expect_err("the file is wrong");
    let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
    let expected = [
        "a.test.yaml:2:1: `location` is not supported yet",
        "a.test.yaml:5:12: `start` is a time with its offset",
        "a.test.yaml:8:15: `at`: a duration is a whole number and one of",
        "a.test.yaml:9:28: there is no control `crash_and_restrat`; did you mean `crash_and_restart`?",
        "a.test.yaml:10:9: `source_stopped` needs the key `for`",
        "a.test.yaml:11:9: a step has `event` or `control`",
        "a.test.yaml:13:9: an expectation needs the key `alerts`",
        "a.test.yaml:14:35: `state` is not supported yet",
        "a.test.yaml:19:26: this is no event: unknown variant `updated`",
        "a.test.yaml:20:26: an event has no `resource.nmae`",
        "a.test.yaml:21:54: a case repeats an event at most 10000 times",
        "a.test.yaml:23:1: `shop/limit` is expected and not among `watch`",
        "a.test.yaml:24:28: `between` has two bounds",
    ];
    for (found, wanted) in said.iter().zip(expected) {
        assert!(found.starts_with(wanted), "{found}\nis not {wanted}");
    }
    assert_eq!(said.len(), expected.len(), "{said:#?}");
}

#[test]
fn what_came_is_written_back_and_everything_else_stays() {
    let file = load(GOOD);
    let fired = |rule: &str, count| Fired {
        rule: rule.to_owned(),
        labels: [("alertname", "limit"), ("severity", "high"), ("resource_id", "a/b: c")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        count,
    };
    let alerts = [fired("shop/limit", 3)];
    let came = [Came { case: &file.cases[0], alerts: &alerts }, Came { case: &file.cases[1], alerts: &[] }];
    let text = updated(GOOD, &came).expect("both are in blocks");
    let again = load(&text);
    assert_eq!(again.cases[0].expect.len(), 1);
    assert_eq!(again.cases[0].expect[0].unmet(&alerts), None, "{text}");
    assert!(again.cases[0].expect[0].unmet(&[fired("shop/limit", 2)]).is_some());
    assert_eq!(again.cases[1].expect[0].rule, "limit");
    assert_eq!(again.cases[1].expect[0].alerts, []);
    for line in GOOD.lines().filter(|line| !line.contains("at: 5m") && !line.contains("expect:")) {
        assert!(text.lines().any(|kept| kept == line), "{line} in\n{text}");
    }
    let inline = "tests:\n  - { name: x, start: 2026-10-13T15:00:00Z, events: [] }\n";
    let file = load(inline);
    assert_eq!(updated(inline, &[Came { case: &file.cases[0], alerts: &[] }]), Err(vec!["x".to_owned()]));
}

#[test]
fn an_expectation_says_what_it_wanted_and_what_came() {
    let file = load(GOOD);
    let expectation = &file.cases[0].expect[0];
    let low = Fired {
        rule: "shop/limit".to_owned(),
        labels: [("severity".to_owned(), "low".to_owned())].into(),
        count: 2,
    };
    assert_eq!(
        expectation.unmet(&[low]).as_deref(),
        Some("expected 1 alert {severity=high count=2} of limit, came 1 alert {severity=low count=2}")
    );
    assert_eq!(
        expectation.unmet(&[]).as_deref(),
        Some("expected 1 alert {severity=high count=2} of limit, came no alert")
    );
}
