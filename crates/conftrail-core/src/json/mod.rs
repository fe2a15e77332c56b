//! JSON as serde_json writes it, byte for byte, faster for what events consist of.

mod event;
mod generic;
mod text;

pub use generic::append_json;

/// What is written as JSON so often that it has a way of its own.
pub trait AppendJson {
    /// Appends the JSON that `Serialize` makes, byte for byte.
    fn append_json(&self, json: &mut Vec<u8>);
}

impl<T: AppendJson> AppendJson for std::sync::Arc<T> {
    fn append_json(&self, json: &mut Vec<u8>) {
        (**self).append_json(json);
    }
}
