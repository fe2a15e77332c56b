//! How long and how often delivery is tried.

use std::time::Duration;

use conftrail_core::Timestamp;
use conftrail_core::alerting::{Notification, Settlement};
use conftrail_core::ports::{DeliveryError, Receipt};
use conftrail_engine::Language;

use crate::Backoff;

/// How long and how often delivery is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryPolicy {
    /// The wait after the first failure.
    pub first_retry: Duration,
    /// The longest wait between attempts.
    pub longest_retry: Duration,
    /// After this a notification is dead.
    pub max_age: Duration,
    /// The language of what is worded here.
    pub language: Language,
}

/// Who is told instead of a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// The other receiver.
    pub receiver: String,
    /// After so long it is told also while the first one is still tried; absent means only what is dead.
    pub after: Option<Duration>,
}

impl Default for DeliveryPolicy {
    fn default() -> Self {
        Self {
            first_retry: Duration::from_secs(5),
            longest_retry: Duration::from_secs(30 * 60),
            max_age: Duration::from_secs(24 * 3600),
            language: Language::English,
        }
    }
}

impl DeliveryPolicy {
    /// Says what an attempt's outcome makes of a notification.
    pub(super) fn settlement(
        &self,
        notification: &Notification,
        outcome: Result<Receipt, DeliveryError>,
        at: Timestamp,
    ) -> Settlement {
        let wait = Backoff::nth(self.first_retry, self.longest_retry, notification.attempts);
        let expired = at.since(notification.created) >= self.max_age;
        match outcome {
            Ok(receipt) => Settlement::Sent { receipt: receipt.0, at },
            Err(DeliveryError::Permanent { reason }) => Settlement::Dead { error: reason, at },
            Err(DeliveryError::Retry { reason, .. } | DeliveryError::Unknown { reason }) if expired => {
                Settlement::Dead {
                    error: format!("gave up after {} attempts: {reason}", notification.attempts + 1),
                    at,
                }
            }
            Err(DeliveryError::Retry { after, reason }) => {
                // Whoever asks for more than we wait at all is asked a last time then.
                let wait = wait.max(after.unwrap_or_default()).min(self.max_age);
                Settlement::Retry { due: at.plus(wait), error: reason }
            }
            Err(DeliveryError::Unknown { reason }) => {
                Settlement::Unknown { due: at.plus(wait), error: reason }
            }
        }
    }
}
