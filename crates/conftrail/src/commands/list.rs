//! `log` and `timeline`: events, newest first.

use std::process::ExitCode;
use std::sync::Arc;

use conftrail_core::ports::{Cursor, Page, SearchRequest};
use conftrail_core::query::Query;
use conftrail_core::{Event, PortResult, Timestamp, explain};
use conftrail_pipeline::now;

use super::follow::{self, Following};
use crate::cli::{Common, LogArgs, Range, Reading};
use crate::output::{Printer, event_line, event_with_diff, parse_time};
use crate::{reader, say};

/// What `log` lists without a query: who read what is on record too, and would drown the changes.
pub(crate) const CHANGES: &str = "not kind:view";
/// Events asked for in one go.
const PAGE: usize = 500;

/// `conftrail log`.
pub(crate) async fn log(common: &Common, arguments: LogArgs) -> anyhow::Result<ExitCode> {
    let LogArgs { query, range, patch, follow, reading } = arguments;
    let query = parse_query(query.as_deref().unwrap_or(CHANGES))?;
    let printer = Printer::new(common);
    let (since, until) = bounds(&range, &printer)?;
    let trail = reader::open(common, &reading).await?;
    if follow {
        let first = if range.all { usize::MAX } else { range.limit };
        follow::run(&*trail, Following { query, since, first, patch }, &printer).await?;
        return Ok(ExitCode::SUCCESS);
    }
    print_pages(&printer, range.most(), patch, |limit, cursor| {
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
        print_pages(&printer, most(limit), patch, |limit, cursor| trail.timeline(resource, limit, cursor));
    if printed.await? == 0 {
        say(&match printer.language.pick("en", "zh") {
            "zh" => format!("没有 `{resource}` 的记录；完整的资源 id 见 `conftrail log`"),
            _ => format!(
                "nothing is on record of `{resource}`; a resource's whole id stands in `conftrail log`"
            ),
        });
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

/// Returns how many are wanted at most, 0 meaning all.
fn most(limit: usize) -> usize {
    if limit == 0 { usize::MAX } else { limit }
}

/// Says that counts are extrapolated.
pub(crate) fn sampled(printer: &Printer) -> &'static str {
    printer.language.pick(
        "counted in a sample: what is rare may be missing; a narrower search or time range counts exactly",
        "按抽样计数：罕见的值可能缺失；缩小查询或时间范围可得到精确计数",
    )
}

/// Prints page after page until `most` events are out, and returns how many were printed.
pub(crate) async fn print_pages<F, R>(
    printer: &Printer,
    most: usize,
    patch: bool,
    fetch: F,
) -> anyhow::Result<usize>
where
    F: FnMut(usize, Option<Cursor>) -> R,
    R: Future<Output = PortResult<Page>>,
{
    let mut printed = 0;
    each_page(most, fetch, |events| {
        printed += events.len();
        events.iter().try_for_each(|event| {
            printer.print(event, |printer| match patch {
                true => event_with_diff(event, printer),
                false => event_line(event, printer),
            })
        })
    })
    .await?;
    Ok(printed)
}

/// Returns the newest events, at most so many, newest first.
pub(crate) async fn newest<F, R>(most: usize, fetch: F) -> anyhow::Result<Vec<Arc<Event>>>
where
    F: FnMut(usize, Option<Cursor>) -> R,
    R: Future<Output = PortResult<Page>>,
{
    let mut found = Vec::new();
    each_page(most, fetch, |events| {
        found.extend_from_slice(events);
        Ok(())
    })
    .await?;
    Ok(found)
}

/// Hands out page after page, `most` events in all.
async fn each_page<F, R>(
    most: usize,
    mut fetch: F,
    mut each: impl FnMut(&[Arc<Event>]) -> anyhow::Result<()>,
) -> anyhow::Result<()>
where
    F: FnMut(usize, Option<Cursor>) -> R,
    R: Future<Output = PortResult<Page>>,
{
    let mut left = most;
    let mut cursor = None;
    while left > 0 {
        let page = fetch(left.min(PAGE), cursor).await.map_err(|error| anyhow::anyhow!(explain(&error)))?;
        left -= page.events.len().min(left);
        each(&page.events)?;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(())
}
