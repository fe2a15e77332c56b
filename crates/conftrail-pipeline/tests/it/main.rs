//! The workers over the embedded engines, with scripted sources and receivers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod delivery;
mod flow;
mod lanes;
mod lost_log;
mod metrics;
mod rig;
mod stale;
mod two_collectors;
