//! The only file that knows the engines: one `match` for each port. Everything after it is common.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use conftrail_core::mask::Masker;
use conftrail_core::ports::{AuditReader, AuditWriter, ChangeLog, ControlStore, Receiver, Retention, Source};
use conftrail_core::{PortError, explain};
use conftrail_engine::routing::{EmailConfig, Global, Routing};
use conftrail_notify::mail;
use conftrail_sqlite::{ChangeLog as ChangeLogFile, ControlStore as ControlFile, Options, Trail};

use crate::config::{Config, EngineKind, SourceConfig};

/// The engines behind the ports.
pub struct Engines {
    /// The change log.
    pub log: Arc<dyn ChangeLog>,
    /// The audit store, for writing.
    pub writer: Arc<dyn AuditWriter>,
    /// The audit store, for reading.
    pub reader: Arc<dyn AuditReader>,
    /// The control store.
    pub control: Arc<dyn ControlStore>,
    /// What may forget.
    pub retention: Vec<Arc<dyn Retention>>,
}

/// Opens the configured engines; embedded ones are made at the first start.
///
/// # Errors
/// An engine cannot be opened; the error names it and the way out.
pub fn open_engines(config: &Config) -> anyhow::Result<Engines> {
    let directory = &config.data_dir;
    std::fs::create_dir_all(directory)
        .with_context(|| format!("data_dir: cannot make the directory {}", directory.display()))?;
    let mut retention: Vec<Arc<dyn Retention>> = Vec::new();
    let options = Options::default();
    let log: Arc<dyn ChangeLog> = match config.log.kind {
        EngineKind::Embedded => {
            let log = ChangeLogFile::open(directory, config.log.retain.0, &options).map_err(opening)?;
            let log = Arc::new(log);
            retention.push(log.clone());
            log
        }
    };
    let (writer, reader): (Arc<dyn AuditWriter>, Arc<dyn AuditReader>) = match config.store.kind {
        EngineKind::Embedded => {
            let trail = Arc::new(Trail::open(directory, &options).map_err(opening)?);
            (trail.clone(), trail)
        }
    };
    let control: Arc<dyn ControlStore> = match config.control.kind {
        EngineKind::Embedded => {
            let control = ControlFile::open(directory, config.keep.control.0, &options).map_err(opening)?;
            let control = Arc::new(control);
            retention.push(control.clone());
            control
        }
    };
    Ok(Engines { log, writer, reader, control, retention })
}

/// Opens the audit store for reading beside a running instance.
///
/// # Errors
/// There is no store, or it cannot be read.
pub fn open_trail_read_only(config: &Config) -> anyhow::Result<Arc<dyn AuditReader>> {
    match config.store.kind {
        EngineKind::Embedded => {
            Ok(Arc::new(Trail::open_read_only(&config.data_dir, &Options::default()).map_err(opening)?))
        }
    }
}

/// Opens the control store for reading beside a running instance.
///
/// # Errors
/// There is no store, or it cannot be read.
pub fn open_control_read_only(config: &Config) -> anyhow::Result<Arc<dyn ControlStore>> {
    match config.control.kind {
        EngineKind::Embedded => {
            Ok(Arc::new(ControlFile::open_read_only(&config.data_dir, &Options::default()).map_err(opening)?))
        }
    }
}

/// Makes a source. Nothing is connected yet.
///
/// # Errors
/// What the source can say about its configuration without asking anyone.
pub fn source(config: &SourceConfig, masker: &Arc<Masker>) -> anyhow::Result<Arc<dyn Source>> {
    let made: Result<Arc<dyn Source>, PortError> = match config {
        SourceConfig::Files(config) => conftrail_files::Source::new(config.clone(), masker.clone()).map(arc),
        SourceConfig::Mysql(config) => {
            conftrail_binlog::Source::new(*config.clone(), masker.clone()).map(arc)
        }
    };
    made.map_err(|error| anyhow!("source {}: {}", config.name(), explain(&error)))
}

fn arc<S: Source + 'static>(source: S) -> Arc<dyn Source> {
    Arc::new(source)
}

/// Makes the receivers that the routing tells.
///
/// # Errors
/// What a receiver can say about its configuration, such as a password file that is not there.
pub fn receivers(routing: &Routing) -> anyhow::Result<Vec<Arc<dyn Receiver>>> {
    let mut receivers: Vec<Arc<dyn Receiver>> = Vec::new();
    // The root route is the only one yet: receivers that it does not name are told nothing.
    for receiver in [routing.root_receiver()] {
        for email in &receiver.email_configs {
            let config = mail_config(&routing.global, &receiver.name, email);
            let made = mail::Receiver::open(config)
                .map_err(|error| anyhow!("receiver {}: {}", receiver.name, explain(&error)))?;
            receivers.push(Arc::new(made));
        }
    }
    Ok(receivers)
}

/// Fills a mail integration with the routing file's defaults.
fn mail_config(global: &Global, name: &str, email: &EmailConfig) -> mail::Config {
    let smarthost = email.smarthost.as_ref().or(global.smtp_smarthost.as_ref());
    let requires_tls = email.require_tls.or(global.smtp_require_tls).unwrap_or(true);
    let own_login = email.auth_username.is_some();
    let login = |own: &Option<_>, shared: &Option<_>| if own_login { own.clone() } else { shared.clone() };
    mail::Config {
        name: name.to_owned(),
        smarthost: smarthost.cloned().unwrap_or_default(),
        from: email.from.as_ref().or(global.smtp_from.as_ref()).cloned().unwrap_or_default(),
        to: email.addresses().map(str::to_owned).collect(),
        tls: match (email.implicit_tls, requires_tls) {
            (true, _) => mail::TlsMode::Implicit,
            (false, true) => mail::TlsMode::Starttls,
            (false, false) => mail::TlsMode::None,
        },
        ca_file: email.tls_config.ca_file.clone(),
        username: email.auth_username.clone().or(global.smtp_auth_username.clone()),
        password: if own_login { email.auth_password.clone() } else { global.smtp_auth_password.clone() },
        password_file: login(&email.auth_password_file, &global.smtp_auth_password_file),
        hello: email.hello.clone().or(global.smtp_hello.clone()),
        file: email.directory.clone(),
        ..mail::Config::default()
    }
}

fn opening(error: PortError) -> anyhow::Error {
    anyhow!("{}", explain(&error))
}
