//! `at`: how resources stood at a time.

use std::process::ExitCode;

use anyhow::anyhow;
use conftrail_core::explain;
use conftrail_core::ports::StateRequest;
use conftrail_pipeline::now;

use crate::cli::{Common, Reading};
use crate::output::{Printer, parse_time, state};
use crate::{reader, say};

const PAGE: usize = 1000;

/// `conftrail at`.
pub(crate) async fn run(
    common: &Common,
    time: &str,
    prefix: &str,
    limit: usize,
    reading: &Reading,
) -> anyhow::Result<ExitCode> {
    let printer = Printer::new(common);
    let at = parse_time(time, printer.zone, now())?;
    let trail = reader::open(common, reading).await?;
    let mut left = if limit == 0 { usize::MAX } else { limit };
    let (mut cursor, mut printed) = (None, 0);
    while left > 0 {
        let request = StateRequest { prefix: prefix.to_owned(), at, limit: left.min(PAGE), cursor };
        let page = trail.state_at(request).await.map_err(|error| anyhow!(explain(&error)))?;
        left -= page.rows.len().min(left);
        printed += page.rows.len();
        for row in &page.rows {
            printer.print(row, |printer| state(row, printer))?;
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    if printed == 0 {
        say(&format!(
            "nothing on record begins with `{prefix}`: whether there was anything is not known; whole ids stand in `conftrail log`"
        ));
    }
    Ok(ExitCode::SUCCESS)
}
