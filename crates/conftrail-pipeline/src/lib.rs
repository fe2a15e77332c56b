//! The workers, retry policy and supervision. Knows only ports.
//!
//! Effect first, then position: a crash between the two repeats work, and repeats are harmless because every
//! id is deterministic and the first occurrence wins.

mod classify;
mod clock;
mod failpoint;
mod health;
mod in_force;
mod metrics;
mod nudge;
mod retry;
mod supervise;

mod alert;
mod audit;
mod collect;
mod detect;
mod keep;
mod log_place;
mod notify;
mod own_source;
mod reached;
mod seal;
mod stale;

pub use alert::AlertWorker;
pub use audit::AuditWorker;
pub use classify::{Classifier, ClassifyRule, InvalidClassifyRule};
pub use clock::now;
pub use collect::CollectWorker;
pub use detect::DetectWorker;
pub use failpoint::collectors_of_each_source;
pub use health::{Health, Unready};
pub use in_force::{InForce, Published};
pub use keep::KeepWorker;
pub use metrics::Metrics;
pub use notify::{DeliveryPolicy, Fallback, NotifyWorker};
pub use nudge::Nudge;
pub use own_source::OwnSource;
pub use retry::Backoff;
pub use seal::SealWorker;
pub use stale::StaleWorker;
pub use supervise::{Supervisor, Worker};
