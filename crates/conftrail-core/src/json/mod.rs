//! Events as JSON, byte for byte as their `Serialize` writes them, and faster.

mod buffer;
mod content;
mod event;
mod parts;
mod short;
mod times;

pub use buffer::Json;

/// What is written as JSON so often that it has a way of its own.
pub trait AppendJson {
    /// Appends the JSON that `Serialize` makes, byte for byte.
    fn append_json(&self, json: &mut Json);
}

impl<T: AppendJson> AppendJson for &T {
    fn append_json(&self, json: &mut Json) {
        (**self).append_json(json);
    }
}

impl<T: AppendJson> AppendJson for std::sync::Arc<T> {
    fn append_json(&self, json: &mut Json) {
        (**self).append_json(json);
    }
}
