//! The audit store: events by time, full text, counts and the current value of every resource.

mod aggregate;
mod columns;
mod compile;
mod condition;
mod current;
mod insert;
mod meet;
mod narrow;
mod place;
mod prepare;
mod rollup;
mod route;
mod sample;
mod scan;
mod search;
mod store;
mod timeline;
mod words;

pub use store::Trail;
