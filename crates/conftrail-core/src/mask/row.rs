//! Masking of rows: what is decided once per table, and what is left to do per row.

use std::sync::Arc;

use super::Masker;
use super::siblings;
use crate::{Map, Value};

/// What the masker has to do for the rows of one table, decided once per column plan.
#[derive(Clone, Debug)]
pub struct RowPlan {
    /// Per column: secret whatever the row holds.
    secret: Vec<bool>,
    /// Columns whose text names what other columns hold (`config_key`).
    naming: Vec<usize>,
    /// Columns that hold what a naming column names (`config_value`).
    holding: Vec<usize>,
    /// Per column, where known: whether its type holds nothing but numbers and times, in which no detector finds anything.
    numeric: Vec<bool>,
}

impl RowPlan {
    fn is_numeric(&self, column: Option<usize>) -> bool {
        column.and_then(|column| self.numeric.get(column)).copied().unwrap_or_default()
    }
}

impl Masker {
    /// Decides what rows with these columns need; `schema` and `table` serve the column rules.
    pub fn row_plan<'a>(
        &self,
        schema: &str,
        table: &str,
        columns: impl IntoIterator<Item = &'a str>,
    ) -> RowPlan {
        let mut plan =
            RowPlan { secret: Vec::new(), naming: Vec::new(), holding: Vec::new(), numeric: Vec::new() };
        for (index, column) in columns.into_iter().enumerate() {
            plan.secret.push(self.is_secret_column(schema, table, column));
            if siblings::holds_name(column) {
                plan.naming.push(index);
            }
            if siblings::holds_value(column) {
                plan.holding.push(index);
            }
        }
        if plan.naming.is_empty() || plan.holding.is_empty() {
            plan.naming.clear();
            plan.holding.clear();
        }
        plan
    }

    /// Adds to a plan which columns have a type that holds nothing but numbers and times, written with digits and `-:. TZ`.
    /// Unless the configuration names a secret with such characters, their texts need not be looked at.
    pub fn plan_numeric(&self, plan: &mut RowPlan, columns: impl IntoIterator<Item = bool>) {
        if self.passes_numbers_by() {
            plan.numeric = columns.into_iter().collect();
        }
    }

    /// Masks one row in place, entry by entry in the plan's order, and adds the paths of what was replaced.
    ///
    /// A row may be shorter than its plan (`binlog_row_image=minimal`) only when `columns` gives the plan's
    /// column of each entry; without it entries and columns pair up.
    pub fn row(&self, plan: &RowPlan, row: &mut Map, columns: Option<&[usize]>, masked: &mut Vec<String>) {
        let column_of = |entry: usize| columns.map_or(Some(entry), |columns| columns.get(entry).copied());
        let names_secret = self.row_names_secret(plan, row, column_of);
        for (entry, (name, value)) in row.iter_mut().enumerate() {
            let is_secret = self.is_secret_entry(plan, column_of(entry), name, names_secret);
            if is_secret || !plan.is_numeric(column_of(entry)) {
                self.entry(name, value, is_secret, masked);
            }
        }
    }

    /// Masks both images of a change in place, as [`Masker::row`] does each; entries and columns pair up. What both hold,
    /// which is most of a row, is looked at once.
    ///
    /// Returns the places where the images may differ; none when they do not have the same columns.
    pub fn images(
        &self,
        plan: &RowPlan,
        before: &mut Map,
        after: &mut Map,
        masked: &mut Vec<String>,
    ) -> Option<Vec<usize>> {
        if before.len() != after.len() {
            self.row(plan, before, None, masked);
            self.row(plan, after, None, masked);
            return None;
        }
        let old_names_secret = self.row_names_secret(plan, before, Some);
        let new_names_secret = self.row_names_secret(plan, after, Some);
        let (mut differing, mut has_same_columns) = (Vec::new(), true);
        let entries = before.iter_mut().zip(after.iter_mut()).enumerate();
        for (column, ((old_name, old), (new_name, new))) in entries {
            let old_is_secret = self.is_secret_entry(plan, Some(column), old_name, old_names_secret);
            let new_is_secret = self.is_secret_entry(plan, Some(column), new_name, new_names_secret);
            has_same_columns &= old_name == new_name;
            let is_kept = !old_is_secret && !new_is_secret && is_same(old, new);
            if plan.is_numeric(Some(column)) && !new_is_secret && !old_is_secret {
                if !is_kept {
                    differing.push(column);
                }
                continue;
            }
            let is_replaced = self.entry(new_name, new, new_is_secret, masked);
            if !is_kept || is_replaced {
                self.entry(old_name, old, old_is_secret, masked);
                differing.push(column);
            }
        }
        has_same_columns.then_some(differing)
    }

    /// Says whether a naming column holds a secret name, so that the holding ones are secret.
    fn row_names_secret(
        &self,
        plan: &RowPlan,
        row: &Map,
        column_of: impl Fn(usize) -> Option<usize>,
    ) -> bool {
        !plan.naming.is_empty()
            && row.iter().enumerate().any(|(entry, (_, value))| {
                column_of(entry).is_some_and(|column| plan.naming.contains(&column))
                    && value.as_text().is_some_and(|name| self.is_secret_neighbour(name))
            })
    }

    fn is_secret_entry(&self, plan: &RowPlan, column: Option<usize>, name: &str, names_secret: bool) -> bool {
        match column.and_then(|column| Some((column, plan.secret.get(column)?))) {
            Some((column, secret)) => *secret || (names_secret && plan.holding.contains(&column)),
            // An entry the plan does not know is treated as secret only by its name.
            None => self.is_secret_name(name),
        }
    }

    /// Masks one entry and says whether anything was replaced.
    #[inline]
    fn entry(&self, name: &str, value: &mut Value, is_secret: bool, masked: &mut Vec<String>) -> bool {
        // Nothing in most values is secret.
        match value {
            _ if is_secret => {}
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) => return false,
            Value::Text(text) if !self.may_hold_secret(text) => return false,
            Value::Text(_) | Value::List(_) | Value::Map(_) => {}
        }
        let known = masked.len();
        self.walk_from(value, is_secret, name, masked);
        masked.len() > known
    }

    /// Masks a whole value that is secret by its place, leaf by leaf.
    pub fn secret_value(&self, value: &mut Value, path: &str, masked: &mut Vec<String>) {
        self.walk_from(value, true, path, masked);
    }
}

/// Says whether two values are equal to the last place; maps in other orders are not.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Map(one), Value::Map(other)) if one.is_clone_of(other) => true,
        (Value::Map(one), Value::Map(other)) => {
            let mut pairs = one.iter().zip(other.iter());
            one.len() == other.len()
                && pairs.all(|((name, value), (same, theirs))| name == same && is_same(value, theirs))
        }
        (Value::List(one), Value::List(other)) => {
            let mut pairs = one.iter().zip(other.iter());
            Arc::ptr_eq(one, other)
                || (one.len() == other.len() && pairs.all(|(value, theirs)| is_same(value, theirs)))
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MaskKey, MaskRules, is_mask};
    use super::*;
    use crate::diff;

    #[test]
    fn rows_are_masked_by_column_by_neighbour_and_by_content() {
        let rules = MaskRules { columns: vec!["shop.users.phone".into()], ..MaskRules::default() };
        let masker = Masker::new(MaskKey::new([1; 32]), &rules).unwrap();
        let columns = ["id", "phone", "item_key", "item_value", "note", "doc"];
        let plan = masker.row_plan("shop", "users", columns);
        let mut row: Map = serde_json::from_str(
            r#"{"id": 1, "phone": 13800000000, "item_key": "db.password", "item_value": "x",
                "note": "see mysql://a:hunter2@db", "doc": {"token": "t", "ok": true}}"#,
        )
        .unwrap();
        let mut masked = Vec::new();
        masker.row(&plan, &mut row, None, &mut masked);
        assert_eq!(masked, ["phone", "item_value", "note", "doc.token"]);
        assert_eq!(row.get("id"), Some(&Value::Int(1)));
        assert_eq!(row.get("phone"), Some(&Value::Text(masker.hash("13800000000").into())));
        assert!(row.get("item_value").and_then(Value::as_text).is_some_and(is_mask));
        let again = row.clone();
        masker.row(&plan, &mut row, None, &mut Vec::new());
        assert_eq!(row, again);
    }

    #[test]
    fn numbers_and_times_are_passed_by_unless_they_are_secret_by_their_column_or_name_a_secret() {
        let masked = |rules: &MaskRules, numeric: [bool; 2]| {
            let masker = Masker::new(MaskKey::new([1; 32]), rules).unwrap();
            let mut plan = masker.row_plan("shop", "users", ["phone", "seen"]);
            masker.plan_numeric(&mut plan, numeric);
            let row = |second: u8| -> Map {
                let seen = Value::from(format!("10:00:0{second}"));
                Map::from_iter([("phone".into(), Value::from("1.25")), ("seen".into(), seen)])
            };
            let (mut old, mut new, mut masked) = (row(0), row(1), Vec::new());
            let places = masker.images(&plan, &mut old, &mut new, &mut masked);
            assert_eq!(places.unwrap().last(), Some(&1), "{masked:?}");
            let (mut alone, mut paths) = (row(0), Vec::new());
            masker.row(&plan, &mut alone, None, &mut paths);
            assert_eq!(Value::Map(alone).display(), Value::Map(old).display());
            paths
        };
        let columns = MaskRules { columns: vec!["shop.users.phone".into()], ..MaskRules::default() };
        assert_eq!(masked(&columns, [true; 2]), ["phone"]);
        assert!(masked(&MaskRules::default(), [true; 2]).is_empty());
        // As a text that says so would be.
        let names = MaskRules { names: vec!["10".into()], ..MaskRules::default() };
        assert_eq!(masked(&names, [true; 2]), masked(&names, [false; 2]));
    }

    /// Rows of one table, in pairs of everything that can differ between the images of a change.
    const ROWS: [&str; 9] = [
        r#"{"id": 1, "phone": "1", "item_key": "limit", "item_value": "x", "doc": {"a": 1, "b": "c"}}"#,
        r#"{"id": 1, "phone": "2", "item_key": "limit", "item_value": "x", "doc": {"b": "c", "a": 1}}"#,
        r#"{"id": 2, "phone": "2", "item_key": "db.password", "item_value": "x", "doc": {"a": 1, "b": "c"}}"#,
        r#"{"id": 2, "phone": 2, "item_key": "db.password", "item_value": "y", "doc": {"token": "t", "a": 1}}"#,
        r#"{"id": 2, "phone": 2, "item_key": "db.password", "item_value": "y", "doc": {"a": 1, "token": "t"}}"#,
        r#"{"id": 2, "phone": null, "item_key": "a://b:c1@d", "item_value": null, "doc": [{"token": "t"}, 1.5]}"#,
        r#"{"id": 2, "phone": null, "item_key": "a://b:c2@d", "item_value": null, "doc": [{"token": "t"}, 1.5]}"#,
        r#"{"id": 2, "other": null, "item_key": "a", "item_value": "x", "more": 1}"#,
        r#"{"id": 2, "phone": null, "item_key": "token"}"#,
    ];

    #[test]
    fn images_are_masked_together_as_each_is_alone_and_differ_in_the_places_named() {
        let rules = MaskRules { columns: vec!["shop.users.phone".into()], ..MaskRules::default() };
        let masker = Masker::new(MaskKey::new([1; 32]), &rules).unwrap();
        let plan = masker.row_plan("shop", "users", ["id", "phone", "item_key", "item_value", "doc"]);
        let parse = |text: &str| serde_json::from_str::<Map>(text).unwrap();
        for (before, after) in ROWS.iter().flat_map(|one| ROWS.iter().map(move |other| (*one, *other))) {
            let (mut alone, mut paths) = ([parse(before), parse(after)], Vec::new());
            for row in &mut alone {
                masker.row(&plan, row, None, &mut paths);
            }
            let ([mut old, mut new], mut together) = ([before, after].map(parse), Vec::new());
            let places = masker.images(&plan, &mut old, &mut new, &mut together);
            let shown = |[old, new]: [&Map; 2]| {
                (Value::Map(old.clone()).display(), Value::Map(new.clone()).display())
            };
            assert_eq!(shown([&old, &new]), shown([&alone[0], &alone[1]]));
            for paths in [&mut paths, &mut together] {
                paths.sort_unstable();
            }
            assert_eq!(together, paths, "{before} {after}");
            let has_same_columns = old.iter().map(|(name, _)| name).eq(new.iter().map(|(name, _)| name));
            assert_eq!(places.is_some(), has_same_columns, "{before} {after}");
            if let Some(places) = places {
                assert_eq!(diff::columns(&old, &new, &places), diff::rows(Some(&old), Some(&new)));
            }
        }
    }

    #[test]
    fn columns_of_one_name_are_judged_by_their_table() {
        let rules = MaskRules { columns: vec!["shop.users.phone".into()], ..MaskRules::default() };
        let masker = Masker::new(MaskKey::new([1; 32]), &rules).unwrap();
        for (table, expected) in [("users", 2), ("orders", 0), ("users", 2)] {
            let plan = masker.row_plan("shop", table, ["phone"]);
            let row = |phone: &str| Map::from_iter([("phone".into(), Value::from(phone))]);
            let (mut old, mut new, mut masked) = (row("1"), row("1"), Vec::new());
            masker.images(&plan, &mut old, &mut new, &mut masked);
            assert_eq!(masked.len(), expected, "{table}");
        }
    }
}
