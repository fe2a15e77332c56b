//! Reading a routing file.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::problem::Origin;
use super::{Global, ReceiverConfig, RouteConfig, Routes, RoutingProblem, check, export, later, tree};
use crate::channels;
use crate::describe_yaml_error;
use crate::intervals::{NamedIntervalConfig, TimeIntervals};
use crate::rules::{Finding, LoadError};
use crate::schema::fields_of;

/// Longest routing file in bytes.
const LONGEST_FILE: usize = 4 * 1024 * 1024;
/// Deepest nesting: ten levels of child routes.
const DEEPEST: usize = 24;

/// A routing file that has been read and checked.
#[derive(Clone, Debug)]
pub struct Routing {
    /// Defaults for all receivers.
    pub global: Global,
    /// The receivers, in the file's order.
    pub receivers: Vec<ReceiverConfig>,
    /// The routes, with everything they inherited.
    pub routes: Routes,
    origin: Origin,
}

/// The file as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    global: Global,
    route: RouteConfig,
    receivers: Vec<ReceiverConfig>,
    #[serde(default)]
    time_intervals: Vec<NamedIntervalConfig>,
}

/// Returns the keys of the file's top level.
pub(crate) fn keys() -> &'static [&'static str] {
    fields_of::<File>()
}

impl Routing {
    /// Reads a routing file; `file` is its name in findings.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(file: &str, text: &str) -> Result<Self, LoadError> {
        if text.len() > LONGEST_FILE {
            let said = format!("the file is longer than {LONGEST_FILE} bytes");
            return Err(LoadError(vec![Finding::error(file, text, (1, 1), said)]));
        }
        let origin = Origin::of(file, text);
        let later = later::problems(text);
        if !later.is_empty() {
            return Err(origin.refused(&later));
        }
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! { max_depth: DEEPEST, },
        };
        let read: File = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let (place, message) = describe_yaml_error(text, &error);
            LoadError(vec![Finding::error(file, text, place.unwrap_or((1, 1)), message)])
        })?;
        let mut problems = check::receivers(&read.receivers, &read.global);
        problems.extend(channels::problems(&read.receivers, &read.global));
        let intervals = TimeIntervals::read(&read.time_intervals);
        let names = read.time_intervals.iter().map(|interval| interval.name.as_str()).collect();
        problems.extend(check::routes(&read.route, &read.receivers, names));
        let intervals = intervals.unwrap_or_else(|wrong| {
            problems.extend(wrong);
            TimeIntervals::default()
        });
        let routes = tree::routes(&read.route, intervals).unwrap_or_else(|wrong| {
            problems.extend(wrong);
            Routes::to("", crate::Timing::default())
        });
        if !problems.is_empty() {
            return Err(origin.refused(&problems));
        }
        let File { global, receivers, .. } = read;
        Ok(Self { global, receivers, routes, origin })
    }

    /// Turns problems into the findings of this file, in the order of their places.
    pub fn refused(&self, problems: &[RoutingProblem]) -> LoadError {
        self.origin.refused(problems)
    }

    /// Returns the time intervals of the file.
    pub fn intervals(&self) -> &TimeIntervals {
        self.routes.intervals()
    }

    /// Returns a receiver by its name.
    pub fn receiver(&self, name: &str) -> Option<&ReceiverConfig> {
        self.receivers.iter().find(|receiver| receiver.name == name)
    }

    /// Returns the file as Alertmanager reads it: without the keys that it lacks, in a plain layout. Passwords that stand
    /// in the file stand in it too.
    pub fn exported(&self) -> String {
        export::exported(self.origin.text())
    }

    /// Makes relative paths relative to the directory that the routing file stands in.
    pub fn anchor(&mut self, directory: &Path) {
        let anchored = |path: &mut Option<PathBuf>| {
            if let Some(path) = path {
                *path = directory.join(&*path);
            }
        };
        anchored(&mut self.global.smtp_auth_password_file);
        anchored(&mut self.global.wechat_api_secret_file);
        for receiver in &mut self.receivers {
            receiver.webhook_configs.iter_mut().for_each(|webhook| webhook.anchor(directory));
            receiver.wechat_configs.iter_mut().for_each(|wecom| wecom.anchor(directory));
            receiver.wecom_robot_configs.iter_mut().for_each(|robot| robot.anchor(directory));
        }
        for email in self.receivers.iter_mut().flat_map(|receiver| &mut receiver.email_configs) {
            anchored(&mut email.auth_password_file);
            anchored(&mut email.tls_config.ca_file);
            anchored(&mut email.directory);
        }
    }

    /// Returns the receiver of the root route.
    ///
    /// # Panics
    /// Never on a routing that [`Routing::load`] returned.
    pub fn root_receiver(&self) -> &ReceiverConfig {
        let named = self.receiver(&self.routes.root().receiver);
        named.expect("a checked routing file names a receiver that exists")
    }
}
