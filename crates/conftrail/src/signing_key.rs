//! The key that signs the trail: made at the first start, and replaced, loudly, when it is lost.
//!
//! A lost key stops nothing: what it signed stays proven by its public half, and a new one signs from then on. That
//! the key changed is an event of the trail itself.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use conftrail_core::integrity::{SigningKey, VerifyingKey};
use conftrail_core::own::Act;
use conftrail_core::ports::ControlStore;
use conftrail_core::{Action, Map, ResourceKind, Value};
use conftrail_pipeline::now;

use crate::local_token::write_private;

/// The name under which the key stands in conftrail's own audit, where `verify` looks for it.
const RECORD: &str = "signing-key";

/// Returns where the key stands.
fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("signing.key")
}

/// Returns where the public halves of all keys of this installation stand, one a line, the oldest first.
pub(crate) fn public_path(data_dir: &Path) -> PathBuf {
    data_dir.join("signing.pub")
}

/// Reads the key, or makes one with this name where there is none that can be used.
///
/// # Errors
/// The key cannot be read or written.
pub(crate) fn read_or_make(data_dir: &Path, name: &str) -> anyhow::Result<SigningKey> {
    let path = path(data_dir);
    let read = match std::fs::read_to_string(&path) {
        Ok(text) => SigningKey::parse(text.trim()).ok(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => None,
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read the signing key in {}", path.display()));
        }
    };
    let key = match read {
        Some(key) => key,
        None => make(&path, name)?,
    };
    publish(&public_path(data_dir), key.verifying_key())?;
    Ok(key)
}

/// Reads the public halves from a file: one a line, as `conftrail verify --print-public-key` prints them.
///
/// # Errors
/// The file cannot be read or holds something else.
pub(crate) fn read_public(path: &Path) -> anyhow::Result<Vec<VerifyingKey>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the public key in {}", path.display()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Result<Vec<VerifyingKey>, _> = lines.map(VerifyingKey::parse).collect();
    let keys = keys.map_err(|error| anyhow!("{} holds no public key: {error}", path.display()))?;
    if keys.is_empty() { Err(anyhow!("{} holds no public key", path.display())) } else { Ok(keys) }
}

/// Records the key in conftrail's own audit when it is another than before, and says so when one was lost.
///
/// # Errors
/// The control store cannot be reached.
pub(crate) async fn record(key: &VerifyingKey, control: &dyn ControlStore) -> anyhow::Result<()> {
    let last = control.last_act(ResourceKind::Account, RECORD).await?.and_then(|act| act.after);
    let mut after = Map::default();
    after.insert("key_id", key.id_text());
    after.insert("public_key", key.to_string());
    let after = Value::Map(after);
    if last.as_ref() == Some(&after) {
        return Ok(());
    }
    let was =
        last.as_ref().and_then(Value::as_map).and_then(|last| last.get("key_id")).and_then(Value::as_text);
    let message = was.map(|was| {
        format!(
            "the signing key {was} is lost or was exchanged: the trail is signed with {} from now on, and what {was} \
             signed stays proven by its public half",
            key.id_text()
        )
    });
    if let Some(message) = &message {
        tracing::error!("{message}");
    }
    let action = if last.is_some() { Action::Update } else { Action::Create };
    control.record_act(&act(action, ResourceKind::Account, RECORD, (last, after), message)).await?;
    Ok(())
}

/// Records that the trail is not the one that was signed last; a rule that is always in force alerts on it.
///
/// # Errors
/// The control store cannot be reached.
pub(crate) async fn record_complaint(complaint: String, control: &dyn ControlStore) -> anyhow::Result<()> {
    tracing::error!("{complaint}; `conftrail verify` says more");
    let mut after = Map::default();
    after.insert("state", "tampered");
    let sides = (None, Value::Map(after));
    control.record_act(&act(Action::Tampered, ResourceKind::Health, "trail", sides, Some(complaint))).await?;
    Ok(())
}

fn act(
    action: Action,
    kind: ResourceKind,
    name: &str,
    (before, after): (Option<Value>, Value),
    message: Option<String>,
) -> Act {
    let (actor, via) = ("conftrail".to_owned(), "process".to_owned());
    Act { time: now(), actor, via, action, kind, name: name.to_owned(), before, after: Some(after), message }
}

fn make(path: &Path, name: &str) -> anyhow::Result<SigningKey> {
    let mut seed = [0; 32];
    let mut random =
        std::fs::File::open("/dev/urandom").context("cannot open the system's random numbers")?;
    random.read_exact(&mut seed).context("cannot read the system's random numbers")?;
    let key = SigningKey::from_seed(name, seed).map_err(|error| anyhow!("make a signing key: {error}"))?;
    if path.exists() {
        // Not a key, but perhaps a part of one that a person can still use.
        let aside = path.with_extension("key.damaged");
        std::fs::rename(path, &aside)
            .with_context(|| format!("cannot move the damaged signing key to {}", aside.display()))?;
    }
    write_private(path, &key.to_text())
        .with_context(|| format!("cannot write a new signing key to {}", path.display()))?;
    Ok(key)
}

/// Adds a public half to the file, once.
fn publish(path: &Path, key: &VerifyingKey) -> anyhow::Result<()> {
    let line = key.to_string();
    let known = std::fs::read_to_string(path).unwrap_or_default();
    if known.lines().any(|known| known.trim() == line) {
        return Ok(());
    }
    let write = || {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).mode(0o644).open(path)?;
        writeln!(file, "{line}")?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write the public key to {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let directory = tempfile::TempDir::new().expect("a temporary directory can be made");
        let key =
            || read_or_make(directory.path(), "conftrail/trail/test").expect("the directory can be written");
        let first = key();
        assert_eq!(key().verifying_key(), first.verifying_key());
        let mode = path(directory.path()).metadata().expect("the key was written").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let public = || read_public(&public_path(directory.path())).expect("the public key was written");
        assert_eq!(public(), [first.verifying_key().clone()]);

        // Lost, then damaged: each time a new one, and the old public halves stay.
        std::fs::remove_file(path(directory.path())).expect("it is there");
        let second = key();
        std::fs::write(path(directory.path()), [0xff, 0]).expect("it can be written");
        let third = key();
        assert_eq!(public(), [&first, &second, &third].map(|key| key.verifying_key().clone()));
        assert!(directory.path().join("signing.key.damaged").exists());
    }
}
