//! Runs one case and says what is not as it must be.

use std::collections::BTreeSet;
use std::time::Duration;

use conftrail_core::{Event, nearest};
use conftrail_engine::cases::{Case, Control, Doing, Fired};
use conftrail_engine::rules::RuleSet;

use super::bench::Bench;
use crate::rules::Checked;

/// The rule under which late changes are told; it stands in no file.
const LATE: &str = "conftrail/late-changes";

/// What became of a case.
pub(crate) struct Outcome {
    /// What is not as it must be; nothing when the case holds.
    pub(crate) failures: Vec<Failure>,
    /// The alerts at its end.
    pub(crate) alerts: Vec<Fired>,
    /// How long it took.
    pub(crate) took: Duration,
}

/// Something that is not as a case says.
pub(crate) struct Failure {
    /// The line of the file of cases.
    pub(crate) line: usize,
    /// What was expected, and what came.
    pub(crate) message: String,
}

/// Something that happens at a moment.
enum Happening<'c> {
    Read(Box<Event>),
    Control(&'c Control),
    /// The number of an expectation.
    Look(usize),
}

/// Runs a case.
///
/// # Errors
/// There is no place for a control store.
pub(crate) async fn run(case: &Case, checked: &Checked) -> anyhow::Result<Outcome> {
    let began = std::time::Instant::now();
    let mut failures = unknown_rules(case, &checked.rules);
    let mut bench = Bench::new(checked, case.start)?;
    let mut happenings = happenings(case).into_iter().peekable();
    let mut at = Duration::ZERO;
    let mut last = Vec::new();
    loop {
        let next_due = bench.settle(at).await?;
        let next = happenings.peek().map(|(at, _)| *at);
        let Some(next) = [next, next_due.filter(|due| *due <= case.end)].into_iter().flatten().min() else {
            break;
        };
        if next_due.is_some_and(|due| due <= next && due > at) {
            at = next_due.unwrap_or(next);
            // What is due at this moment comes before what happens at it.
            continue;
        }
        at = next;
        let mut read = Vec::new();
        let mut look = Vec::new();
        while let Some((_, happening)) = happenings.next_if(|(when, _)| *when == at) {
            match happening {
                Happening::Read(event) => read.push(*event),
                Happening::Look(number) => look.push(number),
                Happening::Control(Control::CrashAndRestart) => {
                    bench.read(std::mem::take(&mut read), at).await?;
                    bench.crash(at).await?;
                }
                Happening::Control(Control::Reload) => bench.reload(checked),
                Happening::Control(Control::ReceiverDown { lasts, receiver }) => {
                    bench.refuse(at, *lasts, receiver.clone());
                }
                // It changed when things are read, which was seen to before.
                Happening::Control(Control::SourceStopped(_)) => {}
            }
        }
        if !read.is_empty() {
            bench.read(read, at).await?;
        }
        if !look.is_empty() {
            bench.settle(at).await?;
            last = bench.alerts().await?;
        }
        for expectation in look.into_iter().filter_map(|number| case.expect.get(number)) {
            if let Some(message) = expectation.unmet(&last) {
                let when = conftrail_core::Period(at);
                failures.push(Failure { line: expectation.line, message: format!("at {when}: {message}") });
            }
        }
    }
    let alerts = bench.alerts().await?;
    failures.extend(unmentioned(case, &alerts));
    failures.extend(messages(case, &bench));
    failures.sort_by_key(|failure| failure.line);
    Ok(Outcome { failures, alerts, took: began.elapsed() })
}

/// Lays out what happens, in the order of time; at one moment changes come before controls, and looks come last.
fn happenings(case: &Case) -> Vec<(Duration, Happening<'_>)> {
    let stopped: Vec<(Duration, Duration)> = (case.steps.iter())
        .filter_map(|step| match &step.doing {
            Doing::Control(Control::SourceStopped(lasts)) => Some((step.at, step.at + *lasts)),
            _ => None,
        })
        .collect();
    let read_at = |made: Duration| {
        let mut at = made;
        // One stop may end within the next.
        while let Some((_, end)) = stopped.iter().find(|(from, end)| *from <= at && at < *end) {
            at = *end;
        }
        at
    };
    let mut all: Vec<(Duration, Happening<'_>)> = Vec::new();
    for step in &case.steps {
        match &step.doing {
            Doing::Change(event) => {
                let at = read_at(step.at);
                let mut event = Event::clone(event);
                event.observed = case.start.plus(at);
                all.push((at, Happening::Read(Box::new(event))));
            }
            Doing::Control(control) => all.push((step.at, Happening::Control(control))),
        }
    }
    for (number, expectation) in case.expect.iter().enumerate() {
        all.push((expectation.at.unwrap_or(case.end), Happening::Look(number)));
    }
    let rank = |happening: &Happening<'_>| match happening {
        Happening::Read(_) => 0,
        Happening::Control(_) => 1,
        Happening::Look(_) => 2,
    };
    all.sort_by_key(|(at, happening)| (*at, rank(happening)));
    all
}

/// Names the rules that a case speaks of and that there are not.
fn unknown_rules(case: &Case, rules: &RuleSet) -> Vec<Failure> {
    let mut names: Vec<String> = rules.rules().iter().map(|rule| rule.name()).collect();
    names.push(LATE.to_owned());
    let is_known = |name: &str| {
        names.iter().any(|known| known == name || known.split_once('/').is_some_and(|(_, id)| id == name))
    };
    let watched = case.watch.iter().flatten().map(|name| (case.line, name.as_str()));
    let expected = case.expect.iter().map(|one| (one.line, one.rule.as_str()));
    let mut told = BTreeSet::new();
    watched
        .chain(expected)
        .filter(|(_, name)| !is_known(name) && told.insert((*name).to_owned()))
        .map(|(line, name)| {
            let short = names.iter().map(|known| known.rsplit('/').next().unwrap_or(known));
            let meant = nearest(name, short.chain(names.iter().map(String::as_str)));
            let meant = meant.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
            Failure { line, message: format!("there is no rule `{name}`{meant}") }
        })
        .collect()
}

/// Names the rules that fired though the case does not speak of them.
fn unmentioned(case: &Case, alerts: &[Fired]) -> Vec<Failure> {
    let fired: BTreeSet<String> = alerts.iter().map(|alert| alert.rule.clone()).collect();
    let is_mentioned = |rule: &String| case.expect.iter().any(|one| one.is_about(rule));
    fired
        .into_iter()
        .filter(|rule| !case.may_ignore(rule) && !is_mentioned(rule))
        .map(|rule| {
            let way_out = "expect it, or name the rules that the case is about in `watch`";
            Failure { line: case.line, message: format!("{rule} fired and is not expected: {way_out}") }
        })
        .collect()
}

fn messages(case: &Case, bench: &Bench) -> Vec<Failure> {
    let Some(expected) = &case.messages else { return Vec::new() };
    if expected.is_empty() && !bench.told.is_empty() {
        let subjects: Vec<&str> = bench.told.iter().filter_map(|one| one.text.lines().next()).collect();
        let message = format!("expected no message, came {}: {}", subjects.len(), subjects.join("; "));
        return vec![Failure { line: case.line, message }];
    }
    let unmet = |one: &conftrail_engine::cases::ExpectedMessage| {
        Some(Failure { line: one.line, message: one.unmet(&bench.told)? })
    };
    expected.iter().filter_map(unmet).collect()
}
