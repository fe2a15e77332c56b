//! Silences as they cross the wire.

use conftrail_core::alerting::{Silence, SilenceState};
use conftrail_core::{Period, Timestamp};
use serde::{Deserialize, Serialize};

/// Asks for a silence: the body of `POST /silences`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSilence {
    /// Matchers on labels such as `team="pay"`, all of which must hold; at least one.
    pub matchers: Vec<String>,
    /// Why.
    #[serde(default)]
    pub comment: String,
    /// Who wants it.
    #[serde(default)]
    pub created_by: String,
    /// Since when; absent means now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Timestamp>,
    /// Until when; this or `valid_for`. At most 30 days after the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
    /// How long, from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_for: Option<Period>,
}

/// A silence and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceEntry {
    /// The id.
    pub id: String,
    /// Where it stands: `pending`, `active` or `expired`.
    pub state: SilenceState,
    /// All of them must hold, such as `team="pay"`.
    pub matchers: Vec<String>,
    /// Since when.
    pub starts: Timestamp,
    /// Until when.
    pub ends: Timestamp,
    /// Who wants it.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// When it was made.
    pub created: Timestamp,
}

impl SilenceEntry {
    /// Shows a silence as it stands at a time.
    pub fn of(silence: Silence, now: Timestamp) -> Self {
        let state = silence.state(now);
        let Silence { id, matchers, starts, ends, created_by, comment, created } = silence;
        let matchers = matchers.iter().map(ToString::to_string).collect();
        Self { id, state, matchers, starts, ends, created_by, comment, created }
    }
}

/// Silences, the last made first: `GET /silences`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SilenceList {
    /// The silences.
    pub silences: Vec<SilenceEntry>,
}
