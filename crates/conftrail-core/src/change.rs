//! One key-level change of an event.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::Value;

/// Names what happened to one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeOp {
    /// The path was not there before.
    Add,
    /// The path is not there any more.
    Remove,
    /// The value differs.
    Replace,
}

impl ChangeOp {
    /// Returns the word of the event format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Replace => "replace",
        }
    }
}

/// Describes what happened to one column or one path of a document, with masked values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The column's name, or the document's path (`a.b[2].c`).
    pub path: SmolStr,
    /// What happened.
    pub op: ChangeOp,
    /// The value before; absent for `add`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub before: Option<Value>,
    /// The value after; absent for `remove`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub after: Option<Value>,
    /// Whether the values are masked because the path or the values are secret.
    #[serde(default)]
    pub sensitive: bool,
}

/// Reads a present `null` as `Some(Null)`: "set to NULL" and "not there" are two things.
pub(crate) fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
