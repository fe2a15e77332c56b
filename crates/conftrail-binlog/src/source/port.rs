//! The port: a reader on its thread, and the stream of what it hands on.

use std::sync::Arc;

use async_trait::async_trait;
use conftrail_core::mask::Masker;
use conftrail_core::ports::{self, SourceBatch, SourceStream};
use conftrail_core::{Checkpoint, Event, Origin, PortError, PortResult, Position, Timestamp};
use futures_util::stream;
use tokio::sync::mpsc;

use super::config::Config;
use super::handing_on::Read;
use super::kept::{KeptUntil, ReadUpTo};
use super::open::{Opened, open};
use super::patience::Patience;
use super::position::{Place, time_of_last};
use super::reader::now;
use super::spent::Spent;
use super::watermark::Watermark;
use crate::wire::Closer;

/// Batches that may wait for the consumer; each holds at most about 1 MiB of the binlog, or one larger change.
const WAITING_BATCHES: usize = 4;

/// The source over one MySQL server's binlog.
#[derive(Debug)]
pub struct Source {
    config: Config,
    masker: Arc<Masker>,
    origin: Origin,
    patience: Arc<Patience>,
    spent: Arc<Spent>,
    kept_until: Arc<KeptUntil>,
}

impl Source {
    /// Makes the source. Nothing is connected yet.
    ///
    /// # Errors
    /// `Misconfigured` with every problem of the configuration.
    pub fn new(config: Config, masker: Arc<Masker>) -> PortResult<Self> {
        let problems = config.validate();
        if !problems.is_empty() {
            return Err(PortError::misconfigured(problems.join("; ")));
        }
        let origin = Origin {
            kind: Arc::from("mysql"),
            name: Arc::from(config.name.as_str()),
            channel: Arc::from("binlog"),
            version: None,
        };
        let (patience, spent, kept_until) = (Arc::default(), Arc::default(), Arc::default());
        Ok(Self { config, masker, origin, patience, spent, kept_until })
    }

    /// Starts a thread that ends when its channels close.
    fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> PortResult<()> {
        std::thread::Builder::new()
            .name(format!("{name} {}", self.config.name))
            .spawn(work)
            .map(drop)
            .map_err(|error| PortError::unavailable("start the binlog reader").because(error))
    }
}

#[async_trait]
impl ports::Source for Source {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn open(&self, after: Option<Checkpoint>) -> PortResult<SourceStream> {
        let (out, receiver) = mpsc::channel(WAITING_BATCHES);
        let patience = self.patience.now();
        let opened = open(&self.config, &self.origin, &self.masker, after.as_ref(), patience, out).await?;
        let Opened { mut reader, stream: events, first, control, kept } = opened;
        reader.spent = self.spent.clone();
        let closer = events.closer()?;
        self.spawn("binlog", move || reader.run(events, first))?;
        let running = Running {
            receiver,
            masker: self.masker.for_another_thread(),
            _closing: Closing(closer),
            watermark: Watermark::new(control, kept),
            last: None,
            patience: self.patience.clone(),
            read_up_to: ReadUpTo::default(),
            kept_until: self.kept_until.clone(),
            is_over: false,
        };
        Ok(Box::pin(stream::unfold(running, |mut running| async move {
            let next = running.next().await?;
            if let Err(error) = &next {
                running.is_over = true;
                running.patience.ended(error);
            }
            Some((next, running))
        })))
    }

    fn take_back(&self, events: Vec<Arc<Event>>) {
        self.spent.leave(events);
    }

    fn kept_until(&self) -> Option<Timestamp> {
        self.kept_until.get()
    }
}

/// Ends the reader's wait when the stream is dropped.
#[derive(Debug)]
struct Closing(Closer);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A running reader, seen from the consumer's side.
struct Running {
    receiver: mpsc::Receiver<PortResult<Read>>,
    masker: Masker,
    _closing: Closing,
    watermark: Watermark,
    /// The last batch's position, and how far it went.
    last: Option<(Position, Place)>,
    patience: Arc<Patience>,
    read_up_to: ReadUpTo,
    kept_until: Arc<KeptUntil>,
    is_over: bool,
}

impl Running {
    async fn next(&mut self) -> Option<PortResult<SourceBatch>> {
        if self.is_over {
            return None;
        }
        loop {
            tokio::select! {
                // In no fixed order: a busy stream must not keep the clock from being asked.
                read = self.receiver.recv() => {
                    return Some(match read {
                        Some(Ok(read)) => Ok(self.passed(read)),
                        Some(Err(error)) => Err(error),
                        // Without a last word the reader can only have panicked.
                        None => Err(PortError::corrupt("read the binlog: the reader stopped unexpectedly")),
                    });
                }
                asked = self.watermark.ask(), if !self.watermark.is_marked() && self.last.is_some() => {
                    if let Err(error) = asked {
                        return Some(Err(error));
                    }
                    if let Some(batch) = self.idle() {
                        return Some(Ok(batch));
                    }
                }
            }
        }
    }

    /// Hands on a batch, with the watermark where it goes far enough.
    fn passed(&mut self, read: Read) -> SourceBatch {
        let watermark = self.watermark.reached(&read.place);
        // The first batch tells where reading began.
        if self.last.as_ref().is_some_and(|(_, last)| *last != read.place) {
            self.patience.got_on();
        }
        self.last = Some((read.position.clone(), read.place.clone()));
        self.learn(watermark, time_of_last(&read.position));
        SourceBatch { watermark, ..read.into_batch(&self.masker) }
    }

    /// A batch without events, when nothing was committed since the last one.
    fn idle(&mut self) -> Option<SourceBatch> {
        let (position, place) = self.last.as_ref()?;
        let watermark = self.watermark.reached(place)?;
        let position = position.clone();
        self.learn(Some(watermark), None);
        Some(SourceBatch { position, watermark: Some(watermark), ..SourceBatch::default() })
    }

    /// Learns up to which time everything is read.
    fn learn(&mut self, clock: Option<Timestamp>, committed: Option<Timestamp>) {
        self.read_up_to.learn(clock, (committed, now()), self.watermark.kept(), &self.kept_until);
    }
}
