//! A receiver that keeps what it is sent and answers by script.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use conftrail_core::alerting::{Notification, Pace};
use conftrail_core::ports::{DeliveryError, Receipt, Receiver};
use tokio::sync::Semaphore;

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
    /// Takes it, and answers when it is [released](ScriptedReceiver::release).
    TakeLate,
}

/// Keeps what it took. Without a script it takes everything.
pub struct ScriptedReceiver {
    name: String,
    pace: Option<Pace>,
    script: Mutex<VecDeque<Answer>>,
    taken: Mutex<Vec<Notification>>,
    /// Closed until it is released.
    gate: Semaphore,
}

impl Default for ScriptedReceiver {
    fn default() -> Self {
        Self::new([])
    }
}

impl ScriptedReceiver {
    /// The receiver's name.
    pub const NAME: &str = "on-call";
    /// Its integration.
    pub const INTEGRATION: &str = "scripted/0";

    /// Makes a receiver that plays `script` and then takes everything.
    pub fn new(script: impl IntoIterator<Item = Answer>) -> Self {
        Self {
            name: Self::NAME.to_owned(),
            pace: None,
            script: Mutex::new(script.into_iter().collect()),
            taken: Mutex::default(),
            gate: Semaphore::new(0),
        }
    }

    /// Gives it another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Bounds how fast it may be told.
    #[must_use]
    pub fn paced(mut self, pace: Pace) -> Self {
        self.pace = Some(pace);
        self
    }

    /// Answers to everything that waits for it, and to what comes.
    pub fn release(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    /// Returns what it took, in order, repeats included.
    pub fn taken(&self) -> Vec<Notification> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Receiver for ScriptedReceiver {
    fn name(&self) -> &str {
        &self.name
    }

    fn integrations(&self) -> Vec<String> {
        vec![Self::INTEGRATION.to_owned()]
    }

    fn pace(&self, _integration: &str) -> Option<Pace> {
        self.pace
    }

    async fn deliver(&self, notification: &Notification) -> Result<Receipt, DeliveryError> {
        let next = self.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let answer = next.unwrap_or(Answer::Take);
        let reason = || format!("scripted: {answer:?}");
        if matches!(answer, Answer::Take | Answer::TakeSilently | Answer::TakeLate) {
            self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(notification.clone());
        }
        if answer == Answer::TakeLate {
            let _turn = self.gate.acquire().await;
        }
        match answer {
            Answer::Take | Answer::TakeLate => Ok(Receipt("250 taken".to_owned())),
            Answer::Busy => Err(DeliveryError::Retry { after: None, reason: reason() }),
            Answer::Refuse => Err(DeliveryError::Permanent { reason: reason() }),
            Answer::TakeSilently => Err(DeliveryError::Unknown { reason: reason() }),
        }
    }

    async fn probe(&self) -> Result<(), DeliveryError> {
        Ok(())
    }
}
