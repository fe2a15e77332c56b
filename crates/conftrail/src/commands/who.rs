//! `who`: what one person did, and how that is known.

use std::process::ExitCode;

use anyhow::anyhow;
use conftrail_core::explain;
use conftrail_core::ports::SearchRequest;
use conftrail_core::questions::{self, PersonRequest};

use super::list;
use crate::cli::{Common, Output, WhoArgs};
use crate::output::{self, Printer};
use crate::{reader, say};

/// Values shown of each field.
const TOP: usize = 20;
/// A day in seconds.
const DAY: u64 = 86_400;

/// `conftrail who`.
pub(crate) async fn run(common: &Common, arguments: WhoArgs) -> anyhow::Result<ExitCode> {
    let WhoArgs { actor, since, until, limit, reading } = arguments;
    let printer = Printer::new(common);
    let (since, until) = list::between(since.as_deref(), until.as_deref(), &printer)?;
    let trail = reader::open(common, &reading).await?;
    let request = PersonRequest { actor: actor.clone(), since, until, top: TOP, histogram: DAY };
    let found = questions::person(&*trail, request).await.map_err(|error| anyhow!(explain(&error)))?;
    if found.made.estimated {
        say(list::sampled(&printer));
    }
    printer.print(&found, |printer| output::person(&found, printer))?;
    if printer.output == Output::Text && found.made.total > 0 && limit > 0 {
        printer.print(&(), |printer| format!("\n{}", printer.language.pick("latest", "最近")))?;
        let query = questions::of_person(&actor);
        list::print_pages(&printer, limit, false, |limit, cursor| {
            trail.search(SearchRequest { query: query.clone(), since, until, limit, cursor })
        })
        .await?;
    }
    Ok(ExitCode::SUCCESS)
}
