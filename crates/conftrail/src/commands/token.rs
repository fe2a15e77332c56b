//! `token`: who may read the API.

use std::process::ExitCode;

use anyhow::Context;
use conftrail_api::wire::{CreatedToken, NewToken, Tokens};
use conftrail_core::Period;
use serde_json::Value as Json;

use super::list;
use crate::cli::{Common, TokenCommand};
use crate::output::Printer;
use crate::{reader, say};

/// `conftrail token`.
pub(crate) async fn run(common: &Common, command: TokenCommand) -> anyhow::Result<ExitCode> {
    let printer = Printer::new(common);
    match command {
        TokenCommand::Create { name, role, filter, expires, reading } => {
            let valid_for = expires.map(|text| Period::parse(&text)).transpose().context("--expires")?;
            if let Some(text) = &filter {
                // Here first: the place of what is wrong is told with a caret.
                list::parse_query(text).context("--filter")?;
            }
            let body = NewToken { name, role, filter, valid_for };
            let created: CreatedToken = reader::client(common, &reading)?.post("/tokens", &body).await?;
            say("keep this secret: it is not stored and cannot be shown again");
            printer.print(&created, |_| created.secret.clone())?;
        }
        TokenCommand::List { reading } => {
            let listed: Tokens = reader::client(common, &reading)?.get("/tokens", &[]).await?;
            for token in &listed.tokens {
                printer.print(token, |printer| {
                    let state = match (token.revoked, token.expires) {
                        (Some(at), _) => format!("revoked {}", printer.zone.print(at)),
                        (None, Some(end)) => format!("until {}", printer.zone.print(end)),
                        (None, None) => "valid".to_owned(),
                    };
                    let filter = token.filter.as_deref().map(|filter| format!("  {filter}"));
                    format!(
                        "{:<20} {:<9} {}  {state}{}",
                        token.name,
                        token.role.as_str(),
                        printer.zone.print(token.created),
                        filter.unwrap_or_default()
                    )
                })?;
            }
        }
        TokenCommand::Revoke { name, reading } => {
            let _: Json = reader::client(common, &reading)?.delete(&format!("/tokens/{name}")).await?;
            say("revoked");
        }
    }
    Ok(ExitCode::SUCCESS)
}
