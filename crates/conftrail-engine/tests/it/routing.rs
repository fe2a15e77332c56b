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

/// A file whose root route and receivers are right; the rest is given.
fn with_route(route: &str) -> String {
    format!("route:\n  receiver: ops\n{route}\nreceivers:\n  - name: ops\n  - name: pager\n")
}

#[test]
fn what_routes_get_wrong_is_told_at_its_place() {
    let child = |keys: &str| with_route(&format!("  routes:\n    - {{ {keys} }}"));
    let table = [
        (
            child("receiver: §pagr"),
            "route.routes[0].receiver: no receiver is named `pagr`; did you mean `pager`?",
        ),
        (
            child("mute_time_intervals: [§nights]"),
            "route.routes[0].mute_time_intervals[0]: no time interval is named `nights`; there are none",
        ),
        (
            child("active_time_intervals: [§nights]"),
            "route.routes[0].active_time_intervals[0]: no time interval is named `nights`; there are none",
        ),
        (
            child("matchers: [ team§ ]"),
            "route.routes[0].matchers[0]: expected one of = != =~ !~, found the end",
        ),
        (
            child("matchers: [ 'a=b', 'team=~§\"a(b\"' ]"),
            "route.routes[0].matchers[1]: the regular expression does not compile",
        ),
        (child("group_by: [a, §a]"), "route.routes[0].group_by[1]: `a` stands there already"),
        (child("group_by: [a, §'...']"), "route.routes[0].group_by[1]: `...` is all labels"),
        (
            child("group_by: [§resource.env]"),
            "route.routes[0].group_by[0]: labels have no dots: write `resource_env`",
        ),
        (child("group_interval: §0s"), "route.routes[0].group_interval: must be longer than nothing"),
        (child("repeat_interval: §0s"), "route.routes[0].repeat_interval: must be longer than nothing"),
        (child("group_wait: §2d"), "route.routes[0].group_wait: above 24h people would hear"),
        (child("§match: { team: pay }"), "route.routes[0].match: write it as `matchers"),
        (
            child("x-escalation: §critical"),
            "route.routes[0].x-escalation: `x-escalation` is not supported yet",
        ),
        (with_route("  §matchers: [ a=b ]"), "route.matchers: every alert takes the root route"),
        (with_route("  continue: §true"), "route.continue: every alert takes the root route"),
        ("§route: {}\nreceivers: []\n".to_owned(), "route.receiver: the root route must name a receiver"),
        (with_route("§inhibit_rules: []"), "inhibit_rules: `inhibit_rules` is not supported yet"),
        (with_route("§mute_time_intervals: []"), "mute_time_intervals: write it as `time_intervals`"),
        (
            with_route("") + "    §slack_configs: []\n",
            "receivers[1].slack_configs: `slack_configs` is not supported yet",
        ),
        (
            with_route("") + "    x-fallback: §opps\n",
            "receivers[1].x-fallback: no receiver is named `opps`; did you mean `ops`?",
        ),
        (
            with_route("") + "    x-fallback: §pager\n",
            "receivers[1].x-fallback: goes round for ever: pager → pager",
        ),
        (
            with_route("") + "    x-fallback-after: §5m\n",
            "receivers[1].x-fallback-after: there is no `x-fallback`",
        ),
    ];
    for (text, expected) in table {
        let (text, place) = marked(&text);
        let LoadError(findings) = refused(&text);
        let said = findings[0].to_string();
        assert!(said.starts_with(&format!("routing.yaml:{place}: {expected}")), "{text}\n{said}");
    }
}

#[test]
fn all_that_is_not_built_is_told_at_once() {
    let text = "route:\n  receiver: ops\n  routes: [ { match: { a: b } }, { x-escalation: c } ]\ninhibit_rules: []\nreceivers:\n  - { name: ops, sns_configs: [] }\n";
    let LoadError(findings) = refused(text);
    let places: Vec<_> = findings.iter().map(|finding| (finding.line, finding.column)).collect();
    assert_eq!(places, [(3, 15), (3, 50), (4, 1), (6, 18)]);
}

#[test]
fn routes_that_are_nested_without_end_are_refused() {
    let deep =
        format!("route: {}{}\nreceivers: []\n", "{ receiver: a, routes: [ ".repeat(5000), "] }".repeat(5000));
    assert!(!refused(&deep).0.is_empty());
    let wide = format!(
        "route: {{ receiver: ops, routes: [{}] }}\nreceivers: [ {{ name: ops }} ]\n",
        "{},".repeat(1001)
    );
    assert!(refused(&wide).to_string().contains("more than 1000 routes"), "{}", refused(&wide));
}
