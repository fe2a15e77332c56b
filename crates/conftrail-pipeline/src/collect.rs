//! collect: a source's changes go into the change log; then the source's checkpoint moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::ports::{ChangeLog, Claim, ControlStore, Source, SourceBatch};
use conftrail_core::{ErrorKind, Event, PortError, PortResult, Position, Progress, Record, StateChange};
use futures_util::{FutureExt, StreamExt};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::failpoint::reach;
use crate::log_place::{lost, recognise};
use crate::{Classifier, Metrics, Worker};

/// Changes appended in one go when the source has more ready.
const APPEND_UP_TO: usize = 2000;
/// How often the position of a quiet source is saved.
const SAVE_QUIET_EVERY: Duration = Duration::from_secs(1);
/// How often it is saved how far the log goes.
const SAVE_PLACE_EVERY: Duration = Duration::from_secs(1);

/// Reads one source into the change log.
///
/// Several may read one source into one log at a time: each begins where everything before is in the log, so whoever comes
/// first with a change comes in the source's order, and the log knows the others' by their ids.
pub struct CollectWorker {
    name: String,
    source: Arc<dyn Source>,
    log: Arc<dyn ChangeLog>,
    control: Arc<dyn ControlStore>,
    classifier: Arc<Classifier>,
    metrics: Metrics,
    appended: AtomicU64,
}

/// What was read and is not in the log yet.
#[derive(Default)]
struct Gathered {
    events: Vec<Arc<Event>>,
    state: Vec<StateChange>,
    last: Option<SourceBatch>,
}

/// What the control store knows of this reading.
struct Saved {
    claim: Claim,
    keeping: Keeping,
    /// When it was last told.
    checkpoint: Option<Instant>,
    place: Option<Instant>,
}

/// Whose the source's checkpoint is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeping {
    /// There is none, and this reading has to make the first.
    First,
    Ours,
    /// Another collector claimed it since: it moves the position, and this one goes on reading.
    Anothers,
}

impl CollectWorker {
    /// Makes the worker of one source.
    pub fn new(
        source: Arc<dyn Source>,
        log: Arc<dyn ChangeLog>,
        control: Arc<dyn ControlStore>,
        classifier: Arc<Classifier>,
        metrics: Metrics,
    ) -> Self {
        let name = format!("collect {}", source.origin().name);
        metrics.source_begins(&source.origin().name);
        Self { name, source, log, control, classifier, metrics, appended: AtomicU64::new(0) }
    }

    /// Gives it another name, beside another worker of the same source.
    #[must_use]
    pub fn named(self, name: String) -> Self {
        Self { name, ..self }
    }

    fn source_name(&self) -> &Arc<str> {
        &self.source.origin().name
    }

    /// Appends what was gathered and moves the checkpoint; awaiting the log is the back-pressure.
    async fn store(&self, gathered: Gathered, last_saved: &mut Saved) -> PortResult<()> {
        let Some(last) = gathered.last else { return Ok(()) };
        let count = gathered.events.len() as u64;
        if let Some(unreadable) = self.source.unreadable() {
            self.metrics.source_unreadable(self.source_name(), unreadable);
        }
        let kept_until = self.source.kept_until().map(|time| time.micros() / 1_000_000);
        self.metrics.kept_until(self.source_name(), kept_until);
        let heartbeat = gathered.events.is_empty() && gathered.state.is_empty();
        if heartbeat && last_saved.checkpoint.is_some_and(|saved| saved.elapsed() < SAVE_QUIET_EVERY) {
            return Ok(());
        }
        let mut records: Vec<Record> = gathered.events.into_iter().map(|event| self.record(event)).collect();
        if let Some(watermark) = last.watermark {
            self.metrics.watermark(self.source_name(), watermark.micros() / 1_000_000);
            let position = last.position.clone();
            records.push(Record::Progress(Progress {
                source: self.source_name().clone(),
                watermark,
                position,
            }));
        }
        if count > 0 {
            reach("collect.before_append");
        }
        if !records.is_empty() {
            self.log.append(&records).await?;
        }
        if count > 0 {
            reach("collect.after_append");
        }
        self.save(&last.position, &gathered.state, last_saved).await?;
        if count > 0 {
            reach("collect.after_checkpoint");
        }
        self.appended.fetch_add(count, Ordering::Relaxed);
        self.metrics.source_events(self.source_name(), count);
        Ok(())
    }

    /// Moves the checkpoint, if it is ours to move.
    async fn save(&self, position: &Position, state: &[StateChange], saved: &mut Saved) -> PortResult<()> {
        let checkpoint = async {
            if saved.keeping == Keeping::Anothers {
                return Ok(false);
            }
            self.control.save_checkpoint(self.source_name(), saved.claim, position, state).await
        };
        let is_saved = if saved.place.is_some_and(|at| at.elapsed() < SAVE_PLACE_EVERY) {
            checkpoint.await?
        } else {
            // Together: a store may make both durable in one go.
            let (checkpointed, placed) = tokio::join!(checkpoint, self.save_place());
            placed?;
            saved.place = Some(Instant::now());
            checkpointed?
        };
        saved.checkpoint = Some(Instant::now());
        saved.keeping = match (saved.keeping, is_saved) {
            (_, true) => Keeping::Ours,
            // From here it might put later changes into the log before the earlier ones of the other.
            (Keeping::First, false) => {
                return Err(PortError::unavailable(
                    "begin to read: another collector of this source began first",
                ));
            }
            (Keeping::Ours, false) => {
                tracing::warn!(source = %self.source_name(), "another collector of this source keeps its position now");
                Keeping::Anothers
            }
            (Keeping::Anothers, false) => Keeping::Anothers,
        };
        Ok(())
    }

    /// Remembers which log it is and how far it goes.
    async fn save_place(&self) -> PortResult<()> {
        let place = self.log.place().await?;
        self.control.save_log_place(self.source_name(), &place).await
    }

    /// Tells of what this source had put into a log that is not there any more.
    async fn recognise_log(&self, resumed: bool) -> PortResult<()> {
        let (identity, seen) = recognise(&*self.log, &*self.control).await?;
        let another = seen.get(&**self.source_name()).filter(|place| place.log.id != identity.id);
        if let Some(was) = another.filter(|_| resumed) {
            tracing::error!(source = %self.source_name(), "the change log is not the one it was");
            let gap = lost(self.source.origin(), was, &identity);
            self.log.append(&[self.record(gap)]).await?;
        }
        self.save_place().await
    }

    fn record(&self, mut event: Arc<Event>) -> Record {
        if !self.classifier.is_empty() {
            self.classifier.classify(Arc::make_mut(&mut event));
        }
        Record::Change(event)
    }
}

#[async_trait]
impl Worker for CollectWorker {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn run(&self, shutdown: CancellationToken) -> PortResult<String> {
        let (claim, checkpoint) = self.control.claim_checkpoint(self.source_name()).await?;
        let keeping = if checkpoint.is_some() { Keeping::Ours } else { Keeping::First };
        tracing::info!(source = %self.source_name(), resumed = checkpoint.is_some(), "source opens");
        self.recognise_log(checkpoint.is_some()).await?;
        let mut stream = tokio::select! {
            () = shutdown.cancelled() => return Ok("stopped before the source was open".to_owned()),
            opened = self.source.open(checkpoint) => opened?,
        };
        let mut last_saved = Saved { claim, keeping, checkpoint: None, place: None };
        loop {
            let first = tokio::select! {
                () = shutdown.cancelled() => break,
                batch = stream.next() => batch,
            };
            let mut gathered = Gathered::default();
            let mut failure = gathered.take(first);
            // Whatever else is ready goes into the same durable append, but where it is still open who begins.
            let has_begun = last_saved.keeping != Keeping::First;
            while failure.is_none() && has_begun && gathered.events.len() < APPEND_UP_TO {
                let Some(more) = stream.next().now_or_never() else { break };
                failure = gathered.take(more);
            }
            self.store(gathered, &mut last_saved).await?;
            if let Some(error) = failure {
                return Err(error);
            }
        }
        self.save_place().await?;
        Ok(format!("{} changes appended", self.appended.load(Ordering::Relaxed)))
    }
}

impl Gathered {
    /// Adds a batch, or returns why there are no more.
    fn take(&mut self, next: Option<PortResult<SourceBatch>>) -> Option<PortError> {
        match next {
            Some(Ok(mut batch)) => {
                self.events.append(&mut batch.events);
                self.state.append(&mut batch.state);
                // A watermark holds for every later batch too.
                let earlier = self.last.take().and_then(|last| last.watermark);
                batch.watermark = batch.watermark.or(earlier);
                self.last = Some(batch);
                None
            }
            Some(Err(error)) => Some(error),
            None => Some(PortError::new(
                ErrorKind::Unavailable { retry_after: None },
                "read source: stream ended",
            )),
        }
    }
}
