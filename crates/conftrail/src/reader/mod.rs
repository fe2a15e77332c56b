//! Where reading commands read: the running instance, or the store itself with `--offline`.
//!
//! Both go through the same port, so that the output is the same.

mod client;
mod remote;

use std::sync::Arc;

use anyhow::{Context, anyhow};
use conftrail_core::ports::AuditReader;

use crate::cli::{Common, Reading};
use crate::config::Config;
use crate::{local_token, say};

pub(crate) use client::Client;
pub(crate) use remote::RemoteReader;

/// Opens the trail for reading.
///
/// # Errors
/// Neither an instance nor a store can be reached; the error says what to do.
pub(crate) async fn open(common: &Common, reading: &Reading) -> anyhow::Result<Arc<dyn AuditReader>> {
    if reading.offline {
        let config = crate::configured(common)?;
        say("offline: reading the store directly, this is not audited");
        let trail = crate::assemble::open_trail_read_only(&config)?;
        return Ok(trail);
    }
    Ok(Arc::new(RemoteReader::new(client(common, reading)?)))
}

/// Returns a client of the running instance with the caller's token.
///
/// # Errors
/// No token can be found; the error says where it was looked for.
pub(crate) fn client(common: &Common, reading: &Reading) -> anyhow::Result<Client> {
    if reading.offline {
        return Err(anyhow!("this command needs the running instance: leave --offline out"));
    }
    let (url, token_file) = match &reading.url {
        Some(url) => {
            let named = reading.token_file.clone();
            (
                url.clone(),
                named.ok_or_else(|| anyhow!("--url needs --token-file, a file that holds the token"))?,
            )
        }
        None => {
            let config = crate::configured(common)?;
            let token_file =
                reading.token_file.clone().unwrap_or_else(|| local_token::path(&config.data_dir));
            (instance_url(&config), token_file)
        }
    };
    let secret = std::fs::read_to_string(&token_file).with_context(|| {
        format!(
            "cannot read the token in {}: is `conftrail run` (or `demo`) running with this configuration? \
             Otherwise give --url and --token-file, or --offline",
            token_file.display()
        )
    })?;
    Client::new(&url, secret.trim())
}

/// Returns where the running instance answers on this machine.
fn instance_url(config: &Config) -> String {
    let running = std::fs::read_to_string(local_token::address_path(&config.data_dir));
    match running {
        Ok(address) => address.trim().to_owned(),
        Err(_) => format!("http://{}{}", config.api.listen, config.api.prefix()),
    }
}
