//! Source over MySQL binlogs: dump connection, row decoder, positions, who-resolution.

pub mod control;
mod cursor;
pub mod decode;
pub mod gtid;
pub mod plan;
pub mod preflight;
pub mod source;
pub mod table_map;
pub mod who;
pub mod wire;

pub use source::{Config, Source};

#[cfg(test)]
mod testing;
