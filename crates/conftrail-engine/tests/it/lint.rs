//! What a person should look at though it loads.

use conftrail_engine::rules::RuleSource;
use conftrail_engine::{TimeIntervals, lint};

use crate::time;

/// Returns what is found in a file of rules and one of cases, as `line:column code beginning`.
fn found(rules: &str, cases: Option<&str>) -> Vec<String> {
    let sources = [RuleSource { file: "a.yaml", text: rules }];
    let cases: Vec<_> = cases.iter().map(|text| RuleSource { file: "a.test.yaml", text }).collect();
    let findings = lint(&sources, &cases, &TimeIntervals::default(), time("2026-11-20T10:00:00Z"));
    findings
        .iter()
        .map(|one| format!("{}:{}:{} {} {}", one.file, one.line, one.column, one.code.as_str(), one.message))
        .collect()
}

const TESTED: &str = "tests:\n  - name: x\n    start: 2026-10-13T15:00:00Z\n    events: []\n    expect:\n      \
                      - { rule: a, alerts: [{}] }\n      - { rule: p/a, alerts: [] }\n";

/// A file with one rule of these lines, which has its cases.
fn rule(lines: &str) -> Vec<String> {
    found(&format!("version: 1\nname: p\nrules:\n  - id: a\n{lines}"), Some(TESTED))
}

#[test]
fn a_rule_with_nothing_to_look_at_has_no_findings() {
    let lines = "    match: 'env:prod and path:limit'\n    group_by: [resource.id]\n    annotations: { summary: \"{{#each changes}}{{after}}{{/each}}\" }\n    exceptions:\n      \
                 - { name: e, match: 'actor:bot and actor.authority:authenticated', reason: r, owner: o, expires: 2027-03-31 }\n";
    assert_eq!(rule(lines), [""; 0]);
}

#[test]
fn each_finding_has_its_place_and_code() {
    let table = [
        (
            "    match: 'x'\n    group_by: [env, tx.id, id]\n",
            &["5:0", "6:21 R010 `tx.id`", "6:28 R010 `id`"][1..],
        ),
        ("    match: 'not actor:alice'\n", &["5:12 R017 here a name passes"][..]),
        (
            "    match: 'env:prod and env:test'\n",
            &["5:12 R015 no event can match: `resource.env` cannot be prod and test"],
        ),
        ("    match: 'env:prod and not env:prod'\n", &["5:12 R015 no event can match: `"]),
        ("    match: 'flags:a and flags:b and (env:x or env:y)'\n", &[]),
        (
            "    match: 'env:prod'\n    annotations: { s: \"{{#each changes}}{{before}}{{/each}}\" }\n",
            &["6:23 R018 `s` prints values"],
        ),
        (
            "    match: 'env:prod'\n    exceptions:\n      - { name: e, match: '*', reason: r, owner: o, expires: 2026-11-25 }\n      - { name: f, match: 'actor:x', reason: r, owner: o, expires: 2026-11-01 }\n",
            &[
                "7:27 R014 the exception e lets everything",
                "7:62 R014 the exception e ends within",
                "8:27 R017 here a name passes",
                "8:68 R014 the exception f has ended",
            ],
        ),
        (
            "    match: 'env:prod'\n    exceptions:\n      - { name: e, match: x, reason: r }\n",
            &["7:9 R014 the exception has no owner", "7:9 R014 the exception never expires"],
        ),
        ("    match: 'enw:prod'\n    mtach: x\n", &["5:13 R", "6:5 R001 a rule has no key `mtach`"]),
    ];
    for (lines, expected) in table {
        let said = rule(lines);
        assert_eq!(said.len(), expected.len(), "{lines}: {said:#?}");
        for (found, wanted) in said.iter().zip(expected) {
            assert!(found.starts_with(&format!("a.yaml:{wanted}")), "{found} is not {wanted}");
        }
    }
}

#[test]
fn a_rule_without_its_cases_and_a_rule_that_finds_the_same_are_named() {
    let rules = "version: 1\nname: p\nrules:\n  - { id: a, match: x }\n  - { id: b, match: y }\n  - { id: c, match: z, mode: off }\n  - { id: d, match: x }\n";
    let said = found(rules, Some(TESTED));
    let expected = [
        "a.yaml:5:11 R013 the rule b has no case: one in which it fires",
        "a.yaml:7:11 R016 it finds the same as p/a (a.yaml:4)",
        "a.yaml:7:11 R013 the rule d has no case",
    ];
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (found, wanted) in said.iter().zip(expected) {
        assert!(found.starts_with(wanted), "{found} is not {wanted}");
    }
    let half = TESTED.replace("      - { rule: p/a, alerts: [] }\n", "");
    let said = found("version: 1\nname: p\nrules: [{ id: a, match: x }]\n", Some(&half));
    assert!(said[0].contains("no case in which it does not fire"), "{said:?}");
    assert!(
        found("version: 1\nname: p\nrules: [{ id: a, match: x }]\n", Some("tests: x"))[0]
            .contains("a.test.yaml:1:8")
    );
}
