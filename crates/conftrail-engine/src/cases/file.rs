//! Reads a file of cases.

use std::time::Duration;

use conftrail_core::{Period, Timestamp};
use serde_json::{Map as Object, Value as Json};

use super::case::{Case, Control, Doing, Step};
use super::event::{event, json_of, set};
use super::expected::{Expectation, ExpectedAlert, ExpectedMessage};
use crate::rules::reader::{Fields, Reader};
use crate::rules::yaml::{self, Node, Place};
use crate::rules::{Level, LoadError, RuleSource};

const FILE: [&str; 4] = ["rules", "routing", "fixtures", "tests"];
const FILE_LATER: [&str; 1] = ["location"];
const CASE: [&str; 6] = ["name", "watch", "start", "events", "expect", "expect_notifications"];
const STEP: [&str; 8] = ["at", "event", "changes", "set", "repeat", "control", "for", "receiver"];
const REPEAT: [&str; 3] = ["n", "every", "set"];
const EXPECT: [&str; 3] = ["at", "rule", "alerts"];
const ALERT: [&str; 2] = ["labels", "count"];
const ALERT_LATER: [&str; 3] = ["state", "reason", "annotations"];
const MESSAGE: [&str; 4] = ["between", "receiver", "reason", "contains"];
const CONTROLS: [&str; 5] =
    ["crash_and_restart", "source_stopped", "source_unreadable", "receiver_down", "reload"];

/// Most events of one `repeat`: a case is no load test.
const MOST_REPEATS: u64 = 10_000;
/// A case ends this long after the last thing in it: what gathers is told by then, whatever a route waits for.
const AFTERMATH: Duration = Duration::from_secs(3600);

/// A file of cases.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// The file's name as it was handed in.
    pub file: String,
    /// The rule files that the cases run on, relative to the file; all of the directory when none is named.
    pub rules: Vec<String>,
    /// The routing file, likewise.
    pub routing: Option<String>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// Says whether a file holds cases.
pub fn is_case_file(name: &str) -> bool {
    name.ends_with(".test.yaml") && !name.starts_with('.')
}

impl CaseFile {
    /// Reads a file of cases.
    ///
    /// # Errors
    /// Everything that is wrong with it, with its place.
    pub fn load(source: RuleSource<'_>) -> Result<Self, LoadError> {
        let mut reader = Reader::new(source.file, source.text);
        let read = match yaml::parse(source.text) {
            Ok(root) => file(&mut reader, &root, source),
            Err((place, message)) => {
                reader.error(place, message);
                None
            }
        };
        reader.findings.sort_by_key(|finding| (finding.line, finding.column));
        match read {
            Some(file) if reader.findings.iter().all(|finding| finding.level != Level::Error) => Ok(file),
            _ => Err(LoadError(reader.findings)),
        }
    }
}

fn file(reader: &mut Reader<'_>, root: &Node, source: RuleSource<'_>) -> Option<CaseFile> {
    let fields = reader.fields(root, "a file of cases", &FILE, &FILE_LATER)?;
    let rules = texts(reader, fields, "rules");
    let routing = reader.optional(fields, "routing");
    let tests = reader.required(fields, "tests", "a file of cases")?;
    let nodes = reader.list(tests, "`tests`");
    let end_of_file = source.text.lines().count() + 1;
    let mut cases: Vec<Case> = Vec::new();
    for (number, node) in nodes.iter().enumerate() {
        let next = nodes.get(number + 1).map_or(end_of_file, |next| next.at.line);
        let Some(case) = case(reader, node, next) else { continue };
        if cases.iter().any(|known| known.name == case.name) {
            reader.error(node.at, format!("another case is named `{}`", case.name));
        }
        cases.push(case);
    }
    Some(CaseFile { file: source.file.to_owned(), rules, routing, cases })
}

fn case(reader: &mut Reader<'_>, node: &Node, next: usize) -> Option<Case> {
    let fields = reader.fields(node, "a case", &CASE, &[])?;
    let name = reader.required(fields, "name", "a case");
    let name = name.and_then(|node| reader.text(node, "`name`"));
    let watch = fields.get("watch").map(|_| texts(reader, fields, "watch"));
    let start = reader.required(fields, "start", "a case").and_then(|node| time(reader, node));
    let steps = steps(reader, fields, name.map(|name| name.text.as_str()), start);
    let expect = expectations(reader, fields);
    let messages = fields.get("expect_notifications").map(|node| messages(reader, node));
    if let Some((at, what)) = unwatched(watch.as_deref(), &expect) {
        reader.error(Place { line: at, column: 1 }, format!("`{what}` is expected and not among `watch`"));
    }
    let (name, start) = (name?, start?);
    let asked = expect.iter().filter_map(|one| one.at);
    let told = messages.iter().flatten().map(|one| one.between.1);
    let last = steps.iter().map(ends).chain(asked.clone()).chain(told).max().unwrap_or_default();
    Some(Case {
        name: name.text.clone(),
        line: name.at.line,
        watch,
        start,
        end: last.max(steps.iter().map(ends).max().unwrap_or_default() + AFTERMATH),
        steps,
        expect,
        messages,
        expect_lines: lines_of(fields, "expect", next),
        indent: indent(fields),
    })
}

/// Returns an expectation that `watch` leaves out.
fn unwatched(watch: Option<&[String]>, expect: &[Expectation]) -> Option<(usize, String)> {
    let watch = watch?;
    let short = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let is_watched = |one: &Expectation| watch.iter().any(|name| short(name) == short(&one.rule));
    expect.iter().find(|one| !is_watched(one)).map(|one| (one.line, one.rule.clone()))
}

/// Returns how far the keys of a case stand in; 0 where several stand in one line.
fn indent(fields: Fields<'_>) -> usize {
    let mut lines: Vec<usize> = fields.iter().map(|(key, _)| key.at.line).collect();
    lines.dedup();
    let in_block = lines.len() == fields.iter().count();
    let column = fields.iter().map(|(key, _)| key.at.column - 1).min();
    column.filter(|_| in_block).unwrap_or(0)
}

/// Returns the lines from a key up to the next one, when the case is written so that they are its own.
fn lines_of(fields: Fields<'_>, name: &str, next: usize) -> Option<std::ops::Range<usize>> {
    let mut keys = fields.iter().map(|(key, _)| key).skip_while(|key| key.name != name);
    let first = keys.next()?.at.line;
    let end = keys.next().map_or(next, |key| key.at.line);
    (first < end).then_some(first..end)
}

fn steps(
    reader: &mut Reader<'_>,
    fields: Fields<'_>,
    name: Option<&str>,
    start: Option<Timestamp>,
) -> Vec<Step> {
    let nodes = match reader.required(fields, "events", "a case") {
        Some(node) => reader.list(node, "`events`"),
        None => &[],
    };
    let mut steps = Vec::new();
    for node in nodes {
        let Some(fields) = reader.fields(node, "a step", &STEP, &[]) else { continue };
        let at = reader.required(fields, "at", "a step").and_then(|node| period(reader, node, "`at`"));
        let Some(at) = at else { continue };
        match (fields.get("event"), fields.get("control")) {
            (Some(_), None) => {
                let (Some(name), Some(start)) = (name, start) else { continue };
                let key = format!("{name}/{}", steps.len());
                steps.extend(changes(reader, fields, (at, node.at.line), start, &key));
            }
            (None, Some(control)) => {
                let read = self::control(reader, fields, control);
                steps.extend(read.map(|doing| Step { at, line: node.at.line, doing: Doing::Control(doing) }));
            }
            _ => reader.error(node.at, "a step has `event` or `control`, and not both"),
        }
    }
    steps.sort_by_key(|step| step.at);
    steps
}

/// Reads a step that is a change, or several of them.
fn changes(
    reader: &mut Reader<'_>,
    fields: Fields<'_>,
    (at, line): (Duration, usize),
    start: Timestamp,
    key: &str,
) -> Vec<Step> {
    for name in ["for", "receiver"] {
        if let Some(node) = fields.get(name) {
            reader.error(node.at, format!("`{name}` belongs to a `control`"));
        }
    }
    let Some(node) = fields.get("event") else { return Vec::new() };
    let Json::Object(mut base) = json_of(node) else {
        reader.error(node.at, "`event` is a mapping, such as one of `fixtures`");
        return Vec::new();
    };
    if let Some(changes) = fields.get("changes") {
        base.insert("changes".to_owned(), json_of(changes));
    }
    replace(reader, fields, &mut base, None);
    let (mut count, mut every, mut repeated) = (1, Duration::ZERO, None);
    if let Some(repeat) = fields.get("repeat").and_then(|node| reader.fields(node, "`repeat`", &REPEAT, &[]))
    {
        count = reader.required(repeat, "n", "`repeat`").map_or(0, |node| whole(reader, node, "`n`"));
        every = repeat.get("every").and_then(|node| period(reader, node, "`every`")).unwrap_or_default();
        if count > MOST_REPEATS {
            reader.error(repeat.at, format!("a case repeats an event at most {MOST_REPEATS} times"));
            count = 0;
        }
        repeated = Some(repeat);
    }
    let mut steps = Vec::new();
    for number in 0..count {
        let at = at + every.saturating_mul(u32::try_from(number).unwrap_or(u32::MAX));
        let mut parts = base.clone();
        if let Some(repeat) = repeated {
            replace(reader, repeat, &mut parts, Some(number));
        }
        let key = format!("{key}/{number}");
        let Some(event) = event(reader, (node.at, &parts), start.plus(at), &key) else { break };
        steps.push(Step { at, line, doing: Doing::Change(Box::new(event)) });
    }
    steps
}

/// Replaces what stands at the dotted paths of `set`; `{{i}}` in a text is the number of the repetition, from 0.
fn replace(
    reader: &mut Reader<'_>,
    fields: Fields<'_>,
    event: &mut Object<String, Json>,
    number: Option<u64>,
) {
    let Some(entries) = fields.get("set").and_then(|node| reader.map(node, "`set`")) else { return };
    for (key, node) in entries.iter() {
        let value = match (json_of(node), number) {
            (Json::String(text), Some(number)) => Json::String(text.replace("{{i}}", &number.to_string())),
            (other, _) => other,
        };
        set(event, &key.name, value);
    }
}

fn control(reader: &mut Reader<'_>, fields: Fields<'_>, node: &Node) -> Option<Control> {
    for name in ["changes", "set", "repeat"] {
        if let Some(node) = fields.get(name) {
            reader.error(node.at, format!("`{name}` belongs to an `event`"));
        }
    }
    let word = reader.text(node, "`control`")?;
    let lasts = |reader: &mut Reader<'_>| {
        let given = reader.required(fields, "for", &format!("`{}`", word.text));
        given.and_then(|node| period(reader, node, "`for`"))
    };
    match word.text.as_str() {
        "crash_and_restart" => Some(Control::CrashAndRestart),
        "reload" => Some(Control::Reload),
        "source_stopped" => lasts(reader).map(Control::SourceStopped),
        "receiver_down" => {
            let lasts = lasts(reader)?;
            Some(Control::ReceiverDown { lasts, receiver: reader.optional(fields, "receiver") })
        }
        "source_unreadable" => {
            reader.error(
                word.at,
                "`source_unreadable` means something for rules over time, which are not supported yet",
            );
            None
        }
        other => {
            let meant = conftrail_core::nearest(other, CONTROLS);
            let meant = meant.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
            reader.error(word.at, format!("there is no control `{other}`{meant}"));
            None
        }
    }
}

fn expectations(reader: &mut Reader<'_>, fields: Fields<'_>) -> Vec<Expectation> {
    let Some(node) = fields.get("expect") else { return Vec::new() };
    let mut expectations = Vec::new();
    for node in reader.list(node, "`expect`") {
        let Some(fields) = reader.fields(node, "an expectation", &EXPECT, &[]) else { continue };
        let at = fields.get("at").and_then(|node| period(reader, node, "`at`"));
        let rule = reader.required(fields, "rule", "an expectation");
        let rule = rule.and_then(|node| reader.text(node, "`rule`")).map(|text| text.text.clone());
        let alerts = match reader.required(fields, "alerts", "an expectation") {
            Some(node) => reader.list(node, "`alerts`"),
            None => &[],
        };
        let alerts = alerts.iter().filter_map(|node| alert(reader, node)).collect();
        expectations.extend(rule.map(|rule| Expectation { at, line: node.at.line, rule, alerts }));
    }
    expectations
}

fn alert(reader: &mut Reader<'_>, node: &Node) -> Option<ExpectedAlert> {
    let fields = reader.fields(node, "an expected alert", &ALERT, &ALERT_LATER)?;
    let mut expected = ExpectedAlert::default();
    if let Some(labels) = fields.get("labels").and_then(|node| reader.map(node, "`labels`")) {
        for (key, node) in labels.iter() {
            if let Some(text) = reader.text(node, "a label") {
                expected.labels.insert(key.name.clone(), text.text.clone());
            }
        }
    }
    expected.count = fields.get("count").map(|node| whole(reader, node, "`count`"));
    Some(expected)
}

fn messages(reader: &mut Reader<'_>, node: &Node) -> Vec<ExpectedMessage> {
    let mut messages = Vec::new();
    for node in reader.list(node, "`expect_notifications`") {
        let Some(fields) = reader.fields(node, "an expected message", &MESSAGE, &[]) else { continue };
        let bounds = match reader.required(fields, "between", "an expected message") {
            Some(node) => reader.list(node, "`between`"),
            None => continue,
        };
        let bounds: Vec<Duration> =
            bounds.iter().filter_map(|node| period(reader, node, "a bound of `between`")).collect();
        let &[from, until] = bounds.as_slice() else {
            reader.error(node.at, "`between` has two bounds, such as [0s, 1m]");
            continue;
        };
        if let Some(reason) = fields.get("reason") {
            let _: Option<()> = reader.word(reason, "`reason`", &[("first", ())]);
        }
        let receiver = reader.optional(fields, "receiver");
        let contains = texts(reader, fields, "contains");
        messages.push(ExpectedMessage { between: (from, until), line: node.at.line, receiver, contains });
    }
    messages
}

fn ends(step: &Step) -> Duration {
    match &step.doing {
        Doing::Control(Control::SourceStopped(lasts) | Control::ReceiverDown { lasts, .. }) => {
            step.at + *lasts
        }
        _ => step.at,
    }
}

fn texts(reader: &mut Reader<'_>, fields: Fields<'_>, name: &str) -> Vec<String> {
    let nodes = match fields.get(name) {
        Some(node) => reader.list(node, &format!("`{name}`")),
        None => &[],
    };
    let mut texts = Vec::new();
    for node in nodes {
        texts.extend(reader.text(node, &format!("an element of `{name}`")).map(|text| text.text.clone()));
    }
    texts
}

fn period(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<Duration> {
    let text = reader.text(node, what)?;
    match Period::parse(&text.text) {
        Ok(period) => Some(period.0),
        Err(error) => {
            reader.error(text.at, format!("{what}: {error}"));
            None
        }
    }
}

fn whole(reader: &mut Reader<'_>, node: &Node, what: &str) -> u64 {
    let text = reader.text(node, what);
    let number = text.and_then(|text| text.text.parse().ok());
    if let (Some(text), None) = (text, number) {
        reader.error(text.at, format!("{what} is a whole number"));
    }
    number.unwrap_or(0)
}

fn time(reader: &mut Reader<'_>, node: &Node) -> Option<Timestamp> {
    let text = reader.text(node, "`start`")?;
    match Timestamp::parse(&text.text) {
        Ok(time) => Some(time),
        Err(_) => {
            reader.error(text.at, "`start` is a time with its offset, such as 2026-10-13T15:00:00+08:00");
            None
        }
    }
}
