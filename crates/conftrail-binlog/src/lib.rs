//! Source over MySQL and MariaDB binlogs: dump connection, row decoder, positions, who-resolution.

pub mod control;
mod cursor;
pub mod decode;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod gtid;
pub mod plan;
pub mod preflight;
mod product;
pub mod source;
pub mod table_map;
pub mod who;
pub mod wire;

pub use product::Product;
pub use source::{Config, Source};

#[cfg(test)]
mod testing;
