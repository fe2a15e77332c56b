//! Rows: masked column by column, compared, and named by their key.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use smol_str::{SmolStr, format_smolstr};

use super::{Draft, Payload};
use crate::event::flag;
use crate::mask::{Masker, RowPlan, is_mask};
use crate::{Action, Event, Family, Map, Origin, Resource, ResourceKind, Value, canonical, diff, join_key};

/// What is decided once for the rows of a table, as long as its columns stay the same.
#[derive(Clone, Debug)]
pub struct Table {
    origin: Origin,
    schema: String,
    name: String,
    rows: Family,
    plan: RowPlan,
    key: Vec<usize>,
}

impl Table {
    /// Prepares a table: its columns in the order rows have them, and the places of its key's columns in key order.
    pub fn new<'a>(
        masker: &Masker,
        origin: Origin,
        schema: &str,
        name: &str,
        columns: impl IntoIterator<Item = &'a str>,
        key: Vec<usize>,
    ) -> Self {
        let plan = masker.row_plan(schema, name, columns);
        let rows = Family::new(&origin.kind, &origin.name, ResourceKind::Row, Some(schema), Some(name));
        Self { origin, schema: schema.to_owned(), name: name.to_owned(), rows, plan, key }
    }

    /// Adds which columns have a type that holds nothing but numbers and times (see [`Masker::plan_numeric`]).
    #[must_use]
    pub fn with_numeric(mut self, masker: &Masker, columns: impl IntoIterator<Item = bool>) -> Self {
        masker.plan_numeric(&mut self.plan, columns);
        self
    }

    /// Makes the event of one row change; rows hold all columns, in clear. None when both sides are absent.
    ///
    /// A changed key makes a `rename` under the old key.
    pub fn event(
        &self,
        masker: &Masker,
        mut draft: Draft,
        mut before: Option<Map>,
        mut after: Option<Map>,
    ) -> Option<Arc<Event>> {
        let mut masked = Vec::new();
        let differing = match (&mut before, &mut after) {
            (Some(before), Some(after)) => masker.images(&self.plan, before, after, &mut masked),
            (Some(row), None) | (None, Some(row)) => {
                masker.row(&self.plan, row, None, &mut masked);
                None
            }
            (None, None) => return None,
        };
        let changes = match (&differing, &before, &after) {
            (Some(places), Some(before), Some(after)) => diff::columns(before, after, places),
            _ => diff::rows(before.as_ref(), after.as_ref()),
        };
        let mut resource = self.resource(before.as_ref().or(after.as_ref())?);
        let mut action = match (&before, &after) {
            (None, _) => Action::Create,
            (Some(_), Some(_)) => Action::Update,
            (Some(_), None) => Action::Delete,
        };
        if self.key.is_empty() {
            draft.flags.push(SmolStr::new_static(flag::NO_KEY));
        } else if let (Some(old), Some(row)) = (&before, &after)
            && self.key.iter().any(|place| old.at(*place) != row.at(*place))
        {
            let id = self.resource(row).id;
            if id != resource.id {
                action = Action::Rename;
                resource.renamed_to = Some(id.into());
            }
        }
        // What is beyond the limit on changes still stands in the images, so nothing is cut here.
        let payload = Payload {
            format: Some(SmolStr::new_static("row")),
            changes: changes.changes,
            before: before.map(Value::Map),
            after: after.map(Value::Map),
            masked,
            truncated: false,
        };
        Some(draft.finish(action, resource, payload))
    }

    /// Returns the resource of the table itself, for what concerns all its rows.
    pub fn whole(&self) -> Resource {
        let (kind, schema) = (ResourceKind::Table, Some(self.schema.as_str()));
        Resource::new(&self.origin.kind, &self.origin.name, kind, schema, None, &self.name)
    }

    fn resource(&self, row: &Map) -> Resource {
        let name = if self.key.is_empty() {
            // Equal rows of a table without a key cannot be told apart, so they share a name.
            format_smolstr!("#{}", short_hash(&canonical::value_bytes(&Value::Map(row.clone()))))
        } else {
            join_key(self.key.iter().map(|place| key_part(row.at(*place))))
        };
        self.rows.resource(name)
    }
}

/// Returns a key column as part of a name; a masked one as `~` and its 12 hex digits.
fn key_part(entry: Option<(&SmolStr, &Value)>) -> SmolStr {
    match entry.map(|(_, value)| value) {
        None | Some(Value::Null) => SmolStr::new_static("NULL"),
        Some(Value::Text(text)) if is_mask(text) => {
            format_smolstr!("~{}", text.rsplit(':').next().unwrap_or_default())
        }
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Int(number)) => itoa::Buffer::new().format(*number).into(),
        Some(Value::Map(map)) => match map.get("$b64").and_then(Value::as_text) {
            Some(base64) => base64.into(),
            None => Value::Map(map.clone()).display().into(),
        },
        Some(value) => value.display().into(),
    }
}

fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{MaskKey, MaskRules};

    use crate::{Origin, Timestamp};

    fn masker() -> Masker {
        Masker::new(MaskKey::new([7; 32]), &MaskRules::default()).unwrap()
    }

    fn origin() -> Origin {
        let part = |text: &str| Arc::from(text);
        Origin { kind: part("mysql"), name: part("db"), channel: part("binlog"), version: None }
    }

    fn row(text: &str) -> Option<Map> {
        Some(serde_json::from_str(text).unwrap())
    }

    fn event(before: Option<Map>, after: Option<Map>, key: Vec<usize>) -> Arc<Event> {
        let masker = masker();
        let table = Table::new(&masker, origin(), "shop", "flags", ["id", "v", "password"], key);
        let time = Timestamp::from_seconds(1_795_000_000);
        let draft = Draft::new(origin(), time, time, "u:1".into(), 0);
        table.event(&masker, draft, before, after).unwrap()
    }

    #[test]
    fn an_update_names_the_column_that_changed() {
        let before = row(r#"{"id":42,"v":100,"password":"a"}"#);
        let event = event(before, row(r#"{"id":42,"v":500,"password":"a"}"#), vec![0]);
        assert_eq!(event.action, Action::Update);
        assert_eq!(event.resource.id, "mysql:db/shop/flags/42");
        assert_eq!(event.changes.len(), 1);
        assert_eq!((event.changes[0].path.as_str(), event.changes[0].sensitive), ("v", false));
        assert_eq!(event.masked, ["password"]);
    }

    #[test]
    fn a_changed_secret_is_visible_and_unreadable() {
        let before = row(r#"{"id":42,"v":1,"password":"old-secret"}"#);
        let event = event(before, row(r#"{"id":42,"v":1,"password":"new-secret"}"#), vec![0]);
        assert_eq!(event.changes.len(), 1);
        assert!(event.changes[0].sensitive);
        assert!(!serde_json::to_string(&event).unwrap().contains("secret\""));
        assert_ne!(event.changes[0].before, event.changes[0].after);
    }

    #[test]
    fn a_changed_key_is_a_rename_and_a_masked_key_shows_its_hash() {
        let renamed =
            event(row(r#"{"id":1,"v":1,"password":"x"}"#), row(r#"{"id":2,"v":1,"password":"x"}"#), vec![0]);
        assert_eq!(renamed.action, Action::Rename);
        assert_eq!(renamed.resource.renamed_to.as_deref(), Some("mysql:db/shop/flags/2"));
        let secret = event(None, row(r#"{"id":1,"v":1,"password":"hidden"}"#), vec![2]);
        assert!(secret.resource.name.starts_with('~') && secret.resource.name.len() == 13);
    }

    #[test]
    fn a_table_without_a_key_says_so() {
        let event = event(row(r#"{"id":1,"v":1,"password":"x"}"#), None, vec![]);
        assert!(event.has_flag(flag::NO_KEY));
        assert_eq!(event.action, Action::Delete);
    }
}
