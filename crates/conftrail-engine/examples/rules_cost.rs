//! What 1,000 rules cost against 10, over the same events in the same run, without and with conditions, and what one condition
//! costs; see bench/README.md.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use conftrail_core::capture::{Draft, Payload};
use conftrail_core::{Action, Change, ChangeOp, Event, Origin, Resource, ResourceKind, Timestamp, Value};
use conftrail_engine::intervals::TimeIntervals;
use conftrail_engine::rules::{RuleSet, RuleSource};

const EVENTS: u64 = 100_000;
const ROUNDS: usize = 5;

/// The expression that engines were compared by.
const TARGET: &str = r#"source.kind == "mysql" && resource.group == "users" && changes.exists(c, c.path.startsWith("spring.datasource"))"#;
const EVALUATIONS: u32 = 1_000_000;

fn main() {
    let events: Vec<Arc<Event>> = (0..EVENTS).map(event).collect();
    compare("rules", &events, condition_of_match);
    compare("rules with `when`", &events, condition_of_when);
    evaluate();
}

/// Judges the same events by few and by many rules.
fn compare(what: &str, events: &[Arc<Event>], condition: fn(usize) -> String) {
    let few = rules(10, condition);
    let many = rules(1000, condition);
    let (mut best_few, mut best_many) = (Duration::MAX, Duration::MAX);
    // In turns, so that whatever else the machine does touches both alike.
    for _ in 0..ROUNDS {
        best_few = best_few.min(judge(&few, events));
        best_many = best_many.min(judge(&many, events));
    }
    let each = |took: Duration| took.as_nanos() as f64 / EVENTS as f64;
    report(&format!(
        "{what}: 10 cost {:.0} ns an event, 1,000 cost {:.0} ns: ratio {:.2} (goal < 2)",
        each(best_few),
        each(best_many),
        best_many.as_secs_f64() / best_few.as_secs_f64()
    ));
}

/// Evaluates one condition over an event with four changes, of which the last decides.
fn evaluate() {
    let text = format!("version: 1\nname: bench\nrules:\n  - id: target\n    when: >-\n      {TARGET}\n");
    let rules = load(&text);
    let program =
        rules.rule("bench", "target").and_then(|rule| rule.when.clone()).expect("the rule has a condition");
    let mut event = Event::clone(&event(0));
    event.resource.group = Some("users".into());
    event.changes = ["id", "name", "limit", "spring.datasource.url"]
        .map(|path| Change {
            path: path.into(),
            op: ChangeOp::Replace,
            before: Some(Value::from(1_u64)),
            after: Some(Value::from(2_u64)),
            sensitive: false,
        })
        .into_iter()
        .collect();
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let found = (0..EVALUATIONS)
            .filter(|_| program.holds(std::hint::black_box(&event), None) == Ok(true))
            .count();
        best = best.min(started.elapsed());
        assert_eq!(found, EVALUATIONS as usize, "the condition holds");
    }
    report(&format!(
        "one condition over 4 changes: {:.0} ns (goal < 2,000)",
        best.as_nanos() as f64 / f64::from(EVALUATIONS)
    ));
}

#[expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
fn report(line: &str) {
    println!("{line}");
}

fn rules(count: usize, condition: fn(usize) -> String) -> RuleSet {
    let mut text = "version: 1\nname: bench\nrules:\n".to_owned();
    for number in 0..count {
        let condition = condition(number);
        let written = writeln!(text, "  - id: rule-{number}\n    {condition}\n    group_by: [resource.id]");
        written.expect("writing to a String cannot fail");
    }
    load(&text)
}

fn load(text: &str) -> RuleSet {
    RuleSet::load(&[RuleSource { file: "bench.yaml", text }], &TimeIntervals::default())
        .expect("the generated rules are valid")
}

/// Rules as people have them: each about one table of one environment; every tenth about a path or a text.
fn condition_of_match(number: usize) -> String {
    match number % 10 {
        9 => format!("match: 'group:table_{number} and path:limit_{number}'"),
        _ => format!("match: 'env:prod and group:table_{number} and action:(update or delete)'"),
    }
}

/// The same with conditions: beside a match, and alone.
fn condition_of_when(number: usize) -> String {
    match number % 10 {
        9 => format!(
            "when: resource.group == \"table_{number}\" && changes.exists(c, c.path.startsWith(\"limit\"))"
        ),
        _ => format!(
            "match: 'env:prod and group:table_{number}'\n    when: action in [\"update\", \"delete\"] && changes.exists(c, c.op == \"replace\" && \
             pct_change(c.before, c.after) < 1000)"
        ),
    }
}

fn judge(rules: &RuleSet, events: &[Arc<Event>]) -> Duration {
    let now = Timestamp::from_seconds(1_795_000_100);
    let started = Instant::now();
    let found: usize = events.iter().map(|event| rules.detect(event, now).len()).sum();
    let took = started.elapsed();
    assert!(found > 0, "the benchmark must judge something");
    took
}

fn event(number: u64) -> Arc<Event> {
    let text = |text: &str| Arc::<str>::from(text);
    let origin = Origin { kind: text("mysql"), name: text("bench"), channel: text("binlog"), version: None };
    // Tables up to 9 are those that both rule sets have rules for; most events concern none of them.
    let table =
        format!("table_{}", if number.is_multiple_of(100) { number / 100 % 10 } else { 5_000 + number % 50 });
    let mut resource =
        Resource::new("mysql", "bench", ResourceKind::Row, Some("shop"), Some(&table), &number.to_string());
    resource.env = Some("prod".into());
    let time = Timestamp::from_seconds(1_795_000_000);
    let change = Change {
        path: "limit".into(),
        op: ChangeOp::Replace,
        before: Some(Value::from(number)),
        after: Some(Value::from(number + 1)),
        sensitive: false,
    };
    let payload = Payload { format: Some("row".into()), changes: vec![change].into(), ..Payload::default() };
    Draft::new(origin, time, time, format!("u:{number}").into(), 0).finish(Action::Update, resource, payload)
}
