//! Documents.

pub(crate) mod path;
