//! XA transactions: their rows stand in the binlog before it is decided what becomes of them.

use std::collections::BTreeMap;

use conftrail_core::{StateChange, Value};

/// Keys of the checkpoint's state start so.
const PREFIX: &str = "xa:";

/// The prepared transactions whose rows were handed on, by xid, with the identity of their first part.
#[derive(Debug, Default)]
pub(super) struct OpenXa {
    open: BTreeMap<String, String>,
    changed: Vec<StateChange>,
}

impl OpenXa {
    /// Reads what a checkpoint kept.
    pub(super) fn from_state(state: &BTreeMap<String, Value>) -> Self {
        let entries = state.iter().filter_map(|(key, value)| {
            Some((key.strip_prefix(PREFIX)?.to_owned(), value.as_text()?.to_owned()))
        });
        Self { open: entries.collect(), changed: Vec::new() }
    }

    pub(super) fn prepared(&mut self, xid: &str, identity: &str) {
        self.changed.push(StateChange { key: format!("{PREFIX}{xid}"), value: Some(Value::from(identity)) });
        self.open.insert(xid.to_owned(), identity.to_owned());
    }

    /// Returns whose rows an outcome decides; none when none were handed on.
    pub(super) fn decided(&mut self, xid: &str) -> Option<String> {
        let identity = self.open.remove(xid)?;
        self.changed.push(StateChange { key: format!("{PREFIX}{xid}"), value: None });
        Some(identity)
    }

    /// Hands out what the checkpoint has to learn.
    pub(super) fn take_changes(&mut self) -> Vec<StateChange> {
        std::mem::take(&mut self.changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_transaction_survives_in_the_checkpoint_until_it_is_decided() {
        let mut xa = OpenXa::default();
        xa.prepared("X'71',X'',1", "u:1");
        let state =
            xa.take_changes().into_iter().filter_map(|change| Some((change.key, change.value?))).collect();
        let mut again = OpenXa::from_state(&state);
        assert_eq!(again.decided("X'71',X'',1").as_deref(), Some("u:1"));
        assert_eq!(again.decided("X'71',X'',1"), None);
        assert_eq!(again.take_changes().len(), 1);
    }
}
