//! What became of changes that stand in the binlog already: rollbacks within transactions, and XA transactions.

use conftrail_core::{Action, Map, SmolStr, flag};

use super::position::Place;
use super::reader::Reader;
use super::xa::{Decided, masked_xid};
use crate::wire::RawEvent;

/// The words of `detail.result`.
const COMMITTED: &str = "committed";
const ROLLED_BACK: &str = "rolled_back";

impl Reader {
    /// Rows before a ROLLBACK were those of tables that cannot take them back, or of a table that can: say so.
    pub(super) fn rolled_back(&mut self, event: &RawEvent<'_>) {
        let transaction = self.transaction_at(event);
        if !transaction.has_events {
            return;
        }
        let mut detail = Map::default();
        detail.insert("of", &*transaction.identity);
        detail.insert("result", ROLLED_BACK);
        self.outcome(event, detail, false);
    }

    /// As a ROLLBACK, for what stands behind a savepoint: `from` is the number of the first such change.
    pub(super) fn rolled_back_to(&mut self, event: &RawEvent<'_>, savepoint: &str) {
        let transaction = self.transaction_at(event);
        let from = transaction.back_to(savepoint);
        if !transaction.has_events || from == transaction.ordinal {
            return self.pass_over(event);
        }
        let mut detail = Map::default();
        detail.insert("of", &*transaction.identity);
        detail.insert("result", ROLLED_BACK);
        detail.insert("savepoint", &*self.settings.masker.text(savepoint));
        detail.insert("from", from);
        self.outcome(event, detail, false);
    }

    /// An XA transaction's rows end; committed in one phase, nothing more will be heard of it.
    pub(super) fn xa_prepared(&mut self, event: &RawEvent<'_>) {
        let is_decided = event.body.first().is_some_and(|one_phase| *one_phase != 0);
        let open = self.transaction.as_mut().filter(|_| is_decided);
        if let Some(transaction) = open
            && let Some(xid) = transaction.xid.take()
            && transaction.has_events
        {
            let of = transaction.identity.to_string();
            let xid = masked_xid(&self.settings.masker, &xid).into_owned();
            self.xa_decided(event, &xid, Some(&of), true);
        }
        self.end(Place::end_of(event));
    }

    /// What became of a prepared transaction, as an event unless none of its rows are captured. Of rows that were prepared
    /// before the reading began nothing is known but this.
    pub(super) fn xa_outcome(&mut self, event: &RawEvent<'_>, xid: &str, committed: bool) {
        let xid = masked_xid(&self.settings.masker, xid).into_owned();
        match self.xa.decided(&xid) {
            Decided::Rows(of) => self.xa_decided(event, &xid, Some(&of), committed),
            Decided::Unseen => self.xa_decided(event, &xid, None, committed),
            Decided::Nothing => self.pass_over(event),
        }
    }

    fn xa_decided(&mut self, event: &RawEvent<'_>, xid: &str, of: Option<&str>, committed: bool) {
        let mut detail = Map::default();
        detail.insert("xid", xid);
        if let Some(of) = of {
            detail.insert("of", of);
        }
        detail.insert("result", if committed { COMMITTED } else { ROLLED_BACK });
        self.outcome(event, detail, committed);
    }

    fn outcome(&mut self, event: &RawEvent<'_>, detail: Map, committed: bool) {
        let resource = self.whole_source();
        let draft = self.report(event, Action::Outcome, resource, detail);
        if let Some(draft) = draft.filter(|_| !committed) {
            draft.flags.push(SmolStr::new_static(flag::ROLLED_BACK));
        }
    }
}
