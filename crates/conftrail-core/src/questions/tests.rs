//! Blame over made-up histories, and the queries of the other questions.

use std::ops::ControlFlow;

use super::blame::{Blame, BlameForm, How};
use super::trail_query;
use super::walk::Walk;
use crate::{Event, Timestamp, Value};

const RESOURCE: &str = "mysql:s/shop/flags/1";

/// Makes event `number`, at that minute, from `action`, `format` and both sides as JSON.
fn event(number: u32, actor: &str, action: &str, format: &str, before: &str, after: &str) -> Event {
    let text = format!(
        r#"{{"v":1,"id":"01M7Y5FY6V00000000000000{number:02}","time":"2026-11-20T10:{number:02}:00Z","observed":"2026-11-20T10:{number:02}:00Z",
        "action":"{action}","source":{{"kind":"mysql","name":"s","channel":"binlog"}},"resource":{{"id":"{RESOURCE}","kind":"row","name":"1"}},
        "actor":{{"name":"{actor}","binding":"exact","authority":"asserted"}},"format":"{format}","before":{before},"after":{after},
        "changes":[],"masked":[],"flags":[],"truncated":false}}"#
    );
    let mut event: Event = serde_json::from_str(&text).unwrap();
    // A side that is null is no side.
    for side in [&mut event.before, &mut event.after] {
        if side.as_ref().is_some_and(Value::is_null) {
            *side = None;
        }
    }
    event
}

fn document(text: &str) -> String {
    format!(
        r#"{{"text":{},"digest":"sha256:00","fingerprint":"hmac:00","bytes":1}}"#,
        serde_json::to_string(text).unwrap()
    )
}

fn blamed(newest_first: &[Event], path: Option<&str>, at: Option<&str>) -> Option<Blame> {
    let at = at.map(|at| Timestamp::parse(at).unwrap());
    let mut walk = Walk::new(RESOURCE, path, at);
    for event in newest_first {
        if let ControlFlow::Break(()) = walk.step(event) {
            break;
        }
    }
    walk.end(How::Seen)
}

/// Prints each part as `place=value actor how`.
fn said(blame: &Option<Blame>) -> Vec<String> {
    let lines = &blame.as_ref().unwrap().lines;
    let place = |path: &Option<crate::SmolStr>, line: Option<u64>| match path {
        Some(path) => path.to_string(),
        None => line.unwrap().to_string(),
    };
    lines
        .iter()
        .map(|one| {
            let by = one.by.actor.name.as_deref().unwrap_or("?");
            format!("{}={} {by} {}", place(&one.path, one.line), one.value.display(), one.how.as_str())
        })
        .collect()
}

fn row_history() -> Vec<Event> {
    vec![
        event(4, "dora", "update", "row", r#"{"id":1,"a":2,"b":"x"}"#, r#"{"id":1,"a":2,"b":"y"}"#),
        event(3, "carl", "update", "row", r#"{"id":1,"a":1,"b":"x"}"#, r#"{"id":1,"a":2,"b":"x"}"#),
        event(2, "bob", "update", "row", r#"{"id":1,"a":1,"b":"w"}"#, r#"{"id":1,"a":1,"b":"x"}"#),
        event(1, "alice", "create", "row", "null", r#"{"id":1,"a":1,"b":"w"}"#),
    ]
}

#[test]
fn every_column_of_a_row_has_the_event_that_set_it() {
    let history = row_history();
    assert_eq!(
        said(&blamed(&history, None, None)),
        ["id=1 alice changed", "a=2 carl changed", "b=y dora changed"]
    );
    assert_eq!(said(&blamed(&history, Some("b"), None)), ["b=y dora changed"]);
    assert_eq!(said(&blamed(&history, Some("nothing"), None)), [""; 0]);
    let then = blamed(&history, None, Some("2026-11-20T10:02:30Z"));
    assert_eq!(said(&then), ["id=1 alice changed", "a=1 alice changed", "b=x bob changed"]);
    assert!(blamed(&history, None, Some("2026-11-20T09:00:00Z")).is_none());
}

#[test]
fn what_was_there_at_the_first_sight_was_seen_and_not_set() {
    let mut history = row_history();
    history.truncate(2);
    assert_eq!(
        said(&blamed(&history, None, None)),
        ["id=1 carl seen", "a=2 carl changed", "b=y dora changed"]
    );
    history.push(event(2, "", "snapshot", "row", "null", r#"{"id":1,"a":1,"b":"x"}"#));
    assert_eq!(said(&blamed(&history, None, None))[0], "id=1  seen");
}

#[test]
fn a_change_that_is_not_on_record_is_nobodys() {
    let history = [
        event(3, "carl", "update", "row", r#"{"id":1,"a":9,"b":"x"}"#, r#"{"id":1,"a":9,"b":"z"}"#),
        event(1, "alice", "create", "row", "null", r#"{"id":1,"a":1,"b":"w"}"#),
    ];
    // `a` became 9 unseen: carl's event is the first that had it, and neither carl nor alice set it.
    assert_eq!(
        said(&blamed(&history, None, None)),
        ["id=1 alice changed", "a=9 carl seen", "b=z carl changed"]
    );
}

#[test]
fn the_event_that_removed_a_resource_is_told() {
    let mut history = row_history();
    history.insert(0, event(5, "eve", "delete", "row", r#"{"id":1,"a":2,"b":"y"}"#, "null"));
    let gone = blamed(&history, None, None).unwrap();
    assert_eq!(gone.removed.unwrap().actor.name.as_deref(), Some("eve"));
    assert!(gone.lines.is_empty());
    // Made again, the old life counts no more.
    history.insert(0, event(6, "fay", "create", "row", "null", r#"{"id":1,"a":2,"b":"y"}"#));
    assert!(said(&blamed(&history, None, None)).iter().all(|line| line.ends_with("fay changed")));
}

#[test]
fn every_key_of_a_document_has_its_event_and_paths_are_those_of_changes() {
    let (one, two, three) = (
        "pool:\n  size: 10\n  wait: 1\n",
        "pool:\n  size: 20\n  wait: 1\n",
        "pool:\n  size: 20\n  wait: 1\nhosts: [a, b]\n",
    );
    let history = [
        event(3, "carl", "update", "yaml", &document(two), &document(three)),
        event(2, "bob", "update", "yaml", &document(one), &document(two)),
        event(1, "alice", "create", "yaml", "null", &document(one)),
    ];
    let all = blamed(&history, None, None);
    assert_eq!(all.as_ref().unwrap().form, BlameForm::Keys);
    let expected = [
        "pool.size=20 bob changed",
        "pool.wait=1 alice changed",
        "hosts[0]=a carl changed",
        "hosts[1]=b carl changed",
    ];
    assert_eq!(said(&all), expected);
    assert_eq!(said(&blamed(&history, Some("pool"), None)), expected[..2]);
    assert_eq!(said(&blamed(&history, Some("hosts"), None)), expected[2..]);
    assert_eq!(said(&blamed(&history, Some("poo"), None)), [""; 0]);
}

#[test]
fn every_line_of_a_text_has_the_event_that_wrote_it() {
    let history = [
        event(
            3,
            "carl",
            "update",
            "text",
            &document("zero\none\nTWO\nthree\n"),
            &document("zero\none\nTWO\nfour\n"),
        ),
        event(
            2,
            "bob",
            "update",
            "text",
            &document("one\ntwo\nthree\n"),
            &document("zero\none\nTWO\nthree\n"),
        ),
        event(1, "alice", "create", "text", "null", &document("one\ntwo\nthree\n")),
    ];
    let all = blamed(&history, None, None);
    assert_eq!(all.as_ref().unwrap().form, BlameForm::Lines);
    let expected = ["1=zero bob changed", "2=one alice changed", "3=TWO bob changed", "4=four carl changed"];
    assert_eq!(said(&all), expected);
    // A line that came between two events on record is nobody's.
    let broken = [
        event(3, "carl", "update", "text", &document("one\nunseen\n"), &document("one\nunseen\nlast\n")),
        event(1, "alice", "create", "text", "null", &document("one\n")),
    ];
    assert_eq!(
        said(&blamed(&broken, None, None)),
        ["1=one alice changed", "2=unseen carl seen", "3=last carl changed"]
    );
}

#[test]
fn a_version_that_is_not_kept_ends_what_is_known() {
    let cut = r#"{"digest":"sha256:00","fingerprint":"hmac:00","bytes":9}"#;
    let history = [
        event(3, "carl", "update", "text", cut, &document("one\n")),
        event(2, "bob", "update", "text", &document("one\n"), cut),
    ];
    assert_eq!(said(&blamed(&history, None, None)), ["1=one carl seen"]);
    let newest_cut = [event(3, "carl", "update", "yaml", &document("a: 1\n"), cut)];
    assert_eq!(said(&blamed(&newest_cut, None, None)), [""; 0]);
}

#[test]
fn an_operation_is_looked_for_by_every_id_that_it_may_have() {
    let asked = trail_query("CHG-1").to_string();
    assert_eq!(asked, "correlation.id:CHG-1 or reason.ticket:CHG-1 or tx.id:CHG-1 or trace:CHG-1");
    let trace = trail_query("4BF92F3577B34DA6A3CE929D0E0E4736").to_string();
    assert!(trace.ends_with("or trace:00-4bf92f3577b34da6a3ce929d0e0e4736-*"), "{trace}");
}
