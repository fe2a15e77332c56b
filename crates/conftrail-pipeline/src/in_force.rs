//! What the workers go by: rules, how findings become alerts, and who is told. Replaced whole, between two batches.

use std::collections::BTreeMap;
use std::sync::Arc;

use conftrail_core::alerting::Lane;
use conftrail_core::ports::Receiver;
use conftrail_engine::{Folder, RuleSet};
use tokio::sync::watch;

use crate::Fallback;

/// Rules, folder and receivers of one published set: they are checked together and belong together.
pub struct InForce {
    rules: Arc<RuleSet>,
    folder: Arc<Folder>,
    receivers: BTreeMap<Lane, Arc<dyn Receiver>>,
    fallbacks: BTreeMap<String, Fallback>,
}

impl InForce {
    /// Puts a set together. Several receivers of one name are the channels of one receiver.
    pub fn new(rules: Arc<RuleSet>, folder: Arc<Folder>, receivers: Vec<Arc<dyn Receiver>>) -> Self {
        let mut by_integration = BTreeMap::new();
        for receiver in receivers {
            for integration in receiver.integrations() {
                let lane = Lane { receiver: receiver.name().to_owned(), integration };
                by_integration.insert(lane, receiver.clone());
            }
        }
        Self { rules, folder, receivers: by_integration, fallbacks: BTreeMap::new() }
    }

    /// Says who is told instead of a receiver, by its name.
    #[must_use]
    pub fn falling_back(mut self, fallbacks: BTreeMap<String, Fallback>) -> Self {
        self.fallbacks = fallbacks;
        self
    }

    /// Returns the rules that events are judged by.
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    /// Returns what makes alerts of findings.
    pub fn folder(&self) -> &Arc<Folder> {
        &self.folder
    }

    /// Returns the receiver that has an integration.
    pub fn receiver(&self, lane: &Lane) -> Option<Arc<dyn Receiver>> {
        self.receivers.get(lane).cloned()
    }

    /// Returns the integrations of a receiver.
    pub(crate) fn integrations(&self, receiver: &str) -> Vec<String> {
        let of_receiver = self.receivers.keys().filter(|lane| lane.receiver == receiver);
        of_receiver.map(|lane| lane.integration.clone()).collect()
    }

    /// Returns who is told instead of whom.
    pub(crate) fn fallbacks(&self) -> &BTreeMap<String, Fallback> {
        &self.fallbacks
    }
}

/// Hands out the set in force. Clones share it: what one replaces, all see at their next batch.
#[derive(Clone)]
pub struct Published(Arc<watch::Sender<Arc<InForce>>>);

impl Published {
    /// Puts a first set in force.
    pub fn new(first: InForce) -> Self {
        Self(Arc::new(watch::Sender::new(Arc::new(first))))
    }

    /// Returns the set in force. A worker asks once for each batch, so that a batch is never judged by two sets.
    pub fn current(&self) -> Arc<InForce> {
        self.0.borrow().clone()
    }

    /// Puts another set in force.
    pub fn replace(&self, next: InForce) {
        self.0.send_replace(Arc::new(next));
    }
}
