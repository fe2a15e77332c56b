//! Transactions whose end is not read: it is of a type that is not known, it is missing, or it never came to it.

use conftrail_core::{Action, Map};

use super::position::Place;
use super::reader::Reader;
use crate::wire::{RawEvent, kind};

impl Reader {
    /// Reports an event of which nothing is known.
    pub(super) fn unread(&mut self, event: &RawEvent<'_>, why: &str) {
        let stands_alone = self.transaction.is_none();
        self.undecoded(event, why);
        self.may_end(event, stands_alone);
    }

    /// Goes on behind an event that may be all there is of a transaction, or its end.
    fn may_end(&mut self, event: &RawEvent<'_>, stands_alone: bool) {
        if stands_alone {
            self.end(Place::end_of(event));
        } else if let Some(transaction) = &mut self.transaction {
            transaction.may_have_ended = true;
        }
    }

    /// A file that ends within a transaction ends with a server that died: what it had not finished did not happen. Where the server
    /// went on in order the transaction did happen and its end is missing, unless an event of it is not known, which was its end.
    pub(super) fn lose_open_transaction(&mut self, next: &RawEvent<'_>) {
        let Some(open) = &self.transaction else { return };
        let is_of_the_log = next.header.kind == kind::ROTATE && !next.header.is_artificial();
        let goes_on = is_of_the_log || open.file == next.file;
        if goes_on && open.may_have_ended {
            return self.end(Place::start_of(next));
        }
        tracing::warn!(transaction = &*open.identity, "a transaction in the binlog has no end");
        let is_uncertain = goes_on || open.may_have_ended;
        let file = open.file.clone();
        let beginning = RawEvent { file: &file, start: open.start.unwrap_or_default(), ..*next };
        if is_uncertain {
            self.without_end(&beginning)
        } else {
            self.rolled_back(&beginning)
        }
        if goes_on { self.end(Place::start_of(next)) } else { self.transaction = None }
    }

    /// The server says itself that its log lacks something.
    pub(super) fn incident(&mut self, event: &RawEvent<'_>) {
        let stands_alone = self.transaction.is_none();
        self.lacking(event, "the server reports an incident: its binlog lacks changes");
        self.may_end(event, stands_alone);
    }

    /// What a transaction did beyond what was read of it is not known.
    fn without_end(&mut self, event: &RawEvent<'_>) {
        self.lacking(event, "a transaction in the binlog has no end: what else it changed is not known");
    }

    fn lacking(&mut self, event: &RawEvent<'_>, cause: &str) {
        let mut detail = Map::default();
        let place = format!("{}:{}", event.file, event.start);
        detail.insert("from", place.as_str());
        detail.insert("to", place.as_str());
        detail.insert("cause", cause);
        let resource = self.whole_source();
        self.report(event, Action::Gap, resource, detail);
    }
}
