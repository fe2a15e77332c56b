//! Rules with `when`, macros, lists and `explode`: files in, detections out.

use conftrail_core::alerting::{Detection, Verdict};
use conftrail_core::{Change, ChangeOp, Event, Value};
use conftrail_engine::intervals::TimeIntervals;
use conftrail_engine::rules::RuleSource;
use conftrail_engine::{Routing, RuleSet};

use crate::{event, load, soon_after, time};

fn refused(text: &str) -> String {
    let source = RuleSource { file: "r.yaml", text };
    RuleSet::load(&[source], &TimeIntervals::default()).expect_err("the file is wrong").to_string()
}

fn file(rule: &str) -> String {
    format!(
        "version: 1\nname: p\nlists: {{ dba: [alice, bob] }}\nmacros:\n  has_ticket: re(reason.ticket, \"^CHG\")\n  \
         known: actor.authority in [\"authenticated\", \"asserted\"]\n  vouched: known && has_ticket\nrules:\n{rule}"
    )
}

/// Who found what, with the labels' named value.
fn found(rules: &RuleSet, event: &Event) -> Vec<String> {
    let shown = |detection: &Detection| match &detection.verdict {
        Verdict::Match => format!("{} match", detection.rule.name()),
        Verdict::Shadow => format!("{} shadow", detection.rule.name()),
        Verdict::Excepted { exception } => format!("{} excepted {exception}", detection.rule.name()),
        Verdict::RuleError { failed } => format!("{failed} failed"),
    };
    rules.detect(event, soon_after(event)).iter().map(shown).collect()
}

fn changed(changes: &[(&str, ChangeOp, Value, Value)]) -> Event {
    let mut event = event("limit");
    event.format = Some("yaml".into());
    event.changes = changes
        .iter()
        .map(|(path, op, before, after)| Change {
            path: (*path).into(),
            op: *op,
            before: (*op != ChangeOp::Add).then(|| before.clone()),
            after: (*op != ChangeOp::Remove).then(|| after.clone()),
            sensitive: false,
        })
        .collect();
    event
}

#[test]
fn a_rule_with_three_mistakes_is_told_all_three_with_their_carets() {
    let text = r#"version: 1
name: production
rules:
  - id: pool-shrunk
    match: 'enw:prod and path:*pool*'
    when: changes.exists(c, c.pth.endsWith("size")) && acton == "update"
    severity: urgent
"#;
    let expected = r#"r.yaml:5:13: `match`: unknown field `enw`; did you mean env?
        match: 'enw:prod and path:*pool*'
                ^
r.yaml:6:31: `when`: a change has no `pth`; did you mean `path`?
        when: changes.exists(c, c.pth.endsWith("size")) && acton == "update"
                                  ^
r.yaml:6:56: `when`: there is no `acton`; did you mean `action`?
        when: changes.exists(c, c.pth.endsWith("size")) && acton == "update"
                                                           ^
r.yaml:7:15: `severity` is one of info, warning, high, critical, not `urgent`
        severity: urgent
                  ^"#;
    assert_eq!(refused(text), expected);
}

#[test]
fn a_mistake_is_found_in_the_file_however_the_condition_is_written() {
    let table = [
        ("    when: acton == 'x'", "10:11"),
        ("    when: 'true && acton == ''x'''", "10:20"),
        ("    when: \"actor.name == \\\"x\\\" && acton == 1\"", "10:35"),
        ("    when: |\n      true &&\n        acton == 'x'", "12:9"),
        ("    when: >-\n      true &&\n      acton == 'x'", "12:7"),
        ("    when: true &&\n      acton == 'x'", "11:7"),
        ("    when: \"true &&\n      acton == 'x'\"", "11:7"),
        ("    when: |\n      '限流' in flags && acton == 'x'", "11:24"),
        (
            "    when: true\n    exceptions: [{ name: e, when: acton == 'x', reason: r, owner: o, expires: 2027-01-01 }]",
            "11:35",
        ),
    ];
    for (lines, place) in table {
        let said = refused(&file(&format!("  - id: a\n{lines}\n")));
        let start = format!("r.yaml:{place}: `when`: there is no `acton`; did you mean `action`?");
        assert!(said.starts_with(&start), "{lines}\n{said}");
    }
    let said = refused(&file("  - id: a\n    when: !in_window(\"x\", time)\n"));
    assert!(said.starts_with("r.yaml:10:"), "{said}");
    // To YAML this is a tag and the text `true`.
    for unquoted in ["when: !has_ticket && true", "when: !has_ticket", "match: !env:prod and path:x"] {
        let said = refused(&file(&format!("  - id: a\n    {unquoted}\n")));
        assert!(said.starts_with("r.yaml:10:") && said.contains("in quotes"), "{unquoted}: {said}");
    }
}

#[test]
fn definitions_are_checked_whether_or_not_they_are_used() {
    let text = r#"version: 1
name: p
lists: { "a-b": [x] }
macros:
  actor: "true"
  broken: actor.nmae == 'x'
  unread: "1 +"
  one: two && true
  two: one || true
rules:
  - { id: a, when: broken && unread && one }
  - { id: b }
  - { id: c, match: '*', when: "true", explode: rows, compliance: SOX, limits: { max_alerts_per_hour: 5 } }
  - { id: d, match: '*', labels: { compliance: x }, compliance: [SOX] }
"#;
    let said = refused(text);
    let found: Vec<&str> = said.lines().filter(|line| line.starts_with("r.yaml")).collect();
    let expected = [
        "r.yaml:3:10: a list's name has letters, digits and _, and starts with no digit",
        "r.yaml:5:3: `actor` means something else in conditions; name the macro otherwise",
        "r.yaml:6:17: the macro `broken`: `actor` has no `nmae`; did you mean `name`?",
        "r.yaml:7:14: the macro `unread`: the expression ends where more is expected",
        "r.yaml:8:8: the macro `one`: the macro `two` needs itself: two → one → two",
        "r.yaml:9:8: the macro `two`: the macro `one` needs itself: one → two → one",
        "r.yaml:12:5: a rule needs the key `match` or `when`",
        "r.yaml:13:49: `explode` is one of changes, not `rows`",
        "r.yaml:13:67: `compliance` is a list",
        "r.yaml:13:72: `limits` is not supported yet",
        "r.yaml:14:65: the label `compliance` is there already",
    ];
    assert_eq!(found, expected, "{said}");
}

#[test]
fn a_condition_decides_beside_the_match() {
    let rules = load(&file(
        "  - { id: both, match: 'env:prod', when: 'after.limit > before.limit' }\n  \
         - { id: alone, when: 'resource.env == \"prod\" && action == \"update\" && has(after.limit)' }\n  \
         - { id: less, match: 'env:prod', when: after.limit < before.limit }\n  \
         - { id: watched, when: 'changes.exists(c, c.path == \"limit\")', mode: shadow }\n",
    ));
    assert_eq!(found(&rules, &event("limit")), ["p/both match", "p/alone match", "p/watched shadow"]);
    assert_eq!(found(&rules, &event("price")), [""; 0]);
}

#[test]
fn an_exception_may_have_a_condition() {
    let rule = |when: &str| {
        load(&file(&format!(
            "  - id: a\n    match: 'path:limit'\n    exceptions:\n      - {{ name: e, when: '{when}', reason: r, owner: o, expires: \
             2030-01-01 }}\n"
        )))
    };
    let limit = event("limit");
    assert_eq!(found(&rule("after.limit > 1 && known"), &limit), ["p/a excepted e"]);
    assert_eq!(found(&rule("after.limit < 1"), &limit), ["p/a match"]);
    // An exception that fails does not hold: the finding stays, and the failure is told.
    assert_eq!(found(&rule("after.limit / 0 > 1"), &limit), ["p/a failed", "p/a match"]);
}

#[test]
fn an_exploded_rule_finds_each_change_on_its_own() {
    let rules = load(&file(
        "  - id: shrunk\n    explode: changes\n    match: 'path:*pool* and op:replace'\n    \
         when: pct_change(c.before, c.after) <= -50\n    group_by: [path]\n",
    ));
    let number = Value::from;
    let event = changed(&[
        ("a.pool", ChangeOp::Replace, number(50_i64), number(10_i64)),
        ("b.pool", ChangeOp::Replace, "50".into(), "40".into()),
        ("c.pool", ChangeOp::Add, Value::Null, number(1_i64)),
        ("d.size", ChangeOp::Replace, number(50_i64), number(1_i64)),
        ("e.pool", ChangeOp::Replace, "50".into(), "5".into()),
    ]);
    let detections = rules.detect(&event, soon_after(&event));
    let told: Vec<String> = detections
        .iter()
        .map(|one| {
            format!("{} {} {}", one.labels["path"], one.evidence.changes[0].path, one.evidence.change_count)
        })
        .collect();
    assert_eq!(told, ["a.pool a.pool 1", "e.pool e.pool 1"]);
    assert_ne!(detections[0].id, detections[1].id);
    assert_eq!(rules.detect(&event, time("2030-01-01T00:00:00Z"))[1].id, detections[1].id);
}

#[test]
fn a_rule_beside_an_exploded_one_still_sees_all_changes() {
    let rules = load(&file(
        "  - { id: each, match: 'path:a', explode: changes }\n  - { id: whole, match: 'path:a and path:b' }\n",
    ));
    let one = || Value::from(1_i64);
    let event =
        changed(&[("a", ChangeOp::Add, Value::Null, one()), ("b", ChangeOp::Add, Value::Null, one())]);
    let mut all = found(&rules, &event);
    all.sort();
    assert_eq!(all, ["p/each match", "p/whole match"]);
}

#[test]
fn a_condition_that_fails_is_told_once_for_each_rule_and_hour_and_without_values() {
    let rules = load(&file("  - { id: bad, match: 'env:prod', when: after.secret > 5 }\n"));
    let mut failing = event("limit");
    let mut after = conftrail_core::Map::default();
    after.insert("secret", "hunter2");
    failing.after = Some(Value::Map(after));
    let told = rules.detect(&failing, soon_after(&failing));
    let [one] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(one.rule.name(), "conftrail/rule-error");
    assert_eq!(one.verdict, Verdict::RuleError { failed: "p/bad".to_owned() });
    assert_eq!(one.labels["resource_name"], "p/bad");
    let message = one.evidence.reason.as_ref().and_then(|reason| reason.message.as_deref()).unwrap();
    assert_eq!(
        message,
        "p/bad: `after.secret > 5`: `>` met a text and a number; num(…) reads the number of a text"
    );
    let written = serde_json::to_string(one).unwrap();
    assert!(!written.contains("hunter2") && written.contains("\"verdict\":\"rule_error\""), "{written}");
    assert_eq!(serde_json::from_str::<Detection>(&written).unwrap(), *one);

    let id_at = |at: &str| {
        let mut event = failing.clone();
        event.time = time(at);
        rules.detect(&event, time(at))[0].id.clone()
    };
    assert_eq!(id_at("2026-11-20T10:00:00Z"), id_at("2026-11-20T10:59:59Z"));
    assert_ne!(id_at("2026-11-20T10:59:59Z"), id_at("2026-11-20T11:00:00Z"));
}

#[test]
fn of_an_event_with_many_changes_a_rule_fails_once() {
    let rules = load(&file("  - { id: bad, explode: changes, when: c.after > 5 }\n"));
    let changes: Vec<_> = (0..50).map(|_| ("a", ChangeOp::Add, Value::Null, Value::from("x"))).collect();
    assert_eq!(found(&rules, &changed(&changes)), ["p/bad failed"]);
}

#[test]
fn what_a_rule_is_evidence_for_is_one_label() {
    let rules = load(&file("  - { id: a, match: '*', compliance: [SOX, PCI] }\n"));
    assert_eq!(rules.rule("p", "a").unwrap().labels["compliance"], "SOX,PCI");
}

#[test]
fn a_revision_follows_everything_that_a_condition_means() {
    let revision = |text: &str| load(text).rule("p", "a").unwrap().reference.revision.clone();
    let base_text = file("  - { id: a, when: vouched && actor.name in lists.dba }\n");
    let base = revision(&base_text);
    for (from, to) in [
        ("^CHG", "^OPS"),
        ("[alice, bob]", "[alice]"),
        ("\"asserted\"", "\"claimed\""),
        ("vouched && actor", "vouched || actor"),
        ("when: vouched", "explode: changes, when: vouched"),
    ] {
        assert_ne!(revision(&base_text.replace(from, to)), base, "{from} → {to}");
    }
    // What the rule does not use does not change it.
    let other = base_text.replace("lists: { dba", "lists: { other: [x], dba");
    assert_eq!(revision(&other), base);
}

#[test]
fn a_name_that_passes_whoever_vouches_for_it_is_warned_of() {
    let table = [
        ("when: '!(actor.name in lists.dba)'", "9:23"),
        ("when: actor.name != \"alice\" && resource.env == \"prod\"", "9:20"),
        ("match: 'env:prod and not actor:(alice or bob)'", "9:21"),
        ("when: '!(actor.name in lists.dba && known)'", ""),
        ("match: 'not actor:alice and actor.authority:claimed'", ""),
        ("when: actor.name == \"alice\"", ""),
        ("match: 'not actor:*'", ""),
        ("when: has(actor.name) && !actor.login.startsWith(\"batch@\")", ""),
    ];
    for (rule, place) in table {
        let set = load(&file(&format!("  - {{ id: a, {rule} }}\n")));
        let found: Vec<String> =
            set.warnings().iter().map(|one| format!("{}:{} {}", one.line, one.column, one.message)).collect();
        let expected: Vec<String> = [place]
            .iter()
            .filter(|place| !place.is_empty())
            .map(|place| {
                format!("{place} here a name passes whoever vouches for it; look at `actor.authority` too")
            })
            .collect();
        assert_eq!(found, expected, "{rule}");
    }
    let exception = |lines: &str| {
        let text = file(&format!(
            "  - id: a\n    match: '*'\n    exceptions:\n      - {{ name: e, {lines}, reason: r, owner: o, expires: 2030-01-01 }}\n"
        ));
        load(&text).warnings().len()
    };
    assert_eq!(exception("when: actor.name in lists.dba"), 1);
    assert_eq!(exception("match: 'actor:alice'"), 1);
    assert_eq!(exception("when: known && actor.name in lists.dba"), 0);
    assert_eq!(exception("match: 'not actor:alice'"), 0);
}

#[test]
fn a_condition_asks_whether_a_change_was_made_within_an_interval() {
    let routing = "route: { receiver: ops }\nreceivers: [{ name: ops }]\ntime_intervals:\n  - name: change-window\n    time_intervals:\n      \
                   - { weekdays: ['tuesday:thursday'], times: [{ start_time: '14:00', end_time: '17:00' }], location: Asia/Shanghai }\n";
    let routing = Routing::load("routing.yaml", routing).unwrap_or_else(|error| panic!("{error}"));
    let with = |when: &str| {
        let text = file(&format!("  - {{ id: a, when: '{when}' }}\n"));
        RuleSet::load(&[RuleSource { file: "r.yaml", text: &text }], routing.intervals())
    };
    let outside = with("!in_window(\"change-window\", time)").unwrap();
    let mut change = event("limit");
    // A Tuesday, in Shanghai.
    for (at, is_found) in [
        ("2026-10-13T15:00:00+08:00", false),
        ("2026-10-13T13:59:59+08:00", true),
        ("2026-10-13T17:00:00+08:00", true),
        ("2026-10-12T15:00:00+08:00", true),
    ] {
        change.time = time(at);
        assert_eq!(!found(&outside, &change).is_empty(), is_found, "{at}");
    }
    let said = with("in_window(\"chang-window\", time)").unwrap_err().to_string();
    let expected = "r.yaml:9:31: `when`: the routing file has no time interval `chang-window`; did you mean `change-window`?";
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn rule_files_that_are_made_to_hurt_are_refused_at_the_line_of_the_expression() {
    let doubling: String = (1..30).map(|n| format!("  m{n}: m{0} && m{0}\n", n - 1)).collect();
    let long = format!("1 in [{}1]", "1,".repeat(200_000));
    let corpus = [
        (format!("1{} > 0", "+1".repeat(490)), "nest at most 64 deep"),
        (format!("1{} > 0", "+1".repeat(600)), "at most 1000 names"),
        (format!("after{} == 1", ".f()".repeat(240)), "nest at most 64 deep"),
        (format!("{}true{}", "(".repeat(300), ")".repeat(300)), "brackets nest at most 64 deep"),
        (long, "at most 4096 bytes"),
        ("re(actor.name, \"(a{1000}){1000}\")".to_owned(), "the regular expression is too large"),
        ("flags.all(a, flags.all(b, flags.all(d, true)))".to_owned(), "loops nest at most 2 deep"),
    ];
    for (when, expected) in &corpus {
        let when = serde_json::to_string(when).unwrap();
        let said = refused(&file(&format!("  - {{ id: a, when: {when} }}\n")));
        assert!(said.starts_with("r.yaml:9:") && said.contains(expected), "{expected}: {}", &said[..200]);
    }
    let macros = format!(
        "version: 1\nname: p\nmacros:\n  m0: \"true\"\n{doubling}rules:\n  - {{ id: a, when: m29 }}\n"
    );
    let said = refused(&macros);
    assert!(said.contains("at most 2000 parts, macros written out") && said.starts_with("r.yaml:"), "{said}");
    let level = |n: usize| format!("  b{}: &b{} [{}]\n", n + 1, n + 1, format!("*b{n},").repeat(9));
    let aliases = format!(
        "version: 1\nname: p\nlists:\n  b0: &b0 [x]\n{}rules: []\n",
        (0..9).map(level).collect::<String>()
    );
    assert!(refused(&aliases).starts_with("r.yaml:"));
}
