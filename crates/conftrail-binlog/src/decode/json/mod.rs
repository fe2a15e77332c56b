//! MySQL's binary JSON to values.

mod document;
mod form;
mod names;
mod opaque;

pub(super) use document::decode;
pub use names::Names;
