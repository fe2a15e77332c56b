//! Two collectors that read one source into one trail at a time.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use conftrail_core::ports::{Source, SourceBatch, SourceStream};
use conftrail_core::{Checkpoint, Event, Origin, PortResult, Position, StateChange, Timestamp, Value};
use conftrail_testkit::script::{ScriptedReceiver, file_event};
use conftrail_testkit::wait::until;
use futures_util::StreamExt;
use tokio::sync::mpsc;

use crate::rig::{Rig, SOON, at};

/// A source whose batches are handed in one by one, as a server's are: by whoever holds the other end.
struct HandedSource {
    origin: Origin,
    opened: Mutex<mpsc::Receiver<Opening>>,
    seen: Mutex<Vec<Option<Checkpoint>>>,
}

/// What an opened source yields.
type Opening = mpsc::Receiver<SourceBatch>;

impl HandedSource {
    /// Makes a source that can be opened as often as there are openings.
    fn new(openings: Vec<Opening>) -> Arc<Self> {
        let (hand_in, opened) = mpsc::channel(openings.len());
        for opening in openings {
            hand_in.try_send(opening).unwrap();
        }
        let text = |text: &str| Arc::<str>::from(text);
        let origin = Origin { kind: text("files"), name: text("etc"), channel: text("files"), version: None };
        Arc::new(Self { origin, opened: Mutex::new(opened), seen: Mutex::default() })
    }

    /// Returns the checkpoints it was opened with.
    fn seen(&self) -> Vec<Option<Checkpoint>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Source for HandedSource {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn open(&self, after: Option<Checkpoint>) -> PortResult<SourceStream> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(after);
        let opening = self.opened.lock().unwrap_or_else(PoisonError::into_inner).try_recv().unwrap();
        let stream =
            futures_util::stream::unfold(opening, async |mut open| Some((Ok(open.recv().await?), open)));
        Ok(stream.chain(futures_util::stream::pending()).boxed())
    }
}

/// When the first change was made: the same change has the same time, whoever reads it.
static BEGAN: LazyLock<Timestamp> = LazyLock::new(|| at(0));

/// Returns the batch of a change, after which the source stands at the change's number.
fn change(number: u64) -> SourceBatch {
    let events = vec![file_event("etc", "app.yaml", number, BEGAN.plus(Duration::from_secs(number)))];
    SourceBatch { events, position: Position(Value::from(number)), ..SourceBatch::default() }
}

/// Returns the batch that a source begins with: where it stands.
fn beginning(number: u64) -> SourceBatch {
    SourceBatch { position: Position(Value::from(number)), ..SourceBatch::default() }
}

/// Returns the batch that also changes what is kept beside the position.
fn with_state(batch: SourceBatch, value: u64) -> SourceBatch {
    let state = vec![StateChange { key: "table".to_owned(), value: Some(Value::from(value)) }];
    SourceBatch { state, ..batch }
}

async fn recorded(rig: &Rig) -> Vec<Arc<Event>> {
    let mut found = rig.found("source.name:etc action:update").await;
    found.reverse();
    found
}

async fn until_at(rig: &Rig, number: u64) -> Checkpoint {
    until(SOON, "the checkpoint to move", async || {
        let checkpoint = rig.control.load_checkpoint("etc").await.unwrap();
        checkpoint.filter(|checkpoint| checkpoint.position.0 == Value::from(number))
    })
    .await
}

async fn until_recorded(rig: &Rig, count: usize) {
    until(SOON, "the changes on record", async || (recorded(rig).await.len() == count).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_on_record_once_and_position_and_state_are_of_one_reading() {
    let directory = tempfile::tempdir().unwrap();
    let (old, old_reads) = mpsc::channel(8);
    let (new, new_reads) = mpsc::channel(8);
    let (first, second) = (HandedSource::new(vec![old_reads]), HandedSource::new(vec![new_reads]));
    let receiver = Arc::new(ScriptedReceiver::default());
    let mut rig = Rig::start(directory.path(), first, receiver.clone());
    old.send(beginning(0)).await.unwrap();
    old.send(with_state(change(1), 1)).await.unwrap();
    until_at(&rig, 1).await;
    rig.collect_beside(second.clone());
    until(SOON, "the second to open", async || second.seen().pop()).await;

    // The older one gets ahead, and what it keeps beside its position must not be mixed with the position of the other.
    old.send(with_state(change(2), 2)).await.unwrap();
    old.send(with_state(change(3), 3)).await.unwrap();
    until_recorded(&rig, 3).await;
    new.send(beginning(1)).await.unwrap();
    new.send(with_state(change(2), 2)).await.unwrap();
    let kept = until_at(&rig, 2).await;
    assert_eq!(kept.state.get("table"), Some(&Value::from(2_u64)));
    new.send(with_state(change(3), 3)).await.unwrap();
    new.send(change(4)).await.unwrap();
    until_recorded(&rig, 4).await;
    old.send(change(4)).await.unwrap();
    old.send(change(5)).await.unwrap();
    until_recorded(&rig, 5).await;
    until_at(&rig, 4).await;

    let shown = rig.trail.current("files:etc/app.yaml", 10, None).await.unwrap();
    assert_eq!(shown.rows[0].value, Some(Value::from(5_u64)));
    let numbers: Vec<Value> = recorded(&rig).await.iter().filter_map(|event| event.after.clone()).collect();
    assert_eq!(numbers, (1..=5_u64).map(Value::from).collect::<Vec<_>>());
    assert_eq!(rig.found("kind:health").await.len(), 0, "no conflict");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_begin_at_once_at_different_places_one_begins_again_where_the_other_did() {
    let directory = tempfile::tempdir().unwrap();
    let (early, early_reads) = mpsc::channel(8);
    let (late, late_reads) = mpsc::channel(8);
    let (again, again_reads) = mpsc::channel(8);
    let (first, second) =
        (HandedSource::new(vec![early_reads]), HandedSource::new(vec![late_reads, again_reads]));
    let mut rig = Rig::start(directory.path(), first.clone(), Arc::new(ScriptedReceiver::default()));
    rig.collect_beside(second.clone());
    until(SOON, "both to open", async || (first.seen().len() == 1 && second.seen().len() == 1).then_some(()))
        .await;
    // Change 1 lies between their beginnings. If the second went on with change 2, change 1 would come behind it.
    early.send(beginning(0)).await.unwrap();
    until_at(&rig, 0).await;
    late.send(beginning(1)).await.unwrap();
    late.send(change(2)).await.unwrap();
    let begun_again = until(SOON, "it to begin again", async || second.seen().get(1).cloned()).await;
    assert_eq!(begun_again.map(|checkpoint| checkpoint.position.0), Some(Value::from(0_u64)));
    assert_eq!(recorded(&rig).await.len(), 0);

    for number in [1, 2] {
        again.send(change(number)).await.unwrap();
        early.send(change(number)).await.unwrap();
    }
    until_recorded(&rig, 2).await;
    let shown = rig.trail.current("files:etc/app.yaml", 10, None).await.unwrap();
    assert_eq!(shown.rows[0].value, Some(Value::from(2_u64)));
    rig.stop().await;
}
