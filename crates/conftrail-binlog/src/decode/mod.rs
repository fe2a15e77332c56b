//! Row decoding: from the bytes of a rows event to values, without I/O and without a panic on any bytes.

mod cell;
mod charset;
mod decimal;
mod differences;
mod error;
mod event;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod geometry;
mod json;
mod mariadb;
mod moments;
mod rows;
mod short_text;
mod temporal;

#[cfg(test)]
mod golden;

pub use charset::Charset;
pub use error::{CellProblem, DecodeError};
pub use event::{RowsEvent, RowsKind};
pub use json::Names;
pub use rows::{RowChange, Rows};
