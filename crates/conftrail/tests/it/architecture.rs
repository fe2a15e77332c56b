//! Compares what cargo sees with the table of crates in docs/architecture.md.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Crates that only the named ones may depend on: a crate of ours fences each of them.
const FENCED: [(&str, &[&str]); 6] = [
    ("axum", &["conftrail-api"]),
    ("clap", &["conftrail"]),
    ("lettre", &["conftrail-notify"]),
    ("mysql_async", &["conftrail-binlog"]),
    ("mysql_common", &["conftrail-binlog"]),
    ("rusqlite", &["conftrail-sqlite"]),
];

/// Crates that touch nothing, and what would let them.
const PURE: [&str; 2] = ["conftrail-core", "conftrail-engine"];
const IMPURE: [&str; 6] = ["tokio", "tokio-util", "tracing", "rustls", "tempfile", "reqwest"];

/// One package of the workspace: the names it depends on.
#[derive(Debug, Default)]
struct Package {
    normal: BTreeSet<String>,
    dev: BTreeSet<String>,
}

fn packages() -> BTreeMap<String, Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .current_dir(ROOT)
        .output()
        .expect("run cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("a name is a string").to_owned();
    let mut found = BTreeMap::new();
    for described in metadata["packages"].as_array().expect("packages is an array") {
        let mut package = Package::default();
        for dependency in described["dependencies"].as_array().expect("dependencies is an array") {
            let names = if dependency["kind"] == "dev" { &mut package.dev } else { &mut package.normal };
            names.insert(text(&dependency["name"]));
        }
        found.insert(text(&described["name"]), package);
    }
    found
}

fn is_ours(name: &str) -> bool {
    name == "conftrail" || name.starts_with("conftrail-")
}

fn ours(names: &BTreeSet<String>) -> BTreeSet<String> {
    names.iter().filter(|name| is_ours(name)).cloned().collect()
}

/// The rows of the table whose header begins with `| crate | in one sentence |`: each crate and what it imports.
fn crate_table(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let rows = page.lines().skip_while(|line| !line.starts_with("| crate | in one sentence |")).skip(2);
    let mut table = BTreeMap::<String, BTreeSet<String>>::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, _sentence, imports, _touches] = cells.as_slice() else { panic!("not four cells: {row}") };
        let imported = match *imports {
            "–" => BTreeSet::new(),
            "all above" => table.keys().cloned().collect(),
            list => list.split(',').map(|short| format!("conftrail-{}", short.trim())).collect(),
        };
        assert!(
            table.insert(name.trim_matches('`').to_owned(), imported).is_none(),
            "twice in the table: {row}"
        );
    }
    table
}

#[test]
fn the_table_of_crates_says_what_cargo_sees() {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/architecture.md"))
        .expect("read docs/architecture.md");
    let written = crate_table(&page);
    let seen: BTreeMap<String, BTreeSet<String>> =
        packages().into_iter().map(|(name, package)| (name, ours(&package.normal))).collect();
    let names = |table: &BTreeMap<String, BTreeSet<String>>| table.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&seen), names(&written), "crates of the workspace, and of docs/architecture.md");
    for (name, imports) in &seen {
        let undeclared: Vec<_> = imports.difference(&written[name]).collect();
        assert!(
            undeclared.is_empty(),
            "{name} imports {undeclared:?}, which docs/architecture.md does not say"
        );
        let unused: Vec<_> = written[name].difference(imports).collect();
        assert!(
            unused.is_empty(),
            "docs/architecture.md says that {name} imports {unused:?}, which it does not"
        );
    }
}

#[test]
fn adapters_do_not_import_each_other_and_nobody_imports_the_program() {
    let adapters = ["conftrail-binlog", "conftrail-files", "conftrail-sqlite", "conftrail-notify"];
    let above = ["conftrail-engine", "conftrail-pipeline", "conftrail-api", "conftrail-core"];
    for (name, package) in packages() {
        if adapters.contains(&name.as_str()) || above.contains(&name.as_str()) {
            let imported: Vec<_> =
                adapters.iter().filter(|&&adapter| package.normal.contains(adapter)).collect();
            assert!(imported.is_empty(), "{name} imports the adapters {imported:?}");
        }
        let both = package.normal.union(&package.dev);
        assert!(!both.into_iter().any(|dependency| dependency == "conftrail"), "{name} imports the program");
        assert!(!package.normal.contains("conftrail-testkit"), "{name} ships the testkit");
    }
}

#[test]
fn heavy_dependencies_stay_behind_their_fence_and_the_core_touches_nothing() {
    for (name, package) in packages() {
        for (fenced, allowed) in FENCED {
            let imports = package.normal.contains(fenced);
            assert!(
                !imports || allowed.contains(&name.as_str()),
                "{name} depends on {fenced}, which is for {allowed:?} alone"
            );
        }
        let impure: Vec<_> = IMPURE.iter().filter(|&&other| package.normal.contains(other)).collect();
        assert!(
            !PURE.contains(&name.as_str()) || impure.is_empty(),
            "{name} is pure but depends on {impure:?}"
        );
    }
}

#[test]
fn a_table_of_crates_is_read_with_its_shorthands() {
    let page = "text\n| crate | in one sentence | imports | touches |\n|---|---|---|---|\n| `conftrail-core` | a | – | x |\n\
                | `conftrail-api` | b | core, engine | x |\n| `conftrail` | c | all above | x |\nafter\n| `not` | a | row | x |\n";
    let table = crate_table(page);
    let imports = |name: &str| table[name].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(table.len(), 3);
    assert_eq!(imports("conftrail-core"), Vec::<&str>::new());
    assert_eq!(imports("conftrail-api"), ["conftrail-core", "conftrail-engine"]);
    assert_eq!(imports("conftrail"), ["conftrail-api", "conftrail-core"]);
}
