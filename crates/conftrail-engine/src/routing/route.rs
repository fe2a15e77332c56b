//! A route as the routing file has it.

use conftrail_core::Period;
use serde::Deserialize;

/// A route with its child routes; what a child does not say it takes from the route it stands in, but for what
/// is said of matching and of time intervals.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouteConfig {
    /// Who is told; the root route must say it.
    pub receiver: Option<String>,
    /// What the labels must be; the root route has none, as every alert takes it.
    pub matchers: Vec<String>,
    /// Whether the routes after this one are asked too when it matches.
    #[serde(rename = "continue")]
    pub goes_on: bool,
    /// The labels by which findings are put together; `'...'` is all of them.
    pub group_by: Option<Vec<String>>,
    /// How long a group gathers before its first message; default 30s.
    pub group_wait: Option<Period>,
    /// The least time between two messages of a group; default 5m.
    pub group_interval: Option<Period>,
    /// Accepted for Alertmanager's sake; a change is told once and there is nothing to repeat.
    pub repeat_interval: Option<Period>,
    /// Time intervals in which nobody is told.
    pub mute_time_intervals: Vec<String>,
    /// Time intervals outside of which nobody is told.
    pub active_time_intervals: Vec<String>,
    /// What becomes of messages that would have been told while muted; default `hold`.
    #[serde(rename = "x-on-mute")]
    pub on_mute: Option<OnMute>,
    /// The child routes, asked in their order.
    pub routes: Vec<RouteConfig>,
}

/// Says what becomes of what a mute keeps back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnMute {
    /// Each group waits, and is told when the mute ends.
    #[default]
    Hold,
    /// Everything waits together, and is told in one message when the mute ends.
    Digest,
    /// It is recorded as suppressed and never told.
    Drop,
}
