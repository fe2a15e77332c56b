//! The parts that `check` looks at, each as far as it can be known from outside.

use std::sync::Arc;

use conftrail_binlog::preflight::{Severity, preflight};
use conftrail_core::mask::Masker;
use conftrail_core::{ResourceKind, explain};
use conftrail_engine::Routing;
use conftrail_engine::message::Presentation;
use conftrail_engine::rules::LoadError;

use super::{Finding, Level, local};
use crate::config::{Config, SourceConfig};
use crate::{assemble, mask_key, rules};

pub(super) async fn look(config: &Config, findings: &mut Vec<Finding>) {
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
    let routing = rules::load_routing(config);
    match rules::load(config, routing.as_ref().ok().and_then(Option::as_ref)) {
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
        Err(error) => findings.extend(Finding::of_error("rules", &error)),
    }
    look_at_published(config, findings).await;
    match routing {
        Ok(None) => {
            let said = "rules.routing is not set: alerts are recorded and nobody is told";
            findings.push(Finding::new(Level::Warning, "routing", said));
        }
        Ok(Some(routing)) => look_at_receivers(&routing, findings).await,
        Err(error) => findings.extend(Finding::of_error("routing", &error)),
    }
}

/// Compares the files with the set that was published last, if there is one.
async fn look_at_published(config: &Config, findings: &mut Vec<Finding>) {
    let Ok(control) = assemble::open_control_read_only(config) else { return };
    let Ok(Some(set)) = control.published_rules().await else { return };
    if rules::read(&config.rules).is_ok_and(|files| files.digest() == set.digest) {
        return;
    }
    let said = if findings.iter().any(|finding| finding.level == Level::Error && finding.part == "rules") {
        format!("these files are not in force: the last good set, of {}, is", set.published)
    } else {
        format!("these files are not in force yet: a set of {} is, until they were looked at", set.published)
    };
    findings.push(Finding::new(Level::Warning, "rules", said));
}

/// Looks at what receivers need of this machine, then asks their servers.
async fn look_at_receivers(routing: &Routing, findings: &mut Vec<Finding>) {
    let lost = local::of_routing(routing);
    if !lost.is_empty() {
        findings.extend(Finding::of_error("routing", &routing.refused(&lost).into()));
    }
    let receivers = match assemble::receivers(routing, &Presentation::default()) {
        Ok(receivers) => receivers,
        // A file that is lost was told already.
        Err(error) if error.is::<LoadError>() || lost.is_empty() => {
            return findings.extend(Finding::of_error("routing", &error));
        }
        Err(_) => return,
    };
    for receiver in receivers {
        let part = format!("receiver {}", receiver.name());
        match receiver.probe().await {
            Ok(()) => {
                let said = format!("{} can be reached", receiver.integrations().join(", "));
                findings.push(Finding::new(Level::Ok, part, said));
            }
            Err(_) if !lost.is_empty() => {
                let said = "cannot be told before the files that routing names are there";
                findings.push(Finding::new(Level::Error, part, said));
            }
            Err(error) => findings.push(Finding::new(Level::Error, part, explain(&error))),
        }
    }
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
    let lost = local::of_mysql(config);
    if !lost.is_empty() {
        // Without them no server would let us in: what it says then would only hide the cause.
        return findings.extend(lost.into_iter().map(|said| Finding::new(Level::Error, part, said)));
    }
    for found in preflight(config).await {
        let level = match found.severity {
            Severity::Info => Level::Ok,
            Severity::Warning => Level::Warning,
            Severity::Fatal => Level::Error,
        };
        let message = format!("{}: {}", found.place, found.what);
        findings.push(Finding { mend: found.mend, ..Finding::new(level, part, message) });
    }
}
