//! The sample configuration, and the edits that the demo makes to it.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// How many changes [`edit`] makes.
pub(super) const EDITS: usize = 3;

const FILES: [(&str, &str); 6] = [
    ("conftrail.yaml", include_str!("../../../sample/conftrail.yaml")),
    ("config/order-service.yaml", include_str!("../../../sample/order-service.yaml")),
    ("config/gateway.json", include_str!("../../../sample/gateway.json")),
    ("config/redis.properties", include_str!("../../../sample/redis.properties")),
    ("rules/demo.yaml", include_str!("../../../sample/rules.yaml")),
    ("rules/routing.yaml", include_str!("../../../sample/routing.yaml")),
];

/// Writes the sample into a directory that is empty or absent.
pub(super) fn write(directory: &Path) -> anyhow::Result<()> {
    if directory.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("{} is not empty: name an empty or absent directory, conftrail demo DIR", directory.display());
    }
    for (name, text) in FILES {
        let path = directory.join(name);
        let parent = path.parent().unwrap_or(directory);
        std::fs::create_dir_all(parent)
            .with_context(|| format!("cannot make the directory {}", parent.display()))?;
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mail = directory.join("mail");
    std::fs::create_dir_all(&mail)
        .with_context(|| format!("cannot make the directory {}", mail.display()))?;
    let config = directory.join("config");
    // With git the first edit shows its author, commit and ticket; without it, the file's owner.
    if git(&config, &["init", "--quiet", "--initial-branch=main"]) {
        git(&config, &["add", "."]);
        git(&config, &["commit", "--quiet", "--message=first version"]);
    }
    Ok(())
}

/// Makes three edits: one committed with a ticket, two by hand.
pub(super) fn edit(directory: &Path) -> anyhow::Result<()> {
    let config = directory.join("config");
    // The commit is made beside the checkout and then checked out, so that the file appears with its commit.
    if git(&config, &["worktree", "add", "--quiet", "-b", "change", "../change"]) {
        let beside = directory.join("change");
        replace(&beside.join("order-service.yaml"), "maximum-pool-size: 50", "maximum-pool-size: 10")?;
        git(
            &beside,
            &["commit", "--quiet", "--all", "--message=CHG-1234: smaller pool for the new database"],
        );
        git(&config, &["merge", "--quiet", "--ff-only", "change"]);
        git(&config, &["worktree", "remove", "--force", "../change"]);
    } else {
        replace(&config.join("order-service.yaml"), "maximum-pool-size: 50", "maximum-pool-size: 10")?;
    }
    replace(&config.join("redis.properties"), "another-secret-of-the-demo", "a-rotated-secret-of-the-demo")?;
    replace(&config.join("gateway.json"), "\"timeoutMs\": 3000", "\"timeoutMs\": 300")
}

fn replace(path: &Path, from: &str, to: &str) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let beside = path.with_extension("edit");
    std::fs::write(&beside, text.replace(from, to))
        .with_context(|| format!("cannot write {}", beside.display()))?;
    std::fs::rename(&beside, path).with_context(|| format!("cannot write {}", path.display()))
}

/// Runs git as alice; false when there is no git or it failed.
fn git(directory: &Path, arguments: &[&str]) -> bool {
    let mut command = Command::new("git");
    command.arg("-C").arg(directory).args(["-c", "user.name=alice", "-c", "user.email=alice@example.com"]);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
