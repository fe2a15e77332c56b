//! What 1,000 rules cost against 10, over the same events in the same run; see bench/README.md.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use conftrail_core::capture::{Draft, Payload};
use conftrail_core::{Action, Change, ChangeOp, Event, Origin, Resource, ResourceKind, Timestamp, Value};
use conftrail_engine::rules::{RuleSet, RuleSource};

const EVENTS: u64 = 100_000;
const ROUNDS: usize = 5;

fn main() {
    let events: Vec<Arc<Event>> = (0..EVENTS).map(event).collect();
    let few = rules(10);
    let many = rules(1000);
    let (mut best_few, mut best_many) = (Duration::MAX, Duration::MAX);
    // In turns, so that whatever else the machine does touches both alike.
    for _ in 0..ROUNDS {
        best_few = best_few.min(judge(&few, &events));
        best_many = best_many.min(judge(&many, &events));
    }
    let each = |took: Duration| took.as_nanos() as f64 / EVENTS as f64;
    report(&format!(
        "rules: 10 cost {:.0} ns an event, 1,000 cost {:.0} ns: ratio {:.2} (goal < 2)",
        each(best_few),
        each(best_many),
        best_many.as_secs_f64() / best_few.as_secs_f64()
    ));
}

#[expect(clippy::print_stdout, reason = "a benchmark's result is its output")]
fn report(line: &str) {
    println!("{line}");
}

/// Rules as people have them: each about one table of one environment; every tenth about a path or a text.
fn rules(count: usize) -> RuleSet {
    let mut text = "version: 1\nname: bench\nrules:\n".to_owned();
    for number in 0..count {
        let condition = match number % 10 {
            9 => format!("group:table_{number} and path:limit_{number}"),
            _ => format!("env:prod and group:table_{number} and action:(update or delete)"),
        };
        let written =
            writeln!(text, "  - id: rule-{number}\n    match: '{condition}'\n    group_by: [resource.id]");
        written.expect("writing to a String cannot fail");
    }
    RuleSet::load(&[RuleSource { file: "bench.yaml", text: &text }]).expect("the generated rules are valid")
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
