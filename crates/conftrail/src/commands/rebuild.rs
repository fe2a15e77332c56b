//! `rebuild`: what searches, counts and present values are read from, made anew from the recorded events.

use std::os::unix::fs::MetadataExt as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use conftrail_core::own::Act;
use conftrail_core::{Action, Map, ResourceKind, Value};
use conftrail_pipeline::now;
use serde_json::json;

use crate::cli::Common;
use crate::output::Printer;
use crate::{assemble, configured, say};

/// After this long, and then as often, it says how far it is.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// `conftrail rebuild`: exit 1 when there are events that nothing could be made from.
pub(crate) async fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let config = configured(common)?;
    if !config.data_dir.exists() {
        bail!("data_dir: there is no {}", config.data_dir.display());
    }
    let control = assemble::open_control(&config)?;
    let working = tokio::task::spawn_blocking(move || {
        let mut told = Instant::now();
        assemble::rebuild_trail(&config, &mut |done, of| {
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                say(&format!("{done} of {of} events"));
            }
        })
    });
    let rebuilt = working.await.context("make anew what is derived from events")??;
    control.record_act(&act(rebuilt)).await?;
    let printer = Printer::new(common);
    let shown = json!({ "events": rebuilt.events, "rows": rebuilt.rows, "left_out": rebuilt.left_out });
    printer.print(&shown, |_| {
        format!(
            "full text, counts and present values are made anew from {} events; {} of them were listed under other \
             columns than their own, or not at all",
            rebuilt.events, rebuilt.rows
        )
    })?;
    if rebuilt.left_out == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!(
        "{} events are not what was recorded, and nothing was made from them; `conftrail verify` names each",
        rebuilt.left_out
    ));
    Ok(ExitCode::from(1))
}

/// What is recorded of it in conftrail's own audit.
fn act(rebuilt: assemble::Rebuilt) -> Act {
    let mut after = Map::default();
    after.insert("derived", "made anew");
    after.insert("events", rebuilt.events);
    after.insert("rows", rebuilt.rows);
    after.insert("left_out", rebuilt.left_out);
    // Who started this process, where the system tells.
    let (actor, via) = match std::fs::metadata("/proc/self") {
        Ok(of_process) => (format!("uid {}", of_process.uid()), "os-user"),
        Err(_) => ("conftrail".to_owned(), "process"),
    };
    Act {
        time: now(),
        actor,
        via: via.to_owned(),
        action: Action::Update,
        kind: ResourceKind::Health,
        name: "trail".to_owned(),
        before: None,
        after: Some(Value::Map(after)),
        message: Some("what searches, counts and present values are read from was made anew".to_owned()),
    }
}
