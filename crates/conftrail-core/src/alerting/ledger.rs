//! The account of everything that was detected and announced.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Adds up what was detected and what was announced since a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Detections in all.
    pub detections: u64,
    /// Detections not folded yet, or in an alert that still gathers.
    pub open: u64,
    /// Shown in an announcement.
    pub announced: u64,
    /// Counted into an announcement.
    pub counted: u64,
    /// Without an alert, by reason.
    pub no_alert: BTreeMap<String, u64>,
    /// Alerts that still gather, are held by a mute, or are silenced: not announced yet.
    #[serde(default)]
    pub gathering: u64,
    /// Notifications in all.
    pub notifications: u64,
    /// The receiver has them.
    pub delivered: u64,
    /// To be sent, being sent, or possibly sent.
    pub pending: u64,
    /// Not sent on purpose.
    pub suppressed: u64,
    /// Why they were not sent, such as `muted by nights` or `silence <id>`.
    #[serde(default)]
    pub suppressed_because: BTreeMap<String, u64>,
    /// Given up.
    pub dead: u64,
    /// Detections or notifications in none of the states above, and announced alerts without a notification.
    pub unaccounted: u64,
}
