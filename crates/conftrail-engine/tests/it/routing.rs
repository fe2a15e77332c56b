//! Loading routing files: what is wrong is told at its place.

use conftrail_engine::Routing;
use conftrail_engine::rules::LoadError;

fn refused(text: &str) -> LoadError {
    Routing::load("routing.yaml", text).expect_err("the file is wrong")
}

/// A file with one receiver whose mail has these keys.
fn mail(keys: &str) -> String {
    format!(
        "route: {{ receiver: ops }}\nreceivers:\n  - name: ops\n    email_configs:\n      - {{ {keys} }}\n"
    )
}

/// Returns a text without its `§`, and where that stood.
fn marked(text: &str) -> (String, String) {
    let before = text.split('§').next().unwrap_or_default();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (text.replace('§', ""), format!("{}:{column}", before.matches('\n').count() + 1))
}

#[test]
fn every_problem_of_a_routing_file_stands_at_the_key_or_value_it_is_about() {
    let receivers = "receivers:\n  - name: ops\n  - name: 备用\n";
    let entry = "receivers[0].email_configs[0]";
    let table = [
        (
            format!("route: {{ receiver: §opps }}\n{receivers}"),
            "route.receiver: no receiver is named `opps`; did you mean `ops`?".to_owned(),
        ),
        (
            format!("route: {{ receiver: §dba }}\n{receivers}"),
            "route.receiver: no receiver is named `dba`; there are: ops, 备用".to_owned(),
        ),
        (
            "route:\n  receiver: §dba\nreceivers: []\n".to_owned(),
            "route.receiver: no receiver is named `dba`; there are none".to_owned(),
        ),
        (
            format!("route: {{ receiver: ops }}\n{receivers}  - email_configs: []\n    name: §ops\n"),
            "receivers[2].name: `ops` is taken".to_owned(),
        ),
        (
            mail("to: §' , ', from: f@b.c, smarthost: 'm:25'"),
            format!("{entry}.to: at least one address is needed"),
        ),
        (
            mail("to: a@b.c, smarthost: 'm:25'").replace("- {", "- §{"),
            format!("{entry}.from: set it, or global.smtp_from"),
        ),
        (
            mail("to: a@b.c, from: f@b.c").replace("- {", "- §{"),
            format!("{entry}.smarthost: set it as host:port, or global.smtp_smarthost"),
        ),
        (
            mail("to: a@b.c, from: f@b.c, smarthost: 'm:25', auth_password: §x, auth_password_file: y"),
            format!("{entry}.auth_password: give it or auth_password_file, not both"),
        ),
        (
            "route: { receiver: a }\nreceivers: []\n§receiver: []\n".to_owned(),
            "unknown key `receiver`: did you mean `receivers`?".to_owned(),
        ),
    ];
    for (text, expected) in table {
        let (text, place) = marked(&text);
        let LoadError(findings) = refused(&text);
        let [one] = findings.as_slice() else { panic!("{text}: {findings:?}") };
        assert_eq!(one.to_string(), format!("routing.yaml:{place}: {expected}"), "{text}");
    }
}

#[test]
fn all_problems_come_at_once_in_their_order_with_the_line_and_a_caret() {
    let text = "route:\n  receiver: 值班\nreceivers:\n  - name: 值般\n    email_configs: [{ to: a@b.c }]\n";
    assert_eq!(
        refused(text).to_string(),
        "routing.yaml:2:13: route.receiver: no receiver is named `值班`; did you mean `值般`?
      receiver: 值班
                ^
routing.yaml:5:21: receivers[0].email_configs[0].from: set it, or global.smtp_from
        email_configs: [{ to: a@b.c }]
                        ^
routing.yaml:5:21: receivers[0].email_configs[0].smarthost: set it as host:port, or global.smtp_smarthost
        email_configs: [{ to: a@b.c }]
                        ^"
    );
}

#[test]
fn a_line_with_a_password_is_never_repeated() {
    let text = mail("to: a@b.c, smarthost: 'm:25', auth_password: hunter2");
    let said = refused(&text);
    assert!(!format!("{said} {said:?}").contains("hunter2"), "{said}");
}
