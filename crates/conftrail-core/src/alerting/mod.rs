//! What rules find and what people are told: detections, alerts, notifications and their accounts.

mod alert;
mod detection;
mod ledger;
mod notification;

pub use alert::{Alert, AlertGroup, AlertState, Fate, SHOWN_DETECTIONS, Transition, Workload};
pub use detection::{Detection, Evidence, GroupKey, Labels, RuleRef, Severity, Verdict, derived_id};
pub use ledger::Ledger;
pub use notification::{Announcement, Notification, NotificationState, Settlement};
