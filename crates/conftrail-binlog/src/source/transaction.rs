//! The transaction that is being read.

use std::cell::OnceCell;

use conftrail_core::mask::Masker;
use conftrail_core::{Map, SmolStr, Timestamp};

use super::dialect::Dialect;
use super::gtid_event::Begin;
use super::position::Place;
use super::savepoints::Savepoints;
use super::statements::text_detail;
use crate::gtid::TransactionId;
use crate::who::{Claim, Login};
use crate::wire::{EventHeader, RawEvent};

/// What is known of a transaction up to the event read last.
#[derive(Debug)]
pub(super) struct Transaction {
    /// What ids are made of: the GTID, or server, file and offset of its start.
    pub(super) identity: SmolStr,
    pub(super) gtid: Option<TransactionId>,
    /// The binlog file that all of it stands in.
    pub(super) file: SmolStr,
    /// Where its first event starts, when that event tells its place and names the transaction: there it can be found again.
    pub(super) start: Option<u64>,
    /// When its origin committed it.
    pub(super) time: Timestamp,
    /// Whether that time can be set by any user: it is a header's.
    pub(super) clock_suspect: bool,
    /// When it was read.
    pub(super) observed: Timestamp,
    /// The server that ran it.
    pub(super) server_id: u32,
    /// The session that ran it, on that server.
    pub(super) thread_id: Option<u32>,
    /// Counts row changes and statements, before filters.
    pub(super) ordinal: u64,
    /// Counts statements with rows.
    pub(super) statement: u64,
    /// Whether BEGIN or XA START was read: the statements that follow do not end it.
    pub(super) is_open: bool,
    /// The id of an XA transaction.
    pub(super) xid: Option<String>,
    /// Whether an event was made of it.
    pub(super) has_events: bool,
    /// Whether an event of a type that is not known stands in it, which may be what ends it.
    pub(super) may_have_ended: bool,
    /// The account with whose rights a statement without rows ran, where the server tells.
    pub(super) invoker: Option<Login>,
    dialect: Dialect,
    /// What rows of the context table said so far about who makes it.
    context: Option<Claim>,
    query: Option<Query>,
    savepoints: Savepoints,
}

/// The statement that the rows being read come from.
#[derive(Debug)]
pub(super) struct Query {
    text: Option<String>,
    /// The text as events carry it, once an event does: a statement can have many rows.
    detail: OnceCell<Map>,
    pub(super) claim: Option<Claim>,
}

impl Transaction {
    /// Starts a transaction at its first event.
    pub(super) fn begin(begin: Begin, event: &RawEvent<'_>, server_uuid: &str, observed: Timestamp) -> Self {
        let identity = match &begin.gtid {
            Some(gtid) => gtid.to_string(),
            None => format!("{server_uuid}:{}:{}", event.file, event.start),
        };
        let is_named = begin.gtid.is_some() || begin.committed.is_some();
        Self {
            identity: SmolStr::new(identity),
            gtid: begin.gtid,
            file: SmolStr::new(event.file),
            start: (is_named && event.header.log_pos != 0).then_some(event.start),
            time: begin.committed.unwrap_or_else(|| header_time(&event.header)),
            clock_suspect: begin.committed.is_none(),
            observed,
            server_id: event.header.server_id,
            thread_id: None,
            ordinal: 0,
            statement: 0,
            is_open: begin.is_open,
            xid: begin.xid,
            has_events: false,
            may_have_ended: false,
            invoker: None,
            dialect: Dialect::UNKNOWN,
            context: None,
            query: None,
            savepoints: Savepoints::default(),
        }
    }

    /// Remembers the session, as BEGIN tells it.
    pub(super) fn session(&mut self, thread_id: u32, dialect: Dialect, invoker: Option<&Login>) {
        self.thread_id = Some(thread_id);
        self.dialect = dialect;
        self.invoker = invoker.cloned();
    }

    /// Remembers a savepoint.
    pub(super) fn savepoint(&mut self, name: &str) {
        self.savepoints.set(name, self.ordinal);
    }

    /// Goes back to a savepoint and returns the number of the first change behind it; 0 when nobody told of it.
    pub(super) fn back_to(&mut self, name: &str) -> u64 {
        // What was said behind it is taken back as well; what was said before it, nobody remembers apart.
        self.context = None;
        self.savepoints.back_to(name)
    }

    /// Remembers what the statement says that the next rows come from, and its text where that is wanted.
    pub(super) fn set_query(&mut self, statement: &[u8], keep_text: bool) {
        let claim = self.dialect.claim(statement);
        let text = keep_text.then(|| self.dialect.text(statement).into_owned());
        self.query = Some(Query { text, detail: OnceCell::new(), claim });
    }

    /// Returns the text of the statement that the rows come from, as their events carry it, where it is wanted.
    pub(super) fn text_detail(&self, masker: &Masker) -> Option<Map> {
        let Query { text, detail, .. } = self.query.as_ref()?;
        let text = text.as_ref()?;
        Some(detail.get_or_init(|| text_detail(masker, self.dialect, text)).clone())
    }

    /// Takes in a row of the context table.
    pub(super) fn add_context(&mut self, row: &Map) {
        self.context = Claim::of_row(row, self.context.take());
    }

    /// Returns what is claimed about the statement being read: by its comment, and by context rows where that says nothing.
    pub(super) fn claim(&self) -> Option<Claim> {
        let comment = self.query.as_ref().and_then(|query| query.claim.clone());
        match (comment, self.context.clone()) {
            (Some(comment), Some(context)) => Some(comment.or(context)),
            (comment, context) => comment.or(context),
        }
    }

    pub(super) fn query(&self) -> Option<&Query> {
        self.query.as_ref()
    }

    /// Ends a statement with rows: what it said does not hold for the next one.
    pub(super) fn end_statement(&mut self) {
        self.statement += 1;
        self.query = None;
    }

    /// Takes the next ordinal.
    pub(super) fn next_ordinal(&mut self) -> u64 {
        let ordinal = self.ordinal;
        self.ordinal += 1;
        ordinal
    }
}

/// The statement's start in whole seconds, which any user can set.
pub(super) fn header_time(header: &EventHeader) -> Timestamp {
    Timestamp::from_seconds(i64::from(header.timestamp))
}

impl Place {
    /// The place where an event begins.
    pub(super) fn start_of(event: &RawEvent<'_>) -> Self {
        Self::new(event.file, event.start)
    }

    /// The place where an event ends.
    pub(super) fn end_of(event: &RawEvent<'_>) -> Self {
        Self::new(event.file, event.end)
    }
}
