//! `dead-letters`: what could not be delivered.

use std::process::ExitCode;

use conftrail_api::wire::{Notifications, Retried};
use serde_json::json;

use crate::cli::{Common, DeadLetters};
use crate::output::Printer;
use crate::{reader, say};

/// `conftrail dead-letters`.
pub(crate) async fn run(common: &Common, command: DeadLetters) -> anyhow::Result<ExitCode> {
    match command {
        DeadLetters::List { reading } => {
            let printer = Printer::new(common);
            let client = reader::client(common, &reading)?;
            let listed: Notifications = client.get("/notifications", &[("state", "dead".to_owned())]).await?;
            for one in &listed.notifications {
                printer.print(one, |printer| {
                    let error = one.last_error.as_deref().unwrap_or("no reason recorded");
                    let made = printer.zone.print(one.created);
                    format!("{}  {made}  {}  {}  {error}", one.id, one.integration, one.announcement.summary)
                })?;
            }
        }
        DeadLetters::Retry { id, reading } => {
            let client = reader::client(common, &reading)?;
            let _: Retried = client.post(&format!("/notifications/{id}/retry"), &json!({})).await?;
            say("queued again");
        }
    }
    Ok(ExitCode::SUCCESS)
}
