//! The only file that knows the engines: one `match` for each port. Everything after it is common.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use conftrail_core::integrity::{Bundle, Report, VerifyingKey};
use conftrail_core::mask::Masker;
use conftrail_core::ports::{
    AuditReader, AuditWriter, ChangeLog, ControlStore, Receiver, Retention, Sealer, Source,
};
use conftrail_core::{EventId, PortError, explain};
use conftrail_engine::Routing;
use conftrail_engine::message::Presentation;
use conftrail_engine::routing::ReceiverConfig;
use conftrail_notify::{mail, webhook, wecom};
use conftrail_sqlite::{ChangeLog as ChangeLogFile, ControlStore as ControlFile, Options, Trail};

use crate::config::{Config, EngineKind, SourceConfig};
use crate::signing_key;

pub(crate) use conftrail_sqlite::{Expected, Rebuilt};

/// The engines behind the ports.
pub struct Engines {
    /// The change log.
    pub log: Arc<dyn ChangeLog>,
    /// The audit store, for writing.
    pub writer: Arc<dyn AuditWriter>,
    /// The audit store, for reading.
    pub reader: Arc<dyn AuditReader>,
    /// What signs the trail.
    pub sealer: Arc<dyn Sealer>,
    /// The public half of the key that signs.
    pub signer: VerifyingKey,
    /// Why the trail is not the one that was signed last, in a sentence, if it is not.
    pub complaint: Option<String>,
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
    // The databases hold what people configured: nobody else needs to look in.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
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
    let (trail, signer, complaint) = match config.store.kind {
        EngineKind::Embedded => {
            let trail = Trail::open(directory, &options).map_err(opening)?;
            let key = signing_key::read_or_make(directory, &trail.origin().map_err(opening)?)?;
            let signer = key.verifying_key().clone();
            let (trail, complaint) = trail.with_key(directory, key).map_err(opening)?;
            (Arc::new(trail), signer, complaint)
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
    let (writer, reader, sealer) = (trail.clone(), trail.clone(), trail);
    Ok(Engines { log, writer, reader, sealer, signer, complaint, control, retention })
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

/// Verifies the trail of a data directory; `progress` is told how many of how many events are done.
///
/// # Errors
/// There is no trail, or it cannot be looked through.
pub(crate) fn verify_trail(
    data_dir: &Path,
    expected: &Expected,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Report> {
    conftrail_sqlite::verify(data_dir, expected, progress).map_err(opening)
}

/// Makes anew what the audit store derives from its events; `progress` is told how many of how many events are done.
///
/// # Errors
/// There is no trail, an instance runs, or the trail cannot be read or written.
pub(crate) fn rebuild_trail(config: &Config, progress: &mut dyn FnMut(u64, u64)) -> anyhow::Result<Rebuilt> {
    match config.store.kind {
        EngineKind::Embedded => conftrail_sqlite::rebuild(&config.data_dir, progress).map_err(opening),
    }
}

/// Returns the proof of one event of a data directory; none when there is no such event.
///
/// # Errors
/// There is no trail, or nothing of it is signed.
pub(crate) fn prove_event(data_dir: &Path, id: EventId) -> anyhow::Result<Option<Bundle>> {
    conftrail_sqlite::prove(data_dir, id).map_err(opening)
}

/// Returns what makes proofs of events of a data directory.
pub(crate) fn prover(data_dir: &Path) -> conftrail_api::Prover {
    let data_dir = data_dir.to_owned();
    Arc::new(move |id| {
        let proof = conftrail_sqlite::prove(&data_dir, id)?;
        Ok(proof.map(|bundle| bundle.to_string()))
    })
}

/// Opens the control store for a command that acts while no instance runs.
///
/// # Errors
/// There is no store, an instance runs, or it cannot be read.
pub(crate) fn open_control(config: &Config) -> anyhow::Result<Arc<dyn ControlStore>> {
    match config.control.kind {
        EngineKind::Embedded => {
            let keep = config.keep.control.0;
            Ok(Arc::new(ControlFile::open(&config.data_dir, keep, &Options::default()).map_err(opening)?))
        }
    }
}

/// Opens a control store in a directory of its own, as cases of rules run on one.
///
/// # Errors
/// It cannot be made.
pub(crate) fn open_scratch_control(directory: &Path) -> anyhow::Result<Arc<dyn ControlStore>> {
    Ok(Arc::new(ControlFile::open(directory, Duration::MAX, &Options::default()).map_err(opening)?))
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

/// Makes the receivers of a routing file, one for each channel that each of them has.
///
/// # Errors
/// What is wrong with the routing file, with its place, or with what a receiver needs of this machine.
pub fn receivers(routing: &Routing, presentation: &Presentation) -> anyhow::Result<Vec<Arc<dyn Receiver>>> {
    let problems = [mail::problems(routing), webhook::problems(routing), wecom::problems(routing)].concat();
    if !problems.is_empty() {
        return Err(routing.refused(&problems).into());
    }
    let mut made = Vec::with_capacity(routing.receivers.len());
    // Also those that no route names: what is wrong with one should not wait for the route that will.
    for receiver in &routing.receivers {
        let channels = channels(receiver, routing, presentation);
        made.extend(channels.with_context(|| format!("receiver {}", receiver.name))?);
    }
    Ok(made)
}

/// Makes what one receiver of a routing file tells people through.
fn channels(
    receiver: &ReceiverConfig,
    routing: &Routing,
    presentation: &Presentation,
) -> anyhow::Result<Vec<Arc<dyn Receiver>>> {
    let mut made: Vec<Arc<dyn Receiver>> = Vec::new();
    if !receiver.email_configs.is_empty() {
        let mail = mail::Receiver::from_routing(receiver, &routing.global, presentation.clone());
        made.push(Arc::new(mail.map_err(|error| anyhow!(explain(&error)))?));
    }
    let webhooks = webhook::Receiver::from_routing(receiver, presentation.clone());
    if let Some(webhooks) = webhooks.map_err(|error| anyhow!(explain(&error)))? {
        made.push(Arc::new(webhooks));
    }
    let wecom = wecom::Receiver::from_routing(receiver, &routing.global, presentation.clone());
    if let Some(wecom) = wecom.map_err(|error| anyhow!(explain(&error)))? {
        made.push(Arc::new(wecom));
    }
    Ok(made)
}

fn opening(error: PortError) -> anyhow::Error {
    anyhow!("{}", explain(&error))
}
