//! Reads the rules directory and the routing file, all of one moment.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use conftrail_core::ports::{RuleSetFile, RuleSetFiles};
use conftrail_engine::rules::is_rule_file;

use crate::config::RulesConfig;

/// Longest file in bytes that is read; the engine refuses smaller ones already.
const LONGEST_FILE: u64 = 8 * 1024 * 1024;
/// The wait between two readings that must agree: somebody may be writing, or a mounted directory may be swapped.
const SETTLING: Duration = Duration::from_millis(100);
/// How often two readings are compared before the last one is taken as it is.
const MOST_READINGS: usize = 20;

/// Reads the files once; what is half written is read half.
///
/// # Errors
/// A directory or file that cannot be read.
pub(crate) fn read(config: &RulesConfig) -> anyhow::Result<RuleSetFiles> {
    let mut files = RuleSetFiles::default();
    if let Some(directory) = &config.dir {
        for path in rule_files(directory, config.routing.as_deref())? {
            files.rules.push(file(&path).context("rules.dir")?);
        }
    }
    if let Some(path) = &config.routing {
        files.routing = Some(file(path).context("rules.routing")?);
    }
    Ok(files)
}

/// Reads the files until two readings agree. A set is taken only when it stood still: a mounted directory is swapped by one
/// link, but an editor writes in place.
///
/// # Errors
/// As for [`read`].
pub(super) async fn read_settled(config: &RulesConfig) -> anyhow::Result<RuleSetFiles> {
    let mut last = read_apart(config).await?;
    for _ in 1..MOST_READINGS {
        tokio::time::sleep(SETTLING).await;
        let again = read_apart(config).await?;
        if again == last {
            break;
        }
        last = again;
    }
    Ok(last)
}

/// Reads the files once, away from the async threads.
///
/// # Errors
/// As for [`read`].
pub(super) async fn read_apart(config: &RulesConfig) -> anyhow::Result<RuleSetFiles> {
    let config = config.clone();
    tokio::task::spawn_blocking(move || read(&config)).await.context("read the rule files")?
}

fn file(path: &Path) -> anyhow::Result<RuleSetFile> {
    let name = path.display().to_string();
    let length = path.metadata().with_context(|| format!("cannot read {name}"))?.len();
    if length > LONGEST_FILE {
        bail!("{name} has {length} bytes: a file of rules or routes has at most {LONGEST_FILE}");
    }
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
    let text = String::from_utf8(bytes).map_err(|_| anyhow::anyhow!("{name} is no text in UTF-8"))?;
    Ok(RuleSetFile { name, text })
}

/// Returns the `*.yaml` of a directory without tests and the routing file, by name.
///
/// # Errors
/// The directory cannot be listed.
fn rule_files(directory: &Path, routing: Option<&Path>) -> anyhow::Result<Vec<PathBuf>> {
    let listed = std::fs::read_dir(directory)
        .with_context(|| format!("rules.dir: cannot read the directory {}", directory.display()))?;
    let mut files = Vec::new();
    for entry in listed {
        let path = entry.context("rules.dir")?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_routing = routing.is_some_and(|routing| routing.file_name() == path.file_name());
        if is_rule_file(name) && !is_routing {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_of_the_link_that_a_mounted_directory_is_made_of_is_seen_as_other_content() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        for (version, text) in [("v1", "one"), ("v2", "two")] {
            std::fs::create_dir(at(version)).unwrap();
            std::fs::write(at(version).join("a.yaml"), text).unwrap();
        }
        std::fs::create_dir(at("rules")).unwrap();
        std::os::unix::fs::symlink("../v1", at("rules/..data")).unwrap();
        std::os::unix::fs::symlink("..data/a.yaml", at("rules/a.yaml")).unwrap();
        let config = RulesConfig { dir: Some(at("rules")), ..RulesConfig::default() };
        let before = read(&config).unwrap();
        std::os::unix::fs::symlink("../v2", at("rules/..next")).unwrap();
        std::fs::rename(at("rules/..next"), at("rules/..data")).unwrap();
        let after = read(&config).unwrap();
        assert_eq!((before.rules[0].text.as_str(), after.rules[0].text.as_str()), ("one", "two"));
        assert_eq!(before.rules[0].name, after.rules[0].name);
        assert_ne!(before.digest(), after.digest());
    }

    #[test]
    fn tests_hidden_files_and_the_routing_file_are_no_rules() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yaml", "a.test.yaml", ".c.yaml", "who.yaml", "notes.md"] {
            std::fs::write(directory.path().join(name), name).unwrap();
        }
        let routing = Some(directory.path().join("who.yaml"));
        let config =
            RulesConfig { dir: Some(directory.path().to_owned()), routing, ..RulesConfig::default() };
        let files = read(&config).unwrap();
        let texts: Vec<&str> = files.rules.iter().map(|file| file.text.as_str()).collect();
        assert_eq!(texts, ["a.yaml", "b.yaml"]);
        assert_eq!(files.routing.unwrap().text, "who.yaml");
    }
}
