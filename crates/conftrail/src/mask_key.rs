//! The mask key: made once for an installation, and never silently replaced.
//!
//! Another key would make every secret look changed and old values impossible to find, so a key that differs
//! from the one on record refuses to start.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use conftrail_core::mask::MaskKey;
use conftrail_core::own::Act;
use conftrail_core::ports::ControlStore;
use conftrail_core::{Action, Map, ResourceKind, Value};

use crate::config::Config;
use crate::local_token::write_private;

/// The name under which the key's id stands in conftrail's own audit.
pub(crate) const RECORD: &str = "mask-key";

/// Returns where the key stands.
pub(crate) fn path(config: &Config) -> PathBuf {
    config.mask.key_file.clone().unwrap_or_else(|| config.data_dir.join("mask.key"))
}

/// Reads a key file.
///
/// # Errors
/// The file cannot be read or holds no key.
pub(crate) fn read(path: &Path) -> anyhow::Result<MaskKey> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("mask.key_file: cannot read the mask key in {}", path.display()))?;
    MaskKey::parse(&text)
        .map_err(|error| anyhow!("mask.key_file: {} holds no mask key: {error}", path.display()))
}

/// Reads a key file, or makes one where there is none.
///
/// # Errors
/// The file cannot be read or made, or holds no key.
pub(crate) fn read_or_make(path: &Path) -> anyhow::Result<MaskKey> {
    if !path.exists() {
        write_private(path, &random_hex()?)
            .with_context(|| format!("mask.key_file: cannot write a new mask key to {}", path.display()))?;
    }
    read(path)
}

/// Returns a key of this run alone, for what compares nothing with later runs.
///
/// # Errors
/// The system has no random numbers.
pub(crate) fn throw_away() -> anyhow::Result<MaskKey> {
    MaskKey::parse(&random_hex()?).map_err(|error| anyhow!("{error}"))
}

/// Returns the installation's key, making it at the very first start.
///
/// # Errors
/// The key is lost, unreadable, or not the one this installation was started with.
pub(crate) async fn establish(config: &Config, control: &dyn ControlStore) -> anyhow::Result<MaskKey> {
    let path = path(config);
    let recorded = control.last_act(ResourceKind::Account, RECORD).await?.and_then(|act| recorded_id(&act));
    if !path.exists()
        && let Some(id) = recorded
    {
        bail!(
            "the mask key {id} of this installation is lost: put it back at {} (see docs/security.md); \
             a new key would make every secret look changed",
            path.display()
        );
    }
    let key = read_or_make(&path)?;
    match recorded {
        Some(id) if id == key.id() => {}
        Some(id) => bail!(
            "the mask key in {} is {}, but this installation masks with {id}: put that key back, or start with \
             another data directory",
            path.display(),
            key.id()
        ),
        None => control.record_act(&act(key.id())).await?,
    }
    Ok(key)
}

/// Returns the key's id from the act that recorded it.
pub(crate) fn recorded_id(act: &Act) -> Option<String> {
    let after = act.after.as_ref()?.as_map()?;
    after.get("key_id").and_then(Value::as_text).map(str::to_owned)
}

fn act(id: &str) -> Act {
    let mut after = Map::default();
    after.insert("key_id", id);
    Act {
        time: conftrail_pipeline::now(),
        actor: "conftrail".to_owned(),
        via: "process".to_owned(),
        action: Action::Create,
        kind: ResourceKind::Account,
        name: RECORD.to_owned(),
        before: None,
        after: Some(Value::Map(after)),
        message: None,
    }
}

/// Returns 32 random bytes of the system in hex.
fn random_hex() -> anyhow::Result<String> {
    let mut bytes = [0_u8; 32];
    let mut random =
        std::fs::File::open("/dev/urandom").context("cannot open the system's random numbers")?;
    random.read_exact(&mut bytes).context("cannot read the system's random numbers")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
