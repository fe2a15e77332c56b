//! What a caller may see of the trail: a reader that has nothing else. Handlers are given this one alone, so that none
//! can forget a row filter.

use std::sync::Arc;

use async_trait::async_trait;
use conftrail_core::ports::{
    Aggregate, AggregateRequest, AuditReader, CurrentPage, Cursor, FollowRequest, Followed, Page,
    SearchRequest, StatePage, StateRequest, StateRow,
};
use conftrail_core::query::{EventView, Field, Query, matches};
use conftrail_core::{Event, EventId, PortResult};

use crate::clock;

/// The kind of the built-in source that holds conftrail's own acts.
const OWN: &str = "conftrail";

/// The trail as one caller sees it.
#[derive(Clone)]
pub(crate) struct Sight {
    reader: Arc<dyn AuditReader>,
    /// Whether conftrail's own acts are seen.
    own: bool,
    /// The only events that are seen.
    filter: Option<Arc<Query>>,
}

impl Sight {
    /// Narrows a reader.
    pub(crate) fn new(reader: Arc<dyn AuditReader>, own: bool, filter: Option<Arc<Query>>) -> Self {
        Self { reader, own, filter }
    }

    /// Narrows a query to what is seen.
    fn narrow(&self, query: Query) -> Query {
        let mut all = vec![query];
        if !self.own {
            all.push(Query::Not(Box::new(Query::equals(Field::SourceKind, OWN))));
        }
        all.extend(self.filter.as_deref().cloned());
        Query::and(all)
    }

    /// Says whether an event is seen.
    fn sees(&self, event: &Event) -> bool {
        let own = self.own || &*event.source.kind != OWN;
        let view = || EventView::new(event, clock::now());
        own && self.filter.as_ref().is_none_or(|filter| matches(filter, &view()))
    }

    /// Says whether the event with an id is seen; one that is not there is not.
    pub(crate) async fn sees_id(&self, id: EventId) -> PortResult<bool> {
        Ok(self.reader.get(id).await?.is_some_and(|event| self.sees(&event)))
    }

    /// Says whether what an event left of a resource is seen.
    async fn sees_row(&self, resource: &str, event: EventId) -> PortResult<bool> {
        if self.filter.is_some() { self.sees_id(event).await } else { Ok(self.own || !is_own(resource)) }
    }

    /// Says whether a state is seen: by the event that it comes from, or where it comes from none, by one that says why. Other
    /// events that are not seen are not named.
    async fn sees_state(&self, row: &mut StateRow) -> PortResult<bool> {
        if self.filter.is_none() {
            return Ok(self.own || !is_own(&row.resource));
        }
        let mut seen = match row.event {
            Some(event) => self.sees_id(event).await?,
            None => false,
        };
        let is_of_event = row.event.is_some();
        for ground in &mut row.because {
            let Some(event) = ground.event else { continue };
            if self.sees_id(event).await? {
                seen |= !is_of_event;
            } else {
                ground.event = None;
            }
        }
        Ok(seen)
    }
}

/// Says whether an id is one of conftrail's own.
pub(crate) fn is_own(id: &str) -> bool {
    id.strip_prefix(OWN).is_some_and(|rest| rest.starts_with(':'))
}

#[async_trait]
impl AuditReader for Sight {
    async fn get(&self, id: EventId) -> PortResult<Option<Arc<Event>>> {
        Ok(self.reader.get(id).await?.filter(|event| self.sees(event)))
    }

    async fn search(&self, request: SearchRequest) -> PortResult<Page> {
        let query = self.narrow(request.query);
        self.reader.search(SearchRequest { query, ..request }).await
    }

    async fn aggregate(&self, request: AggregateRequest) -> PortResult<Aggregate> {
        let query = self.narrow(request.query);
        self.reader.aggregate(AggregateRequest { query, ..request }).await
    }

    async fn timeline(&self, resource: &str, limit: usize, cursor: Option<Cursor>) -> PortResult<Page> {
        let mut page = self.reader.timeline(resource, limit, cursor).await?;
        page.events.retain(|event| self.sees(event));
        Ok(page)
    }

    async fn current(&self, prefix: &str, limit: usize, cursor: Option<Cursor>) -> PortResult<CurrentPage> {
        let mut page = self.reader.current(prefix, limit, cursor).await?;
        let mut seen = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            if self.sees_row(&row.resource, row.event).await? {
                seen.push(row);
            }
        }
        page.rows = seen;
        Ok(page)
    }

    async fn state_at(&self, request: StateRequest) -> PortResult<StatePage> {
        let mut page = self.reader.state_at(request).await?;
        let mut seen = Vec::with_capacity(page.rows.len());
        for mut row in page.rows {
            if self.sees_state(&mut row).await? {
                seen.push(row);
            }
        }
        page.rows = seen;
        Ok(page)
    }

    async fn follow(&self, request: FollowRequest) -> PortResult<Followed> {
        let query = self.narrow(request.query);
        self.reader.follow(FollowRequest { query, ..request }).await
    }
}
