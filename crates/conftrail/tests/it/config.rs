//! The configuration file: what is accepted, and what is said of what is not.

use std::collections::HashMap;
use std::path::Path;

use conftrail::config::{Config, load_text};

const FILE: &str = "conftrail.yaml";

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let environment: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load_text(Path::new(FILE), text, &environment)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn refused(text: &str) -> String {
    load(text, &[]).expect_err("a wrong file is refused").join("\n")
}

#[test]
fn the_file_of_defaults_says_what_the_defaults_are() {
    let written =
        load(include_str!("../../../../config/default.yaml"), &[]).expect("config/default.yaml is valid");
    assert_eq!(written, Config::default());
    assert_eq!(load("", &[]).expect("an absent file is valid"), Config::default());
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest_known_one() {
    assert_eq!(
        refused("data_dir: x\napi:\n  lisen: 1\n"),
        "conftrail.yaml:3:3: unknown key `lisen`: did you mean `listen`?"
    );
    let source = "sources:\n  - name: etc\n    kind: files\n    path: /etc/app\n    inclde: [\"*.yaml\"]\n";
    assert_eq!(refused(source), "conftrail.yaml:5:5: unknown key `inclde`: did you mean `include`?");
}

#[test]
fn every_problem_is_told_with_its_path() {
    let text = "sources:\n  - { name: a, kind: files, path: /a }\n  - { name: a, kind: files, path: /b }\n  - { name: b, kind: mysql }\n";
    let said = refused(text);
    for part in ["sources[1].name: `a` is taken", "sources[2].url: is needed", "sources[2].include: "] {
        assert!(said.contains(part), "{part} in {said}");
    }
}

#[test]
fn what_sweeps_will_bring_is_refused_with_the_value_that_is_accepted() {
    let source = |key: &str| {
        format!("sources:\n  - {{ name: db, kind: mysql, url: 'mysql://u@h', include: ['a.*'], {key} }}\n")
    };
    for (key, accepted) in
        [("baseline: auto", "none"), ("on_gap: sweep", "continue"), ("sweep: daily", "off")]
    {
        let said = refused(&source(key));
        assert!(said.contains(&format!("only `{accepted}`")), "{said}");
    }
}

#[test]
fn variables_are_filled_in_and_override() {
    let text = "data_dir: ${WHERE:-/var/lib/conftrail}\napi: { listen: \"127.0.0.1:1\" }\n";
    assert_eq!(load(text, &[]).expect("valid").data_dir, Path::new("/var/lib/conftrail"));
    let config = load(text, &[("WHERE", "/srv"), ("CONFTRAIL__API__LISTEN", "127.0.0.1:2")]).expect("valid");
    assert_eq!(config.data_dir, Path::new("/srv"));
    assert_eq!(config.api.listen.port(), 2);
    let wrong =
        load(text, &[("CONFTRAIL__API__LISEN", "127.0.0.1:2")]).expect_err("an unknown key is refused");
    assert!(wrong.join("\n").contains("lisen"), "{wrong:?}");
}

#[test]
fn a_value_of_the_wrong_type_is_told_with_its_place_and_without_repeating_secrets() {
    let said = refused("log: { retain: soon }\n");
    assert!(said.starts_with("conftrail.yaml:1:") && said.contains("such as 30s or 7d"), "{said}");
}

/// Returns a text without its `§`, and where that stood.
fn marked(text: &str) -> (String, String) {
    let before = text.split('§').next().unwrap_or_default();
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (text.replace('§', ""), format!("{}:{column}", before.matches('\n').count() + 1))
}

#[test]
fn every_problem_stands_at_the_key_or_value_it_is_about() {
    let files = |keys: &str| format!("sources:\n  - {{ kind: files, {keys} }}\n");
    let mysql = |keys: &str| format!("sources:\n  - kind: mysql\n    {}\n", keys.replace("; ", "\n    "));
    let good = "name: db; url: mysql://u@h; include: [a.*]";
    let table = [
        (files("path: /a, name: §''"), "sources[0].name: missing"),
        (files("path: /a").replace("- {", "- §{"), "sources[0].name: missing"),
        (files("name: a").replace("- {", "- §{"), "sources[0].path: missing"),
        (files("name: a, path: /a, §include: []"), "sources[0].include: matches nothing"),
        (files("name: a, path: /a, interval: §1ms"), "sources[0].interval: at least 50ms"),
        (files("name: a, path: /a, include: ['**', §'[']"), "sources[0].include[1]: invalid glob"),
        (files("name: a, path: /a, exclude: [§'[']"), "sources[0].exclude[0]: invalid glob"),
        (files("name: §conftrail, path: /a"), "sources[0].name: `conftrail` is taken"),
        (mysql("url: mysql://u@h; include: [a.*]").replace("- kind", "- §kind"), "sources[0].name: "),
        (mysql("name: db; include: [a.*]").replace("- kind", "- §kind"), "sources[0].url: is needed"),
        (
            mysql("name: db; url: mysql://u@h").replace("- kind", "- §kind"),
            "sources[0].include: name the tables",
        ),
        (mysql("name: db; url: mysql://u@h; include: [a.*, §'[.b']"), "sources[0].include[1]: "),
        (
            mysql("name: db; url: mysql://u:p@h; include: [a.*]; password_file: §/p"),
            "sources[0].password_file: the url holds a password too",
        ),
        (mysql(&format!("{good}; §tls: {{ mode: verify-ca }}")), "sources[0].tls.ca_file: is needed"),
        (mysql(&format!("{good}; tls: {{ ca_file: §/c }}")), "sources[0].tls.ca_file: checks nothing"),
        (mysql(&format!("{good}; tls: {{ cert_file: §/c }}")), "sources[0].tls.cert_file: and key_file"),
        (mysql(&format!("{good}; baseline: §auto")), "sources[0].baseline: "),
        (mysql(&format!("{good}; on_gap: §stop")), "sources[0].on_gap: "),
        (mysql(&format!("{good}; sweep: §daily")), "sources[0].sweep: "),
        (mysql(&format!("{good}; server_id: §0")), "sources[0].server_id: must not be 0"),
        ("classify:\n  - match: §'['\n    env: prod\n".to_owned(), "classify[0].match: "),
        ("mask:\n  names: [a, §'*']\n".to_owned(), "mask.names[1]: matches everything"),
        ("mask:\n  columns:\n    - §users\n".to_owned(), "mask.columns[0]: expected schema.table.column"),
        ("api: { external_url: §ftp://x }\n".to_owned(), "api.external_url: must be a URL"),
        (
            "telemetry: { log: { level: §app=loud } }\n".to_owned(),
            "telemetry.log.level: `app=loud` is no level",
        ),
    ];
    for (text, expected) in table {
        let (text, place) = marked(&text);
        let said = refused(&text);
        assert!(said.starts_with(&format!("conftrail.yaml:{place}: {expected}")), "{text}{said}");
        assert_eq!(said.lines().count(), 1, "{text}{said}");
    }
}

#[test]
fn a_problem_is_shown_with_its_line_and_a_caret_unless_a_secret_stands_there() {
    let shown = |text: &str| {
        let problems = load_text(Path::new(FILE), text, &HashMap::new()).expect_err("the file is wrong");
        problems.iter().map(conftrail::config::Problem::shown).collect::<Vec<_>>().join("\n")
    };
    let source = "sources:\n  - { name: 订单, kind: files, path: /a, interval: 1ms }\n";
    assert_eq!(
        shown(source),
        "conftrail.yaml:2:50: sources[0].interval: at least 50ms
      - { name: 订单, kind: files, path: /a, interval: 1ms }
                                                       ^"
    );
    let secret = "sources:\n  - { name: a, kind: mysql, url: 'mysql://u:hunter2@h', password_file: /p, include: [a.b] }\n";
    assert!(shown(secret).contains("password_file: the url") && !shown(secret).contains("hunter2"));
}

#[test]
fn a_problem_of_an_overridden_key_names_its_variable() {
    let variables = [("CONFTRAIL__API__EXTERNAL_URL", "ftp://x"), ("CONFTRAIL__SOURCES__0__INTERVAL", "1ms")];
    let text = "sources: [{ name: a, kind: files, path: /a }]\napi: { external_url: https://x }\n";
    let mut said = load(text, &variables).expect_err("both are wrong");
    said.sort();
    assert!(said[0].starts_with("CONFTRAIL__API__EXTERNAL_URL: api.external_url: must be"), "{said:?}");
    assert!(said[1].starts_with("CONFTRAIL__SOURCES__0__INTERVAL: sources[0].interval: "), "{said:?}");
}
