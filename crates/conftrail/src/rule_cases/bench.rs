//! A conftrail on a virtual clock: the rules, the folder and a control store in a directory of its own.

use std::sync::Arc;
use std::time::Duration;

use conftrail_core::alerting::{Notification, Settlement};
use conftrail_core::ports::{ControlStore, Grouping};
use conftrail_core::{Event, PortResult, Timestamp};
use conftrail_engine::cases::{Fired, Told};
use conftrail_engine::message::Presentation;
use conftrail_engine::{Folder, RuleSet};
use conftrail_notify::mail::plain_text;
use conftrail_pipeline::DeliveryPolicy;

use crate::assemble;
use crate::rules::Checked;

/// Detections folded, and notifications taken, in one go.
const AT_ONCE: usize = 1000;

/// What a case runs on.
pub(super) struct Bench {
    directory: tempfile::TempDir,
    /// None only while it is opened again.
    control: Option<Arc<dyn ControlStore>>,
    rules: Arc<RuleSet>,
    folder: Arc<Folder>,
    start: Timestamp,
    /// The changes that were read last: those that a crash leaves between an effect and its position.
    last_read: Vec<Event>,
    /// The ids of what was found, in the order of finding.
    found: Vec<String>,
    /// While these refuse: from when, until when, which receiver.
    refusing: Vec<(Duration, Duration, Option<String>)>,
    /// What was delivered.
    pub(super) told: Vec<Told>,
}

impl Bench {
    /// Makes a bench with an empty control store.
    pub(super) fn new(checked: &Checked, start: Timestamp) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let control = Some(assemble::open_scratch_control(directory.path())?);
        let (rules, folder) = (checked.rules.clone(), Arc::new(checked.folder()));
        let (last_read, found, refusing, told) = Default::default();
        Ok(Self { directory, control, rules, folder, start, last_read, found, refusing, told })
    }

    fn control(&self) -> Arc<dyn ControlStore> {
        self.control.clone().expect("it is none only within `crash`")
    }

    /// Reads changes at a time after the start.
    pub(super) async fn read(&mut self, events: Vec<Event>, at: Duration) -> PortResult<()> {
        self.judge(&events, at).await?;
        self.last_read = events;
        Ok(())
    }

    async fn judge(&mut self, events: &[Event], at: Duration) -> PortResult<()> {
        let now = self.start.plus(at);
        let found: Vec<_> = events.iter().flat_map(|event| self.rules.detect(event, now)).collect();
        if !found.is_empty() {
            self.control().record_detections(&found).await?;
        }
        for one in found {
            if !self.found.contains(&one.id) {
                self.found.push(one.id);
            }
        }
        Ok(())
    }

    /// Ends the process between an effect and its position, and starts it again.
    pub(super) async fn crash(&mut self, at: Duration) -> anyhow::Result<()> {
        self.control = None;
        self.control = Some(assemble::open_scratch_control(self.directory.path())?);
        self.control().recover_intents(self.start.plus(at)).await?;
        let again = std::mem::take(&mut self.last_read);
        self.judge(&again, at).await?;
        self.last_read = again;
        Ok(())
    }

    /// Puts rules and routes in force.
    pub(super) fn reload(&mut self, checked: &Checked) {
        self.rules = checked.rules.clone();
        self.folder = Arc::new(checked.folder());
    }

    /// Lets receivers refuse for a while.
    pub(super) fn refuse(&mut self, from: Duration, lasts: Duration, receiver: Option<String>) {
        self.refusing.push((from, from + lasts, receiver));
    }

    /// Does all that is due at a time, and returns when the next thing is, counted from the start.
    pub(super) async fn settle(&mut self, at: Duration) -> PortResult<Option<Duration>> {
        let now = self.start.plus(at);
        let control = self.control();
        let next_flush = loop {
            let grouping: Arc<dyn Grouping> = self.folder.clone();
            let workload = control.workload(AT_ONCE, now, grouping).await?;
            let (full, unseen) = (workload.open.len() >= AT_ONCE, workload.next_flush);
            let transition = self.folder.fold(workload, now);
            if !transition.is_empty() {
                control.apply(&transition).await?;
            }
            if !full {
                break transition.next_flush(unseen);
            }
        };
        loop {
            let due = control.due_notifications(now, AT_ONCE).await?;
            if due.is_empty() {
                break;
            }
            for notification in due {
                self.deliver(&notification, at).await?;
            }
        }
        let next = [next_flush, control.next_due(now).await?].into_iter().flatten().min();
        // All that was due is done: what is left is later.
        Ok(next.map(|next| next.since(self.start)).filter(|next| *next > at))
    }

    async fn deliver(&mut self, notification: &Notification, at: Duration) -> PortResult<()> {
        let (control, now) = (self.control(), self.start.plus(at));
        if !control.intend(&notification.id, now).await? {
            return Ok(());
        }
        let refuses = |(from, until, receiver): &(Duration, Duration, Option<String>)| {
            let is_it = receiver.as_ref().is_none_or(|name| *name == notification.receiver);
            is_it && *from <= at && at < *until
        };
        let settlement = if self.refusing.iter().any(refuses) {
            let policy = DeliveryPolicy::default();
            // As in production, without its chance: a case has the same times whenever it runs.
            let doubled = policy.first_retry.saturating_mul(2_u32.saturating_pow(notification.attempts));
            let wait = doubled.min(policy.longest_retry);
            Settlement::Retry { due: now.plus(wait), error: "the case says that it is down".to_owned() }
        } else {
            let body = plain_text(notification, &Presentation::default()).unwrap_or_default();
            let text = format!("{}\n{body}", notification.announcement.summary);
            self.told.push(Told { at, receiver: notification.receiver.clone(), text });
            Settlement::Sent { receipt: "case".to_owned(), at: now }
        };
        control.settle(&notification.id, &settlement).await
    }

    /// Returns all alerts so far, as the store has them.
    pub(super) async fn alerts(&self) -> PortResult<Vec<Fired>> {
        let stored = self.control().detections_by_id(&self.found).await?;
        let found: Vec<_> = stored.into_iter().map(|(detection, _)| detection).collect();
        Ok(Fired::of(&found))
    }
}
