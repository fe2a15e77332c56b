//! Character sets: from a column's bytes to UTF-8 text.

mod collation;
mod multi_byte;
mod set;
mod single_byte;
mod wide;

pub use set::Charset;
