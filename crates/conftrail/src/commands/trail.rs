//! `trail`: all events of one operation, oldest first.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::anyhow;
use conftrail_core::ports::SearchRequest;
use conftrail_core::{Event, explain, questions};

use super::list;
use crate::cli::{Common, TrailArgs};
use crate::output::{Printer, event_line, event_with_diff};
use crate::{reader, say};

/// `conftrail trail`: exit 1 when nothing bears the id.
pub(crate) async fn run(common: &Common, arguments: TrailArgs) -> anyhow::Result<ExitCode> {
    let TrailArgs { id, patch, limit, reading } = arguments;
    let printer = Printer::new(common);
    let trail = reader::open(common, &reading).await?;
    let query = questions::related(&*trail, &id).await.map_err(|error| anyhow!(explain(&error)))?;
    let most = if limit == 0 { usize::MAX } else { limit };
    let mut found = list::newest(most, |limit, cursor| {
        trail.search(SearchRequest { query: query.clone(), since: None, until: None, limit, cursor })
    })
    .await?;
    found.reverse();
    if found.is_empty() {
        let said = (
            "no event bears this ticket, audit id, transaction or trace",
            "没有事件带有该工单、审计号、事务或追踪号",
        );
        say(printer.language.pick(said.0, said.1));
        return Ok(ExitCode::from(1));
    }
    for event in &found {
        printer.print(event, |printer| match patch {
            true => event_with_diff(event, printer),
            false => event_line(event, printer),
        })?;
    }
    say(&counted(&found, found.len() == most, &printer));
    Ok(ExitCode::SUCCESS)
}

/// Says how much there is, to the person at the terminal.
fn counted(found: &[Arc<Event>], cut: bool, printer: &Printer) -> String {
    let sources: BTreeSet<&str> = found.iter().map(|event| &*event.source.name).collect();
    let resources: BTreeSet<&str> = found.iter().map(|event| event.resource.id.as_str()).collect();
    let (events, sources, resources) = (found.len(), sources.len(), resources.len());
    let more = if cut {
        printer.language.pick("; there may be more: -n 0", "；可能还有更多：-n 0")
    } else {
        ""
    };
    match printer.language.pick("en", "zh") {
        "zh" => format!("{events} 个事件，{resources} 个资源，{sources} 个来源{more}"),
        _ => format!("{events} events of {resources} resources in {sources} sources{more}"),
    }
}
