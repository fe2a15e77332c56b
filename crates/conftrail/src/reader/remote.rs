//! The audit store's reading port over HTTP.

use std::sync::Arc;

use async_trait::async_trait;
use conftrail_core::ports::{
    Aggregate, AggregateRequest, AuditReader, Bucket, CurrentPage, CurrentRow, Cursor, Facet, Histogram,
    Page, SearchRequest,
};
use conftrail_core::{Event, EventId, PortError, PortResult, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::Client;

/// Reads the trail through a running instance.
pub struct RemoteReader(Client);

impl RemoteReader {
    /// Makes a reader.
    pub fn new(client: Client) -> Self {
        Self(client)
    }
}

#[derive(Deserialize)]
struct Events {
    events: Vec<Arc<Event>>,
    #[serde(default)]
    next: Option<Cursor>,
}

#[derive(Deserialize)]
struct Rows {
    rows: Vec<CurrentRow>,
    #[serde(default)]
    next: Option<Cursor>,
}

#[derive(Deserialize)]
struct Counted {
    total: u64,
    facets: Vec<CountedFacet>,
    #[serde(default)]
    histogram: Option<CountedHistogram>,
}

#[derive(Deserialize)]
struct CountedFacet {
    field: String,
    buckets: Vec<CountedBucket>,
}

#[derive(Deserialize)]
struct CountedHistogram {
    width: u64,
    buckets: Vec<CountedBucket>,
}

#[derive(Deserialize)]
struct CountedBucket {
    key: String,
    count: u64,
}

fn buckets(counted: Vec<CountedBucket>) -> Vec<Bucket> {
    counted.into_iter().map(|CountedBucket { key, count }| Bucket { key, count }).collect()
}

fn failed(error: anyhow::Error) -> PortError {
    PortError::rejected(format!("{error:#}"))
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
        let body = json!({
            "q": request.query.to_string(),
            "since": request.since,
            "until": request.until,
            "facets": request.facets,
            "top": request.top,
            "histogram": request.histogram,
        });
        let counted: Counted = self.0.post("/events:aggregate", &body).await.map_err(failed)?;
        let facet = |CountedFacet { field, buckets: counted }| Facet { field, buckets: buckets(counted) };
        let histogram =
            |CountedHistogram { width, buckets: counted }| Histogram { width, buckets: buckets(counted) };
        Ok(Aggregate {
            total: counted.total,
            facets: counted.facets.into_iter().map(facet).collect(),
            histogram: counted.histogram.map(histogram),
        })
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
        let Rows { rows, next } = self.0.get("/current", &query).await.map_err(failed)?;
        Ok(CurrentPage { rows, next })
    }
}
