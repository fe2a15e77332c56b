//! `/events/tail`: what is recorded from now on, or from where a follower was cut off. As server-sent events for whoever
//! asks for them, else one JSON answer that waits until there is something.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event as Sent, Sse};
use axum::response::{IntoResponse as _, Response};
use conftrail_core::ports::{AuditReader as _, Cursor, FollowRequest, Followed, Recorded};
use conftrail_core::query::Query;
use conftrail_core::{ErrorKind, PortResult};
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, timeout_at};

use crate::access::Caller;
use crate::api::Shared;
use crate::parameters::{self, Params};
use crate::problem::Problem;
use crate::reading::Reading;
use crate::sight::Sight;
use crate::{reading, reply};

/// How often the trail is asked whether something came.
const POLL: Duration = Duration::from_millis(250);
/// The longest that one JSON answer waits, in seconds.
const LONGEST_WAIT: u64 = 20;
/// After so long without an event a line is sent that says nothing, so that nobody on the way gives the connection up.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A token is looked at again this often.
const VALID_AGAIN: Duration = Duration::from_secs(10);
/// Events taken at once.
const AT_ONCE: usize = 100;
/// The media type of server-sent events.
const EVENT_STREAM: &str = "text/event-stream";
/// What a follower is told that could not be let in.
const FULL: &str = "as many follow as may at a time";

/// The parameters of following.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tail {
    q: Option<String>,
    after: Option<String>,
    wait: Option<u64>,
    limit: Option<usize>,
}

/// What is recorded, as it comes.
pub(super) async fn tail(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Params(asked): Params<Tail>,
) -> Result<Response, Problem> {
    let text = asked.q.unwrap_or_else(|| "*".to_owned());
    let query = parameters::query(Some(&text))?;
    let limit = parameters::limit(asked.limit)?;
    if asked.wait.is_some_and(|wait| wait > LONGEST_WAIT) {
        return Err(Problem::parameter("wait", format!("must be 0 to {LONGEST_WAIT} seconds")));
    }
    // A browser that was cut off says by itself where it was.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).filter(|id| !id.is_empty());
    let after = last.map(str::to_owned).or(asked.after).map(Cursor);
    let wanted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let sight = caller.sight(&shared);
    let full = || Problem::too_many(FULL, Duration::from_secs(10));
    let permit = Arc::clone(&shared.followers).try_acquire_owned().map_err(|_| full())?;
    let with_cursor = after.is_some();
    if wanted.is_some_and(|accept| accept.contains(EVENT_STREAM)) {
        let request = FollowRequest { query: query.clone(), after, limit: AT_ONCE };
        // The first look tells what is wrong while that can still be said by a status.
        let first = sight.follow(request).await.map_err(|error| Problem::of_page(error, with_cursor))?;
        let reading = Reading::new("tail", text).page(true);
        reading::record(&shared, &caller, &reading, first.events.len()).await?;
        let follower = Follower::new(shared, caller, sight, query, reading, first, permit);
        let sent = futures_util::stream::unfold(follower, Follower::next);
        return Ok(Sse::new(sent).into_response());
    }
    let until = Instant::now() + Duration::from_secs(asked.wait.unwrap_or(0));
    let found = poll(&shared, &sight, FollowRequest { query, after, limit }, until).await;
    let found = found.map_err(|error| Problem::of_page(error, with_cursor))?;
    let reading = Reading::new("tail", text).page(true);
    reading::record(&shared, &caller, &reading, found.events.len()).await?;
    drop(permit);
    reply::large(found).await
}

/// Asks again until there is something, or the time is over.
async fn poll(shared: &Shared, sight: &Sight, asked: FollowRequest, until: Instant) -> PortResult<Followed> {
    let is_first = asked.after.is_none();
    let mut after = asked.after.clone();
    loop {
        let found = sight.follow(FollowRequest { after: after.take(), ..asked.clone() }).await?;
        let over = Instant::now() >= until || shared.ending.is_cancelled();
        if !found.events.is_empty() || is_first || over {
            return Ok(found);
        }
        if !found.more {
            let woken = timeout_at((Instant::now() + POLL).min(until), shared.ending.cancelled());
            let _ = woken.await;
        }
        after = Some(found.next);
    }
}

/// One who follows by server-sent events.
struct Follower {
    shared: Arc<Shared>,
    caller: Caller,
    sight: Sight,
    query: Query,
    reading: Reading,
    waiting: VecDeque<Recorded>,
    next: Cursor,
    /// Whether there is more to take at once.
    more: bool,
    /// The place that the follower was told last.
    told: Option<Cursor>,
    spoke: Instant,
    was_valid: Instant,
    _permit: OwnedSemaphorePermit,
}

impl Follower {
    fn new(
        shared: Arc<Shared>,
        caller: Caller,
        sight: Sight,
        query: Query,
        reading: Reading,
        first: Followed,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let now = Instant::now();
        Self {
            shared,
            caller,
            sight,
            query,
            reading,
            waiting: first.events.into(),
            next: first.next,
            more: first.more,
            told: None,
            spoke: now,
            was_valid: now,
            _permit: permit,
        }
    }

    /// Returns what is sent next; none ends the answer.
    async fn next(mut self) -> Option<(Result<Sent, Infallible>, Self)> {
        loop {
            if self.shared.ending.is_cancelled() {
                return None;
            }
            if let Some(Recorded { at, event }) = self.waiting.pop_front() {
                let data = serde_json::to_string(&event).ok()?;
                self.told = Some(at.clone());
                return Some(self.say(Sent::default().id(at.0).data(data)));
            }
            // A place without an event: who is cut off now need not look at all that did not match again.
            if self.told.as_ref() != Some(&self.next) {
                self.told = Some(self.next.clone());
                let place = Sent::default().id(self.next.0.clone());
                return Some(self.say(place));
            }
            if self.spoke.elapsed() >= HEARTBEAT {
                return Some(self.say(Sent::default().comment("")));
            }
            if self.was_valid.elapsed() >= VALID_AGAIN {
                if !self.caller.is_still_valid(&self.shared).await {
                    return None;
                }
                self.was_valid = Instant::now();
            }
            if !self.more {
                tokio::select! {
                    () = sleep(POLL) => {}
                    () = self.shared.ending.cancelled() => return None,
                }
            }
            self.take().await?;
        }
    }

    /// Takes what came; none when the answer has to end. It is written down before it is sent.
    async fn take(&mut self) -> Option<()> {
        let (query, after) = (self.query.clone(), Some(self.next.clone()));
        let found = match self.sight.follow(FollowRequest { query, after, limit: AT_ONCE }).await {
            Ok(found) => found,
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable { .. }) => return Some(()),
            Err(error) => {
                tracing::warn!(error = conftrail_core::explain(&error), "a follower was let go");
                return None;
            }
        };
        if !found.events.is_empty() {
            let written = reading::record(&self.shared, &self.caller, &self.reading, found.events.len());
            written.await.ok()?;
        }
        self.more = found.more;
        self.next = found.next;
        self.waiting = found.events.into();
        Some(())
    }

    fn say(mut self, sent: Sent) -> (Result<Sent, Infallible>, Self) {
        self.spoke = Instant::now();
        (Ok(sent), self)
    }
}
