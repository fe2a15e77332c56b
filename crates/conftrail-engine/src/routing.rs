//! The routing file: who is told, and how long a group gathers before.
//!
//! Alertmanager's syntax and meaning; keys of Alertmanager that are not built yet are refused with their
//! position rather than ignored. Keys that Alertmanager lacks begin with `x-`.

use std::path::{Path, PathBuf};

use conftrail_core::{Period, Secret, nearest};
use serde::Deserialize;

use crate::rules::{Finding, LoadError};
use crate::{YamlPlaces, describe_yaml_error};

/// A routing file that has been read and checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routing {
    /// Defaults for all receivers.
    #[serde(default)]
    pub global: Global,
    /// The root route, which every alert takes.
    pub route: Route,
    /// The receivers by name.
    pub receivers: Vec<ReceiverConfig>,
    #[serde(skip)]
    origin: Origin,
}

/// The file that a routing was read from.
#[derive(Clone, Default)]
struct Origin {
    file: String,
    text: String,
    places: YamlPlaces,
}

/// The text may hold a password.
impl std::fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.file)
    }
}

/// Something that is wrong with a routing file that reads well as YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutingProblem {
    /// The key or value at fault, such as `receivers[0].email_configs[1].to`.
    pub path: String,
    /// Where in the value, in characters from 0.
    pub offset: usize,
    /// What is wrong and the way out.
    pub message: String,
}

impl RoutingProblem {
    /// Makes a problem of a whole value.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), offset: 0, message: message.into() }
    }
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
        let mut routing: Self = serde_saphyr::from_str(text).map_err(|error| {
            let (place, message) = describe_yaml_error(text, &error);
            LoadError(vec![Finding::error(file, text, place.unwrap_or((1, 1)), message)])
        })?;
        routing.origin =
            Origin { file: file.to_owned(), text: text.to_owned(), places: YamlPlaces::of(text) };
        match routing.problems() {
            problems if problems.is_empty() => Ok(routing),
            problems => Err(routing.refused(&problems)),
        }
    }

    /// Turns problems into the findings of this file, in the order of their places.
    pub fn refused(&self, problems: &[RoutingProblem]) -> LoadError {
        let Origin { file, text, places } = &self.origin;
        let mut findings: Vec<Finding> = (problems.iter())
            .map(|problem| {
                let place = places.within(&problem.path, problem.offset);
                Finding::error(file, text, place, format!("{}: {}", problem.path, problem.message))
            })
            .collect();
        findings.sort_by_key(|finding| (finding.line, finding.column));
        LoadError(findings)
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

    /// Returns everything that can be known to be wrong without knowing a channel.
    fn problems(&self) -> Vec<RoutingProblem> {
        let mut problems = Vec::new();
        let mut names: Vec<&str> = Vec::new();
        for (index, receiver) in self.receivers.iter().enumerate() {
            let place = format!("receivers[{index}]");
            if names.contains(&receiver.name.as_str()) {
                let message = format!("`{}` is taken", receiver.name);
                problems.push(RoutingProblem::new(format!("{place}.name"), message));
            }
            names.push(&receiver.name);
            for (number, email) in receiver.email_configs.iter().enumerate() {
                self.email_problems(&format!("{place}.email_configs[{number}]"), email, &mut problems);
            }
        }
        let wanted = self.route.receiver.as_str();
        if !names.contains(&wanted) {
            let known = match (nearest(wanted, names.iter().copied()), names.is_empty()) {
                (Some(meant), _) => format!("did you mean `{meant}`?"),
                (None, true) => "there are none".to_owned(),
                (None, false) => format!("there are: {}", names.join(", ")),
            };
            let message = format!("no receiver is named `{wanted}`; {known}");
            problems.push(RoutingProblem::new("route.receiver", message));
        }
        problems
    }

    fn email_problems(&self, place: &str, email: &EmailConfig, problems: &mut Vec<RoutingProblem>) {
        let mut problem = |key: &str, said: &str| {
            problems.push(RoutingProblem::new(format!("{place}.{key}"), said));
        };
        if email.addresses().next().is_none() {
            problem("to", "at least one address is needed");
        }
        if email.from.is_none() && self.global.smtp_from.is_none() {
            problem("from", "set it, or global.smtp_from");
        }
        let server = email.smarthost.is_some() || self.global.smtp_smarthost.is_some();
        if !server && email.directory.is_none() {
            problem("smarthost", "set it as host:port, or global.smtp_smarthost");
        }
        if email.auth_password.is_some() && email.auth_password_file.is_some() {
            problem("auth_password", "give it or auth_password_file, not both");
        }
    }
}

impl EmailConfig {
    /// Returns the addresses of `to`.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.to.split(',').map(str::trim).filter(|address| !address.is_empty())
    }
}
