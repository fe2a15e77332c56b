//! `routes`: the routing file by itself, as people ask it.

use crate::cli::finished;

const ROUTING: &str = r#"
route:
  receiver: ops
  routes:
    - { matchers: [ severity="critical" ], receiver: pager, continue: true, group_wait: 0s }
    - { matchers: [ 'team=~"pay|值班"' ], receiver: pay, group_by: [alertname], mute_time_intervals: [nights], x-on-mute: digest }
time_intervals: [ { name: nights, time_intervals: [ { times: [ { start_time: '22:00', end_time: '24:00' } ] } ] } ]
receivers: [ { name: ops }, { name: pager, x-fallback: ops }, { name: pay } ]
"#;

#[test]
fn labels_name_their_receivers_and_a_wrong_expectation_is_exit_code_1() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let directory = directory.path();
    std::fs::write(directory.join("routing.yaml"), ROUTING).expect("written");
    let test = |labels: &[&str]| {
        finished(directory, &[&["routes", "test", "--file", "routing.yaml"], labels].concat())
    };
    let table: [(&[&str], i32, &str); 7] = [
        (&[], 0, "ops\n"),
        (&["severity=critical", "team=\"值班\""], 0, "pager,pay\n"),
        (&["team=pay", "--verify.receivers", "pay"], 0, "pay\n"),
        (&["team=pay", "--verify.receivers", "pay,ops"], 1, "pay\n"),
        (&["team"], 2, ""),
        (&["team=~pay"], 2, ""),
        (&["team=dba", "--output", "json"], 0, "{\"receivers\":[\"ops\"]}\n"),
    ];
    for (labels, code, said) in table {
        let (found, stdout, stderr) = test(labels);
        assert_eq!((found, stdout.as_str()), (code, said), "{labels:?}: {stderr}");
    }

    std::fs::write(directory.join("conftrail.yaml"), "rules: { routing: routing.yaml }\n").expect("written");
    let (code, stdout, stderr) = finished(directory, &["routes", "show"]);
    assert_eq!(code, 0, "{stderr}");
    assert_eq!(
        stdout,
        "everything -> ops; by rule and all labels; wait 30s, then every 5m\n  \
           {severity=\"critical\"} -> pager; by rule and all labels; wait 0s, then every 5m; continue\n  \
           {team=~\"pay|值班\"} -> pay; by alertname; wait 30s, then every 5m; muted in nights; then digest\n"
    );
    let (code, exported, _) = finished(directory, &["routes", "export"]);
    assert_eq!(code, 0);
    assert!(!exported.contains("x-") && exported.contains("- name: \"nights\""), "{exported}");

    std::fs::write(directory.join("routing.yaml"), ROUTING.replace("receiver: pay,", "receiver: pya,"))
        .expect("written");
    let (code, _, stderr) = finished(directory, &["routes", "test"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("routing.yaml:6:") && stderr.contains("did you mean `pay`?"), "{stderr}");
}

#[test]
fn a_silence_needs_a_reason_and_an_end() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for missing in [
        &["silence", "add", "team=pay", "--for", "2h"][..],
        &["silence", "add", "team=pay", "--comment", "c"],
        &["silence", "add", "--comment", "c", "--for", "2h"],
        &["silence", "add", "team=pay", "--comment", "c", "--for", "2h", "--until", "2030-01-01T00:00:00Z"],
    ] {
        let (code, _, stderr) = finished(directory.path(), missing);
        assert_eq!(code, 2, "{missing:?}: {stderr}");
    }
}
