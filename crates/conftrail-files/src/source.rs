//! The port: a directory as a source of changes.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use conftrail_core::mask::Masker;
use conftrail_core::ports::{Source as SourcePort, SourceBatch, SourceStream};
use conftrail_core::{Checkpoint, Origin, PortError, PortResult};
use futures_util::{StreamExt, stream};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::{Duration, Instant, sleep_until};

use crate::config::Config;
use crate::git::Git;
use crate::settle::QUIET;
use crate::sweep::{Look, Sweeper};

/// How many files one batch holds at most.
const BATCH: usize = 200;

/// A directory of configuration files.
#[derive(Debug)]
pub struct Source {
    config: Config,
    masker: Arc<Masker>,
    origin: Origin,
    /// How many paths cannot be read.
    unreadable: Arc<AtomicU64>,
}

impl Source {
    /// Makes the source; nothing is read yet.
    ///
    /// # Errors
    /// `Misconfigured` with every problem that [`Config::validate`] finds.
    pub fn new(config: Config, masker: Arc<Masker>) -> PortResult<Self> {
        let problems = config.validate();
        if !problems.is_empty() {
            return Err(PortError::misconfigured("check files source").because(problems.join("; ")));
        }
        let part = |text: &str| Arc::from(text);
        let origin =
            Origin { kind: part("files"), name: part(&config.name), channel: part("files"), version: None };
        Ok(Self { config, masker, origin, unreadable: Arc::default() })
    }
}

#[async_trait]
impl SourcePort for Source {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn open(&self, after: Option<Checkpoint>) -> PortResult<SourceStream> {
        let git = Git::new(Handle::current());
        let sweeper =
            Sweeper::new(self.config.clone(), self.masker.clone(), self.origin.clone(), git, after)?;
        let mut reading = Reading {
            sweeper: Some(sweeper),
            path: self.config.path.clone(),
            unreadable: self.unreadable.clone(),
            interval: self.config.interval.0,
            ready: VecDeque::new(),
            next_look: Instant::now(),
        };
        // The first look is part of opening: a directory that is not there is said at once.
        reading.look().await?;
        let batches = stream::unfold(Some(reading), |reading| async move {
            let mut reading = reading?;
            match reading.next().await {
                Ok(batch) => Some((Ok(batch), Some(reading))),
                Err(error) => Some((Err(error), None)),
            }
        });
        Ok(batches.boxed())
    }

    fn unreadable(&self) -> Option<u64> {
        Some(self.unreadable.load(Ordering::Relaxed))
    }
}

struct Reading {
    /// Away while a look is under way.
    sweeper: Option<Sweeper>,
    path: PathBuf,
    unreadable: Arc<AtomicU64>,
    interval: Duration,
    ready: VecDeque<SourceBatch>,
    next_look: Instant,
}

impl Reading {
    async fn next(&mut self) -> PortResult<SourceBatch> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(batch);
            }
            sleep_until(self.next_look).await;
            self.look().await?;
        }
    }

    /// Looks once and makes batches of what was found, at least one.
    async fn look(&mut self) -> PortResult<()> {
        let started = Instant::now();
        let mut sweeper = self.sweeper.take().ok_or_else(|| cannot_read(&self.path))?;
        let before = sweeper.position();
        let looked = spawn_blocking(move || {
            let look = sweeper.look();
            (sweeper, look)
        });
        let (sweeper, look) = looked.await.map_err(|error| cannot_read(&self.path).because(error))?;
        let look = look?;
        let wait = if look.is_settled { self.interval } else { self.interval.min(QUIET) };
        self.next_look = started + wait;
        self.unreadable.store(look.unreadable, Ordering::Relaxed);
        self.ready.extend(batches(look, &before, &sweeper));
        self.sweeper = Some(sweeper);
        Ok(())
    }
}

fn cannot_read(directory: &Path) -> PortError {
    PortError::unavailable(format!("read directory {}", directory.display()))
}

/// Cuts a look into batches. Only the last one moves the position and the watermark: the others may be all that is
/// saved of the look.
fn batches(look: Look, before: &conftrail_core::Position, sweeper: &Sweeper) -> Vec<SourceBatch> {
    let mut batches = Vec::new();
    let mut learned = look.learned.into_iter().peekable();
    while learned.peek().is_some() {
        let state = learned.by_ref().take(BATCH).collect();
        batches.push(SourceBatch { position: before.clone(), state, ..SourceBatch::default() });
    }
    let mut events = look.events.into_iter().peekable();
    while events.peek().is_some() {
        let (events, state) = events.by_ref().take(BATCH).unzip();
        batches.push(SourceBatch { events, position: before.clone(), state, watermark: None });
    }
    let watermark = look.is_settled.then_some(look.at);
    match batches.last_mut() {
        Some(last) => {
            last.position = sweeper.position();
            last.watermark = watermark;
        }
        None => {
            batches.push(SourceBatch { position: sweeper.position(), watermark, ..SourceBatch::default() })
        }
    }
    batches
}
