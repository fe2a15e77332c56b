//! `conftrail receivers test`, and what `check` says of receivers beside mail.

use std::path::Path;

use crate::cli::finished;

/// Nobody listens on port 1.
const ROUTING: &str = "route: { receiver: box }
receivers:
  - name: box
    email_configs: [{ to: me@localhost, from: conftrail@localhost, x-directory: mail }]
  - name: chat
    webhook_configs:
      - { url: 'http://127.0.0.1:1/s3cret', x-allow-internal: true }
    x-wecom_robot_configs:
      - { key_file: robot.key, url: 'http://127.0.0.1:1/send', allow_internal: true }
  - { name: nobody }
";

fn installed(routing: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let write = |name: &str, text: &str| {
        std::fs::write(directory.path().join(name), text).expect("a temporary directory can be written");
    };
    write("conftrail.yaml", "rules: { routing: routing.yaml }\n");
    write("routing.yaml", routing);
    directory
}

fn test(directory: &Path, name: &str) -> (i32, String, String) {
    finished(directory, &["receivers", "test", name])
}

#[test]
fn a_test_message_arrives_says_that_it_is_one_and_leaves_nothing_on_record() {
    let directory = installed(ROUTING);
    let (code, stdout, stderr) = test(directory.path(), "box");
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    assert!(stdout.starts_with("sent     email/me@localhost: written as "), "{stdout}");
    let mails: Vec<_> = std::fs::read_dir(directory.path().join("mail")).expect("a mail").collect();
    let mail = std::fs::read_to_string(mails[0].as_ref().expect("a file").path()).expect("a mail");
    assert!(mail.contains("Subject: [INFO] Test message for receiver box: nothing has changed"), "{mail}");
    assert!(!directory.path().join("conftrail-data").exists());
    let (_, stdout, _) = finished(directory.path(), &["receivers", "test", "box", "--output", "json"]);
    assert!(stdout.contains(r#""integration":"email/me@localhost","outcome":"sent""#), "{stdout}");
}

#[test]
fn an_integration_that_fails_is_named_with_its_reason_and_without_its_secret() {
    let directory = installed(ROUTING);
    let (code, stdout, _) = test(directory.path(), "chat");
    assert_eq!(code, 1);
    let lines: Vec<&str> = stdout.lines().collect();
    assert!(lines[0].starts_with("failed   webhook/127.0.0.1: connect to the server: "), "{stdout}");
    assert!(lines[1].starts_with("failed   wecom-robot/robot: key_file: cannot read "), "{stdout}");
    assert!(!stdout.contains("s3cret"), "{stdout}");
}

#[test]
fn a_name_that_nobody_has_is_told_with_the_nearest() {
    let directory = installed(ROUTING);
    let (code, _, stderr) = test(directory.path(), "chatt");
    assert_eq!(code, 2);
    assert!(stderr.contains("no receiver is named `chatt`; did you mean `chat`?"), "{stderr}");
    let (code, _, stderr) = test(directory.path(), "nobody");
    assert!(code == 1 && stderr.contains("it has no integrations"), "{stderr}");
}

#[test]
fn check_names_lost_files_and_addresses_that_are_not_allowed_at_their_keys() {
    let directory = installed(ROUTING);
    let (code, said, _) = finished(directory.path(), &["check"]);
    assert_eq!(code, 1);
    let lost = "receivers[1].x-wecom_robot_configs[0].key_file: cannot read robot.key";
    assert!(said.contains(&format!("routing.yaml:9:21: {lost}")), "{said}");
    assert!(said.contains("receiver box: email/me@localhost can be reached"), "{said}");
    let directory = installed(&ROUTING.replace(", x-allow-internal: true", ""));
    let (code, said, _) = finished(directory.path(), &["check"]);
    assert_eq!(code, 1);
    let refused = "receivers[1].webhook_configs[0].url: 127.0.0.1 is an address of this machine";
    assert!(said.contains(refused) && said.contains("`x-allow-internal: true`"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}

#[test]
fn what_is_wrong_with_entries_is_told_at_their_keys() {
    let table = [
        ("webhook_configs: [{ x-format: native }]", "webhook_configs[0].url: set it, or url_file"),
        ("webhook_configs: [{ url: 'https://a.b', x-formt: native }]", "did you mean `x-format`?"),
        ("webhook_configs: [{ url: 'https://a.b', payload: {} }]", "this key is not supported yet"),
        ("webhook_configs: [{ url: 'https://a.b', http_config: { proxy_url: x } }]", "not supported yet"),
        (
            "webhook_configs: [{ url: 'https://a.b', x-signing: standard-webhooks }]",
            "x-secret_file is needed",
        ),
        ("webhook_configs: [{ url: 'https://a.b', x-rate_limit: 20/day }]", "such as 20/min"),
        (
            "wechat_configs: [{ agent_id: x, api_secret: s, corp_id: c, to_user: u }]",
            "must be the application's number",
        ),
        ("wechat_configs: [{ agent_id: '1', api_secret: s, corp_id: c }]", "WeCom tells nobody otherwise"),
        ("x-wecom_robot_configs: [{}]", "key_file: set it"),
        ("x-wecom_robot_configs: [{ key_file: k, url: 'https://a.b/send?key=1' }]", "the key is a secret"),
        ("x-fallback: boxx", "no receiver is named `boxx`; did you mean `box`?"),
        ("x-fallback: chat", "goes round for ever: chat → chat"),
        ("x-fallback-after: 5m", "there is no `x-fallback` that it belongs to"),
    ];
    for (keys, expected) in table {
        let routing = format!(
            "route: {{ receiver: box }}\nreceivers:\n  - {{ name: box, email_configs: [{{ to: a@b.c, from: a@b.c, x-directory: mail }}] }}\n  - name: chat\n    {keys}\n"
        );
        let directory = installed(&routing);
        let (code, said, _) = finished(directory.path(), &["check"]);
        assert!(code == 1 && said.contains(expected) && said.contains("routing.yaml:"), "{keys}:\n{said}");
    }
}
