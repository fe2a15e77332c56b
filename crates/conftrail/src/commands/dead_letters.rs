//! `dead-letters`: what could not be delivered.

use std::process::ExitCode;

use conftrail_core::alerting::Notification;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::cli::{Common, DeadLetters};
use crate::output::Printer;
use crate::{reader, say};

#[derive(Deserialize)]
struct Listed {
    notifications: Vec<Notification>,
}

/// `conftrail dead-letters`.
pub(crate) async fn run(common: &Common, command: DeadLetters) -> anyhow::Result<ExitCode> {
    match command {
        DeadLetters::List { reading } => {
            let printer = Printer::new(common);
            let client = reader::client(common, &reading)?;
            let listed: Listed = client.get("/notifications", &[("state", "dead".to_owned())]).await?;
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
            let _: Json = client.post(&format!("/notifications/{id}/retry"), &json!({})).await?;
            say("queued again");
        }
    }
    Ok(ExitCode::SUCCESS)
}
