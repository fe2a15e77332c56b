//! Another receiver is told what the first one was not told, or not in time.

use conftrail_core::PortResult;
use conftrail_core::alerting::{Notification, Settlement};
use conftrail_engine::notices;

use super::NotifyWorker;
use crate::now;

/// Notifications looked at in one go for each receiver.
const TAKE: usize = 100;

impl NotifyWorker {
    /// Returns who is told in the place of a notification that a settlement ends, if it does.
    pub(super) fn instead_of_dead(
        &self,
        notification: &Notification,
        settlement: &Settlement,
    ) -> Vec<Notification> {
        match settlement {
            Settlement::Dead { at, .. } => self.instead(notification, *at),
            _ => Vec::new(),
        }
    }

    /// Tells others what waits for longer than its receiver's `after`; returns how many notifications that were.
    pub(super) async fn fall_back_overdue(&self) -> PortResult<u64> {
        let mut fallen = 0;
        let in_force = self.published.current();
        for (receiver, fallback) in in_force.fallbacks() {
            let Some(after) = fallback.after else { continue };
            let at = now();
            for notification in self.control.overdue(receiver, at.minus(after), TAKE).await? {
                let instead = self.instead(&notification, at);
                if self.control.fall_back(&notification.id, &instead).await? {
                    fallen += 1;
                    let (id, integration) = (&notification.id, &notification.integration);
                    let other = &fallback.receiver;
                    tracing::warn!(
                        notification = id,
                        integration,
                        other,
                        "not told in time; another receiver is"
                    );
                }
            }
        }
        Ok(fallen)
    }

    fn instead(&self, notification: &Notification, at: conftrail_core::Timestamp) -> Vec<Notification> {
        let in_force = self.published.current();
        let Some(fallback) = in_force.fallbacks().get(&notification.receiver) else { return Vec::new() };
        let other = &fallback.receiver;
        notices::instead(notification, other, &in_force.integrations(other), at)
    }
}
