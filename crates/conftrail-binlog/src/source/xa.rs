//! XA transactions: their rows stand in the binlog before it is decided what becomes of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use conftrail_core::mask::Masker;
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

/// Returns an xid as it may be kept and told. The log has it in hexadecimal digits, `X'71',X'',1`; a part whose text holds a
/// secret becomes that text, masked.
pub(super) fn masked_xid<'a>(masker: &Masker, xid: &'a str) -> Cow<'a, str> {
    let masked = |part: &str| {
        let text = text_of(part.strip_prefix("X'")?.strip_suffix('\'')?)?;
        match masker.text(&text) {
            Cow::Owned(masked) => Some(format!("'{masked}'")),
            Cow::Borrowed(_) => None,
        }
    };
    let parts: Vec<Option<String>> = xid.split(',').map(masked).collect();
    if parts.iter().all(Option::is_none) {
        return Cow::Borrowed(xid);
    }
    let told = xid.split(',').zip(parts).map(|(part, masked)| masked.unwrap_or_else(|| part.to_owned()));
    Cow::Owned(told.collect::<Vec<_>>().join(","))
}

/// Returns the text that hexadecimal digits stand for; none for other bytes.
fn text_of(digits: &str) -> Option<String> {
    let byte = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use conftrail_core::mask::{MaskKey, MaskRules};

    use super::*;

    #[test]
    fn a_secret_in_an_xid_is_masked_and_other_xids_stay() {
        let masker = Masker::new(MaskKey::new([1; 32]), &MaskRules::default()).unwrap();
        let digits = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let xid = format!("X'{}',X'62',1", digits("password=x8Kq2mPz91Lw"));
        let expected = format!("'password={}',X'62',1", masker.hash("x8Kq2mPz91Lw"));
        assert_eq!(masked_xid(&masker, &xid), expected);
        for plain in ["X'71',X'',1", "X'ff7',X'zz',1", "X'ff',1", "'a'", ""] {
            assert_eq!(masked_xid(&masker, plain), plain);
        }
    }

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
