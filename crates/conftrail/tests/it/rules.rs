//! Working on rules: findings, cases, and the rules that are shipped.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules");

const RULES: &str = "\
version: 1
name: shop
rules:
  - id: limit
    match: 'path:limit'
    severity: high
    group_by: [resource.id]
";
const ROUTING: &str = "\
route: { receiver: ops, group_wait: 10s, group_interval: 1m }
receivers:
  - name: ops
    email_configs: [{ to: ops@example.com, from: c@example.com, smarthost: 'mail.example.com:25', auth_username: u, auth_password_file: /nowhere/pw }]
";
const CASES: &str = "\
fixtures:
  f: &f
    resource: { name: a.yaml, env: prod }
    changes: [{ path: limit, before: 1, after: 2 }]
tests:
  - name: told once over a crash, when the receiver is back
    start: 2026-10-13T15:00:00Z
    events:
      - { at: 0s, event: *f }
      - { at: 5s, event: *f }
      - { at: 6s, control: crash_and_restart }
      - { at: 6s, control: receiver_down, for: 30s }
    expect:
      - { at: 0s, rule: limit, alerts: [{ labels: { severity: high }, count: 1 }] }
      - { rule: shop/limit, alerts: [{ count: 2 }] }
    expect_notifications:
      - { between: [36s, 2m], receiver: ops, contains: [a.yaml, '2'] }
  - name: another key is nobody's alarm
    start: 2026-10-13T15:00:00Z
    events:
      - { at: 0s, event: *f, changes: [{ path: other, after: 1 }] }
    expect:
      - { rule: limit, alerts: [] }
    expect_notifications: []
  - name: read late it is a digest
    start: 2026-10-13T15:00:00Z
    events:
      - { at: 0s, control: source_stopped, for: 1h }
      - { at: 1s, event: *f }
    expect:
      - { at: 59m, rule: late-changes, alerts: [] }
      - { rule: late-changes, alerts: [{ labels: { source_name: cases } }] }
";

/// A directory with rules, routing and cases.
fn directory(rules: &str, cases: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (name, text) in [("shop.yaml", rules), ("shop.test.yaml", cases), ("routing.yaml", ROUTING)] {
        std::fs::write(directory.path().join(name), text).expect("written");
    }
    directory
}

fn conftrail(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conftrail"));
    command.args(arguments).current_dir(directory).stdin(Stdio::null());
    command.output().expect("the program can be started")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn cases_run_on_the_store_of_production_and_need_no_secrets_of_a_machine() {
    let directory = directory(RULES, CASES);
    let done = conftrail(directory.path(), &["rules", "test", ".", "--junit", "out.xml"]);
    assert!(done.status.success(), "{}", said(&done));
    assert!(said(&done).contains("3 cases, 3 hold, 0 do not"), "{}", said(&done));
    let junit = std::fs::read_to_string(directory.path().join("out.xml")).expect("written");
    assert!(junit.contains("tests=\"3\" failures=\"0\""), "{junit}");
}

#[test]
fn a_case_that_does_not_hold_says_what_came_at_its_line_and_can_be_rewritten() {
    let wrong = CASES
        .replace("count: 2 }] }\n    expect_n", "count: 3 }] }\n    expect_n")
        .replace("between: [36s", "between: [0s, 1s, 36s")
        .replace("[0s, 1s, 36s, 2m]", "[0s, 1s]")
        .replace(
            "      - { rule: limit, alerts: [] }\n    expect_notifications: []\n",
            "      - { rule: limti, alerts: [] }\n",
        );
    let directory = directory(RULES, &wrong);
    let done = conftrail(directory.path(), &["rules", "test", "shop.test.yaml"]);
    assert_eq!(done.status.code(), Some(1));
    for part in [
        "shop.test.yaml:15: at ",
        ": expected 1 alert {count=3} of shop/limit, came 1 alert {resource_id=",
        "shop.test.yaml:17: expected a message to ops between 0s and 1s; there were some at ",
        "there is no rule `limti`; did you mean `limit`?",
    ] {
        assert!(said(&done).contains(part), "{part} in\n{}", said(&done));
    }
    let json = conftrail(directory.path(), &["rules", "test", "shop.test.yaml", "--output", "json"]);
    assert!(said(&json).contains(r#""holds":false,"failures":[{"line":15,"#), "{}", said(&json));
    let wrong = wrong.replace("limti", "limit").replace("between: [0s, 1s]", "between: [0s, 2m]");
    std::fs::write(directory.path().join("shop.test.yaml"), wrong).expect("written");
    let update = conftrail(directory.path(), &["rules", "test", ".", "--update"]);
    assert_eq!(update.status.code(), Some(1), "the first run does not hold");
    let again = conftrail(directory.path(), &["rules", "test", "."]);
    assert!(again.status.success(), "{}", said(&again));
}

#[test]
fn a_rule_that_fires_and_is_not_expected_fails_the_case_unless_it_is_watched_for_others() {
    let more = format!("{RULES}  - {{ id: any, match: '*' }}\n");
    let directory = directory(&more, CASES);
    let done = conftrail(directory.path(), &["rules", "test", "."]);
    assert!(!done.status.success());
    assert!(said(&done).contains("shop/any fired and is not expected"), "{}", said(&done));
    let watched = CASES.replace("    start:", "    watch: [limit, late-changes]\n    start:");
    let watched = watched.replace("    expect_notifications: []\n", "");
    std::fs::write(directory.path().join("shop.test.yaml"), watched).expect("written");
    let done = conftrail(directory.path(), &["rules", "test", "."]);
    assert!(done.status.success(), "{}", said(&done));
}

#[test]
fn lint_exits_by_what_it_finds() {
    let directory = directory(RULES, CASES);
    let run = |more: &[&str]| conftrail(directory.path(), &[&["rules", "lint", "."], more].concat());
    assert_eq!(run(&["--fatal"]).status.code(), Some(0), "{}", said(&run(&[])));
    let rules = RULES.replace("group_by: [resource.id]", "group_by: [id]");
    std::fs::write(directory.path().join("shop.yaml"), &rules).expect("written");
    assert_eq!((run(&[]).status.code(), run(&["--fatal"]).status.code()), (Some(0), Some(3)));
    let json = said(&run(&["--output", "json"]));
    assert!(json.contains(r#""line":7,"column":16,"level":"warning","code":"R010""#), "{json}");
    std::fs::write(directory.path().join("shop.yaml"), rules.replace("match:", "mtach:")).expect("written");
    let done = run(&["--fatal"]);
    assert_eq!(done.status.code(), Some(1));
    let wanted = "shop.yaml:5:5: error R001: a rule has no key `mtach`; did you mean `match`?\n        mtach: 'path:limit'\n        ^";
    assert!(said(&done).contains(wanted), "{}", said(&done));
}

#[test]
fn schemas_are_json_and_need_no_configuration() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for of in ["rules", "routing", "config"] {
        let done = conftrail(directory.path(), &["schema", of]);
        let schema: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
        assert_eq!(schema["additionalProperties"], false, "{of}");
    }
}

/// Returns a file with the nth condition (`match` or `when`) of a rule turned into its opposite, and which rule's it is.
fn inverted(text: &str, number: usize) -> Option<(String, String)> {
    let (mut lines, mut rule, mut seen) = (Vec::new(), String::new(), 0);
    let mut found = None;
    let mut in_rules = false;
    for line in text.lines() {
        in_rules |= line == "rules:";
        let trimmed = line.trim_start().trim_start_matches("- ");
        if let Some(id) = trimmed.strip_prefix("id: ") {
            rule = id.to_owned();
        }
        // Those of exceptions stand further in.
        let depth = line.len() - line.trim_start().len();
        let key =
            ["match: ", "when: "].into_iter().find(|key| in_rules && depth == 4 && trimmed.starts_with(key));
        let Some(key) = key else {
            lines.push(line.to_owned());
            continue;
        };
        if seen == number {
            let condition = trimmed[key.len()..].trim_matches('\'');
            let opposite =
                if key == "match: " { format!("not ({condition})") } else { format!("!({condition})") };
            lines.push(format!("    {key}'{opposite}'"));
            found = Some(rule.clone());
        } else {
            lines.push(line.to_owned());
        }
        seen += 1;
    }
    found.map(|rule| (lines.join("\n") + "\n", rule))
}

fn shipped() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(SHIPPED)
        .expect("the shipped rules")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_shipped_rule_holds_its_cases_and_fails_them_with_a_condition_inverted() {
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    let done = conftrail(Path::new(SHIPPED), &["rules", "test", "."]);
    assert!(done.status.success(), "{}", said(&done));
    let lint = conftrail(Path::new(SHIPPED), &["rules", "lint", ".", "--fatal"]);
    assert!(lint.status.success(), "{}", said(&lint));
    let rules: Vec<PathBuf> = (shipped().into_iter())
        .filter(|path| !name(path).ends_with(".test.yaml") && name(path) != "routing.yaml")
        .collect();
    let mut conditions = 0;
    for file in &rules {
        let text = std::fs::read_to_string(file).expect("read");
        for number in 0.. {
            let Some((changed, rule)) = inverted(&text, number) else { break };
            conditions += 1;
            let copy = tempfile::tempdir().expect("a temporary directory");
            for other in shipped() {
                std::fs::copy(&other, copy.path().join(name(&other))).expect("copied");
            }
            std::fs::write(copy.path().join(name(file)), changed).expect("written");
            let done = conftrail(copy.path(), &["rules", "test", "."]);
            let said = said(&done);
            assert_eq!(
                done.status.code(),
                Some(1),
                "{rule} with a condition inverted holds its cases:\n{said}"
            );
            assert!(said.contains(&rule), "{rule} fails by another:\n{said}");
        }
    }
    assert!(conditions >= 5, "{conditions} conditions were inverted");
}
