//! Rows events: each row a change, or a count where its table is not captured.

use std::sync::Arc;

use conftrail_core::capture::Draft;
use conftrail_core::{
    Action, BinlogPlace, Map, Resource, ResourceKind, SmolStr, Transaction as TransactionPlace, flag,
};

use super::attribute::Trace;
use super::batch::{Content, Pending, TraceKey};
use super::history::{Meaning, meaning};
use super::partial_row::PartialRow;
use super::reader::Reader;
use super::tables::{Captured, Known};
use super::transaction::Transaction;
use crate::decode::{Names, RowChange, Rows, RowsEvent};
use crate::plan::TablePlan;
use crate::wire::RawEvent;

impl Reader {
    /// Takes in a rows event of any kind.
    pub(super) fn rows(&mut self, event: &RawEvent<'_>) {
        let rows = match RowsEvent::parse(event.header.kind, event.body) {
            Ok(rows) => rows,
            Err(error) => return self.undecoded(event, &error.to_string()),
        };
        match self.tables.get(rows.table_id).cloned().as_deref() {
            // A server that has opened that many tables gives this number to a table, too.
            None if rows.table_id == RowsEvent::DUMMY_TABLE_ID => {}
            None => self.undecoded(event, "no table map came before its rows"),
            Some(known @ Known { is_context: true, .. }) => self.context(event, &rows, known),
            Some(Known { plan, captured: None, .. }) => {
                let count = rows.count_rows(plan).unwrap_or_else(|_| items(&rows, plan, &mut self.names));
                self.transaction_at(event).ordinal += count;
            }
            Some(known @ Known { captured: Some(captured), .. }) => {
                self.captured_rows(event, &rows, known, captured);
            }
        }
        if rows.ends_statement() {
            self.end_statement();
        }
    }

    fn captured_rows(
        &mut self,
        event: &RawEvent<'_>,
        rows: &RowsEvent<'_>,
        known: &Known,
        captured: &Arc<Captured>,
    ) {
        self.batch.add_bytes(event.body.len());
        // Out of the reader, which the rows are given to one by one.
        let mut names = std::mem::take(&mut self.names);
        match rows.rows(&known.plan, &mut names) {
            Ok(changes) => self.changes(event, known, captured, changes, !rows.has_full_images()),
            Err(error) => self.undecoded_of(event, captured.table.whole(), &error.to_string()),
        }
        self.names = names;
    }

    fn changes(
        &mut self,
        event: &RawEvent<'_>,
        known: &Known,
        captured: &Arc<Captured>,
        changes: Rows<'_, '_>,
        is_partial: bool,
    ) {
        for change in changes {
            match change {
                Ok(change) => match meaning(change, &known.plan) {
                    Meaning::Change(change) => self.row(event, known, captured, change, is_partial),
                    Meaning::OldVersion => self.transaction_at(event).ordinal += 1,
                    Meaning::HistoryRemoved => self.history_removed(event, captured),
                },
                Err(error) => self.undecoded_of(event, captured.table.whole(), &error.to_string()),
            }
        }
    }

    fn row(
        &mut self,
        event: &RawEvent<'_>,
        known: &Known,
        captured: &Arc<Captured>,
        change: RowChange,
        is_partial: bool,
    ) {
        let RowChange { before, after, has_invalid_text } = change;
        let content = if is_partial {
            Content::PartialRow(PartialRow::new(known.plan.clone(), captured.clone(), before, after))
        } else {
            Content::Row { table: self.batch.table(captured), before, after }
        };
        let Some(draft) = self.add(event, content) else { return };
        if is_partial {
            draft.flags.push(SmolStr::new_static(flag::PARTIAL_IMAGE));
        }
        if known.is_unverified(draft.time, event) {
            draft.flags.push(SmolStr::new_static(flag::SCHEMA_UNVERIFIED));
        }
        if has_invalid_text {
            draft.flags.push(SmolStr::new_static(flag::INVALID_TEXT));
        }
    }

    /// Adds the transaction's next change, with its place, time and the trace of who; it can be added to. None when it
    /// was committed before what is to be reported.
    fn add(&mut self, event: &RawEvent<'_>, content: Content) -> Option<&mut Draft> {
        self.transaction_at(event);
        let Self { transaction, batch, settings, statements, transactions, .. } = self;
        let transaction = transaction.as_mut().expect("`transaction_at` has just made sure of it");
        let ordinal = transaction.next_ordinal();
        transaction.has_events = true;
        if settings.skip_before.is_some_and(|start| transaction.time < start) {
            return None;
        }
        let identity = transaction.identity.clone();
        let (origin, actor) = (batch.origin(&settings.origin), batch.nobody());
        let place_in = TransactionPlace { id: identity, seq: ordinal, statement: transaction.statement };
        let mut draft =
            Draft::in_transaction(origin, actor, transaction.time, transaction.observed, place_in);
        let known = &mut *draft;
        known.position = Some(place(event, transaction, ordinal).into());
        if transaction.clock_suspect {
            known.flags.push(SmolStr::new_static(flag::CLOCK_SUSPECT));
        }
        if transaction.xid.is_some() {
            known.flags.push(SmolStr::new_static(flag::XA_PREPARED));
        }
        known.detail = transaction.text_detail(&settings.masker);
        let key = match transaction.query() {
            Some(query) if query.claim.is_some() => TraceKey::Statement(*statements),
            _ => TraceKey::Transaction(*transactions),
        };
        let trace = batch.trace(key, || Trace::of(transaction, &settings.masker));
        Some(batch.add(Pending { draft, content, trace: Some(trace) }))
    }

    fn end_statement(&mut self) {
        self.statements += 1;
        if let Some(transaction) = &mut self.transaction {
            transaction.end_statement();
        }
    }

    /// Reports what cannot be decoded, of no table in particular.
    pub(super) fn undecoded(&mut self, event: &RawEvent<'_>, why: &str) {
        let resource = self.whole_source();
        self.undecoded_of(event, resource, why);
    }

    /// Reports what cannot be decoded.
    fn undecoded_of(&mut self, event: &RawEvent<'_>, resource: Resource, why: &str) {
        let mut detail = Map::default();
        detail.insert("type", i64::from(event.header.kind));
        detail.insert("bytes", event.body.len() as u64);
        detail.insert("error", why);
        self.report(event, Action::Undecoded, resource, detail);
    }

    /// Adds an event without content; it can be added to, unless it is not to be reported.
    pub(super) fn report(
        &mut self,
        event: &RawEvent<'_>,
        action: Action,
        resource: Resource,
        detail: Map,
    ) -> Option<&mut Draft> {
        self.batch.add_bytes(event.body.len());
        let content = Content::Other { action, resource: Box::new(resource) };
        let draft = self.add(event, content)?;
        draft.detail = Some(detail);
        Some(draft)
    }

    /// The resource of what concerns no table.
    pub(super) fn whole_source(&self) -> Resource {
        let origin = &self.settings.origin;
        Resource::new(&origin.kind, &origin.name, ResourceKind::Source, None, None, "binlog")
    }
}

/// How many changes decoding would hand out: rows, and one for what is lost.
fn items(rows: &RowsEvent<'_>, plan: &TablePlan, names: &mut Names) -> u64 {
    rows.rows(plan, names).map_or(1, |changes| changes.count() as u64)
}

fn place(event: &RawEvent<'_>, transaction: &Transaction, row: u64) -> BinlogPlace {
    let gtid = transaction.gtid.is_some().then(|| transaction.identity.clone());
    BinlogPlace { gtid, file: transaction.file.clone(), pos: event.start, row }
}
