//! What goes over the wire, for the server and its clients alike. Events are those of the event format.

use std::sync::Arc;

use conftrail_core::alerting::{Alert, Notification};
use conftrail_core::own::{Aside, Role, Token};
use conftrail_core::ports::{CurrentRow, Cursor, StateRow};
use conftrail_core::{Event, Period, Timestamp};
use serde::{Deserialize, Serialize};

pub use crate::wire_silences::{NewSilence, SilenceEntry, SilenceList};

/// Events and where the next page starts: `GET /events`, `GET /resources/timeline`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Events {
    /// The events, newest first.
    pub events: Vec<Arc<Event>>,
    /// Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// Current values and where the next page starts: `GET /current`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CurrentRows {
    /// The values, by resource id.
    pub rows: Vec<CurrentRow>,
    /// Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// How resources stood at a time and where the next page starts: `GET /state`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StateRows {
    /// The states, by resource id.
    pub rows: Vec<StateRow>,
    /// Absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
}

/// What became of a look at the files of rules and routes: `POST /rules/reload`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RulesReloaded {
    /// `published`, or `unchanged` when they say what is in force already.
    pub outcome: String,
}

/// Asks for counts: the body of `POST /events:aggregate`, whose answer is core's `Aggregate`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AggregateBody {
    /// The query; absent means all.
    #[serde(default)]
    pub q: Option<String>,
    /// Events at or after this date of the query language.
    #[serde(default)]
    pub since: Option<String>,
    /// Events before this date of the query language.
    #[serde(default)]
    pub until: Option<String>,
    /// Field names of the query language, at most 10.
    #[serde(default)]
    pub facets: Vec<String>,
    /// At most this many values per facet; 20 by default.
    #[serde(default)]
    pub top: Option<usize>,
    /// The width of a histogram's buckets in seconds.
    #[serde(default)]
    pub histogram: Option<u64>,
}

/// Alerts, newest first: `GET /alerts`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Alerts {
    /// The alerts.
    pub alerts: Vec<Alert>,
}

/// Notifications, oldest first: `GET /notifications`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Notifications {
    /// The notifications.
    pub notifications: Vec<Notification>,
}

/// A notification that was put back into the queue: `POST /notifications/{id}/retry`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retried {
    /// The notification.
    pub id: String,
}

/// What was set aside, newest first and without its content: `GET /asides`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Asides {
    /// The entries.
    pub asides: Vec<AsideEntry>,
}

/// Something that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsideEntry {
    /// Where it came from: `log`, `audit`, `detect`.
    pub place: String,
    /// Its identity there.
    pub key: String,
    /// When it was kept aside.
    pub time: Timestamp,
    /// Why, without content.
    pub reason: String,
    /// How many bytes it has.
    pub bytes: u64,
}

impl From<Aside> for AsideEntry {
    fn from(aside: Aside) -> Self {
        let bytes = u64::try_from(aside.bytes.len()).unwrap_or(u64::MAX);
        Self { place: aside.place, key: aside.key, time: aside.time, reason: aside.reason, bytes }
    }
}

/// Asks for a token: the body of `POST /tokens`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// 1 to 64 letters, digits and `-._`.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The only events that it may see, in the query language; absent means all that its role may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// How long it is valid; absent means until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_for: Option<Period>,
}

/// A new token; the only time its secret is shown.
#[derive(Clone, Serialize, Deserialize)]
pub struct CreatedToken {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The only events that it may see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// When it ends, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The secret, to be sent as `Authorization: Bearer`.
    pub secret: String,
}

/// Tokens, revoked ones included, without secrets and hashes: `GET /tokens`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Tokens {
    /// The tokens, oldest first.
    pub tokens: Vec<TokenEntry>,
}

/// A token as others may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenEntry {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The only events that it may see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

impl From<Token> for TokenEntry {
    fn from(token: Token) -> Self {
        let Token { name, role, filter, created, expires, revoked, hash: _ } = token;
        Self { name, role, filter, created, expires, revoked }
    }
}

/// Whether anything falls behind: `GET /readyz`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Whether nothing does.
    pub ready: bool,
    /// What does.
    pub behind: Vec<Behind>,
}

/// Something that falls behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behind {
    /// The worker.
    pub worker: String,
    /// Why.
    pub reason: String,
}

/// Why a request was refused, as RFC 9457 says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:conftrail:problem:<word>`; the word is for programs.
    pub r#type: String,
    /// What kind of problem it is.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong with this very request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The parameter or key that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// The place in the query that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// A place in a query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The first wrong byte of the query, from 0.
    pub start: usize,
    /// The byte after the last wrong one.
    pub end: usize,
    /// The line with a caret under the place, for people.
    pub caret: String,
}
