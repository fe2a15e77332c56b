//! The API over real HTTP, on the engines of local disk.

#![expect(clippy::unwrap_used, reason = "a test that fails panics where it fails")]

mod access;
mod alerts;
mod events;
mod faulty;
mod health;
mod limits;
mod openapi;
mod rate;
mod reading;
mod rows;
mod rules;
mod server;
mod silences;
mod tail;
mod tokens;
