//! Configuration documents: parsed to leaves with their places, and masked in place, so that comments and layout
//! stay and a diff of two masked texts reads like a diff of the originals.

mod compared;
mod edits;
mod format;
mod json;
mod markup;
mod mask_paths;
mod masked;
mod merging;
pub(crate) mod path;
mod properties;
mod remark;
mod scalar;
mod toml;
mod tree;
mod walk;
mod xml;
mod yaml;
mod yaml_input;

pub(crate) use compared::compared;
pub use format::Format;
pub use masked::{Document, MaskedDocument};
