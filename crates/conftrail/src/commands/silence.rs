//! `silence`: what nobody wants to be told for a while.

use std::process::ExitCode;

use anyhow::{Context, anyhow};
use conftrail_api::wire;
use conftrail_core::{Period, Timestamp};
use conftrail_pipeline::now;
use serde_json::Value as Json;

use crate::cli::Common;
use crate::cli_routing::{NewSilence, SilenceCommand};
use crate::output::{Printer, parse_time};
use crate::{WrongUsage, reader, say};

/// `conftrail silence`.
pub(crate) async fn run(common: &Common, command: SilenceCommand) -> anyhow::Result<ExitCode> {
    let printer = Printer::new(common);
    match command {
        SilenceCommand::Add(asked) => {
            let client = reader::client(common, &asked.reading)?;
            let made: wire::SilenceEntry = client.post("/silences", &body(asked, &printer)?).await?;
            printer.print(&made, |printer| line(&made, printer))?;
        }
        SilenceCommand::List { expired, reading } => {
            let query = [("expired", expired.to_string())];
            let listed: wire::SilenceList =
                reader::client(common, &reading)?.get("/silences", &query).await?;
            for silence in &listed.silences {
                printer.print(silence, |printer| line(silence, printer))?;
            }
        }
        SilenceCommand::Expire { id, reading } => {
            let _: Json = reader::client(common, &reading)?.delete(&format!("/silences/{id}")).await?;
            say(&format!("the silence {id} has ended"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn body(asked: NewSilence, printer: &Printer) -> anyhow::Result<wire::NewSilence> {
    let NewSilence { matchers, comment, period, until, from, author, reading: _ } = asked;
    let now = now();
    let time = |text: Option<String>| -> anyhow::Result<Option<Timestamp>> {
        text.map(|text| parse_time(&text, printer.zone, now)).transpose()
    };
    let author = author.or_else(|| std::env::var("USER").ok()).or_else(|| std::env::var("LOGNAME").ok());
    let created_by = author.filter(|name| !name.is_empty()).ok_or_else(|| {
        anyhow!(WrongUsage("who wants it? this terminal names no user: give --author".to_owned()))
    })?;
    Ok(wire::NewSilence {
        matchers,
        comment,
        created_by,
        starts: time(from).context("--from")?,
        ends: time(until).context("--until")?,
        valid_for: period.map(|text| Period::parse(&text)).transpose().context("--for")?,
    })
}

fn line(silence: &wire::SilenceEntry, printer: &Printer) -> String {
    format!(
        "{}  {:<8}{} to {}  {}  {}: {}",
        silence.id,
        silence.state.as_str(),
        printer.zone.print(silence.starts),
        printer.zone.print(silence.ends),
        silence.matchers.join(", "),
        silence.created_by,
        silence.comment
    )
}
