//! A set of files, checked as a whole and put together.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use conftrail_core::ports::{Receiver, RuleSetFiles};
use conftrail_engine::message::Presentation;
use conftrail_engine::routing::ReceiverConfig;
use conftrail_engine::rules::{LoadError, RuleSet, RuleSource};
use conftrail_engine::{Folder, Language, Routing, Target, TimeIntervals, Timing};
use conftrail_pipeline::{Fallback, InForce};

use super::read;
use crate::assemble;
use crate::config::Config;

/// What a set of files without an error is.
pub(crate) struct Checked {
    /// The rules, built-in ones included.
    pub(crate) rules: Arc<RuleSet>,
    /// The routes; without them nobody is told.
    pub(crate) routing: Option<Routing>,
    targets: Vec<Target>,
    receivers: Vec<Arc<dyn Receiver>>,
    presentation: Presentation,
}

impl Checked {
    /// Checks rules, routes and receivers together; nothing is connected.
    ///
    /// # Errors
    /// Every finding of every file, with its position; or what a receiver lacks on this machine.
    pub(crate) fn of(config: &Config, files: &RuleSetFiles) -> anyhow::Result<Self> {
        let (rules, routing) = both(config, files)?;
        let presentation =
            Presentation { language: Language::English, external_url: config.api.external_url.clone() };
        let receivers = match &routing {
            Some(routing) => assemble::receivers(routing, &presentation)?,
            None => Vec::new(),
        };
        Ok(Self { rules: Arc::new(rules), routing, targets: targets(&receivers), receivers, presentation })
    }

    /// Checks rules and routes for a run that tells nobody: what receivers need of a machine is not looked at.
    ///
    /// # Errors
    /// Every finding of every file, with its position.
    pub(crate) fn without_receivers(config: &Config, files: &RuleSetFiles) -> Result<Self, LoadError> {
        let (rules, routing) = both(config, files)?;
        let targets = routing.as_ref().map(named_targets).unwrap_or_default();
        let (receivers, presentation) = (Vec::new(), Presentation::default());
        Ok(Self { rules: Arc::new(rules), routing, targets, receivers, presentation })
    }

    /// Returns what makes alerts of findings.
    pub(crate) fn folder(&self) -> Folder {
        let (rules, targets, language) =
            (self.rules.clone(), self.targets.clone(), self.presentation.language);
        match &self.routing {
            Some(routing) => Folder::routed(rules, routing.routes.clone(), targets, language),
            None => Folder::new(rules, targets, Timing::default(), language),
        }
    }

    /// Returns what the workers go by.
    pub(crate) fn in_force(&self) -> InForce {
        let (rules, folder) = (self.rules.clone(), Arc::new(self.folder()));
        InForce::new(rules, folder, self.receivers.clone()).falling_back(fallbacks(self.routing.as_ref()))
    }
}

/// Loads the built-in rules and those of `rules.dir`, checked as a whole. Conditions ask about the time intervals of `routing`.
///
/// # Errors
/// Every finding of every file, with its position.
pub(crate) fn load(config: &Config, routing: Option<&Routing>) -> anyhow::Result<RuleSet> {
    let mut only_rules = config.rules.clone();
    only_rules.routing = None;
    let mut files = read(&only_rules)?;
    // Known by its name alone: it may be broken, and is no file of rules.
    let name = config.rules.routing.as_deref().and_then(Path::file_name);
    files.rules.retain(|file| name.is_none() || Path::new(&file.name).file_name() != name);
    Ok(of_rules(config, &files, routing)?)
}

/// Loads the routing file; without one nobody is told.
///
/// # Errors
/// Everything that is wrong with the file, with its position.
pub(crate) fn load_routing(config: &Config) -> anyhow::Result<Option<Routing>> {
    let mut only_routing = config.rules.clone();
    only_routing.dir = None;
    Ok(of_routing(&read(&only_routing)?)?)
}

/// Reads rules and routes; of both everything that is wrong is told.
fn both(config: &Config, files: &RuleSetFiles) -> Result<(RuleSet, Option<Routing>), LoadError> {
    let routing = of_routing(files);
    match (of_rules(config, files, routing.as_ref().ok().and_then(Option::as_ref)), routing) {
        (Ok(rules), Ok(routing)) => Ok((rules, routing)),
        (Err(LoadError(mut rules)), Err(LoadError(routing))) => {
            rules.extend(routing);
            Err(LoadError(rules))
        }
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
    }
}

fn of_rules(config: &Config, files: &RuleSetFiles, routing: Option<&Routing>) -> Result<RuleSet, LoadError> {
    let sources: Vec<_> =
        files.rules.iter().map(|file| RuleSource { file: &file.name, text: &file.text }).collect();
    let timing = Timing { late_after: config.rules.late_after, ..Timing::default() };
    let none = TimeIntervals::default();
    Ok(RuleSet::load(&sources, routing.map_or(&none, Routing::intervals))?.with_timing(&timing))
}

fn of_routing(files: &RuleSetFiles) -> Result<Option<Routing>, LoadError> {
    let Some(file) = &files.routing else { return Ok(None) };
    let mut routing = Routing::load(&file.name, &file.text)?;
    if let Some(directory) = Path::new(&file.name).parent() {
        routing.anchor(directory);
    }
    Ok(Some(routing))
}

/// Returns every integration of every receiver.
fn targets(receivers: &[Arc<dyn Receiver>]) -> Vec<Target> {
    let of = |receiver: &Arc<dyn Receiver>| {
        let name = receiver.name().to_owned();
        receiver
            .integrations()
            .into_iter()
            .map(move |integration| Target { receiver: name.clone(), integration })
    };
    receivers.iter().flat_map(|receiver| of(receiver).collect::<Vec<_>>()).collect()
}

/// Returns who is told instead of whom.
fn fallbacks(routing: Option<&Routing>) -> BTreeMap<String, Fallback> {
    let of = |receiver: &ReceiverConfig| {
        let other = receiver.fallback.clone()?;
        let after = receiver.fallback_after.map(|after| after.0);
        Some((receiver.name.clone(), Fallback { receiver: other, after }))
    };
    routing.iter().flat_map(|routing| &routing.receivers).filter_map(of).collect()
}

/// Returns the integrations that the file names.
fn named_targets(routing: &Routing) -> Vec<Target> {
    let mut targets = Vec::new();
    for receiver in &routing.receivers {
        for address in receiver.email_configs.iter().flat_map(|email| email.addresses()) {
            let integration = format!("email/{address}");
            targets.push(Target { receiver: receiver.name.clone(), integration });
        }
    }
    targets
}
