//! Secrets: given in the routing file, or in a file that is read each time, so that a change needs no restart.

use std::path::{Path, PathBuf};

use conftrail_core::Secret;
use conftrail_core::ports::DeliveryError;

use super::retry;

/// Longest secret file in bytes.
const LONGEST: u64 = 64 * 1024;

/// Where a secret is kept.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    /// In the routing file.
    Inline(Secret<String>),
    /// In a file of its own.
    File(PathBuf),
}

impl Kept {
    /// Returns where a secret is kept, of the two ways to give one.
    pub(crate) fn of(inline: Option<&Secret<String>>, file: Option<&PathBuf>) -> Option<Self> {
        file.cloned().map(Self::File).or_else(|| inline.cloned().map(Self::Inline))
    }

    /// Reads the secret; `key` names its key in the routing file.
    pub(crate) async fn read(&self, key: &str) -> Result<Secret<String>, DeliveryError> {
        match self {
            Self::Inline(secret) => Ok(secret.clone()),
            Self::File(path) => {
                let text = read_text(path, key).await?;
                let secret = text.expose().trim();
                match secret.is_empty() {
                    true => Err(retry(format!("{key}: {} is empty", path.display()))),
                    false => Ok(Secret::new(secret.to_owned())),
                }
            }
        }
    }
}

/// Reads a small file of text; a person mends it when it cannot be read.
pub(crate) async fn read_text(path: &Path, key: &str) -> Result<Secret<String>, DeliveryError> {
    let failed = |said: String| retry(format!("{key}: cannot read {}: {said}", path.display()));
    let about = tokio::fs::metadata(path).await.map_err(|error| failed(error.to_string()))?;
    if about.len() > LONGEST {
        return Err(failed(format!("it has more than {LONGEST} bytes")));
    }
    let text = tokio::fs::read_to_string(path).await.map_err(|error| failed(error.to_string()))?;
    Ok(Secret::new(text))
}
