//! The port of silences.

use async_trait::async_trait;

use crate::alerting::Silence;
use crate::own::Act;
use crate::{PortResult, Timestamp};

/// Keeps silences. What one holds back and that its end was told are written by [`apply`](super::Alerts::apply).
#[async_trait]
pub trait Silences: Send + Sync {
    /// Stores a silence and the act; the same silence again adds nothing. `Rejected` when too many hold or will hold:
    /// each is asked for every finding.
    async fn add_silence(&self, silence: &Silence, act: &Act) -> PortResult<()>;

    /// Returns up to `limit` silences that end after a time, the last made first.
    async fn silences(&self, ending_after: Timestamp, limit: usize) -> PortResult<Vec<Silence>>;

    /// Returns a silence.
    async fn silence(&self, id: &str) -> PortResult<Option<Silence>>;

    /// Ends a silence now and stores the act; one that has not begun never will. False when it is not there or is over.
    async fn expire_silence(&self, id: &str, now: Timestamp, act: &Act) -> PortResult<bool>;
}
