//! Statements beside their rows: what a row was found to hold is masked in the statement that made it as well.

use std::collections::HashSet;

use super::Masker;
use super::sql_readings::{joined, readings, replaced};
use super::sql_tokens::{Kind, Token, tokens, unescape};
use super::token::is_mask;
use crate::{Map, Value};

impl Masker {
    /// Returns a statement, masked before, with those literals masked too whose masks are among `masks`; none where there
    /// are none.
    ///
    /// What makes a value secret can stand in its row alone: `SET value = 'x' WHERE id = 7`, where row 7 is named
    /// `db.password`, or `CALL rotate('x')`.
    pub fn sql_of_rows(&self, sql: &str, masks: &HashSet<&str>) -> Option<String> {
        let mut found = Vec::new();
        for reading in readings(sql, None, false) {
            for token in tokens(sql, reading) {
                let Some(inner) = sql.get(token.inner.clone()) else { continue };
                let said = match token.kind {
                    Kind::Text => unescape(inner, reading),
                    Kind::Number => inner.to_owned(),
                    _ => continue,
                };
                let values = [Some(said), of_digits(sql, &token)];
                let is_known = |value: &String| !is_mask(value) && masks.contains(&*self.hash(value));
                if let Some(value) = values.into_iter().flatten().find(is_known) {
                    found.push((token.range, format!("'{}'", self.hash(&value))));
                }
            }
        }
        let found = joined(found, |range| format!("'{}'", self.hash(sql.get(range).unwrap_or_default())));
        (!found.is_empty()).then(|| replaced(sql, &found))
    }
}

/// Returns the text that a literal in hexadecimal digits stands for, `x'61'` or `0x61`.
fn of_digits(sql: &str, token: &Token) -> Option<String> {
    let written = sql.get(token.range.clone())?;
    let is_hex = written.starts_with(['x', 'X']) || written.starts_with("0x") || written.starts_with("0X");
    let digits = sql.get(token.inner.clone()).filter(|_| is_hex)?;
    let digits = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")).unwrap_or(digits);
    let byte = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    String::from_utf8(bytes?).ok()
}

/// Adds the masks that stand for whole values of a row.
pub fn masks_of_row<'a>(row: &'a Map, masks: &mut HashSet<&'a str>) {
    row.iter().for_each(|(_, value)| masks_of(value, masks));
}

fn masks_of<'a>(value: &'a Value, masks: &mut HashSet<&'a str>) {
    match value {
        Value::Text(text) if is_mask(text) => {
            masks.insert(text);
        }
        Value::List(values) => values.iter().for_each(|value| masks_of(value, masks)),
        Value::Map(map) => masks_of_row(map, masks),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::{MaskKey, MaskRules};
    use super::*;

    #[test]
    fn literals_that_rows_show_to_be_secret_are_masked_however_they_are_written() {
        let masker = Masker::new(MaskKey::new([1; 32]), &MaskRules::default()).unwrap();
        let row: Map = serde_json::from_str(&format!(
            r#"{{"id": 7, "value": "{}", "doc": {{"a": ["{}", "open"]}}}}"#,
            masker.hash("it's x8K"),
            masker.hash("4711")
        ))
        .unwrap();
        let mut masks = HashSet::new();
        masks_of_row(&row, &mut masks);
        for (clear, expected) in [
            ("call rotate('it''s x8K', 5)", "call rotate('M', 5)"),
            ("update p set value='it\\'s x8K' where id=7", "update p set value='M' where id=7"),
            ("update p set value=x'69742773207838 4b'", ""),
            ("update p set value=0x69742773207838 4b", ""),
            ("update p set value=0x697427732078384b", "update p set value='M'"),
            ("update p set value=X'697427732078384b'", "update p set value='M'"),
            (
                "update p set doc=json_set(doc, '$.a[0]', 4711, 'open')",
                "update p set doc=json_set(doc, '$.a[0]', 'N', 'open')",
            ),
            ("update p set value='x8K' /* it's x8K */", ""),
        ] {
            let expected = expected.replace('M', &masker.hash("it's x8K")).replace('N', &masker.hash("4711"));
            let found = masker.sql_of_rows(clear, &masks);
            assert_eq!(found.as_deref().unwrap_or_default(), expected, "{clear}");
            assert_eq!(found.and_then(|masked| masker.sql_of_rows(&masked, &masks)), None);
        }
    }
}
