//! A source being read, as the pipeline reads it: batches, and the checkpoint they add up to.

use std::sync::Arc;
use std::time::Duration;

use conftrail_binlog::source::Start;
use conftrail_binlog::wire::{Tls, TlsMode};
use conftrail_binlog::{Config, Source};
use conftrail_core::mask::{MaskKey, MaskRules, Masker};
use conftrail_core::ports::{Source as _, SourceBatch, SourceStream};
use conftrail_core::{Action, Checkpoint, Event, PortError, PortResult, Timestamp};
use conftrail_testkit::servers::{MysqlServer, Product};
use futures_util::StreamExt;

/// How long any wait in these tests may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// The configuration of a source over a test's database, read as root.
pub(crate) fn config(server: &MysqlServer, include: &str) -> Config {
    Config {
        name: "orders-db".to_owned(),
        url: server.url("root", "").parse().expect("a url"),
        include: vec![include.to_owned()],
        tls: Tls { mode: tls_mode(server), ..Tls::default() },
        ..Config::default()
    }
}

/// The tests' servers of MariaDB have no certificates of their own.
pub(crate) fn tls_mode(server: &MysqlServer) -> TlsMode {
    if server.product() == Product::Mysql { TlsMode::Required } else { TlsMode::Disabled }
}

pub(crate) fn masker() -> Arc<Masker> {
    Arc::new(Masker::new(MaskKey::new([7; 32]), &MaskRules::default()).expect("rules"))
}

/// An opened source and what was read from it.
pub(crate) struct Reading {
    source: Source,
    stream: SourceStream,
    pub(crate) checkpoint: Checkpoint,
    /// The position after each batch, with the events up to it.
    pub(crate) batches: Vec<SourceBatch>,
}

impl Reading {
    /// Opens a source and waits for its first batch, from which on nothing is missed.
    pub(crate) async fn open(config: Config, after: Option<Checkpoint>) -> PortResult<Self> {
        let source = Source::new(config, masker())?;
        let stream = source.open(after.clone()).await?;
        let mut reading = Self { source, stream, checkpoint: after.unwrap_or_default(), batches: Vec::new() };
        reading.step().await?;
        Ok(reading)
    }

    /// Opens at the end of the log.
    pub(crate) async fn latest(config: Config) -> Self {
        Self::open(config, None).await.expect("the source opens")
    }

    /// Opens at the oldest transaction.
    pub(crate) async fn earliest(config: Config) -> Self {
        Self::latest(Config { start: Start::Earliest, ..config }).await
    }

    /// Takes in the next batch.
    pub(crate) async fn step(&mut self) -> PortResult<()> {
        let next = tokio::time::timeout(DEADLINE, self.stream.next()).await.expect("a batch in time");
        let batch = next.expect("a stream without end")?;
        self.checkpoint.advance(batch.position.clone(), batch.state.clone());
        self.batches.push(batch);
        Ok(())
    }

    /// All events so far.
    pub(crate) fn events(&self) -> Vec<Arc<Event>> {
        self.batches.iter().flat_map(|batch| batch.events.iter().cloned()).collect()
    }

    /// Reads until there are this many events.
    pub(crate) async fn events_until(&mut self, count: usize) -> Vec<Arc<Event>> {
        while self.events().len() < count {
            self.step().await.expect("a batch");
        }
        self.events()
    }

    /// Reads until everything committed before this call was read.
    pub(crate) async fn catch_up(&mut self, server: &MysqlServer) -> Vec<Arc<Event>> {
        let clock = clock(server).await;
        while self.watermark() < clock {
            self.step().await.expect("a batch");
        }
        self.events()
    }

    /// Until when the server keeps what is not read yet.
    pub(crate) fn kept_until(&self) -> Option<Timestamp> {
        self.source.kept_until()
    }

    /// The server's clock, in microseconds, up to which everything was read.
    pub(crate) fn watermark(&self) -> i64 {
        self.batches.iter().filter_map(|batch| batch.watermark).map(Timestamp::micros).max().unwrap_or(0)
    }

    /// Reads until the source fails.
    pub(crate) async fn failure(&mut self) -> PortError {
        loop {
            if let Err(error) = self.step().await {
                return error;
            }
        }
    }
}

/// The server's clock, in microseconds.
pub(crate) async fn clock(server: &MysqlServer) -> i64 {
    let clock = server.query("SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))").await;
    clock[0][0].parse().expect("a number")
}

pub(crate) fn actions(events: &[Arc<Event>]) -> Vec<Action> {
    events.iter().map(|event| event.action).collect()
}

pub(crate) fn ids<'a>(events: impl IntoIterator<Item = &'a Arc<Event>>) -> Vec<String> {
    events.into_iter().map(|event| event.id.to_string()).collect()
}
