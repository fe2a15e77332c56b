//! `conftrail check`: what it says of what is wrong on this machine, whether or not a server answers.

use std::path::Path;
use std::process::{Command, Stdio};

/// Writes the files, runs `check`, and returns whether it failed and what it said.
fn check(files: &[(&str, &str)], more: &[&str]) -> (bool, String) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (name, text) in files {
        write(&directory.path().join(name), text);
    }
    let output = Command::new(env!("CARGO_BIN_EXE_conftrail"))
        .current_dir(directory.path())
        .arg("check")
        .args(more)
        .stdin(Stdio::null())
        .output()
        .expect("the program can be started");
    let said = String::from_utf8(output.stdout).expect("output is UTF-8");
    (!output.status.success(), said)
}

fn write(path: &Path, text: &str) {
    let directory = path.parent().expect("a file stands in a directory");
    std::fs::create_dir_all(directory).expect("a temporary directory can be written");
    std::fs::write(path, text).expect("a temporary directory can be written");
}

/// Nobody listens on port 1.
const ROUTING: &str = "route: { receiver: ops }
receivers:
  - name: ops
    email_configs:
      - to: a@b.c
        from: f@b.c
        smarthost: 127.0.0.1:1
        auth_username: u
        auth_password_file: lost.pw
        tls_config: { ca_file: ca.pem }
";
const CONFIG: &str = "rules: { routing: routing.yaml }\n";

#[test]
fn lost_files_of_mail_are_told_at_their_keys_though_no_server_answers() {
    let (failed, said) = check(&[("conftrail.yaml", CONFIG), ("routing.yaml", ROUTING)], &[]);
    assert!(failed);
    for part in [
        "routing.yaml:9:29: receivers[0].email_configs[0].auth_password_file: cannot read lost.pw",
        "routing.yaml:10:32: receivers[0].email_configs[0].tls_config.ca_file: cannot read ca.pem",
        "tls_config: { ca_file: ca.pem }\n",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    let files = [
        ("conftrail.yaml", CONFIG),
        ("routing.yaml", ROUTING),
        ("lost.pw", "\n"),
        ("ca.pem", "no certificate"),
    ];
    let (failed, said) = check(&files, &[]);
    assert!(failed);
    assert!(said.contains("lost.pw is empty") && said.contains("ca.pem holds no certificate"), "{said}");
}

#[test]
fn lost_files_of_mysql_are_told_at_once_and_no_server_is_asked() {
    let config = "sources:
  - name: db
    kind: mysql
    url: mysql://cdc@127.0.0.1:1
    include: [a.*]
    password_file: cdc.pw
    tls: { mode: verify-full, ca_file: ca.pem, cert_file: own.pem, key_file: own.key }
";
    let (failed, said) = check(&[("conftrail.yaml", config)], &[]);
    assert!(failed);
    for part in
        ["password_file: cannot read", "tls.ca_file: cannot", "tls.cert_file: cannot", "tls.key_file: cannot"]
    {
        assert!(said.contains(&format!("source db: {part}")), "{part} in\n{said}");
    }
    assert!(!said.contains("onnect"), "{said}");
}

#[test]
fn problems_of_configuration_routing_and_rules_come_with_their_line() {
    let (failed, said) = check(&[("conftrail.yaml", "api: { external_url: ftp://x }\n")], &[]);
    assert!(failed && said.contains("api: { external_url: ftp://x }\n"), "{said}");
    let files = [
        ("conftrail.yaml", "rules: { dir: rules, routing: rules/routing.yaml }\n"),
        ("rules/routing.yaml", "route: { receiver: opps }\nreceivers: [{ name: ops }]\n"),
        ("rules/a.yaml", "version: 1\nname: a\nrules:\n  - { id: a, mtach: x }\n"),
    ];
    let (failed, said) = check(&files, &[]);
    assert!(failed);
    for part in [
        "routing.yaml:1:20: route.receiver: no receiver is named `opps`; did you mean `ops`?",
        "route: { receiver: opps }\n                              ^",
        "a.yaml:4:14: a rule has no key `mtach`; did you mean `match`?",
    ] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    let (_, json) = check(&files, &["--output", "json"]);
    assert!(json.contains(r#""excerpt":"route: { receiver: opps }\n"#), "{json}");
}
