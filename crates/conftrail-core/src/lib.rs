//! The vocabulary of conftrail and the ports between its parts.
//!
//! Nothing here does I/O or reads a clock.

mod value;

pub use value::{Map, Value};
