//! What the operator says about a directory.

use std::path::PathBuf;
use std::time::Duration;

use conftrail_core::Period;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};

/// What editors leave beside the files they edit: swap files, backups, lock links.
const EDITOR_FILES: [&str; 6] = ["**/.*.sw?", "**/*~", "**/.#*", "**/#*#", "**/4913", "**/.*.tmp"];

/// The shortest interval between two looks at the directory.
const SHORTEST: Duration = Duration::from_millis(50);

/// A source of kind `files`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The logical source's name; part of every id, never renamed.
    pub name: String,
    /// The directory.
    pub path: PathBuf,
    /// Globs on paths below the directory; `*` stays within a directory, `**` crosses them. Default: all files.
    pub include: Vec<String>,
    /// Globs on paths that are left out though included. Default: what editors leave behind.
    pub exclude: Vec<String>,
    /// How often the directory is looked at. Default: 1s.
    pub interval: Period,
    /// Files above this size in bytes are recorded by size and fingerprint only. Default: 1 MiB.
    pub max_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: String::new(),
            path: PathBuf::new(),
            include: vec!["**".to_owned()],
            exclude: EDITOR_FILES.map(str::to_owned).to_vec(),
            interval: Period::seconds(1),
            max_bytes: 1024 * 1024,
        }
    }
}

impl Config {
    /// Returns every problem as `path: what is wrong`; an empty list means that [`crate::Source::new`] accepts it.
    pub fn validate(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.name.is_empty() {
            problems.push("name: missing; it becomes part of every id".to_owned());
        }
        if self.path.as_os_str().is_empty() {
            problems.push("path: missing; name a directory".to_owned());
        }
        if self.include.is_empty() {
            problems.push("include: matches nothing; leave it out to take all files".to_owned());
        }
        if self.interval.0 < SHORTEST {
            problems.push("interval: at least 50ms".to_owned());
        }
        for (list, globs) in [("include", &self.include), ("exclude", &self.exclude)] {
            for (index, glob) in globs.iter().enumerate() {
                if let Err(error) = compile(glob) {
                    problems.push(format!("{list}[{index}]: invalid glob: {}", error.kind()));
                }
            }
        }
        problems
    }
}

/// Decides which paths below the directory are of interest.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    include: GlobSet,
    exclude: GlobSet,
    /// The part of each included glob before its first wildcard.
    beginnings: Vec<String>,
    /// The excluded globs that take whole directories.
    whole: GlobSet,
}

impl Selection {
    /// Compiles a validated configuration's globs.
    pub(crate) fn new(config: &Config) -> Self {
        let whole: Vec<String> =
            config.exclude.iter().filter(|glob| glob.ends_with("/**") || *glob == "**").cloned().collect();
        Self {
            include: set(&config.include),
            exclude: set(&config.exclude),
            beginnings: config.include.iter().map(|glob| beginning(glob).to_owned()).collect(),
            whole: set(&whole),
        }
    }

    /// Says whether a path is of interest.
    pub(crate) fn takes(&self, path: &str) -> bool {
        self.include.is_match(path) && !self.exclude.is_match(path)
    }

    /// Says whether something below a directory may be of interest.
    pub(crate) fn may_hold(&self, directory: &str) -> bool {
        let directory = format!("{directory}/");
        let is_asked_for = self
            .beginnings
            .iter()
            .any(|one| one.starts_with(&directory) || directory.starts_with(one.as_str()));
        // Such a glob matches everything below a directory if it matches anything in it.
        is_asked_for && !self.whole.is_match(format!("{directory}x"))
    }
}

/// Returns what every path begins with that a glob matches.
fn beginning(glob: &str) -> &str {
    let wild = glob.find(['*', '?', '[', ']', '{', '}', '\\', '!']).unwrap_or(glob.len());
    glob.get(..wild).unwrap_or_default()
}

fn set(globs: &[String]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in globs.iter().filter_map(|glob| compile(glob).ok()) {
        builder.add(glob);
    }
    builder.build().unwrap_or_else(|_| GlobSet::empty())
}

fn compile(glob: &str) -> Result<globset::Glob, globset::Error> {
    GlobBuilder::new(glob).literal_separator(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_told_with_its_place() {
        let config = Config {
            include: vec!["[".to_owned()],
            interval: Period(Duration::from_millis(1)),
            ..Config::default()
        };
        let places: Vec<String> =
            config.validate().iter().filter_map(|said| Some(said.split_once(':')?.0.to_owned())).collect();
        assert_eq!(places, ["name", "path", "interval", "include[0]"]);
        let good = Config { name: "etc".to_owned(), path: "/etc/app".into(), ..Config::default() };
        assert_eq!(good.validate(), Vec::<String>::new());
    }

    #[test]
    fn files_are_taken_at_every_depth_and_editors_leftovers_are_not() {
        let all = Selection::new(&Config::default());
        for taken in ["a.yaml", "a/b/c.properties", ".env", "配置/应用.yaml"] {
            assert!(all.takes(taken), "{taken}");
        }
        for left in [".a.yaml.swp", "a/.a.yaml.swx", "a.yaml~", "a/.#b", "#a#", "a/4913"] {
            assert!(!all.takes(left), "{left}");
        }
        let yaml = Selection::new(&Config { include: vec!["**/*.yaml".to_owned()], ..Config::default() });
        assert!(yaml.takes("a.yaml") && yaml.takes("a/b.yaml") && !yaml.takes("a.json"));
    }

    #[test]
    fn a_directory_is_of_interest_when_something_below_it_can_be_included() {
        let selection = |include: &str, exclude: &str| {
            let (include, exclude) = (vec![include.to_owned()], vec![exclude.to_owned()]);
            Selection::new(&Config { include, exclude, ..Config::default() })
        };
        for (include, exclude, directory, expected) in [
            ("**", "", "a/b", true),
            ("nginx/conf.d/*.conf", "", "nginx", true),
            ("nginx/conf.d/*.conf", "", "nginx/conf.d", true),
            ("nginx/**", "", "nginx/a/b", true),
            ("nginx/**", "", "ssl/private", false),
            ("nginx/a.conf", "", "ng", false),
            ("{a,b}/**", "", "b", true),
            ("**/*.yaml", "secret/**", "secret", false),
            ("**", "**/private/**", "a/private/deep", false),
            ("**", "a/*", "a", true),
            ("**", "a/b/**", "a", true),
        ] {
            assert_eq!(
                selection(include, exclude).may_hold(directory),
                expected,
                "{include} {exclude} {directory}"
            );
        }
    }
}
