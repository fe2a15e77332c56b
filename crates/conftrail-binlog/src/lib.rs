//! Source over MySQL binlogs: dump connection, row decoder, positions, who-resolution.

mod cursor;
pub mod control;
pub mod decode;
pub mod gtid;
pub mod plan;
pub mod table_map;
pub mod wire;

#[cfg(test)]
mod testing;
