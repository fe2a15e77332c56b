//! What comes into the trail, as it comes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Cursor;
use crate::Event;
use crate::query::Query;

/// Asks for what was recorded after a place.
#[derive(Clone, Debug)]
pub struct FollowRequest {
    /// What must hold. Not part of the place: one may go on with another query.
    pub query: Query,
    /// The place; none asks for nothing but the end as it is now.
    pub after: Option<Cursor>,
    /// At most this many events.
    pub limit: usize,
}

/// An event and the place behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// The place from which to go on after this event.
    pub at: Cursor,
    /// The event.
    pub event: Arc<Event>,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Followed {
    /// The events that match, in the order in which the store took them.
    pub events: Vec<Recorded>,
    /// The place from which to go on. It moves over what does not match, too.
    pub next: Cursor,
    /// Whether there was more than this answer had room for.
    pub more: bool,
}
