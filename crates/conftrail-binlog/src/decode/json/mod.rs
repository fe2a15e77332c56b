//! MySQL's binary JSON to values.

mod document;
mod opaque;

pub(super) use document::decode;
