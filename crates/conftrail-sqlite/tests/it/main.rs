//! Tests of the engines on local disk.

#![expect(clippy::unwrap_used, reason = "a test that fails panics where it fails")]

mod change_log;
mod control;
mod control_migration;
mod control_retention;
mod derived;
mod integrity;
mod trail;
mod trail_routes;
