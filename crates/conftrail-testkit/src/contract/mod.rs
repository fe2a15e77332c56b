//! One suite for each port, run by every implementation.

#![expect(clippy::unwrap_used, reason = "a contract suite is test code: what fails panics where it fails")]

pub mod audit;
pub mod change_log;
pub mod control;
pub mod events;
