//! `search`: events that match, or how many by field and time.

use std::process::ExitCode;

use anyhow::{Context, anyhow};
use conftrail_core::ports::AggregateRequest;
use conftrail_core::{Period, explain};
use serde_json::json;

use super::list;
use crate::cli::{Common, LogArgs, SearchArgs};
use crate::output::{Printer, bars};
use crate::{reader, say};

/// Values shown for a facet.
const TOP: usize = 20;

/// `conftrail search`.
pub(crate) async fn run(common: &Common, arguments: SearchArgs) -> anyhow::Result<ExitCode> {
    let SearchArgs { query, range, facet, histogram, count, follow, reading } = arguments;
    if facet.is_empty() && histogram.is_none() && !count {
        let listed = LogArgs { query: Some(query), range, patch: false, follow, reading };
        return list::log(common, listed).await;
    }
    let printer = Printer::new(common);
    let (since, until) = list::bounds(&range, &printer)?;
    let width =
        |text: String| Period::parse(&text).map(|width| width.0.as_secs().max(1)).context("--histogram");
    let request = AggregateRequest {
        query: list::parse_query(&query)?,
        since,
        until,
        facets: facet,
        top: TOP,
        histogram: histogram.map(width).transpose()?,
    };
    let trail = reader::open(common, &reading).await?;
    let counted = trail.aggregate(request).await.map_err(|error| anyhow!(explain(&error)))?;
    if counted.estimated {
        say(list::sampled(&printer));
    }
    if count {
        let answer = if counted.estimated {
            json!({ "total": counted.total, "estimated": true })
        } else {
            json!({ "total": counted.total })
        };
        printer.print(&answer, |_| counted.total.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    let pick = |english, chinese| printer.language.pick(english, chinese);
    let about = if counted.estimated { pick("about ", "约 ") } else { "" };
    printer.print(&counted, |_| {
        let mut lines = vec![format!("{}  {about}{}", pick("total", "总数"), counted.total)];
        for facet in &counted.facets {
            lines.push(format!("\n{}", facet.field));
            lines.extend(bars(&facet.buckets));
        }
        if let Some(histogram) = &counted.histogram {
            lines.push(format!("\n{} {}", pick("per", "每"), Period::seconds(histogram.width)));
            lines.extend(bars(&histogram.buckets));
        }
        lines.join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}
