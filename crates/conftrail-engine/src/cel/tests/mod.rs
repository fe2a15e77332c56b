//! The language, its mistakes and its limits.

mod hostile;
mod language;
mod mistakes;
mod parts;

use std::sync::{Arc, LazyLock};

use conftrail_core::Event;

use crate::cel::complaint::line_and_column;
use crate::cel::{Listed, Macro, Names, Program, check_macros, parse};
use crate::intervals::TimeIntervals;

static NO_INTERVALS: LazyLock<TimeIntervals> = LazyLock::new(TimeIntervals::default);

/// Lists and macros as a rule file has them.
fn names() -> Names<'static> {
    let mut names = Names::new(&NO_INTERVALS);
    for (name, words) in [("dba", vec!["alice", "bob"]), ("ports", vec!["80", "443"]), ("empty", vec![])] {
        let words = words.into_iter().map(Into::into).collect();
        names.lists.insert(name.to_owned(), Arc::new(Listed::new(words)));
    }
    for (name, text) in [
        ("has_ticket", "re(reason.ticket, '^(CHG|OPS)-[0-9]+$')"),
        ("known_actor", "actor.authority in ['authenticated', 'asserted'] && actor.name != null"),
        ("approved", "has_ticket && known_actor"),
        ("of_change", "c.path == 'limit'"),
    ] {
        let tree = Some(parse(text).unwrap());
        names.macros.insert(name.to_owned(), Macro { text: text.into(), tree, broken: false });
    }
    assert_eq!(check_macros(&mut names), []);
    names
}

/// An event with these fields beside what every event has.
fn event(fields: serde_json::Value) -> Event {
    let mut whole = serde_json::json!({
        "v": 1, "id": "01M7W6C3BVM8V4T0R9C5X7B1ND", "time": "2026-11-20T10:00:00Z", "observed": "2026-11-20T10:00:01Z",
        "action": "update", "source": { "kind": "mysql", "name": "orders-db", "channel": "binlog" },
        "resource": { "id": "mysql:orders-db/shop/users/42", "kind": "row", "env": "prod", "namespace": "shop",
                      "group": "users", "name": "42" },
    });
    if let (Some(whole), serde_json::Value::Object(fields)) = (whole.as_object_mut(), fields) {
        whole.extend(fields);
    }
    serde_json::from_value(whole).unwrap()
}

/// An event with something in every place.
fn full_event() -> Event {
    event(serde_json::json!({
        "actor": { "name": "alice", "kind": "human", "ip": "10.0.0.5", "binding": "exact", "authority": "asserted",
                   "login": "app@10.0.0.5" },
        "reason": { "ticket": "CHG-12", "approver": "bob", "authority": "claimed" },
        "format": "row",
        "before": { "id": 42, "limit": 100, "price": "9.99", "big": 18446744073709551614_u64, "ratio": 0.5, "tags": ["a"],
                    "doc": { "a.b": 1, "list": [ { "x": "y" } ] }, "gone": 1, "on": true },
        "after": { "id": 42, "limit": 50, "price": "12.50", "big": 18446744073709551615_u64, "ratio": 0.25,
                   "tags": ["a", "限流"], "doc": { "a.b": 2, "list": [ { "x": "z" } ] }, "gone": null, "on": false },
        "changes": [
            { "path": "limit", "op": "replace", "before": 100, "after": 50 },
            { "path": "spring.datasource.url", "op": "add", "after": "jdbc:mysql://db/限流" },
            { "path": "gone", "op": "replace", "before": 1, "after": null },
            { "path": "password", "op": "replace", "before": "***", "after": "***", "sensitive": true },
        ],
        "flags": ["late", "no_key"], "labels": { "region": "eu", "team.name": "pay" },
        "tx": { "id": "u:1", "seq": 3, "statement": 0 },
    }))
}

/// Compiles a condition that has no mistake.
fn program(text: &str) -> Program {
    Program::compile(text, &names(), false).unwrap_or_else(|complaints| panic!("{text}: {complaints:?}"))
}

/// Returns everything that is wrong with a condition, as `line:column message`.
fn mistakes_of(text: &str) -> Vec<String> {
    let complaints = Program::compile(text, &names(), false).err().unwrap_or_default();
    let place = |start: usize| line_and_column(text, start);
    complaints
        .iter()
        .map(|complaint| {
            let (line, column) = place(complaint.span.start);
            let within = complaint.within.as_ref().map(|name| format!("in {name} ")).unwrap_or_default();
            format!("{line}:{column} {within}{}", complaint.message)
        })
        .collect()
}
