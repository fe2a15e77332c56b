//! Loading rule files.

use conftrail_core::alerting::Severity;
use conftrail_engine::RuleSet;
use conftrail_engine::intervals::TimeIntervals;
use conftrail_engine::rules::{BUILT_IN, LoadError, RuleSource, is_rule_file};

use crate::load;

const GOOD: &str = r#"
version: 1
name: production
owner: platform-sre
defaults: { severity: high, labels: { domain: config } }
lists:
  dba: [alice, bob]
rules:
  - id: limit-changed
    type: event
    match: 'path:limit and env:prod'
    severity: critical
    group_by: [resource.env, group]
    labels: { team: "007" }
    annotations:
      summary: "{{default actor.name \"someone\"}} changed {{count (len changes) \"key\" \"keys\"}} of {{resource.id}}"
      detail: |
        {{#each changes}}
        {{path}} in {{../labels.resource_env}}
        {{/each}}
    exceptions:
      - name: batch
        match: actor.login:batch*
        reason: the nightly batch does this
        owner: platform-sre
        expires: 2027-03-31
    owner: pay-team
    runbook: https://wiki.example/limit
  - id: quiet
    match: '*'
    mode: off
"#;

fn findings(text: &str) -> Vec<String> {
    let LoadError(findings) =
        RuleSet::load(&[RuleSource { file: "r.yaml", text }], &TimeIntervals::default())
            .expect_err("the file is wrong");
    findings.iter().map(ToString::to_string).collect()
}

/// A file with one rule that has these further lines.
fn rule(lines: &str) -> String {
    format!("version: 1\nname: p\nrules:\n  - id: a\n    match: '*'\n{lines}\n")
}

#[test]
fn a_rule_file_loads_with_what_it_says() {
    let set = load(GOOD);
    let rule = set.rule("production", "limit-changed").unwrap();
    assert_eq!(rule.severity, Severity::Critical);
    assert_eq!(rule.owner.as_deref(), Some("pay-team"));
    let labels: Vec<String> = rule.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(labels, ["alertname=limit-changed", "domain=config", "severity=critical", "team=007"]);
    let groups: Vec<&str> = rule.group_by.iter().map(|group| group.label.as_str()).collect();
    assert_eq!(groups, ["resource_env", "group"]);
    assert_eq!(set.rule("production", "quiet").unwrap().severity, Severity::High);
    assert_eq!(set.warnings(), []);
}

#[test]
fn every_error_of_a_file_is_reported_with_its_place() {
    let text = r#"version: 2
nmae: production
macros: { x: y() }
rules:
  - id: Bad_Id
    match: 'enw:prod'
    severity: urgent
    group_by: [resource.nmae]
    for: 5m
    sevrity: high
  - match: |
      env:prod and
        (action:update
    type: threshold
    labels: { "team-name": x, severity: high }
    annotations:
      summary: "{{actor.nmae}}"
      other: "{{{actor.name}}}"
    exceptions:
      - name: e
        until: x
        expires: soon
"#;
    let expected = [
        "r.yaml:1:10: version 2 is not known",
        "r.yaml:2:1: a rule file has no key `nmae`; did you mean `name`?",
        "r.yaml:3:14: the macro `x`: there is no function `y`",
        "r.yaml:1:1: a rule file needs the key `name`",
        "r.yaml:5:9: `id` has at most 64 of a-z, 0-9 and -",
        "r.yaml:6:13: `match`: unknown field `enw`; did you mean env?",
        "r.yaml:7:15: `severity` is one of info, warning, high, critical, not `urgent`",
        "r.yaml:8:16: unknown field `resource.nmae`; did you mean `resource.name`?",
        "r.yaml:9:5: `for` is not supported yet",
        "r.yaml:10:5: a rule has no key `sevrity`; did you mean `severity`?",
        "r.yaml:11:5: a rule needs the key `id`",
        "r.yaml:13:9: `match`: this parenthesis is never closed",
        "r.yaml:14:11: the type `threshold` is not supported yet",
        "r.yaml:15:15: a label's name has letters",
        "r.yaml:15:31: the label `severity` follows from the rule",
        "r.yaml:17:17: the template of `summary`: there is no `actor.nmae`",
        "r.yaml:18:14: the template of `other`: {{{…}}} and {{&…}} insert text unescaped",
        "r.yaml:20:9: an exception needs the key `match` or `when`",
        "r.yaml:20:9: an exception needs the key `reason`",
        "r.yaml:21:9: an exception has no key `until`",
        "r.yaml:22:18: `expires` is a day",
        "r.yaml:20:9: warning: the exception has no owner",
    ];
    let found = findings(text);
    for start in expected {
        assert!(
            found.iter().any(|finding| finding.starts_with(start)),
            "no {start} in\n{}",
            found.join("\n")
        );
    }
    assert_eq!(found.len(), expected.len(), "\n{}", found.join("\n"));
}

#[test]
fn files_that_are_no_rule_files_fail_with_a_place() {
    let table = [
        ("", "r.yaml:1:1: a rule file is a mapping"),
        ("- a", "r.yaml:1:1: a rule file is a mapping"),
        ("version: 1\nname: p\nrules: {a: b}", "r.yaml:3:8: `rules` is a list"),
        ("version: 1\nversion: 1", "r.yaml:2:1: duplicate mapping key: version"),
        ("a: [", "r.yaml:1:4: unclosed bracket"),
        ("version: 1\nname: p\nrules: []\n---\nversion: 1\n", "r.yaml:5:1: multiple YAML documents"),
    ];
    for (text, start) in table {
        let found = findings(text);
        assert!(found[0].starts_with(start), "{text}: {}", found.join("\n"));
    }
    assert!(findings(&rule(&format!("    labels: {}", "{a: ".repeat(5000)))).len() == 1);
    assert!(findings(&rule(&format!("    runbook: {}", "x".repeat(5_000_000))))[0].contains("longer than"));
}

#[test]
fn a_typing_error_in_a_template_is_found_when_the_file_is_loaded() {
    let table = [
        ("{{actor.nmae}}", "actor.nmae"),
        ("{{#if reason.tikcet}}x{{/if}}", "reason.tikcet"),
        ("{{labels.team}}", "labels.team"),
        ("{{#each changes}}{{pth}}{{/each}}", "pth"),
        ("{{after.limit}}", "after.limit"),
        ("{{upper actor.name}}", "upper"),
    ];
    for (template, expected) in table {
        let found = findings(&rule(&format!("    annotations: {{ summary: '{template}' }}")));
        assert!(found[0].starts_with("r.yaml:6:"), "{found:?}");
        assert!(found[0].contains(expected), "{template}: {found:?}");
    }
}

#[test]
fn an_exception_without_owner_or_end_loads_with_a_warning() {
    let set = load(&rule("    exceptions: [{ name: e, match: 'env:test', reason: it is a test }]"));
    let warnings: Vec<String> = set.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "rules/test.yaml:6:18: warning: the exception has no owner",
            "rules/test.yaml:6:18: warning: the exception never expires",
        ]
    );
}

#[test]
fn two_rules_of_one_name_are_an_error_that_names_both_places() {
    let one = rule("");
    let sources = [RuleSource { file: "a.yaml", text: &one }, RuleSource { file: "b.yaml", text: &one }];
    let said = RuleSet::load(&sources, &TimeIntervals::default()).unwrap_err().to_string();
    assert_eq!(said, "b.yaml:4:5: the rule p/a is there already, at a.yaml:4\n      - id: a\n        ^");
}

#[test]
fn the_built_in_rules_are_there_and_a_file_may_change_severity_and_labels_only() {
    let built_in = RuleSet::built_in();
    let ids: Vec<&str> = built_in.rules().iter().map(|rule| rule.reference.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "gap",
            "undecoded",
            "statement",
            "source-changed",
            "tampered",
            "stale-source",
            "unreadable",
            "readable-again",
            "dead-letter",
            "rules-refused",
            "rule-error",
            "conflict"
        ]
    );
    let changed = "version: 1\nname: conftrail\nrules: [{ id: gap, severity: info, labels: { team: dba } }]";
    let set = load(changed);
    let gap = set.rule(BUILT_IN, "gap").unwrap();
    assert_eq!(
        (gap.severity, gap.labels["severity"].as_str(), gap.labels["team"].as_str()),
        (Severity::Info, "info", "dba")
    );
    assert_eq!(set.rules().len(), built_in.rules().len());
    assert_ne!(set.digest(), built_in.digest());

    let removed = "version: 1\nname: conftrail\nrules: [{ id: gap, mode: off }, { id: gpa, severity: info }]";
    assert_eq!(
        findings(removed),
        [
            "r.yaml:3:20: only severity and labels of a built-in rule can be changed",
            "r.yaml:3:33: there is no built-in rule `gpa`; did you mean `gap`?",
        ]
    );
}

#[test]
fn the_digest_tells_sets_apart_by_what_they_say_alone() {
    let digest = |text: &str| load(text).digest().to_owned();
    let base = digest(GOOD);
    assert_eq!(digest(&GOOD.replace("\nlists:", "\n# a comment\nlists:")), base);
    for (from, to) in [
        ("path:limit", "path:limits"),
        ("severity: critical", "severity: info"),
        ("\"007\"", "\"008\""),
        ("2027-03-31", "2027-04-01"),
        ("wiki.example", "wiki2.example"),
        ("mode: off", "mode: shadow"),
        ("{{path}} in", "{{path}} at"),
    ] {
        assert_ne!(digest(&GOOD.replace(from, to)), base, "{from} → {to}");
    }
}

#[test]
fn tests_and_routing_are_no_rule_files() {
    let table = [
        ("production.yaml", true),
        ("production.test.yaml", false),
        ("routing.yaml", false),
        ("notes.md", false),
        (".hidden.yaml", false),
    ];
    for (name, expected) in table {
        assert_eq!(is_rule_file(name), expected, "{name}");
    }
}

#[test]
fn a_damaged_rule_file_loads_or_fails_with_places_within_it() {
    // Cuts, and characters replaced by what means something to YAML, to queries or to templates.
    let lines = GOOD.lines().count() + 1;
    let check = |text: &str| {
        if let Err(LoadError(findings)) =
            RuleSet::load(&[RuleSource { file: "r.yaml", text }], &TimeIntervals::default())
        {
            assert!(!findings.is_empty());
            for finding in findings {
                assert!(
                    finding.line >= 1 && finding.line <= lines && finding.column >= 1,
                    "{finding}\n{text}"
                );
            }
        }
    };
    for (at, character) in GOOD.char_indices().step_by(3) {
        check(&GOOD[..at]);
        for replacement in ["{", "[", "\"", "'", ":", "\n", "&", "*", "(", "限", "|"] {
            check(&format!("{}{replacement}{}", &GOOD[..at], &GOOD[at + character.len_utf8()..]));
        }
    }
}
