//! `check`: everything that can be known before running; every problem, not the first.

use std::process::ExitCode;
use std::sync::Arc;

use conftrail_binlog::preflight::{Severity, preflight};
use conftrail_core::mask::Masker;
use conftrail_core::{ResourceKind, explain};
use conftrail_engine::message::Presentation;
use serde::Serialize;

use crate::cli::Common;
use crate::config::{self, Config, SourceConfig};
use crate::output::Printer;
use crate::{assemble, mask_key, rules};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Warning,
    Error,
}

/// One line of the answer.
#[derive(Debug, Serialize)]
struct Finding {
    level: Level,
    /// The part that was looked at, such as `source orders-db`.
    part: String,
    message: String,
    /// The line that mends it, ready to paste.
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

impl Finding {
    fn new(level: Level, part: impl Into<String>, message: impl Into<String>) -> Self {
        Self { level, part: part.into(), message: message.into(), mend: None }
    }
}

/// `conftrail check`: exit 1 when anything would keep it from working.
pub(crate) async fn run(common: &Common) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    match config::load(common.config.as_deref()) {
        Ok(config) => {
            findings.push(Finding::new(Level::Ok, "configuration", "reads well"));
            look(&config, &mut findings).await;
        }
        Err(problems) => {
            findings.extend(
                problems.iter().map(|one| Finding::new(Level::Error, "configuration", one.to_string())),
            );
        }
    }
    let printer = Printer::new(common);
    for finding in &findings {
        printer.print(finding, |printer| text(finding, printer))?;
    }
    let failed = findings.iter().any(|finding| finding.level == Level::Error);
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn text(finding: &Finding, printer: &Printer) -> String {
    let mark = match finding.level {
        Level::Ok => printer.paint(32, "ok     "),
        Level::Warning => printer.paint(33, "warning"),
        Level::Error => printer.paint(31, "error  "),
    };
    let mut line = format!("{mark}  {}: {}", finding.part, finding.message);
    if let Some(mend) = &finding.mend {
        for part in mend.lines() {
            line.push_str("\n           ");
            line.push_str(part);
        }
    }
    line
}

async fn look(config: &Config, findings: &mut Vec<Finding>) {
    let masker = look_at_data(config, findings).await;
    look_at_rules(config, findings).await;
    if config.sources.is_empty() {
        findings.push(Finding::new(
            Level::Warning,
            "sources",
            "none is configured; `conftrail init` writes one",
        ));
    }
    for source in &config.sources {
        let part = format!("source {}", source.name());
        if let Some(masker) = &masker
            && let Err(error) = assemble::source(source, masker)
        {
            findings.push(Finding::new(Level::Error, part.clone(), format!("{error:#}")));
            continue;
        }
        match source {
            SourceConfig::Files(files) => look_at_files(&part, files, findings),
            SourceConfig::Mysql(mysql) => look_at_mysql(&part, mysql, findings).await,
        }
    }
}

/// Looks at the data directory and the mask key; returns a masker when there can be one.
async fn look_at_data(config: &Config, findings: &mut Vec<Finding>) -> Option<Arc<Masker>> {
    let directory = &config.data_dir;
    let key_path = mask_key::path(config);
    let recorded = match assemble::open_control_read_only(config) {
        Ok(control) => control.last_act(ResourceKind::Account, mask_key::RECORD).await.ok().flatten(),
        Err(error) if directory.join("control.db").exists() => {
            findings.push(Finding::new(Level::Error, "data_dir", format!("{error:#}")));
            None
        }
        Err(_) => {
            findings.push(Finding::new(
                Level::Ok,
                "data_dir",
                format!("{} will be made", directory.display()),
            ));
            None
        }
    };
    let rules = config.mask.rules();
    let key = match (key_path.exists(), recorded.as_ref().and_then(mask_key::recorded_id)) {
        (true, recorded) => match mask_key::read(&key_path) {
            Ok(key) => {
                if recorded.as_ref().is_some_and(|id| id != key.id()) {
                    let said =
                        format!("{} is not the key that this installation masks with", key_path.display());
                    findings.push(Finding::new(Level::Error, "mask.key_file", said));
                }
                Some(key)
            }
            Err(error) => {
                findings.push(Finding::new(Level::Error, "mask.key_file", format!("{error:#}")));
                None
            }
        },
        (false, Some(id)) => {
            let said = format!(
                "the mask key {id} of this installation is lost: put it back at {}",
                key_path.display()
            );
            findings.push(Finding::new(Level::Error, "mask.key_file", said));
            None
        }
        (false, None) => mask_key::throw_away().ok(),
    };
    match Masker::new(key?, &rules) {
        Ok(masker) => Some(Arc::new(masker)),
        Err(problems) => {
            findings.extend(problems.iter().map(|one| Finding::new(Level::Error, "mask", one.to_string())));
            None
        }
    }
}

async fn look_at_rules(config: &Config, findings: &mut Vec<Finding>) {
    match rules::load(config) {
        Ok(rules) => {
            findings.extend(
                rules.warnings().iter().map(|one| Finding::new(Level::Warning, "rules", one.to_string())),
            );
            findings.push(Finding::new(
                Level::Ok,
                "rules",
                format!("{} rules are in force", rules.rules().len()),
            ));
        }
        Err(error) => findings.extend(lines(Level::Error, "rules", &format!("{error:#}"))),
    }
    match rules::load_routing(config) {
        Ok(None) => {
            let said = "rules.routing is not set: alerts are recorded and nobody is told";
            findings.push(Finding::new(Level::Warning, "routing", said));
        }
        Ok(Some(routing)) => match assemble::receivers(&routing, &Presentation::default()) {
            Ok(receivers) => {
                for receiver in receivers {
                    let part = format!("receiver {}", receiver.name());
                    findings.push(match receiver.probe().await {
                        Ok(()) => Finding::new(Level::Ok, part, "can be reached"),
                        Err(error) => Finding::new(Level::Error, part, explain(&error)),
                    });
                }
            }
            Err(error) => findings.push(Finding::new(Level::Error, "routing", format!("{error:#}"))),
        },
        Err(error) => findings.extend(lines(Level::Error, "routing", &format!("{error:#}"))),
    }
}

fn lines(level: Level, part: &str, text: &str) -> Vec<Finding> {
    text.lines().map(|line| Finding::new(level, part, line)).collect()
}

fn look_at_files(part: &str, config: &conftrail_files::Config, findings: &mut Vec<Finding>) {
    findings.push(match config.path.read_dir() {
        Ok(_) => Finding::new(Level::Ok, part, format!("{} can be read", config.path.display())),
        Err(error) => {
            Finding::new(Level::Error, part, format!("path: cannot read {}: {error}", config.path.display()))
        }
    });
}

async fn look_at_mysql(part: &str, config: &conftrail_binlog::Config, findings: &mut Vec<Finding>) {
    for found in preflight(config).await {
        let level = match found.severity {
            Severity::Info => Level::Ok,
            Severity::Warning => Level::Warning,
            Severity::Fatal => Level::Error,
        };
        let message = format!("{}: {}", found.place, found.what);
        findings.push(Finding { level, part: part.to_owned(), message, mend: found.mend });
    }
}
