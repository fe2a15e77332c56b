//! System-versioned tables of MariaDB: what their rows events mean.
//!
//! Such a table keeps the old versions of its rows among the others, each with the time until which it held. A deletion is
//! logged as an update of that time, and behind an update stands the old version as a row of its own.

use conftrail_core::{Action, Map, Value};

use super::dialect::Dialect;
use super::reader::Reader;
use super::tables::Captured;
use crate::decode::RowChange;
use crate::plan::TablePlan;
use crate::wire::RawEvent;

/// The end of rows that still hold: TIMESTAMP before and since MariaDB 11.5.
const NO_END: [&str; 2] = ["2038-01-19T03:14:07.999999Z", "2106-02-07T06:28:15.999999Z"];

/// What a change of a row means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meaning {
    /// A change of a row that holds, or of any table without versions.
    Change(RowChange),
    /// The copy of an old version; the update before it told the same.
    OldVersion,
    /// An old version was removed, as by DELETE HISTORY.
    HistoryRemoved,
}

/// Returns what a change of a row means.
pub(super) fn meaning(change: RowChange, plan: &TablePlan) -> Meaning {
    let Some(column) = plan.row_end.and_then(|index| plan.columns.get(index)) else {
        return Meaning::Change(change);
    };
    let end = |row: &Option<Map>| row.as_ref().map(|row| row.get(&column.name).is_some_and(is_end));
    match (end(&change.before), end(&change.after)) {
        (None, Some(true)) => Meaning::OldVersion,
        (Some(true), None) => Meaning::HistoryRemoved,
        (Some(false), Some(true)) => Meaning::Change(RowChange { after: None, ..change }),
        _ => Meaning::Change(change),
    }
}

impl Reader {
    /// Reports that the server's own history of a table lacks something from here on.
    pub(super) fn history_removed(&mut self, event: &RawEvent<'_>, captured: &Captured) {
        let text = "-- an old version of a row was removed from the table's own history";
        let detail = super::statements::text_detail(&self.settings.masker, Dialect::UNKNOWN, text);
        self.report(event, Action::Statement, captured.table.whole(), detail);
    }
}

/// Says whether a row has ended at this value; transaction-precise tables have the number of a transaction there.
fn is_end(value: &Value) -> bool {
    match value {
        Value::Text(text) => !NO_END.contains(&&**text),
        Value::Uint(number) => *number != u64::MAX,
        Value::Int(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ColumnFacts, TableFacts};
    use crate::table_map::TableMap;
    use crate::testing::TableMapBytes;

    fn plan() -> TablePlan {
        let bytes = TableMapBytes::new("d", "t").column(3, &[]).column(17, &[6]);
        let map = TableMap::parse(&bytes.build()).expect("a table map");
        let column = |name: &str, column_type: &str| ColumnFacts {
            name: name.to_owned(),
            column_type: column_type.to_owned(),
            ..ColumnFacts::default()
        };
        let facts = TableFacts {
            columns: vec![column("id", "int(11)"), column("row_end", "timestamp(6)")],
            key: vec!["id".to_owned()],
            row_end: Some("row_end".to_owned()),
        };
        TablePlan::from_information_schema(&map, &facts).expect("it fits")
    }

    fn row(end: &str) -> Option<Map> {
        let mut row = Map::default();
        row.insert("id", 1_i64);
        row.insert("row_end", end);
        Some(row)
    }

    #[test]
    fn the_end_of_a_row_decides_what_a_change_means() {
        const PAST: &str = "2026-11-21T13:31:09.166444Z";
        let check = |before: Option<Map>, after: Option<Map>, expected: Option<(bool, bool)>| {
            let found = meaning(RowChange { before, after, has_invalid_text: false }, &plan());
            let shape = match &found {
                Meaning::Change(change) => Some((change.before.is_some(), change.after.is_some())),
                Meaning::OldVersion | Meaning::HistoryRemoved => None,
            };
            assert_eq!(shape, expected);
            found
        };
        for no_end in NO_END {
            check(None, row(no_end), Some((false, true)));
            check(row(no_end), row(no_end), Some((true, true)));
            check(row(no_end), row(PAST), Some((true, false)));
        }
        assert_eq!(check(None, row(PAST), None), Meaning::OldVersion);
        assert_eq!(check(row(PAST), None, None), Meaning::HistoryRemoved);
    }
}
