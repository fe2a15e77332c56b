//! Preflight: everything about a server that can be known before its binlog is read, and what to do about it.

mod check;
mod discover;
mod finding;
mod grants;
mod refusal;
mod settings;

pub use check::preflight;
pub use discover::{Discovery, FoundTable, discover};
pub use finding::{Finding, Severity};

pub(crate) use refusal::refusal;
