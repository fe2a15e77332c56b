//! Where people are told.

use std::time::Duration;

use async_trait::async_trait;

use crate::alerting::{Notification, Pace};

/// What a channel answered to a message it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt(pub String);

/// Why a message was not delivered, or may not have been.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DeliveryError {
    /// It certainly did not arrive; trying again may help.
    #[error("{reason}")]
    Retry {
        /// The earliest sensible moment, where the channel named one.
        after: Option<Duration>,
        /// What the channel said, without content of the message.
        reason: String,
    },
    /// It did not arrive and never will.
    #[error("{reason}")]
    Permanent {
        /// What the channel said, without content of the message.
        reason: String,
    },
    /// It was handed over and the answer was lost: it may have arrived.
    #[error("{reason}")]
    Unknown {
        /// What happened.
        reason: String,
    },
}

/// One channel of one receiver. It tries once; retry is the pipeline's.
#[async_trait]
pub trait Receiver: Send + Sync {
    /// Returns the receiver's name in the configuration.
    fn name(&self) -> &str;

    /// Returns the integrations an announcement is sent to, each on its own, such as `email/ops@example.com`.
    fn integrations(&self) -> Vec<String>;

    /// Returns how fast an integration may be told, where that is bounded.
    fn pace(&self, integration: &str) -> Option<Pace> {
        let _ = integration;
        None
    }

    /// Sends one notification to its integration and returns when the channel has taken it.
    ///
    /// Carries the notification's id as the channel's idempotency key. Not cancel-safe: a dropped call may
    /// have arrived.
    ///
    /// # Errors
    /// See [`DeliveryError`].
    async fn deliver(&self, notification: &Notification) -> Result<Receipt, DeliveryError>;

    /// Says whether the channel can be reached, without sending anything to a person.
    ///
    /// # Errors
    /// See [`DeliveryError`].
    async fn probe(&self) -> Result<(), DeliveryError>;
}
