//! The routing file: who is told, and how long a group gathers before.
//!
//! Alertmanager's syntax and meaning; keys of Alertmanager that are not built yet are refused with their
//! position rather than ignored. Keys that Alertmanager lacks begin with `x-`.

use std::path::{Path, PathBuf};

use conftrail_core::{Period, Secret};
use serde::Deserialize;

use crate::describe_yaml_error;
use crate::rules::{Finding, Level, LoadError};

/// A routing file that has been read and checked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    /// Defaults for all receivers.
    #[serde(default)]
    pub global: Global,
    /// The root route, which every alert takes.
    pub route: Route,
    /// The receivers by name.
    pub receivers: Vec<ReceiverConfig>,
}

/// Defaults for all receivers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Global {
    /// `host:port` of the mail server.
    pub smtp_smarthost: Option<String>,
    /// The sender.
    pub smtp_from: Option<String>,
    /// The name we greet with.
    pub smtp_hello: Option<String>,
    /// The login.
    pub smtp_auth_username: Option<String>,
    /// The password; better in a file.
    pub smtp_auth_password: Option<Secret<String>>,
    /// A file that holds the password.
    pub smtp_auth_password_file: Option<PathBuf>,
    /// Whether STARTTLS is required; default true.
    pub smtp_require_tls: Option<bool>,
}

/// A route. Child routes and matchers come with a later release.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Who is told.
    pub receiver: String,
    /// How long a group gathers before its first message; default 30s.
    #[serde(default = "thirty_seconds")]
    pub group_wait: Period,
    /// The least time between two messages of a group; default 5m.
    #[serde(default = "five_minutes")]
    pub group_interval: Period,
}

/// A receiver with its integrations.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiverConfig {
    /// Its name.
    pub name: String,
    /// Its mail integrations.
    #[serde(default)]
    pub email_configs: Vec<EmailConfig>,
}

/// A mail integration; what is absent comes from `global`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// Addresses, separated by commas; each is delivered to on its own.
    pub to: String,
    /// The sender.
    #[serde(default)]
    pub from: Option<String>,
    /// `host:port` of the mail server.
    #[serde(default)]
    pub smarthost: Option<String>,
    /// The name we greet with.
    #[serde(default)]
    pub hello: Option<String>,
    /// The login.
    #[serde(default)]
    pub auth_username: Option<String>,
    /// The password; better in a file.
    #[serde(default)]
    pub auth_password: Option<Secret<String>>,
    /// A file that holds the password.
    #[serde(default)]
    pub auth_password_file: Option<PathBuf>,
    /// Whether STARTTLS is required.
    #[serde(default)]
    pub require_tls: Option<bool>,
    /// How the server's certificate is checked.
    #[serde(default)]
    pub tls_config: TlsConfig,
    /// TLS from the first byte, as port 465 has it, instead of STARTTLS.
    #[serde(default, rename = "x-implicit-tls")]
    pub implicit_tls: bool,
    /// A directory that takes the messages as files instead of a server, for a first try.
    #[serde(default, rename = "x-directory")]
    pub directory: Option<PathBuf>,
    /// Accepted for Alertmanager's sake; events are occurrences and never resolve.
    #[serde(default)]
    pub send_resolved: Option<bool>,
}

/// How a server's certificate is checked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsConfig {
    /// Certificates of the authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
}

fn thirty_seconds() -> Period {
    Period::seconds(30)
}

fn five_minutes() -> Period {
    Period::seconds(300)
}

impl Routing {
    /// Reads a routing file; `file` is its name in findings.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(file: &str, text: &str) -> Result<Self, LoadError> {
        let finding = |(line, column), message| Finding {
            file: file.to_owned(),
            line,
            column,
            level: Level::Error,
            message,
        };
        let routing: Self = serde_saphyr::from_str(text).map_err(|error| {
            let (place, message) = describe_yaml_error(text, &error);
            LoadError(vec![finding(place.unwrap_or((1, 1)), message)])
        })?;
        let problems = routing.problems();
        if problems.is_empty() {
            return Ok(routing);
        }
        Err(LoadError(problems.into_iter().map(|message| finding((1, 1), message)).collect()))
    }

    /// Makes relative paths relative to the directory that the routing file stands in.
    pub fn anchor(&mut self, directory: &Path) {
        let anchored = |path: &mut Option<PathBuf>| {
            if let Some(path) = path {
                *path = directory.join(&*path);
            }
        };
        anchored(&mut self.global.smtp_auth_password_file);
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
        let named = self.receivers.iter().find(|receiver| receiver.name == self.route.receiver);
        named.expect("a checked routing file names a receiver that exists")
    }

    /// Returns everything that can be known to be wrong without asking a server, each with its field.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        for (index, receiver) in self.receivers.iter().enumerate() {
            let place = format!("receivers[{index}]");
            if !names.insert(receiver.name.as_str()) {
                problems.push(format!("{place}.name: `{}` is taken", receiver.name));
            }
            for (number, email) in receiver.email_configs.iter().enumerate() {
                self.email_problems(&format!("{place}.email_configs[{number}]"), email, &mut problems);
            }
        }
        if !names.contains(self.route.receiver.as_str()) {
            let known: Vec<_> = names.into_iter().collect();
            let receiver = &self.route.receiver;
            problems.push(format!(
                "route.receiver: no receiver is named `{receiver}`; there are: {}",
                known.join(", ")
            ));
        }
        problems
    }

    fn email_problems(&self, place: &str, email: &EmailConfig, problems: &mut Vec<String>) {
        if email.addresses().next().is_none() {
            problems.push(format!("{place}.to: at least one address is needed"));
        }
        if email.from.is_none() && self.global.smtp_from.is_none() {
            problems.push(format!("{place}.from: set it, or global.smtp_from"));
        }
        let server = email.smarthost.is_some() || self.global.smtp_smarthost.is_some();
        if !server && email.directory.is_none() {
            problems.push(format!("{place}.smarthost: set it as host:port, or global.smtp_smarthost"));
        }
        if email.auth_password.is_some() && email.auth_password_file.is_some() {
            problems.push(format!("{place}.auth_password: give it or auth_password_file, not both"));
        }
    }
}

impl EmailConfig {
    /// Returns the addresses of `to`.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.to.split(',').map(str::trim).filter(|address| !address.is_empty())
    }
}
