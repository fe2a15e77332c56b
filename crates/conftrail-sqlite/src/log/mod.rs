//! The change log: records in a table, offsets that are never used twice, groups that remember where they are.

mod change_log;
mod identity;
mod recent;
mod retention;
mod subscription;

pub use change_log::ChangeLog;
