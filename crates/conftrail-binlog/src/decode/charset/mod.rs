//! Character sets: from a column's bytes to UTF-8 text.

mod collation;
mod set;
mod single_byte;
mod wide;

pub use set::Charset;
