//! Who made the statements of a batch: claims joined with what the server tells about sessions.

use std::time::Duration;

use conftrail_core::mask::Masker;
use conftrail_core::{PortResult, Timestamp};

use super::lookup::Lookup;
use super::transaction::Transaction;
use crate::gtid::{Gtid, TransactionId};
use crate::who::{Attribution, Claim, Evidence, Login, Sessions, TransactionLogins, TrustList, resolve};

/// Ended sessions are remembered for this long: the binlog may be read behind the present.
const KEEP_SESSIONS: Duration = Duration::from_secs(3600);
/// A transaction's session may become visible this long after its commit time.
const VISIBLE_WITHIN: Duration = Duration::from_secs(1);

/// What is known of a statement's author before the server is asked.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    gtid: Option<Gtid>,
    server_id: u32,
    thread_id: Option<u32>,
    time: Timestamp,
    /// The account with whose rights it ran, where the server told.
    invoker: Option<Login>,
    claim: Option<Claim>,
}

impl Trace {
    /// Takes from a transaction what its statement being read tells; claims leave masked.
    pub(super) fn of(transaction: &Transaction, masker: &Masker) -> Self {
        Self {
            gtid: transaction.gtid.as_ref().and_then(TransactionId::mysql).cloned(),
            server_id: transaction.server_id,
            thread_id: transaction.thread_id,
            time: transaction.time,
            invoker: transaction.invoker.clone(),
            claim: transaction.claim().map(|claim| masked(claim, masker)),
        }
    }
}

/// A comment's text can hold anything.
fn masked(mut claim: Claim, masker: &Masker) -> Claim {
    let fields = [
        &mut claim.name,
        &mut claim.ticket,
        &mut claim.reason,
        &mut claim.approver,
        &mut claim.ip,
        &mut claim.client,
        &mut claim.audit_id,
    ];
    for text in fields.into_iter().flatten() {
        if let std::borrow::Cow::Owned(replaced) = masker.text(text) {
            *text = replaced.into();
        }
    }
    claim
}

/// Remembers who was there, and asks again when that can still tell more.
#[derive(Debug)]
pub(super) struct Attributor {
    server_id: u32,
    sessions: Sessions,
    logins: TransactionLogins,
    trust: TrustList,
    /// Whether we have the right to look.
    can_look: bool,
    looked: Timestamp,
}

impl Attributor {
    pub(super) fn new(server_id: u32, started: Timestamp, trust: TrustList, can_look: bool) -> Self {
        Self {
            server_id,
            sessions: Sessions::new(server_id, started, KEEP_SESSIONS),
            logins: TransactionLogins::default(),
            trust,
            can_look,
            looked: Timestamp::from_micros(0),
        }
    }

    /// Resolves each trace, with at most one look at the server.
    pub(super) fn resolve(&mut self, traces: &[Trace], lookup: &mut Lookup) -> PortResult<Vec<Attribution>> {
        if traces.iter().any(|trace| self.wants_look(trace)) {
            self.look(lookup)?;
        }
        Ok(traces
            .iter()
            .map(|trace| resolve(trace.claim.as_ref(), &self.evidence(trace), &self.trust))
            .collect())
    }

    /// Looks at who is there: also done when nothing happens, so that sessions are known before they write.
    pub(super) fn look(&mut self, lookup: &mut Lookup) -> PortResult<()> {
        if !self.can_look {
            return Ok(());
        }
        let look = lookup.look()?;
        for (gtid, login) in look.transactions {
            self.logins.remember(gtid, login);
        }
        self.sessions.observe(look.at, look.sessions);
        self.looked = look.at;
        Ok(())
    }

    fn wants_look(&self, trace: &Trace) -> bool {
        // A row of MariaDB tells neither: then there is nothing to look for.
        let can_be_found = trace.gtid.is_some() || trace.thread_id.is_some();
        self.can_look
            && can_be_found
            && trace.server_id == self.server_id
            && self.looked < trace.time.plus(VISIBLE_WITHIN)
            && !matches!(self.evidence(trace), Evidence::Exact(_))
    }

    fn evidence(&self, trace: &Trace) -> Evidence {
        // Another server's transaction: whoever applied it here did not make it.
        if trace.server_id != self.server_id {
            return Evidence::Unknown.or_invoker(trace.invoker.as_ref());
        }
        let exact = trace.gtid.as_ref().map(|gtid| self.logins.of(gtid)).unwrap_or_default();
        if exact != Evidence::Unknown {
            return exact;
        }
        let session = trace.thread_id.map_or(Evidence::Unknown, |thread_id| {
            self.sessions.at(trace.server_id, u64::from(thread_id), trace.time)
        });
        session.or_invoker(trace.invoker.as_ref())
    }
}
