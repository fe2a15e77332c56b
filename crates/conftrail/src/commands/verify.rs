//! `verify`: whether the record is what was recorded, and the proof of single events.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use conftrail_core::EventId;
use conftrail_core::integrity::{Bundle, Report, VerifyingKey};
use serde_json::json;

use crate::cli::{Common, VerifyArgs};
use crate::output::{Printer, print_text, verification};
use crate::{WrongUsage, assemble, configured, say, signing_key};

/// After this long, and then as often, a verification says how far it is.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// `conftrail verify`: exit 1 when anything is not as it was recorded.
pub(crate) async fn run(common: &Common, arguments: VerifyArgs) -> anyhow::Result<ExitCode> {
    let directory = match &arguments.data_dir {
        Some(directory) => directory.clone(),
        None => configured(common)?.data_dir,
    };
    let printer = Printer::new(common);
    if arguments.print_public_key {
        let path = signing_key::public_path(&directory);
        for key in signing_key::read_public(&path)? {
            let shown = json!({ "id": key.id_text(), "public_key": key.to_string() });
            printer.print(&shown, |_| key.to_string())?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(id) = &arguments.proof {
        return prove(directory, id).await;
    }
    let keys = keys(&directory, arguments.public_key.as_deref())?;
    if let Some(file) = &arguments.check_proof {
        return check_proof(&printer, file, &keys);
    }
    let checkpoints = arguments.checkpoint.iter().map(|file| read(file)).collect::<Result<Vec<_>, _>>()?;
    let expected = assemble::Expected {
        keys,
        pinned: arguments.public_key.is_some(),
        checkpoints: whole(&checkpoints),
        derived: arguments.derived,
    };
    let report = verify(directory, expected).await?;
    printer.print(&report, |printer| verification(&report, printer))?;
    if arguments.public_key.is_none() {
        say(
            "the public key was taken from the data directory itself; --public-key FILE checks with one kept elsewhere",
        );
    }
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn verify(directory: PathBuf, expected: assemble::Expected) -> anyhow::Result<Report> {
    let looking = tokio::task::spawn_blocking(move || {
        let mut told = Instant::now();
        assemble::verify_trail(&directory, &expected, &mut |done, of| {
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                say(&format!("{done} of {of} events"));
            }
        })
    });
    looking.await.context("verify the trail")?
}

async fn prove(directory: PathBuf, id: &str) -> anyhow::Result<ExitCode> {
    let id = EventId::parse(id).map_err(|error| WrongUsage(format!("--proof {id}: {error}")))?;
    let proving = tokio::task::spawn_blocking(move || assemble::prove_event(&directory, id));
    match proving.await.context("prove the event")?? {
        Some(bundle) => print_text(&bundle.to_string())?,
        None => bail!("the trail has no event {id}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn check_proof(printer: &Printer, file: &Path, keys: &[VerifyingKey]) -> anyhow::Result<ExitCode> {
    let bundle = Bundle::parse(&read(file)?).map_err(|error| anyhow!("{}: {error}", file.display()))?;
    let (id, checkpoint, key) =
        bundle.verify(keys).map_err(|error| anyhow!("{} proves nothing: {error}", file.display()))?;
    let proven = json!({
        "event": id, "leaf": bundle.index, "size": checkpoint.size, "time": checkpoint.time, "key": key.id_text(),
    });
    printer.print(&proven, |printer| {
        let when =
            checkpoint.time.map_or_else(String::new, |time| format!(" on {}", printer.zone.print(time)));
        format!(
            "proven: event {id} is leaf {} of the {} that key {} signed{when}; its bytes follow\n{}",
            bundle.index,
            checkpoint.size,
            key.id_text(),
            String::from_utf8_lossy(&bundle.event)
        )
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the keys whose signatures count: those that were given, or the ones beside the trail.
fn keys(directory: &Path, given: Option<&Path>) -> anyhow::Result<Vec<VerifyingKey>> {
    match given {
        Some(file) => signing_key::read_public(file),
        None => signing_key::read_public(&signing_key::public_path(directory))
            .context("--public-key FILE names another; without a public key nothing can be verified"),
    }
}

/// Takes files of checkpoints apart: one note, or the lines of `trail.checkpoints`.
fn whole(files: &[String]) -> Vec<String> {
    let mut notes = Vec::new();
    for file in files {
        let lines: Vec<String> = file.lines().filter_map(note_of_line).collect();
        if lines.is_empty() {
            notes.push(file.clone());
        } else {
            notes.extend(lines);
        }
    }
    notes
}

fn note_of_line(line: &str) -> Option<String> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    line.get("checkpoint")?.as_str().map(str::to_owned)
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
