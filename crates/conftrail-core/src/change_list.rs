//! The key-level changes of an event.

use std::ops::{Deref, DerefMut};
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::diff::columns_of;
use crate::{Change, ChangeOp, Map};

/// A list of changes: a slice of [`Change`] to whoever reads it.
///
/// The changes of a row that came or went repeat its image column by column. Few look at them, so they are listed when
/// somebody does; the writer of events reads them from the image.
#[derive(Clone, Debug, Default)]
pub struct ChangeList {
    whole: Option<(ChangeOp, Map)>,
    listed: OnceLock<Vec<Change>>,
}

impl ChangeList {
    /// Makes the changes of a row that came ([`ChangeOp::Add`]) or went ([`ChangeOp::Remove`]), whose values are masked.
    pub(crate) fn of_whole_row(op: ChangeOp, row: Map) -> Self {
        Self { whole: Some((op, row)), listed: OnceLock::new() }
    }

    /// Returns the row that came or went as a whole; none where the changes are any others.
    pub(crate) fn whole_row(&self) -> Option<(ChangeOp, &Map)> {
        self.whole.as_ref().map(|(op, row)| (*op, row))
    }

    fn listed(&self) -> &Vec<Change> {
        self.listed.get_or_init(|| self.whole.iter().flat_map(|(op, row)| columns_of(row, *op)).collect())
    }
}

impl Deref for ChangeList {
    type Target = [Change];

    fn deref(&self) -> &[Change] {
        self.listed()
    }
}

impl DerefMut for ChangeList {
    fn deref_mut(&mut self) -> &mut [Change] {
        self.listed();
        // What is changed is told by the list alone.
        self.whole = None;
        self.listed.get_mut().map(Vec::as_mut_slice).unwrap_or_default()
    }
}

impl From<Vec<Change>> for ChangeList {
    fn from(changes: Vec<Change>) -> Self {
        Self { whole: None, listed: OnceLock::from(changes) }
    }
}

impl FromIterator<Change> for ChangeList {
    fn from_iter<I: IntoIterator<Item = Change>>(changes: I) -> Self {
        Vec::from_iter(changes).into()
    }
}

impl<'l> IntoIterator for &'l ChangeList {
    type Item = &'l Change;
    type IntoIter = std::slice::Iter<'l, Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'l> IntoIterator for &'l mut ChangeList {
    type Item = &'l mut Change;
    type IntoIter = std::slice::IterMut<'l, Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl PartialEq for ChangeList {
    fn eq(&self, other: &Self) -> bool {
        match (self.whole_row(), other.whole_row()) {
            (Some((op, row)), Some((other_op, other_row))) if row.is_clone_of(other_row) => op == other_op,
            _ => **self == **other,
        }
    }
}

impl Serialize for ChangeList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ChangeList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::ChangeList;
    use crate::{Change, ChangeOp, Map, Value};

    fn row() -> Map {
        Map::from_iter([("id".into(), Value::Int(1)), ("v".into(), Value::Null)])
    }

    #[test]
    fn a_row_as_a_whole_is_equal_to_the_list_of_its_columns() {
        for op in [ChangeOp::Add, ChangeOp::Remove] {
            let whole = ChangeList::of_whole_row(op, row());
            let side = |value: &Value, wanted| (op == wanted).then(|| value.clone());
            let list: ChangeList = row()
                .iter()
                .map(|(name, value)| Change {
                    path: name.clone(),
                    op,
                    before: side(value, ChangeOp::Remove),
                    after: side(value, ChangeOp::Add),
                    sensitive: false,
                })
                .collect();
            assert_eq!(whole, list);
            assert_eq!(whole.len(), 2);
            assert_eq!(serde_json::to_string(&whole).unwrap(), serde_json::to_string(&list).unwrap());
            assert_eq!(whole.clone(), whole);
        }
        let (came, went) = (
            ChangeList::of_whole_row(ChangeOp::Add, row()),
            ChangeList::of_whole_row(ChangeOp::Remove, row()),
        );
        assert_ne!(came, went);
    }

    #[test]
    fn what_is_changed_in_the_list_is_what_it_tells() {
        let mut list = ChangeList::of_whole_row(ChangeOp::Add, row());
        list[0].sensitive = true;
        assert!(list.whole_row().is_none());
        assert_eq!(list.iter().filter(|change| change.sensitive).count(), 1);
        assert_eq!(list.len(), 2);
    }
}
