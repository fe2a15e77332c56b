//! A table map and a rows event that claims to be of its table: decoding and counting agree, whatever the bytes are.
//! The input: length of the table map's body, that body, the rows event's type, its body.
#![no_main]

use conftrail_binlog::decode::{Names, RowsEvent};
use conftrail_binlog::plan::TablePlan;
use conftrail_binlog::table_map::TableMap;
use conftrail_fuzz::split;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((map, rows)) = split(data) else { return };
    let Ok(map) = TableMap::parse(map) else { return };
    let plan = TablePlan::best(&map, None);
    let Some((event_type, body)) = rows.split_first() else { return };
    let Ok(event) = RowsEvent::parse(*event_type, body) else { return };
    let mut names = Names::default();
    let Ok(rows) = event.rows(&plan, &mut names) else { return };
    let mut decoded = 0;
    let mut lost = false;
    for change in rows {
        match change {
            Ok(change) => {
                let row = change.after.as_ref().or(change.before.as_ref()).expect("a change has a side");
                let _key = plan.key_of(row);
                decoded += 1;
            }
            Err(error) => {
                lost |= error.loses_the_rest();
                decoded += u64::from(!error.loses_the_rest());
            }
        }
    }
    assert_eq!(event.count_rows(&plan).ok(), (!lost).then_some(decoded), "ids count rows as decoding does");
});
