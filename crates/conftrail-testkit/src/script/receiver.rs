//! A receiver that keeps what it is sent and answers by script.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use conftrail_core::alerting::Notification;
use conftrail_core::ports::{DeliveryError, Receipt, Receiver};

/// What a scripted receiver does with the next message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Takes it.
    Take,
    /// Does not take it and may later.
    Busy,
    /// Will never take it.
    Refuse,
    /// Takes it, and the answer is lost.
    TakeSilently,
}

/// Keeps what it took. Without a script it takes everything.
#[derive(Default)]
pub struct ScriptedReceiver {
    script: Mutex<VecDeque<Answer>>,
    taken: Mutex<Vec<Notification>>,
}

impl ScriptedReceiver {
    /// The receiver's name.
    pub const NAME: &str = "on-call";
    /// Its integration.
    pub const INTEGRATION: &str = "scripted/0";

    /// Makes a receiver that plays `script` and then takes everything.
    pub fn new(script: impl IntoIterator<Item = Answer>) -> Self {
        Self { script: Mutex::new(script.into_iter().collect()), taken: Mutex::default() }
    }

    /// Returns what it took, in order, repeats included.
    pub fn taken(&self) -> Vec<Notification> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Receiver for ScriptedReceiver {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn integrations(&self) -> Vec<String> {
        vec![Self::INTEGRATION.to_owned()]
    }

    async fn deliver(&self, notification: &Notification) -> Result<Receipt, DeliveryError> {
        let next = self.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let answer = next.unwrap_or(Answer::Take);
        let reason = || format!("scripted: {answer:?}");
        if matches!(answer, Answer::Take | Answer::TakeSilently) {
            self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(notification.clone());
        }
        match answer {
            Answer::Take => Ok(Receipt("250 taken".to_owned())),
            Answer::Busy => Err(DeliveryError::Retry { after: None, reason: reason() }),
            Answer::Refuse => Err(DeliveryError::Permanent { reason: reason() }),
            Answer::TakeSilently => Err(DeliveryError::Unknown { reason: reason() }),
        }
    }

    async fn probe(&self) -> Result<(), DeliveryError> {
        Ok(())
    }
}
