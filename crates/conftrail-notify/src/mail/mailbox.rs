//! A directory that takes messages as `.eml` files, for a first try without a mail server.
//!
//! Not lettre's file transport: that one makes a random name for each file, so a repeat would lie beside the first.

use std::path::{Path, PathBuf};

use conftrail_core::ports::{DeliveryError, Receipt};
use tokio::io::AsyncWriteExt as _;

use super::failure::retry;
use super::message::Mail;

/// A local mail box.
pub(crate) struct Mailbox {
    directory: PathBuf,
}

impl Mailbox {
    /// Names the directory; it is made with the first message.
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// Writes a message under a name made of its time and id; a repeat replaces the first.
    pub(crate) async fn keep(&self, mail: &Mail) -> Result<Receipt, DeliveryError> {
        self.probe().await?;
        let name = format!("{}.eml", mail.file_stem);
        // A reader of the directory never sees half a message.
        let unfinished = self.directory.join(format!(".{name}.tmp"));
        let failed =
            |error: std::io::Error| retry(format!("write a message into the mail directory: {error}"));
        write_private(&unfinished, &mail.bytes).await.map_err(failed)?;
        tokio::fs::rename(&unfinished, self.directory.join(&name)).await.map_err(failed)?;
        Ok(Receipt(format!("written as {name}")))
    }

    /// Makes the directory, where it is missing.
    pub(crate) async fn probe(&self) -> Result<(), DeliveryError> {
        tokio::fs::create_dir_all(&self.directory)
            .await
            .map_err(|error| retry(format!("make the mail directory: {error}")))
    }
}

/// Writes a file that only its owner may read: a message holds what was changed.
async fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = tokio::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path).await?;
    file.write_all(bytes).await?;
    file.flush().await
}
