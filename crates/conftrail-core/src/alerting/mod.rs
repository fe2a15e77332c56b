//! What rules find and what people are told: detections, alerts, notifications and their accounts.

mod alert;
mod detection;
mod digest;
mod ledger;
mod notification;
mod pace;
mod silence;

pub use alert::{
    Alert, AlertGroup, AlertState, COUNTED_RULES, Fate, SHOWN_DETECTIONS, Share, Transition, Workload,
};
pub use detection::{Detection, Evidence, GroupKey, Labels, RuleRef, Severity, Verdict, derived_id};
pub use digest::{Digest, DigestGroup, Waiting};
pub use ledger::Ledger;
pub use notification::{Announcement, Notification, NotificationState, Settlement};
pub use pace::{Backlog, Begin, InvalidRateLimit, Lane, Overflow, Pace, RateLimit};
pub use silence::{
    EndedSilence, HeldBack, HeldBackSum, LONGEST_SILENCE, LabelMatcher, Silence, SilenceState,
};
