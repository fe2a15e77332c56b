//! The control store: positions, detections, alerts, notifications, tokens and conftrail's own acts.
//!
//! After detection it is the only truth: nothing is rebuilt from a log. All operations are durable on return
//! and safe to repeat. All return `Unavailable` when the store cannot be reached.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::alerting::{
    Alert, Detection, GroupKey, Ledger, Notification, NotificationState, Settlement, Silence, Transition,
    Workload,
};
use crate::own::{Act, Aside, Token};
use crate::ports::{Accounts, Deliveries, RuleSets, Silences};
use crate::{Checkpoint, EventId, LogPlace, PortResult, Position, StateChange, Timestamp};

/// A collector's word that it moves a source's checkpoint from now on. Each claim to a source is another; the default is that of
/// a source which nobody claimed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claim(pub u64);

/// Keeps how far each source has been read.
///
/// Of several collectors that read one source at a time one moves its checkpoint: position and state are then always of
/// one reading.
#[async_trait]
pub trait Checkpoints: Send + Sync {
    /// Returns a source's checkpoint, if it has one.
    async fn load_checkpoint(&self, source: &str) -> PortResult<Option<Checkpoint>>;

    /// Returns a source's checkpoint, if it has one, and takes it over from whoever moved it until now.
    async fn claim_checkpoint(&self, source: &str) -> PortResult<(Claim, Option<Checkpoint>)>;

    /// Moves the position and applies the state changes in one transaction; false, and nothing is changed, when the checkpoint
    /// was claimed since. Of several claims to a source without a checkpoint the one that saves first has it.
    async fn save_checkpoint(
        &self,
        source: &str,
        claim: Claim,
        position: &Position,
        state: &[StateChange],
    ) -> PortResult<bool>;

    /// Returns the names of the sources that have a checkpoint.
    async fn checkpointed_sources(&self) -> PortResult<Vec<String>>;
}

/// Keeps what the appenders to the change log saw of it, apart from the log, so that one that was removed or put back
/// from a copy is noticed.
#[async_trait]
pub trait LogPlaces: Send + Sync {
    /// Returns what each of them saw last, by source.
    async fn log_places(&self) -> PortResult<BTreeMap<String, LogPlace>>;

    /// Replaces what a source's appender saw last.
    async fn save_log_place(&self, source: &str, place: &LogPlace) -> PortResult<()>;
}

/// What became of recorded detections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordReport {
    /// How many are new.
    pub new: u64,
    /// How many were known.
    pub known: u64,
}

/// Keeps what rules found.
#[async_trait]
pub trait Detections: Send + Sync {
    /// Stores detections; known ids add nothing.
    async fn record_detections(&self, detections: &[Detection]) -> PortResult<RecordReport>;
}

/// Says which groups detections belong to: the routes decide it, which a store knows nothing of.
pub trait Grouping: Send + Sync {
    /// Returns the groups of open detections, under the silences that hold. Pure; a group may be named more than once.
    fn groups(&self, open: &[Detection], silences: &[Silence], now: Timestamp) -> Vec<GroupKey>;
}

/// Keeps alerts.
#[async_trait]
pub trait Alerts: Send + Sync {
    /// Returns up to `limit` open detections with their groups, up to `limit` groups that are to be told at `now`, and
    /// the silences that matter, read as one state.
    ///
    /// A group is to be told when its alert is due or its silence has ended.
    async fn workload(
        &self,
        limit: usize,
        now: Timestamp,
        grouping: Arc<dyn Grouping>,
    ) -> PortResult<Workload>;

    /// Applies a fold in one transaction. Fates apply to open detections only; known notifications and shares stay.
    async fn apply(&self, transition: &Transition) -> PortResult<()>;

    /// Returns the events of an alert's detections, shown and counted, up to `limit`, oldest first; for whoever may only
    /// see a part of the trail.
    async fn events_of_alert(&self, alert: &str, limit: usize) -> PortResult<Vec<EventId>>;

    /// Returns alerts, newest first.
    async fn alerts(&self, since: Timestamp, limit: usize) -> PortResult<Vec<Alert>>;
}

/// The durable outbox.
#[async_trait]
pub trait Notifications: Send + Sync {
    /// Returns notifications to send, oldest due first: queued or unknown, due at `now`, up to `each` of every integration.
    ///
    /// None waits for another: neither a message that one channel keeps refusing, nor the heap of those that wait for
    /// it, may hold up the next alert.
    async fn due_notifications(&self, now: Timestamp, each: usize) -> PortResult<Vec<Notification>>;

    /// Returns when the next notification becomes due after a time.
    async fn next_due(&self, after: Timestamp) -> PortResult<Option<Timestamp>>;

    /// Writes the intent to send, and counts the attempt; false when the notification is not to be sent
    /// (any more, or at `now`). Of several callers one gets true.
    async fn intend(&self, id: &str, now: Timestamp) -> PortResult<bool>;

    /// Writes how the attempt ended. Only an intent can be settled; anything else is left as it is.
    async fn settle(&self, id: &str, settlement: &Settlement) -> PortResult<()>;

    /// Turns the intents of a process that ended into `unknown`, due at `now`; returns how many.
    async fn recover_intents(&self, now: Timestamp) -> PortResult<u64>;

    /// Returns notifications in a state, oldest first.
    async fn notifications(&self, state: NotificationState, limit: usize) -> PortResult<Vec<Notification>>;

    /// Puts a dead notification back into the queue; false when it is not dead.
    async fn requeue(&self, id: &str, now: Timestamp, act: &Act) -> PortResult<bool>;

    /// Adds up detections and notifications made at or after `since`.
    async fn ledger(&self, since: Timestamp) -> PortResult<Ledger>;
}

/// Keeps tokens.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Stores a token and the act; `Rejected` when a valid token has the name.
    async fn create_token(&self, token: &Token, act: &Act) -> PortResult<()>;

    /// Returns the token whose secret has this hash.
    async fn token_by_hash(&self, hash: &str) -> PortResult<Option<Token>>;

    /// Returns all tokens, revoked ones included.
    async fn tokens(&self) -> PortResult<Vec<Token>>;

    /// Revokes a token and stores the act; false when no valid token has the name.
    async fn revoke_token(&self, name: &str, now: Timestamp, act: &Act) -> PortResult<bool>;
}

/// Keeps conftrail's own acts, which the source `conftrail` reads, and what had to be set aside.
#[async_trait]
pub trait OwnAudit: Send + Sync {
    /// Stores an act that has no other effect, such as a rule set's loading.
    async fn record_act(&self, act: &Act) -> PortResult<()>;

    /// Returns up to `limit` acts after a sequence number, in order; numbers are never reused.
    async fn acts_after(&self, sequence: u64, limit: usize) -> PortResult<Vec<(u64, Act)>>;

    /// Returns the last act on one thing.
    async fn last_act(&self, kind: crate::ResourceKind, name: &str) -> PortResult<Option<Act>>;

    /// Keeps something aside; repeats by place and key add nothing. Returns whether it is new.
    async fn set_aside(&self, aside: &Aside) -> PortResult<bool>;

    /// Returns what was set aside, newest first.
    async fn asides(&self, limit: usize) -> PortResult<Vec<Aside>>;
}

/// All of the control store.
pub trait ControlStore:
    Checkpoints
    + LogPlaces
    + Detections
    + Alerts
    + Notifications
    + Deliveries
    + Tokens
    + OwnAudit
    + Silences
    + RuleSets
    + Accounts
{
}

impl<
    T: Checkpoints
        + LogPlaces
        + Detections
        + Alerts
        + Notifications
        + Deliveries
        + Tokens
        + OwnAudit
        + Silences
        + RuleSets
        + Accounts,
> ControlStore for T
{
}
