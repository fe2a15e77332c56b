//! The local token and the address, which `run` leaves in the data directory for the commands beside it.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The name of the token that `run` makes for the machine it runs on.
pub(crate) const NAME: &str = "local";

/// Returns where the local token stands.
pub(crate) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("local.token")
}

/// Returns where the address of the running instance stands.
pub(crate) fn address_path(data_dir: &Path) -> PathBuf {
    data_dir.join("local.address")
}

/// Writes a file that only its owner may read, whole or not at all.
///
/// # Errors
/// The directory cannot be written.
pub(crate) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let _ = std::fs::remove_file(&beside);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}
