//! What became of findings, for who asks why somebody was told or was not.

use async_trait::async_trait;

use crate::PortResult;
use crate::alerting::{Alert, Detection, Fate, Notification};

/// Answers for single findings, alerts and messages.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Returns detections with what became of them; ids that are not known are left out.
    async fn detections_by_id(&self, ids: &[String]) -> PortResult<Vec<(Detection, Fate)>>;

    /// Returns the alert of an id, or of the beginning of one: the newest of those that begin so.
    async fn alert(&self, id: &str) -> PortResult<Option<Alert>>;

    /// Returns up to `limit` detections of an alert with what became of them, oldest first.
    async fn detections_of(&self, alert: &str, limit: usize) -> PortResult<Vec<(Detection, Fate)>>;

    /// Returns an alert's notifications, oldest first.
    async fn notifications_of(&self, alert: &str) -> PortResult<Vec<Notification>>;
}
