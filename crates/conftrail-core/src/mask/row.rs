//! Masking of rows: what is decided once per table, and what is left to do per row.

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
}

impl Masker {
    /// Decides what rows with these columns need; `schema` and `table` serve the column rules.
    pub fn row_plan<'a>(
        &self,
        schema: &str,
        table: &str,
        columns: impl IntoIterator<Item = &'a str>,
    ) -> RowPlan {
        let mut plan = RowPlan { secret: Vec::new(), naming: Vec::new(), holding: Vec::new() };
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

    /// Masks one row in place, entry by entry in the plan's order, and adds the paths of what was replaced.
    ///
    /// A row may be shorter than its plan (`binlog_row_image=minimal`) only when `columns` gives the plan's
    /// column of each entry; without it entries and columns pair up.
    pub fn row(&self, plan: &RowPlan, row: &mut Map, columns: Option<&[usize]>, masked: &mut Vec<String>) {
        let column_of = |entry: usize| columns.map_or(Some(entry), |columns| columns.get(entry).copied());
        let names_secret = !plan.naming.is_empty()
            && row.iter().enumerate().any(|(entry, (_, value))| {
                column_of(entry).is_some_and(|column| plan.naming.contains(&column))
                    && value
                        .as_text()
                        .is_some_and(|name| siblings::is_name(name) && self.is_secret_name(name))
            });
        for (entry, (name, value)) in row.iter_mut().enumerate() {
            let column = column_of(entry);
            // An entry the plan does not know is treated as secret only by its name.
            let is_secret = match column.and_then(|column| plan.secret.get(column)) {
                Some(secret) => {
                    *secret || (names_secret && column.is_some_and(|c| plan.holding.contains(&c)))
                }
                None => self.is_secret_name(name),
            };
            if is_secret {
                self.secret_value(value, name, masked);
            } else if let Value::Text(text) = value {
                if let Some(replaced) = self.open_text(text) {
                    *text = replaced.into();
                    masked.push(name.to_string());
                }
            } else if matches!(value, Value::Map(_) | Value::List(_)) {
                self.value(value, name, masked);
            }
        }
    }

    /// Masks a whole value that is secret by its place, leaf by leaf.
    pub fn secret_value(&self, value: &mut Value, path: &str, masked: &mut Vec<String>) {
        self.walk_from(value, true, path, masked);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MaskKey, MaskRules, is_mask};
    use super::*;

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
}
