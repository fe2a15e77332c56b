//! `log` and `timeline`: events, newest first.

use std::process::ExitCode;

use conftrail_core::ports::{Cursor, Page, SearchRequest};
use conftrail_core::query::Query;
use conftrail_core::{PortResult, Timestamp, explain};
use conftrail_pipeline::now;

use crate::cli::{Common, Range, Reading};
use crate::output::{Printer, event_line, event_with_diff, parse_time};
use crate::{reader, say};

/// What `log` lists without a query: who read what is on record too, and would drown the changes.
pub(crate) const CHANGES: &str = "not kind:view";
/// Events asked for in one go.
const PAGE: usize = 500;

/// `conftrail log`.
pub(crate) async fn log(
    common: &Common,
    query: Option<&str>,
    range: &Range,
    patch: bool,
    reading: &Reading,
) -> anyhow::Result<ExitCode> {
    let query = parse_query(query.unwrap_or(CHANGES))?;
    let printer = Printer::new(common);
    let (since, until) = bounds(range, &printer)?;
    let trail = reader::open(common, reading).await?;
    print_pages(&printer, range.limit, patch, |limit, cursor| {
        trail.search(SearchRequest { query: query.clone(), since, until, limit, cursor })
    })
    .await?;
    Ok(ExitCode::SUCCESS)
}

/// `conftrail timeline`.
pub(crate) async fn timeline(
    common: &Common,
    resource: &str,
    limit: usize,
    patch: bool,
    reading: &Reading,
) -> anyhow::Result<ExitCode> {
    let printer = Printer::new(common);
    let trail = reader::open(common, reading).await?;
    let printed =
        print_pages(&printer, limit, patch, |limit, cursor| trail.timeline(resource, limit, cursor));
    if printed.await? == 0 {
        say(&format!(
            "nothing is on record of `{resource}`; a resource's whole id stands in `conftrail log`"
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Parses a query, with the place of what is wrong.
pub(crate) fn parse_query(text: &str) -> anyhow::Result<Query> {
    Query::parse(text).map_err(|error| anyhow::anyhow!("{error}\n{}", error.caret()))
}

/// Reads `--since` and `--until`.
pub(crate) fn bounds(
    range: &Range,
    printer: &Printer,
) -> anyhow::Result<(Option<Timestamp>, Option<Timestamp>)> {
    between(range.since.as_deref(), range.until.as_deref(), printer)
}

/// Reads two bounds of time.
pub(crate) fn between(
    since: Option<&str>,
    until: Option<&str>,
    printer: &Printer,
) -> anyhow::Result<(Option<Timestamp>, Option<Timestamp>)> {
    let read = |text: Option<&str>| text.map(|text| parse_time(text, printer.zone, now())).transpose();
    Ok((read(since)?, read(until)?))
}

/// Prints page after page until `limit` events are out, 0 meaning all, and returns how many were printed.
async fn print_pages<F, R>(
    printer: &Printer,
    limit: usize,
    patch: bool,
    mut fetch: F,
) -> anyhow::Result<usize>
where
    F: FnMut(usize, Option<Cursor>) -> R,
    R: Future<Output = PortResult<Page>>,
{
    let mut left = if limit == 0 { usize::MAX } else { limit };
    let mut cursor = None;
    let mut printed = 0;
    while left > 0 {
        let page = fetch(left.min(PAGE), cursor).await.map_err(|error| anyhow::anyhow!(explain(&error)))?;
        left -= page.events.len().min(left);
        printed += page.events.len();
        for event in &page.events {
            printer.print(event, |printer| match patch {
                true => event_with_diff(event, printer),
                false => event_line(event, printer),
            })?;
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(printed)
}
