//! `export`: events for other programs, oldest first.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::anyhow;
use conftrail_core::ports::{AuditReader, Cursor, Page, SearchRequest};
use conftrail_core::query::Query;
use conftrail_core::{Event, Timestamp, explain};

use super::list;
use crate::cli::{Common, ExportArgs, ExportFormat};
use crate::output::{MaxwellLine, Printer, append_csv, append_csv_header, print_text};
use crate::{WrongUsage, reader};

/// What Maxwell's JSON can tell of: changes read from a binlog.
const OF_BINLOGS: &str = "source.kind:mysql";
/// Events asked for in one go.
const PAGE: usize = 500;

/// `conftrail export`.
pub(crate) async fn run(common: &Common, arguments: ExportArgs) -> anyhow::Result<ExitCode> {
    let ExportArgs { query, format, since, until, bom, reading } = arguments;
    if bom && format != ExportFormat::Csv {
        return Err(WrongUsage("--bom is for --format csv".to_owned()).into());
    }
    let text = query.as_deref().unwrap_or(list::CHANGES);
    // On its own first, so that the place of what is wrong is that of what was typed.
    let mut query = list::parse_query(text)?;
    if format == ExportFormat::Maxwell {
        query = list::parse_query(&format!("({text}) and {OF_BINLOGS}"))?;
    }
    let printer = Printer::new(common);
    let (since, until) = list::between(since.as_deref(), until.as_deref(), &printer)?;
    let trail = reader::open(common, &reading).await?;
    if format == ExportFormat::Csv {
        if bom {
            print_text("\u{feff}")?;
        }
        printer.print_each([()], |_, into| append_csv_header(into))?;
    }
    let wanted = Wanted { trail: &*trail, query, since, until };
    wanted
        .oldest_first(|events| match format {
            ExportFormat::Jsonl => printer.print_json(events.iter().rev().cloned()),
            ExportFormat::Csv => {
                printer.print_each(events.iter().rev(), |event, into| append_csv(event, into))
            }
            ExportFormat::Maxwell => printer.print_json(events.iter().rev().cloned().map(MaxwellLine)),
        })
        .await?;
    Ok(ExitCode::SUCCESS)
}

struct Wanted<'a> {
    trail: &'a dyn AuditReader,
    query: Query,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Wanted<'_> {
    /// Hands out all events, page after page, each page newest first and the oldest page first. The store lists the newest
    /// first: the pages' beginnings are found in one walk, and their content is read in a second one, so that no more than
    /// two pages are held.
    async fn oldest_first(
        &self,
        mut hand_out: impl FnMut(&[Arc<Event>]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        // What comes in meanwhile would stand on the newest page: it is read once.
        let newest = self.page(None).await?;
        let mut beginnings = Vec::new();
        let mut next = newest.next;
        while let Some(beginning) = next {
            next = self.page(Some(beginning.clone())).await?.next;
            beginnings.push(beginning);
        }
        while let Some(beginning) = beginnings.pop() {
            hand_out(&self.page(Some(beginning)).await?.events)?;
        }
        hand_out(&newest.events)
    }

    async fn page(&self, cursor: Option<Cursor>) -> anyhow::Result<Page> {
        let Self { query, since, until, .. } = self;
        let request =
            SearchRequest { query: query.clone(), since: *since, until: *until, limit: PAGE, cursor };
        self.trail.search(request).await.map_err(|error| anyhow!(explain(&error)))
    }
}
