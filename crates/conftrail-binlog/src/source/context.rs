//! The context table: rows that say who makes the transaction that they stand in. They are no changes.

use super::reader::Reader;
use super::tables::Known;
use crate::decode::{RowChange, RowsEvent};
use crate::wire::RawEvent;

impl Reader {
    /// Takes in rows of the context table. What they say holds for what follows in their transaction. They count as rows do, and
    /// what was deleted says nothing.
    pub(super) fn context(&mut self, event: &RawEvent<'_>, rows: &RowsEvent<'_>, known: &Known) {
        let time = self.transaction_at(event).time;
        let is_proven = !known.is_unverified(time, event);
        if !is_proven {
            tracing::warn!(
                "who makes a transaction is left out: the names of the context table's columns are not proven"
            );
        }
        let mut names = std::mem::take(&mut self.names);
        let mut said = Vec::new();
        let mut count = 0;
        match rows.rows(&known.plan, &mut names) {
            Ok(changes) => {
                for change in changes {
                    count += 1;
                    if let Ok(RowChange { after: Some(row), .. }) = change {
                        said.push(row);
                    }
                }
            }
            Err(_) => count += 1,
        }
        self.names = names;
        let transaction = self.transaction_at(event);
        transaction.ordinal += count;
        for row in said.iter().filter(|_| is_proven) {
            transaction.add_context(row);
        }
        // Who is told from here on is another one than before.
        self.transactions += 1;
    }
}
