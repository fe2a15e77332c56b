//! The configuration of a MySQL source.

use std::path::PathBuf;

use conftrail_core::{PortError, Secret};
use serde::{Deserialize, Serialize};

use super::filter::{NameCase, TableFilter};
use super::start::Start;
use super::url::Url;
use crate::wire::{Target, Tls};

/// Configuration of a source of kind `mysql`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The logical source's name: part of every id, never renamed.
    pub name: String,
    /// `mysql://user@host:port`.
    pub url: Url,
    /// File with the login's password; line breaks at its end do not count.
    pub password_file: Option<PathBuf>,
    /// TLS to the server.
    pub tls: Tls,
    /// Globs on `database.table` to capture; at least one. The server's own databases are left out unless named.
    pub include: Vec<String>,
    /// Globs on `database.table` to leave out.
    pub exclude: Vec<String>,
    /// Where the first reading starts: `latest` (default), `earliest`, `gtid:…`, `file:…:…`, `timestamp:…`.
    pub start: Start,
    /// Whether tables are read as a whole at the first start; only `none` yet.
    pub baseline: String,
    /// What to do when the server threw away what was not read yet; only `continue` (report the gap, go on) yet.
    pub on_gap: String,
    /// How often tables are compared with what was captured; only `off` yet.
    pub sweep: String,
    /// Who is believed to have made a change.
    pub actor: ActorConfig,
    /// Whether events carry their (masked) statement, where the server logs it.
    pub with_query: bool,
    /// Our number among the server's replicas, unique among them; made up at each start when absent.
    pub server_id: Option<u32>,
}

/// Who is believed to have made a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActorConfig {
    /// Columns that name the last editor of their row, such as `updated_by`.
    pub columns: Vec<String>,
    /// The table, as `database.table`, whose rows say who makes the transaction that they stand in; empty for none.
    pub context: String,
    /// Logins, as globs on `user@host`, whose comments and context rows may name a person.
    pub trust: Vec<String>,
}

impl Default for ActorConfig {
    fn default() -> Self {
        Self { columns: Vec::new(), context: "conftrail.context".to_owned(), trust: Vec::new() }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: String::new(),
            url: Url::default(),
            password_file: None,
            tls: Tls::default(),
            include: Vec::new(),
            exclude: Vec::new(),
            start: Start::default(),
            baseline: "none".to_owned(),
            on_gap: "continue".to_owned(),
            sweep: "off".to_owned(),
            actor: ActorConfig::default(),
            with_query: false,
            server_id: None,
        }
    }
}

impl Config {
    /// Returns every problem that can be seen without asking anyone, each as `field: what and the way out`.
    pub fn validate(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut problem = |path: &str, said: &str| problems.push(format!("{path}: {said}"));
        if self.name.is_empty() {
            problem("name", "give the source a name; it is part of every id and is never changed");
        }
        if self.url.host.is_empty() {
            problem("url", "is needed, such as mysql://cdc@db1:3306");
        }
        if self.url.password.is_some() && self.password_file.is_some() {
            problem("password_file", "the url holds a password too; keep one of them");
        }
        for (key, said) in self.tls.problems() {
            problem(&format!("tls.{key}"), said);
        }
        if self.include.is_empty() {
            problem(
                "include",
                "name the tables to capture, such as [\"shop.*\"]; `conftrail init --mysql URL` makes a list",
            );
        }
        if let Err(patterns) = TableFilter::new(&self.include, &self.exclude, NameCase::Exact) {
            for wrong in patterns {
                problem(&format!("{}[{}]", wrong.list, wrong.index), &wrong.to_string());
            }
        }
        for (key, value, only, instead) in [
            ("baseline", &self.baseline, "none", "existing rows are seen when they first change"),
            ("on_gap", &self.on_gap, "continue", "a gap is reported as an event and capture goes on"),
            ("sweep", &self.sweep, "off", "changes that the server did not log are not looked for"),
        ] {
            if value != only {
                problem(key, &format!("`{value}` is not possible in this version, only `{only}`: {instead}"));
            }
        }
        if !self.actor.context.is_empty() && !self.actor.context.contains('.') {
            problem("actor.context", "name the table with its database, such as conftrail.context");
        }
        if self.server_id == Some(0) {
            problem("server_id", "must not be 0");
        }
        problems
    }

    /// Returns what a connection needs, with the password read from its file.
    ///
    /// # Errors
    /// `Misconfigured` when the file cannot be read.
    pub fn target(&self) -> Result<Target, PortError> {
        let password = match &self.password_file {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    PortError::misconfigured(format!("read password_file {}", path.display())).because(error)
                })?;
                Secret::new(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            None => self.url.password.clone().unwrap_or_default(),
        };
        Ok(Target {
            host: self.url.host.clone(),
            port: self.url.port,
            user: self.url.user.clone(),
            password,
            tls: self.tls.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn the_documented_form_is_read() {
        let config: Config = serde_json::from_str(
            r#"{"name": "orders-db", "url": "mysql://cdc@db1:3306", "password_file": "/run/secrets/cdc",
                "tls": {"mode": "verify-full", "ca_file": "/etc/ca.pem"}, "include": ["shop.*"],
                "exclude": ["*.tmp_*"], "start": "latest", "baseline": "none", "on_gap": "continue", "sweep": "off",
                "actor": {"columns": ["updated_by"], "trust": ["app@10.0.0.%"]}}"#,
        )
        .unwrap();
        assert_eq!(config.validate(), Vec::<String>::new());
        assert!(serde_json::from_str::<Config>(r#"{"passwort": "x"}"#).is_err());
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let config: Config = serde_json::from_str(
            r#"{"tls": {"mode": "verify-ca"}, "baseline": "auto", "on_gap": "sweep", "sweep": "daily",
                "exclude": ["x"], "server_id": 0, "actor": {"context": "context"}}"#,
        )
        .unwrap();
        let problems = config.validate();
        let paths: Vec<&str> =
            problems.iter().filter_map(|problem| problem.split_once(": ").map(|(path, _)| path)).collect();
        assert_eq!(
            paths,
            [
                "name",
                "url",
                "tls.ca_file",
                "include",
                "exclude[0]",
                "baseline",
                "on_gap",
                "sweep",
                "actor.context",
                "server_id"
            ]
        );
    }

    #[test]
    fn a_missing_password_file_is_named() {
        let config = Config { password_file: Some("/nowhere/cdc".into()), ..Config::default() };
        assert_eq!(config.target().unwrap_err().to_string(), "read password_file /nowhere/cdc");
    }
}
