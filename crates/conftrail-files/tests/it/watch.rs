//! A watched directory whose events a test waits for.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use conftrail_core::mask::{MaskKey, MaskRules, Masker};
use conftrail_core::ports::{Source as _, SourceBatch, SourceStream};
use conftrail_core::{Checkpoint, Event, Period, PortError, ResourceKind, Value};
use conftrail_files::{Config, Source};
use futures_util::StreamExt;
use tempfile::TempDir;

/// No look takes longer, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(30);

/// Makes the masker of all tests.
pub(crate) fn masker() -> Arc<Masker> {
    Arc::new(Masker::new(MaskKey::new([7; 32]), &MaskRules::default()).expect("the built-in rules are valid"))
}

/// A directory of its own, and what was recorded of it.
pub(crate) struct Watch {
    pub(crate) directory: TempDir,
    pub(crate) config: Config,
    pub(crate) checkpoint: Option<Checkpoint>,
    masker: Arc<Masker>,
    stream: Option<SourceStream>,
    source: Option<Source>,
}

impl Watch {
    /// Makes an empty directory that is not watched yet.
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory can be made");
        let config = Config {
            name: "etc".to_owned(),
            path: directory.path().to_owned(),
            interval: Period(Duration::from_millis(50)),
            ..Config::default()
        };
        Self { directory, config, checkpoint: None, masker: masker(), stream: None, source: None }
    }

    /// Makes further names secret from the next opening on, with the same key.
    pub(crate) fn mask_names(&mut self, names: &[&str]) {
        let mut rules = MaskRules::default();
        rules.names.extend(names.iter().map(|name| (*name).to_owned()));
        self.masker = Arc::new(Masker::new(MaskKey::new([7; 32]), &rules).expect("the rules are valid"));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file in place, directories included.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a path below the directory"))
            .expect("make a directory");
        std::fs::write(path, content).expect("write a file");
    }

    /// Opens the source after what was recorded.
    pub(crate) async fn try_open(&mut self) -> Result<(), PortError> {
        self.stream = None;
        let source = Source::new(self.config.clone(), self.masker.clone())?;
        self.stream = Some(source.open(self.checkpoint.clone()).await?);
        self.source = Some(source);
        Ok(())
    }

    /// Opens the source and waits until it knows all that is there.
    pub(crate) async fn open(&mut self) {
        self.try_open().await.expect("the directory can be read");
        let events = self.settle().await;
        assert!(events.is_empty(), "events at the start: {events:?}");
    }

    /// Waits for the events that tell of paths which cannot be read, or can be again, as `state path`; nothing else may
    /// have happened.
    pub(crate) async fn health(&mut self) -> Vec<String> {
        let told = |event: &Arc<Event>| {
            assert_eq!(event.resource.kind, ResourceKind::Health, "{event:#?}");
            let after = event.after.as_ref().and_then(Value::as_map).expect("health has a state");
            let part = |name| after.get(name).and_then(Value::as_text).expect("state and path are texts");
            format!("{} {}", part("state"), part("path"))
        };
        self.events().await.iter().map(told).collect()
    }

    /// Stops watching; what was recorded stays.
    pub(crate) fn close(&mut self) {
        self.stream = None;
    }

    /// Returns the next batch without recording it.
    pub(crate) async fn batch(&mut self) -> Result<SourceBatch, PortError> {
        let stream = self.stream.as_mut().expect("the watch is open");
        let next = tokio::time::timeout(DEADLINE, stream.next()).await.expect("a batch within the deadline");
        next.expect("the stream has no end")
    }

    /// Returns how many paths cannot be read, as metrics show it.
    pub(crate) fn unreadable(&self) -> Option<u64> {
        self.source.as_ref().and_then(|source| source.unreadable())
    }

    fn record(&mut self, batch: SourceBatch) -> Vec<Arc<Event>> {
        let checkpoint = self.checkpoint.get_or_insert_default();
        checkpoint.advance(batch.position, batch.state);
        // As the control store keeps it.
        let text = serde_json::to_string(&checkpoint).expect("a checkpoint prints");
        *checkpoint = serde_json::from_str(&text).expect("a checkpoint reads back");
        batch.events
    }

    /// Waits for events, at least one, until the directory is at rest.
    pub(crate) async fn events(&mut self) -> Vec<Arc<Event>> {
        let mut events = Vec::new();
        loop {
            let batch = self.batch().await.expect("the directory can be read");
            let is_settled = batch.watermark.is_some();
            events.extend(self.record(batch));
            if is_settled && !events.is_empty() {
                return events;
            }
        }
    }

    /// Waits for exactly one event.
    pub(crate) async fn event(&mut self) -> Arc<Event> {
        let mut events = self.events().await;
        assert_eq!(events.len(), 1, "{events:#?}");
        events.remove(0)
    }

    /// Waits until a whole look found everything at rest, and returns what came until then.
    pub(crate) async fn settle(&mut self) -> Vec<Arc<Event>> {
        let mut events = Vec::new();
        let mut rests = 0;
        while rests < 3 {
            let batch = self.batch().await.expect("the directory can be read");
            rests = if batch.watermark.is_some() { rests + 1 } else { 0 };
            events.extend(self.record(batch));
        }
        events
    }
}

/// Runs git as a known person; the test fails where git does.
pub(crate) fn git(directory: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=Alice 刘",
            "-c",
            "user.email=alice@example.com",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
