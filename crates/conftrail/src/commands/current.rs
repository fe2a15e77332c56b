//! `current`: the last values of resources.

use std::process::ExitCode;

use anyhow::anyhow;
use conftrail_core::explain;

use crate::cli::{Common, Reading};
use crate::output::{Printer, content};
use crate::reader;

const PAGE: usize = 1000;

/// `conftrail current`.
pub(crate) async fn run(
    common: &Common,
    prefix: &str,
    limit: usize,
    reading: &Reading,
) -> anyhow::Result<ExitCode> {
    let printer = Printer::new(common);
    let trail = reader::open(common, reading).await?;
    let mut left = if limit == 0 { usize::MAX } else { limit };
    let mut cursor = None;
    while left > 0 {
        let page =
            trail.current(prefix, left.min(PAGE), cursor).await.map_err(|error| anyhow!(explain(&error)))?;
        left -= page.rows.len().min(left);
        for row in &page.rows {
            printer.print(row, |_| match &row.value {
                None => format!("{}\t(not known)", row.resource),
                Some(value) => format!("{}{}", row.resource, content(value)),
            })?;
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(ExitCode::SUCCESS)
}
