//! The audit store's reading port over HTTP.

use std::sync::Arc;

use async_trait::async_trait;
use conftrail_api::wire::{AggregateBody, CurrentRows, Events, StateRows};
use conftrail_core::ports::{
    Aggregate, AggregateRequest, AuditReader, CurrentPage, Cursor, FollowRequest, Followed, Page,
    SearchRequest, StatePage, StateRequest,
};
use conftrail_core::{Event, EventId, PortError, PortResult, Timestamp};

use super::{Client, client};

/// Reads the trail through a running instance.
pub(crate) struct RemoteReader(Client);

impl RemoteReader {
    /// Makes a reader.
    pub(crate) fn new(client: Client) -> Self {
        Self(client)
    }
}

/// Seconds that the instance waits for something to come before it answers that nothing did.
const WAIT: u64 = 15;

fn failed(error: anyhow::Error) -> PortError {
    let said = format!("{error:#}");
    if client::is_passing(&error) { PortError::unavailable(said) } else { PortError::rejected(said) }
}

fn bounds(since: Option<Timestamp>, until: Option<Timestamp>) -> Vec<(&'static str, String)> {
    let named = [("since", since), ("until", until)];
    named.into_iter().filter_map(|(name, time)| Some((name, time?.to_string()))).collect()
}

fn paging(limit: usize, cursor: Option<Cursor>) -> Vec<(&'static str, String)> {
    let mut query = vec![("limit", limit.to_string())];
    query.extend(cursor.map(|cursor| ("cursor", cursor.0)));
    query
}

#[async_trait]
impl AuditReader for RemoteReader {
    async fn get(&self, id: EventId) -> PortResult<Option<Arc<Event>>> {
        self.0.find(&format!("/events/{id}")).await.map_err(failed)
    }

    async fn search(&self, request: SearchRequest) -> PortResult<Page> {
        let mut query = vec![("q", request.query.to_string())];
        query.extend(bounds(request.since, request.until));
        query.extend(paging(request.limit, request.cursor));
        let Events { events, next } = self.0.get("/events", &query).await.map_err(failed)?;
        Ok(Page { events, next })
    }

    async fn aggregate(&self, request: AggregateRequest) -> PortResult<Aggregate> {
        let body = AggregateBody {
            q: Some(request.query.to_string()),
            since: request.since.map(|time| time.to_string()),
            until: request.until.map(|time| time.to_string()),
            facets: request.facets,
            top: Some(request.top),
            histogram: request.histogram,
        };
        self.0.post("/events:aggregate", &body).await.map_err(failed)
    }

    async fn timeline(&self, resource: &str, limit: usize, cursor: Option<Cursor>) -> PortResult<Page> {
        let mut query = vec![("resource", resource.to_owned())];
        query.extend(paging(limit, cursor));
        let Events { events, next } = self.0.get("/resources/timeline", &query).await.map_err(failed)?;
        Ok(Page { events, next })
    }

    async fn current(&self, prefix: &str, limit: usize, cursor: Option<Cursor>) -> PortResult<CurrentPage> {
        let mut query = vec![("prefix", prefix.to_owned())];
        query.extend(paging(limit, cursor));
        let CurrentRows { rows, next } = self.0.get("/current", &query).await.map_err(failed)?;
        Ok(CurrentPage { rows, next })
    }

    async fn state_at(&self, request: StateRequest) -> PortResult<StatePage> {
        let mut query = vec![("prefix", request.prefix), ("at", request.at.to_string())];
        query.extend(paging(request.limit, request.cursor));
        let StateRows { rows, next } = self.0.get("/state", &query).await.map_err(failed)?;
        Ok(StatePage { rows, next })
    }

    async fn follow(&self, request: FollowRequest) -> PortResult<Followed> {
        let mut query = vec![("q", request.query.to_string()), ("limit", request.limit.to_string())];
        query.extend(request.after.map(|after| ("after", after.0)));
        query.push(("wait", WAIT.to_string()));
        self.0.get("/events/tail", &query).await.map_err(failed)
    }
}
