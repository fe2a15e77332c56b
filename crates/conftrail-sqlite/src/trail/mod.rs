//! The audit store: events by time, full text, counts and the current value of every resource.

mod aggregate;
mod backfill;
mod captured;
mod columns;
mod compile;
mod condition;
mod current;
mod follow;
mod grow;
mod insert;
mod meet;
mod narrow;
mod place;
mod prepare;
mod rebuild;
mod rollup;
mod route;
mod row;
mod sample;
mod scan;
mod seal;
mod search;
mod state;
mod store;
mod stored;
mod timeline;
mod verify;
mod words;

pub use rebuild::{Rebuilt, rebuild};
pub use store::Trail;
pub use verify::{Expected, prove, verify};
