//! HTTP API, metrics and health. Reads ports, never adapters.
//!
//! [`Api::new`] takes the ports and [`Api::serve`] a listener. All routes of `/api/v1` need a token, each its
//! role (see `routes`); `/metrics`, `/healthz` and `/readyz` need none and hold no value of a customer. What is
//! refused is refused as RFC 9457 problem details.

pub mod wire;

mod api;
mod config;
mod metrics;
mod token;

mod clock;
mod document;
mod routes;

mod access;
mod parameters;
mod problem;
mod rate;
mod reading;
mod reply;
mod server;
mod sight;
mod wire_silences;

pub use api::{Api, Notice, Parts, Prover, Readiness, Reload, Reloaded};
pub use config::{Config, RateLimit};
pub use metrics::Metrics;
pub use token::{NoRandomness, new_token_secret, token_hash};
