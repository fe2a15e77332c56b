//! How far a source has been read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Value;

/// A source's own position; only the source reads it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub Value);

/// Everything a source needs to go on where it stopped: its position and what it keeps beside it.
///
/// Entries hold masked content and fingerprints only: a file's last masked text, a table's column plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The position.
    pub position: Position,
    /// What the source keeps, by its own keys.
    #[serde(default)]
    pub state: BTreeMap<String, Value>,
}

/// Sets or removes one entry of a checkpoint's state.
#[derive(Clone, Debug, PartialEq)]
pub struct StateChange {
    /// The entry's key.
    pub key: String,
    /// The new value; none removes the entry.
    pub value: Option<Value>,
}

impl Checkpoint {
    /// Applies a batch's position and state changes, as the control store does in one transaction.
    pub fn advance(&mut self, position: Position, state: Vec<StateChange>) {
        self.position = position;
        for change in state {
            match change.value {
                Some(value) => self.state.insert(change.key, value),
                None => self.state.remove(&change.key),
            };
        }
    }
}
