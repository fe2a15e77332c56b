//! `ledger`: what was detected and what was announced, added up.

use std::process::ExitCode;

use anyhow::anyhow;
use conftrail_core::alerting::Ledger;
use conftrail_core::explain;
use conftrail_pipeline::now;

use crate::cli::{Common, Reading};
use crate::output::{Printer, parse_time};
use crate::{assemble, configured, reader, say};

/// `conftrail ledger`: exit 1 when something is unaccounted for.
pub(crate) async fn run(common: &Common, since: &str, reading: &Reading) -> anyhow::Result<ExitCode> {
    let printer = Printer::new(common);
    let since = parse_time(since, printer.zone, now())?;
    let ledger: Ledger = if reading.offline {
        say("offline: reading the store directly, this is not audited");
        let control = assemble::open_control_read_only(&configured(common)?)?;
        control.ledger(since).await.map_err(|error| anyhow!(explain(&error)))?
    } else {
        reader::client(common, reading)?.get("/ledger", &[("since", since.to_string())]).await?
    };
    printer.print(&ledger, |_| text(&ledger))?;
    Ok(if ledger.unaccounted == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn text(ledger: &Ledger) -> String {
    let mut lines = vec![format!("detections     {:>9}", ledger.detections)];
    let mut part = |name: &str, count: u64| lines.push(format!("  {name:<13}{count:>8}"));
    part("open", ledger.open);
    part("announced", ledger.announced);
    part("counted", ledger.counted);
    for (reason, count) in &ledger.no_alert {
        part(reason, *count);
    }
    lines.push(format!("gathering      {:>9}", ledger.gathering));
    lines.push(format!("notifications  {:>9}", ledger.notifications));
    let mut part = |name: &str, count: u64| lines.push(format!("  {name:<13}{count:>8}"));
    part("delivered", ledger.delivered);
    part("pending", ledger.pending);
    part("suppressed", ledger.suppressed);
    part("dead", ledger.dead);
    for (reason, count) in &ledger.suppressed_because {
        lines.push(format!("    {count:>8} {reason}"));
    }
    lines.push(format!("unaccounted    {:>9}", ledger.unaccounted));
    lines.join("\n")
}
