//! The trail with scripted faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use conftrail_core::ports::{
    Aggregate, AggregateRequest, AuditReader, CurrentPage, Cursor, FollowRequest, Followed, Page,
    SearchRequest, StatePage, StateRequest,
};
use conftrail_core::{Event, EventId, PortError, PortResult};
use conftrail_sqlite::Trail;
use tokio::sync::watch;

/// A trail that fails or waits when it is told to.
pub(crate) struct Faulty {
    pub(crate) trail: Trail,
    /// Makes every reading fail.
    pub(crate) gone: AtomicBool,
    /// Makes every reading wait.
    pub(crate) held: watch::Sender<bool>,
    /// Counts the readings that have come.
    pub(crate) arrived: watch::Sender<usize>,
}

impl Faulty {
    pub(crate) fn new(trail: Trail) -> Self {
        let (held, arrived) = (watch::Sender::new(false), watch::Sender::new(0));
        Self { trail, gone: AtomicBool::new(false), held, arrived }
    }

    async fn pass(&self) -> PortResult<&Trail> {
        self.arrived.send_modify(|count| *count += 1);
        self.held.subscribe().wait_for(|held| !held).await.unwrap();
        if self.gone.load(Ordering::Relaxed) {
            return Err(PortError::unavailable("search the trail"));
        }
        Ok(&self.trail)
    }
}

#[async_trait]
impl AuditReader for Faulty {
    async fn get(&self, id: EventId) -> PortResult<Option<Arc<Event>>> {
        self.pass().await?.get(id).await
    }

    async fn search(&self, request: SearchRequest) -> PortResult<Page> {
        self.pass().await?.search(request).await
    }

    async fn aggregate(&self, request: AggregateRequest) -> PortResult<Aggregate> {
        self.pass().await?.aggregate(request).await
    }

    async fn timeline(&self, resource: &str, limit: usize, cursor: Option<Cursor>) -> PortResult<Page> {
        self.pass().await?.timeline(resource, limit, cursor).await
    }

    async fn current(&self, prefix: &str, limit: usize, cursor: Option<Cursor>) -> PortResult<CurrentPage> {
        self.pass().await?.current(prefix, limit, cursor).await
    }

    async fn state_at(&self, request: StateRequest) -> PortResult<StatePage> {
        self.pass().await?.state_at(request).await
    }

    async fn follow(&self, request: FollowRequest) -> PortResult<Followed> {
        self.pass().await?.follow(request).await
    }
}
