//! The last records appended by this process, so that its own readers need not parse them again.
//!
//! Only a shortcut: which records there are is always asked of the file.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use conftrail_core::Record;

use crate::log::change_log::Stored;

/// Most records kept.
const RECORDS: usize = 4_096;
/// Most bytes kept, in the records' stored form; in memory it is a few times that.
const BYTES: usize = 4 << 20;

#[derive(Default)]
pub(crate) struct Recent(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    records: BTreeMap<u64, (Record, usize)>,
    bytes: usize,
}

impl Recent {
    /// Keeps records that are durable, and lets go of the oldest beyond the limits.
    pub(crate) fn add(&self, stored: Vec<Stored>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for one in stored {
            kept.bytes += one.bytes;
            kept.records.insert(one.offset, (one.record, one.bytes));
        }
        while kept.records.len() > RECORDS || kept.bytes > BYTES {
            let Some((_, (_, bytes))) = kept.records.pop_first() else { break };
            kept.bytes -= bytes;
        }
    }

    /// Lets go of everything: the records' places are not what they were.
    pub(crate) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Kept::default();
    }

    /// Returns the kept records from `offset` on; a record is shared, not copied.
    pub(crate) fn from(&self, offset: u64, most: usize) -> BTreeMap<u64, Record> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.records
            .range(offset..)
            .take(most)
            .map(|(offset, (record, _))| (*offset, record.clone()))
            .collect()
    }
}
