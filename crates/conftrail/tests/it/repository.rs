//! What must hold for every file of the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A file of more lines has more than one subject.
const LONGEST_FILE: usize = 500;

/// Host names of package registries, in pieces so that this file does not contain them. Each machine has its own mirrors:
/// a name written down here would go around them.
const REGISTRIES: [&[&str]; 12] = [
    &["deb", "debian", "org"],
    &["snapshot", "debian", "org"],
    &["pypi", "org"],
    &["files", "pythonhosted", "org"],
    &["index", "crates", "io"],
    &["static", "crates", "io"],
    &["registry", "npmjs", "org"],
    &["repo1", "maven", "org"],
    &["repo", "maven", "apache", "org"],
    &["proxy", "golang", "org"],
    &["docker", "io"],
    &["ghcr", "io"],
];

/// Directories of somebody's machine, likewise in pieces.
const MACHINE_PATHS: [&[&str]; 4] =
    [&["", "work", ""], &["", "root", ""], &["", "home", ""], &["", "opt", "wheels"]];

/// Files that git knows or would add, relative to the root.
fn files() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(ROOT)
        .output()
        .expect("run git ls-files");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).expect("file names are UTF-8");
    names
        .split_terminator('\0')
        .map(PathBuf::from)
        .filter(|file| Path::new(ROOT).join(file).is_file())
        .collect()
}

fn extension(file: &Path) -> &str {
    file.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

/// Where `path` stands in `line` as the beginning of an absolute path, and not in the middle of another one.
fn names_machine_path(line: &str, path: &str) -> bool {
    let inside = |before: char| before.is_alphanumeric() || "._-/*}$".contains(before);
    line.match_indices(path).any(|(at, _)| !line[..at].chars().next_back().is_some_and(inside))
}

#[test]
fn no_source_file_is_too_long() {
    let mut long = Vec::new();
    for file in files().iter().filter(|file| extension(file) == "rs") {
        let lines =
            std::fs::read_to_string(Path::new(ROOT).join(file)).expect("read a source file").lines().count();
        if lines > LONGEST_FILE {
            long.push(format!("{} has {lines} lines", file.display()));
        }
    }
    assert!(long.is_empty(), "above {LONGEST_FILE} lines:\n{}", long.join("\n"));
}

#[test]
fn no_file_names_a_registry_or_a_directory_of_somebodys_machine() {
    let registries: Vec<String> = REGISTRIES.iter().map(|parts| parts.join(".")).collect();
    let paths: Vec<String> = MACHINE_PATHS.iter().map(|parts| parts.join("/")).collect();
    let mut found = Vec::new();
    // The lock file names where each crate comes from; cargo writes it.
    for file in files().iter().filter(|file| file.file_name().is_some_and(|name| name != "Cargo.lock")) {
        // What is not text names nothing.
        let Ok(text) = std::fs::read_to_string(Path::new(ROOT).join(file)) else { continue };
        for (number, line) in text.lines().enumerate() {
            let registry = registries.iter().find(|name| line.contains(name.as_str()));
            let path = paths.iter().find(|path| names_machine_path(line, path));
            for name in registry.into_iter().chain(path) {
                found.push(format!("{}:{}: {name}", file.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_machine_path_is_told_from_the_middle_of_another_path() {
    let path = ["", "work", ""].join("/");
    assert!(names_machine_path(&format!("cd {path}main"), &path));
    assert!(names_machine_path(&format!("\"{path}main\""), &path));
    assert!(!names_machine_path(&format!("docs{path}main"), &path));
    assert!(!names_machine_path(&format!("$DIR{path}main and {{dir}}{path}x"), &path));
}
