//! The outbox, where integrations have a pace and receivers have others that are told in their place.

use async_trait::async_trait;

use crate::alerting::{Backlog, Begin, Lane, Notification, RateLimit, Settlement, Waiting};
use crate::{PortResult, Timestamp};

/// Keeps how fast integrations were told, and who is told instead. Durable on return and safe to repeat, as all of the
/// control store is; every operation is one transaction.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// As [`intend`](super::Notifications::intend), unless `limit.count` attempts at the notification's integration were
    /// begun within `limit.per` before `now`, by whichever process, before whichever restart. What begins now is counted.
    ///
    /// Attempts are counted for this one limit; an integration has one.
    async fn intend_within(&self, id: &str, now: Timestamp, limit: RateLimit) -> PortResult<Begin>;

    /// Returns how much is due for an integration, and how many attempts its limit allows at once.
    async fn backlog(&self, lane: &Lane, now: Timestamp, limit: RateLimit) -> PortResult<Backlog>;

    /// Returns what is due for an integration and has certainly not arrived, oldest due first: what may have arrived is told
    /// again by itself, for a digest would call it suppressed.
    async fn waiting(&self, lane: &Lane, now: Timestamp, most: usize) -> PortResult<Vec<Waiting>>;

    /// Puts a digest in the place of notifications: they end as suppressed with the reason `digest <id>`, and it is
    /// queued. False, and nothing done, when one of them does not wait any more or the digest is known.
    async fn fold_into(&self, digest: &Notification, ids: &[String]) -> PortResult<bool>;

    /// Settles, and queues who is told instead, as [`fall_back`](Self::fall_back) does.
    async fn settle_and_fall_back(
        &self,
        id: &str,
        settlement: &Settlement,
        instead: &[Notification],
    ) -> PortResult<()>;

    /// Returns notifications to a receiver made at or before a time that still wait and that nobody was told instead of,
    /// oldest first.
    async fn overdue(&self, receiver: &str, made: Timestamp, most: usize) -> PortResult<Vec<Notification>>;

    /// Notes that others are told in the place of a notification that waits, and queues those for them. False, and nothing
    /// done, when it does not wait or that was noted already.
    ///
    /// An integration that has, or had, a notification of the very same announcement does not get another one.
    async fn fall_back(&self, id: &str, instead: &[Notification]) -> PortResult<bool>;
}
