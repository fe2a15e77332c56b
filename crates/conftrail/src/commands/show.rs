//! `show` and `diff`: one event.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::anyhow;
use conftrail_core::{Event, EventId, explain};
use conftrail_engine::words;

use crate::cli::{Common, Output, Reading};
use crate::output::{Printer, event_diff};
use crate::{reader, say};

/// `conftrail show`: the event whole, in the vocabulary of the event format.
pub(crate) async fn show(common: &Common, id: &str, reading: &Reading) -> anyhow::Result<ExitCode> {
    let event = fetch(common, id, reading).await?;
    let printer = Printer::new(common);
    printer.print(&event, |_| serde_json::to_string_pretty(&event).unwrap_or_default())?;
    if printer.output == Output::Text {
        for flag in &event.flags {
            say(&format!("{flag}: {}", words::flag_meaning(flag, printer.language)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `conftrail diff`: what the event changed.
pub(crate) async fn diff(common: &Common, id: &str, reading: &Reading) -> anyhow::Result<ExitCode> {
    let event = fetch(common, id, reading).await?;
    Printer::new(common).print(&event.changes, |printer| event_diff(&event, printer))?;
    Ok(ExitCode::SUCCESS)
}

async fn fetch(common: &Common, id: &str, reading: &Reading) -> anyhow::Result<Arc<Event>> {
    let id = EventId::parse(id)?;
    let trail = reader::open(common, reading).await?;
    let found = trail.get(id).await.map_err(|error| anyhow!(explain(&error)))?;
    found.ok_or_else(|| anyhow!("no event has the id {id}"))
}
