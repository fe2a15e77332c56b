//! XA transactions: their rows stand in the binlog before it is decided what becomes of them.

use std::collections::BTreeMap;

use conftrail_core::{StateChange, Value};

/// Keys of the checkpoint's state start so.
const PREFIX: &str = "xa:";

/// What an outcome decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decided {
    /// Rows that were handed on, with the identity of their transaction.
    Rows(String),
    /// Nothing that is captured.
    Nothing,
    /// Rows that were prepared before the reading began.
    Unseen,
}

/// The prepared transactions, by xid, with the identity of their first part; none where no row of it was handed on.
#[derive(Debug, Default)]
pub(super) struct OpenXa {
    open: BTreeMap<String, Option<String>>,
    changed: Vec<StateChange>,
}

impl OpenXa {
    /// Reads what a checkpoint kept.
    pub(super) fn from_state(state: &BTreeMap<String, Value>) -> Self {
        let entries = state.iter().filter_map(|(key, value)| {
            Some((key.strip_prefix(PREFIX)?.to_owned(), value.as_text().map(str::to_owned)))
        });
        Self { open: entries.collect(), changed: Vec::new() }
    }

    pub(super) fn prepared(&mut self, xid: &str, identity: Option<&str>) {
        let value = identity.map_or(Value::Bool(false), Value::from);
        self.changed.push(StateChange { key: format!("{PREFIX}{xid}"), value: Some(value) });
        self.open.insert(xid.to_owned(), identity.map(str::to_owned));
    }

    /// Returns what an outcome decides.
    pub(super) fn decided(&mut self, xid: &str) -> Decided {
        let Some(prepared) = self.open.remove(xid) else { return Decided::Unseen };
        self.changed.push(StateChange { key: format!("{PREFIX}{xid}"), value: None });
        prepared.map_or(Decided::Nothing, Decided::Rows)
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
        xa.prepared("X'71',X'',1", Some("u:1"));
        xa.prepared("X'72',X'',1", None);
        let state =
            xa.take_changes().into_iter().filter_map(|change| Some((change.key, change.value?))).collect();
        let mut again = OpenXa::from_state(&state);
        assert_eq!(again.decided("X'71',X'',1"), Decided::Rows("u:1".to_owned()));
        assert_eq!(again.decided("X'72',X'',1"), Decided::Nothing);
        assert_eq!(again.decided("X'71',X'',1"), Decided::Unseen);
        assert_eq!(again.take_changes().len(), 2);
    }
}
