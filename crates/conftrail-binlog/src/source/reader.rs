//! The state machine over the binlog's events; runs on a thread of its own.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use conftrail_core::mask::Masker;
use conftrail_core::{Origin, PortError, PortResult, StateChange, Timestamp};
use tokio::sync::mpsc;

use super::attribute::Attributor;
use super::batch::{Batch, Pending};
use super::clock::TrustedClock;
use super::compressed::inflated;
use super::gtid_event::Begin;
use super::handing_on::{Changes, Read};
use super::lookup::Lookup;
use super::position::{BinlogPosition, LastRead, Mode, Place};
use super::spent::Spent;
use super::tables::Tables;
use super::transaction::{Transaction, header_time};
use super::xa::{OpenXa, masked_xid};
use crate::decode::Names;
use crate::gtid::{Executed, GtidSet};
use crate::wire::{Arrival, EventHeader, EventStream, RawEvent, kind};

/// How often the position is handed on while nothing of the stream is captured.
const POSITION_EVERY: Duration = Duration::from_secs(1);

/// The way out of the reader: bounded, so that a slow consumer stops the reading.
pub(super) type Out = mpsc::Sender<PortResult<Read>>;

/// What does not change while a dump runs.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) origin: Origin,
    pub(super) masker: Arc<Masker>,
    pub(super) with_query: bool,
    /// Whose headers' times are those of its clock; nobody's on MySQL, which tells times better.
    pub(super) clock: Option<TrustedClock>,
    /// Whether every new transaction has a GTID.
    pub(super) has_gtids: bool,
    /// Transactions committed earlier are read and not reported: the first reading starts at a time.
    pub(super) skip_before: Option<Timestamp>,
}

/// The reader's state.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) settings: Settings,
    pub(super) tables: Tables,
    pub(super) lookup: Lookup,
    pub(super) attributor: Attributor,
    /// The end of the last whole transaction.
    pub(super) position: BinlogPosition,
    pub(super) transaction: Option<Transaction>,
    pub(super) batch: Batch,
    pub(super) xa: OpenXa,
    /// The names in documents of rows read lately.
    pub(super) names: Names,
    /// Counts statements over all transactions, to tell their traces apart.
    pub(super) statements: u64,
    /// Counts transactions, likewise.
    pub(super) transactions: u64,
    /// What the consumer gives back.
    pub(super) spent: Arc<Spent>,
    out: Out,
    handed_on: Instant,
    /// Whether the position moved since a batch was handed on.
    moved: bool,
}

impl Reader {
    pub(super) fn new(
        settings: Settings,
        tables: Tables,
        lookup: Lookup,
        attributor: Attributor,
        position: BinlogPosition,
        xa: OpenXa,
        out: Out,
    ) -> Self {
        Self {
            settings,
            tables,
            lookup,
            attributor,
            position,
            transaction: None,
            batch: Batch::default(),
            xa,
            names: Names::default(),
            statements: 0,
            transactions: 0,
            spent: Arc::default(),
            out,
            handed_on: Instant::now(),
            moved: true,
        }
    }

    /// Reads until the stream ends, fails, or nobody listens any more.
    pub(super) fn run(mut self, mut stream: EventStream, first: Vec<Pending>) {
        for pending in first {
            self.batch.add(pending);
        }
        if let Err(error) = self.read(&mut stream) {
            // Nobody listens: then there is nobody to tell.
            let _unheard = self.out.blocking_send(Err(error));
        }
    }

    fn read(&mut self, stream: &mut EventStream) -> PortResult<()> {
        self.hand_on()?;
        loop {
            let would_wait = !stream.has_next();
            if self.batch.is_full() || (would_wait && self.transaction.is_none() && !self.batch.is_empty()) {
                self.hand_on()?;
            }
            match stream.next_arrival()? {
                None => {
                    self.hand_on()?;
                    return Err(PortError::unavailable("read the binlog: the server ended the dump"));
                }
                Some(Arrival { event, large: None }) => self.event(&event)?,
                Some(Arrival { event, large: Some(body) }) => self.large_payload(&event, body)?,
            }
            if self.transaction.is_none() && self.moved && self.handed_on.elapsed() >= POSITION_EVERY {
                self.hand_on()?;
            }
        }
    }

    /// Hands on what there is, with the position of the last whole transaction.
    pub(super) fn hand_on(&mut self) -> PortResult<()> {
        let who = self.attributor.resolve(self.batch.traces(), &mut self.lookup)?;
        let mut state: Vec<StateChange> = self.tables.schema.facts.take_changes();
        state.extend(self.xa.take_changes());
        let batch = self.batch.take();
        self.spent.drop_all();
        let has_consumer_time = self.out.capacity() == self.out.max_capacity();
        let changes = if has_consumer_time && batch.is_quickly_finished() {
            Changes::Open { batch, who }
        } else {
            Changes::Finished(batch.finish(&who, &self.settings.masker))
        };
        self.handed_on = Instant::now();
        self.moved = false;
        let (position, place) = (self.position.to_position(), self.position.place.clone());
        self.out
            .blocking_send(Ok(Read { changes, position, state, place }))
            .map_err(|_| PortError::unavailable("hand on what was read: nobody listens"))
    }

    /// Takes in one event of the stream.
    fn event(&mut self, event: &RawEvent<'_>) -> PortResult<()> {
        match event.header.kind {
            kind::GTID | kind::ANONYMOUS_GTID | kind::GTID_TAGGED | kind::MARIADB_GTID => {
                self.lose_open_transaction(event);
                let begin = Begin::read(&event.header, event.body).ok_or_else(|| {
                    PortError::corrupt("read the binlog: a transaction's first event is damaged")
                })?;
                self.begin(begin, event);
                Ok(())
            }
            kind::TRANSACTION_PAYLOAD => self.payload(event),
            kind::ROTATE => {
                let is_of_the_log = !event.header.is_artificial();
                if is_of_the_log || self.transaction.as_ref().is_some_and(|open| open.file != event.file) {
                    self.lose_open_transaction(event);
                }
                if is_of_the_log {
                    self.tables.clear();
                    self.move_to(Place::end_of(event));
                }
                Ok(())
            }
            kind::PREVIOUS_GTIDS => {
                self.adopt_gtids(event);
                Ok(())
            }
            kind::HEARTBEAT => {
                if self.transaction.is_none() {
                    self.move_to(Place::end_of(event));
                    self.attributor.look(&mut self.lookup)?;
                }
                Ok(())
            }
            kind::XID => {
                self.end(Place::end_of(event));
                Ok(())
            }
            // Where the server would recover from, and what stands before the file: a place, nothing more.
            kind::BINLOG_CHECKPOINT | kind::GTID_LIST => {
                if self.transaction.is_none() && !event.header.is_artificial() {
                    self.move_to(Place::end_of(event));
                }
                Ok(())
            }
            kind::FORMAT_DESCRIPTION
            | kind::START_ENCRYPTION
            | kind::STOP
            | kind::INTVAR
            | kind::RAND
            | kind::USER_VAR
            | kind::IGNORABLE
            | kind::TRANSACTION_CONTEXT
            | kind::VIEW_CHANGE => Ok(()),
            _ => self.within(event),
        }
    }

    /// Takes in an event that belongs to a transaction; those of a compressed one come here directly.
    pub(super) fn within(&mut self, event: &RawEvent<'_>) -> PortResult<()> {
        match event.header.kind {
            kind::TABLE_MAP => {
                let known = self.tables.map(event.body, &mut self.lookup)?;
                if let Err(error) = known {
                    self.undecoded(event, &error.to_string());
                }
                Ok(())
            }
            kind::WRITE_ROWS..=kind::DELETE_ROWS
            | kind::WRITE_ROWS_V1..=kind::DELETE_ROWS_V1
            | kind::PARTIAL_UPDATE_ROWS => {
                self.rows(event);
                Ok(())
            }
            kind::ROWS_QUERY => {
                if let Some(text) = super::query_event::rows_query(event.body) {
                    self.statement_of_rows(text);
                }
                Ok(())
            }
            kind::ANNOTATE_ROWS => {
                self.statement_of_rows(event.body);
                Ok(())
            }
            kind::QUERY_COMPRESSED..=kind::DELETE_ROWS_COMPRESSED => {
                match inflated(event.header.kind, event.body) {
                    Some((plain, body)) => {
                        let header = EventHeader { kind: plain, ..event.header };
                        self.within(&RawEvent { header, body: &body, ..*event })
                    }
                    None => {
                        self.unread(event, "the compressed event is damaged");
                        Ok(())
                    }
                }
            }
            kind::QUERY => self.query(event),
            kind::XA_PREPARE => {
                self.xa_prepared(event);
                Ok(())
            }
            kind::EXECUTE_LOAD_QUERY => self.load_query(event),
            // What LOAD DATA loads by statement: rows of text, never looked into.
            kind::BEGIN_LOAD_QUERY | kind::APPEND_BLOCK | kind::DELETE_FILE => Ok(()),
            kind::XID | kind::INTVAR | kind::RAND | kind::USER_VAR => Ok(()),
            kind::INCIDENT => {
                self.incident(event);
                Ok(())
            }
            _ if event.header.is_ignorable() => Ok(()),
            _ => {
                self.unread(event, "this type of event is not known");
                Ok(())
            }
        }
    }

    /// Remembers the statement that the next rows come from.
    fn statement_of_rows(&mut self, text: &[u8]) {
        if let Some(transaction) = &mut self.transaction {
            transaction.set_query(text, self.settings.with_query);
        }
    }

    fn begin(&mut self, mut begin: Begin, event: &RawEvent<'_>) {
        if begin.committed.is_none()
            && self.settings.clock.as_ref().is_some_and(|clock| clock.vouches_for(event))
        {
            begin.committed = Some(header_time(&event.header));
        }
        if begin.gtid.is_none() {
            // A set of GTIDs does not tell that this one was read.
            self.position.mode = Mode::File;
        }
        self.transaction = Some(Transaction::begin(begin, event, &self.position.server_uuid, now()));
    }

    /// Returns the transaction; one that has no beginning starts here.
    pub(super) fn transaction_at(&mut self, event: &RawEvent<'_>) -> &mut Transaction {
        let server_uuid = &self.position.server_uuid;
        self.transaction.get_or_insert_with(|| Transaction::begin(Begin::NAMELESS, event, server_uuid, now()))
    }

    /// Ends the transaction: from here the reading can be resumed.
    pub(super) fn end(&mut self, place: Place) {
        if let Some(transaction) = self.transaction.take() {
            if let Some(xid) = transaction.xid {
                let identity = transaction.has_events.then_some(&*transaction.identity);
                self.xa.prepared(&masked_xid(&self.settings.masker, &xid), identity);
            }
            if let Some(gtid) = &transaction.gtid {
                self.position.executed.add(gtid);
            }
            let Transaction { identity, time, file, .. } = transaction;
            self.position.last = transaction.start.map(|start| LastRead { identity, time, file, start });
        }
        self.statements += 1;
        self.transactions += 1;
        self.move_to(place);
    }

    fn move_to(&mut self, place: Place) {
        self.tables.passed(&place);
        self.position.place = place;
        self.moved = true;
    }

    /// At the head of a file the server tells what happened before: from there on reading can go by GTID.
    fn adopt_gtids(&mut self, event: &RawEvent<'_>) {
        if self.position.mode == Mode::File
            && self.settings.has_gtids
            && let Ok(set) = GtidSet::decode(event.body)
        {
            self.position.executed = Executed::Mysql(set);
            self.position.mode = Mode::Gtid;
        }
    }
}

/// Our own clock.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
