//! MySQL's binary JSON to values.

mod differences;
mod document;
mod form;
mod names;
mod opaque;
mod path;

pub(super) use differences::apply;
pub(super) use document::decode;
pub use names::Names;
