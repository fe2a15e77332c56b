//! A source that plays a script.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use conftrail_core::ports::{Source, SourceBatch, SourceStream};
use conftrail_core::{Checkpoint, Event, Origin, PortError, PortResult, Position, Timestamp, Value};
use futures_util::StreamExt;

/// What happens next at a scripted source.
#[derive(Clone, Debug)]
pub enum Step {
    /// Changes are committed; the watermark, if any, holds after them.
    Changes(Vec<Arc<Event>>, Option<Timestamp>),
    /// The connection breaks, once.
    Break,
}

/// Plays its steps in order. Its position is the number of steps read, so that a reopened source repeats whatever
/// was not checkpointed, as a real one does.
pub struct ScriptedSource {
    origin: Origin,
    steps: Arc<Vec<Step>>,
    broken: Arc<Mutex<Vec<usize>>>,
    opened: Mutex<Vec<Option<Checkpoint>>>,
}

impl ScriptedSource {
    /// Makes a source of the events' own name.
    pub fn new(name: &str, steps: Vec<Step>) -> Self {
        let text = |text: &str| Arc::<str>::from(text);
        Self {
            origin: Origin { kind: text("files"), name: text(name), channel: text("files"), version: None },
            steps: Arc::new(steps),
            broken: Arc::default(),
            opened: Mutex::default(),
        }
    }

    /// Returns the checkpoints it was opened with, in order.
    pub fn opened(&self) -> Vec<Option<Checkpoint>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Source for ScriptedSource {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn open(&self, after: Option<Checkpoint>) -> PortResult<SourceStream> {
        let from = match after.as_ref().map(|checkpoint| &checkpoint.position.0) {
            Some(Value::Int(read)) => usize::try_from(*read).unwrap_or(0),
            _ => 0,
        };
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(after);
        let (steps, broken) = (self.steps.clone(), self.broken.clone());
        let played = futures_util::stream::iter(from..steps.len()).filter_map(move |index| {
            let (step, broken) = (steps[index].clone(), broken.clone());
            async move {
                let mut broken = broken.lock().unwrap_or_else(PoisonError::into_inner);
                match step {
                    Step::Changes(events, watermark) => {
                        let position = Position(Value::from(index as u64 + 1));
                        Some(Ok(SourceBatch { events, position, state: Vec::new(), watermark }))
                    }
                    Step::Break if broken.contains(&index) => None,
                    Step::Break => {
                        broken.push(index);
                        Some(Err(PortError::unavailable("read the scripted source")))
                    }
                }
            }
        });
        // A real source waits for more at its end.
        Ok(played.chain(futures_util::stream::pending()).boxed())
    }
}
