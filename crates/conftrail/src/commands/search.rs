//! `search`: events that match, or how many by field and time.

use std::process::ExitCode;

use anyhow::{Context, anyhow};
use conftrail_core::ports::{AggregateRequest, Bucket};
use conftrail_core::{Period, explain};
use serde_json::json;

use super::list;
use crate::cli::{Common, Range, Reading};
use crate::output::Printer;
use crate::{reader, say};

/// Values shown for a facet.
const TOP: usize = 20;

/// What is counted instead of listed.
pub(crate) struct Wanted {
    pub(crate) facet: Vec<String>,
    pub(crate) histogram: Option<String>,
    pub(crate) count: bool,
}

/// `conftrail search`.
pub(crate) async fn run(
    common: &Common,
    query: &str,
    range: &Range,
    wanted: Wanted,
    reading: &Reading,
) -> anyhow::Result<ExitCode> {
    if wanted.facet.is_empty() && wanted.histogram.is_none() && !wanted.count {
        return list::log(common, Some(query), range, false, reading).await;
    }
    let printer = Printer::new(common);
    let (since, until) = list::bounds(range, &printer)?;
    let width =
        |text: String| Period::parse(&text).map(|width| width.0.as_secs().max(1)).context("--histogram");
    let request = AggregateRequest {
        query: list::parse_query(query)?,
        since,
        until,
        facets: wanted.facet,
        top: TOP,
        histogram: wanted.histogram.map(width).transpose()?,
    };
    let trail = reader::open(common, reading).await?;
    let counted = trail.aggregate(request).await.map_err(|error| anyhow!(explain(&error)))?;
    if counted.estimated {
        say(
            "counted in a sample: what is rare may be missing; a narrower search or time range counts exactly",
        );
    }
    if wanted.count {
        let answer = if counted.estimated {
            json!({ "total": counted.total, "estimated": true })
        } else {
            json!({ "total": counted.total })
        };
        printer.print(&answer, |_| counted.total.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    let about = if counted.estimated { "about " } else { "" };
    printer.print(&counted, |_| {
        let mut lines = vec![format!("total  {about}{}", counted.total)];
        for facet in &counted.facets {
            lines.push(format!("\n{}", facet.field));
            lines.extend(bars(&facet.buckets));
        }
        if let Some(histogram) = &counted.histogram {
            lines.push(format!("\nper {}", Period::seconds(histogram.width)));
            lines.extend(bars(&histogram.buckets));
        }
        lines.join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}

fn bars(buckets: &[Bucket]) -> Vec<String> {
    let most = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(1).max(1);
    let bar = |count: u64| "▇".repeat(usize::try_from(count * 30 / most).unwrap_or(0).max(1));
    buckets
        .iter()
        .map(|bucket| format!("{:>9}  {}  {}", bucket.count, bar(bucket.count), bucket.key))
        .collect()
}
