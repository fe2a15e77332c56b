//! Doors for [`crate::fuzzing`] to binary JSON.

use conftrail_core::Value;

use super::Names;
use super::json;

/// Decodes a document.
pub(crate) fn document(bytes: &[u8], names: &mut Names) -> Option<Value> {
    json::decode(bytes, names)
}

/// Applies differences to a document.
pub(crate) fn differences(bytes: &[u8], before: &Value) -> Option<Value> {
    json::apply(bytes, before, &mut Names::default())
}
