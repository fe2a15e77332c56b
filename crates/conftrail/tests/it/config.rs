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
