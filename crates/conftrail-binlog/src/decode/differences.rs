//! After images that tell differences of JSON documents (`binlog_row_value_options=PARTIAL_JSON`).
//!
//! Source of the layout: MySQL, `libbinlogevents/include/rows_event.h` and `sql/rpl_record.cc`. In front of such an image stand its
//! options and, where they say so, a bit for each JSON column of the table, logged or not: the column's cell holds differences.

use conftrail_core::{Map, Value};

use super::event::has_bit;
use super::json::apply;
use super::rows::{Problems, take_cell};
use super::{CellProblem, DecodeError, Rows};
use crate::plan::Cell;

/// The option that says that the bits follow; no other is known.
const PARTIAL_JSON: u64 = 1;

impl<'a> Rows<'a, '_> {
    /// Reads what stands in front of an after image: the bits of the JSON columns, where there are any.
    #[inline]
    pub(super) fn differences(&mut self) -> Result<Option<&'a [u8]>, DecodeError> {
        if !self.event.has_differences {
            return Ok(None);
        }
        let bytes = self.rest.rest().len();
        self.bits().ok_or(DecodeError::AfterImage { bytes })
    }

    fn bits(&mut self) -> Option<Option<&'a [u8]>> {
        match self.rest.length_encoded()? {
            0 => Some(None),
            PARTIAL_JSON => {
                let json = self.plan.columns.iter().filter(|column| matches!(column.cell, Cell::Json));
                self.rest.take(json.count().div_ceil(8)).map(Some)
            }
            // Nobody knows what an option of later adds to the image.
            _ => None,
        }
    }

    /// Decodes an after image some of whose JSON columns are differences from the image before.
    pub(super) fn image_after(
        &mut self,
        before: &Map,
        differences: &[u8],
        problems: &mut Problems,
    ) -> Result<Map, DecodeError> {
        let present = self.event.after;
        let nulls = self.null_bitmap(present)?;
        let mut image = Vec::with_capacity(present.set_count());
        let mut json = 0;
        for (index, column) in self.plan.columns.iter().enumerate() {
            let is_json = matches!(column.cell, Cell::Json);
            let is_difference = is_json && has_bit(differences, json);
            json += usize::from(is_json);
            if !present.has(index) {
                continue;
            }
            let value = if has_bit(nulls, image.len()) {
                Value::Null
            } else {
                let cell = take_cell(&mut self.rest, column, index)?;
                if !is_difference {
                    problems.value(column, index, cell, self.names)
                } else if let Some(document) = before.get(&column.name) {
                    apply(cell, document, self.names)
                        .unwrap_or_else(|| problems.note(column, index, cell, CellProblem::Differences))
                } else {
                    problems.note(column, index, cell, CellProblem::NoDocument)
                }
            };
            image.push((column.name.clone(), value));
        }
        Ok(Map::from_unique(image))
    }
}

#[cfg(test)]
mod tests {
    use conftrail_core::Map;

    use crate::decode::{CellProblem, DecodeError, Names, RowChange, RowsEvent};
    use crate::plan::TablePlan;
    use crate::table_map::TableMap;
    use crate::testing::{Random, TableMapBytes, prefixed};

    /// `id INT, a JSON, b JSON`.
    fn plan() -> TablePlan {
        let body = TableMapBytes::new("d", "t").column(3, &[]).column(245, &[4]).column(245, &[4]);
        let names = body.names(&["id", "a", "b"]).build();
        TablePlan::best(&TableMap::parse(&names).expect("a table map"), None)
    }

    fn json_cell(content: &[u8]) -> Vec<u8> {
        [&u32::try_from(content.len()).expect("short").to_le_bytes(), content].concat()
    }

    /// The number as a document.
    fn number(number: u8) -> Vec<u8> {
        vec![5, number, 0]
    }

    /// A row before whose documents are the numbers 1 and 2.
    fn before() -> Vec<u8> {
        [&[0][..], &[9, 0, 0, 0], &json_cell(&number(1)), &json_cell(&number(2))].concat()
    }

    /// Replaces the document by 7.
    fn replaced() -> Vec<u8> {
        json_cell(&[&[0][..], &prefixed("$"), &[3], &number(7)].concat())
    }

    /// An event of columns logged before and after, and its rows.
    fn event(before: u8, after: u8, rows: &[&[u8]]) -> Vec<u8> {
        let header = [77, 0, 0, 0, 0, 0, 1, 0, 2, 0, 3, before, after];
        [&header[..], &rows.concat()].concat()
    }

    fn decode(body: &[u8]) -> Vec<Result<RowChange, DecodeError>> {
        let plan = plan();
        let event = RowsEvent::parse(39, body).expect("a rows event");
        let changes: Vec<_> = event.rows(&plan, &mut Names::default()).expect("the columns").collect();
        let counted = event.count_rows(&plan);
        let lost = changes.iter().filter_map(|change| change.as_ref().err()).any(DecodeError::loses_the_rest);
        assert_eq!(counted.ok(), (!lost).then_some(changes.len() as u64), "ids count rows as decoding does");
        changes
    }

    fn json(row: Option<&Map>) -> String {
        serde_json::to_string(row.expect("an image")).expect("json")
    }

    fn check(after: &[u8], expected: &str) {
        let changes = decode(&event(0b111, 0b111, &[&before(), after]));
        let [Ok(change)] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!(json(change.before.as_ref()), r#"{"id":9,"a":1,"b":2}"#);
        assert_eq!(json(change.after.as_ref()), expected);
    }

    #[test]
    fn the_bits_say_which_documents_are_differences() {
        let id = [9, 0, 0, 0];
        let whole = json_cell(&number(5));
        check(&[&[0, 0][..], &id, &whole, &whole].concat(), r#"{"id":9,"a":5,"b":5}"#);
        check(&[&[1, 0b00, 0][..], &id, &whole, &whole].concat(), r#"{"id":9,"a":5,"b":5}"#);
        check(&[&[1, 0b01, 0][..], &id, &replaced(), &whole].concat(), r#"{"id":9,"a":7,"b":5}"#);
        check(&[&[1, 0b10, 0][..], &id, &whole, &replaced()].concat(), r#"{"id":9,"a":5,"b":7}"#);
        check(&[&[1, 0b11, 0][..], &id, &json_cell(&[]), &replaced()].concat(), r#"{"id":9,"a":1,"b":7}"#);
        check(&[&[1, 0b11, 0b010][..], &id, &replaced()].concat(), r#"{"id":9,"a":null,"b":7}"#);
    }

    #[test]
    fn a_column_that_is_not_logged_has_its_bit_nevertheless() {
        let body = event(0b111, 0b100, &[&before(), &[1, 0b10, 0], &replaced()]);
        let [Ok(change)] = &decode(&body)[..] else { panic!("one row") };
        assert_eq!(json(change.after.as_ref()), r#"{"b":7}"#);
        let body = event(0b001, 0b100, &[&[0, 9, 0, 0, 0], &[1, 0b10, 0], &replaced()]);
        let problem = decode(&body)[0].clone().expect_err("no document");
        assert!(
            matches!(problem, DecodeError::Cell { column: 2, problem: CellProblem::NoDocument, .. }),
            "{problem}"
        );
    }

    #[test]
    fn differences_that_do_not_fit_cost_their_row_alone() {
        let id = [9, 0, 0, 0];
        let misfit = json_cell(&[&[2][..], &prefixed("$.a")].concat());
        let wrong = [&[1, 0b01, 0][..], &id, &misfit, &json_cell(&number(5))].concat();
        let right = [&[1, 0b01, 0][..], &id, &replaced(), &json_cell(&number(5))].concat();
        let changes = decode(&event(0b111, 0b111, &[&before(), &wrong, &before(), &right]));
        let [Err(error), Ok(change)] = &changes[..] else { panic!("{changes:?}") };
        assert!(matches!(error, DecodeError::Cell { column: 1, problem: CellProblem::Differences, .. }));
        assert_eq!(json(change.after.as_ref()), r#"{"id":9,"a":7,"b":5}"#);
    }

    #[test]
    fn options_of_later_and_images_cut_short_lose_the_rest_of_the_event() {
        for after in [&[2, 0, 0][..], &[3, 0, 0], &[1], &[], &[0xfb]] {
            let changes = decode(&event(0b111, 0b111, &[&before(), after]));
            assert!(matches!(changes[..], [Err(DecodeError::AfterImage { .. })]), "{after:?} {changes:?}");
        }
    }

    #[test]
    fn random_damage_never_panics() {
        let after = [&[1, 0b11, 0][..], &[9, 0, 0, 0], &replaced(), &replaced()].concat();
        let base = event(0b111, 0b111, &[&before(), &after, &before(), &after]);
        let plan = plan();
        let mut random = Random::new(29);
        for _ in 0..50_000 {
            let damaged = random.damaged(&base);
            if let Ok(event) = RowsEvent::parse(39, &damaged)
                && event.rows(&plan, &mut Names::default()).is_ok()
            {
                decode(&damaged);
            }
        }
    }
}
