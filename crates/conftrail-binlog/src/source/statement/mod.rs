//! Statements of QUERY events: what they are, and which tables, databases and accounts they name.

mod accounts;
mod classify;
mod definition;
mod names;
mod targets;

pub(super) use accounts::Account;
pub(super) use classify::{Statement, classify};
pub(super) use names::ObjectName;
