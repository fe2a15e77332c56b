//! Whether an alert that is due is told, held, or suppressed; and whom it is told to.

use std::collections::HashMap;
use std::time::Duration;

use conftrail_core::Timestamp;
use conftrail_core::alerting::{
    Alert, AlertState, Announcement, HeldBack, Notification, NotificationState, Transition, derived_id,
};

use super::gathering::Gathering;
use super::silences::Silences;
use super::{Folder, Target, flush_at};
use crate::announce::announcement;
use crate::intervals::next_minute;
use crate::routing::{OnMute, Route};

/// How far ahead the end of a mute is looked for. What is held longer is looked at again then: the routing file may have
/// changed meanwhile.
const LOOK_AHEAD: Duration = Duration::from_secs(3600);

/// Finishes groups.
pub(super) struct Telling<'f> {
    folder: &'f Folder,
    silences: &'f Silences,
    now: Timestamp,
    /// When muted routes are to be looked at again, by the route's id.
    again: HashMap<String, Timestamp>,
    pub(super) transition: Transition,
}

/// Where an alert goes.
struct Destination<'f> {
    receiver: String,
    /// None when the alert's route is gone; then nothing mutes it.
    route: Option<&'f Route>,
}

impl<'f> Telling<'f> {
    pub(super) fn new(
        folder: &'f Folder,
        silences: &'f Silences,
        now: Timestamp,
        transition: Transition,
    ) -> Self {
        Self { folder, silences, now, again: HashMap::new(), transition }
    }

    /// Tells the group's alert if it is due.
    pub(super) fn finish(&mut self, gathering: Gathering) {
        let Some(mut alert) = gathering.alert else { return };
        let Some(flush_at) = flush_at(&alert.state) else { return };
        let silence_is_over = alert.silence.as_ref().is_some_and(|id| !self.silences.holds(id));
        if flush_at > self.now && !silence_is_over {
            if gathering.changed {
                self.transition.alerts.push(alert);
            }
            return;
        }
        if alert.silence.is_none() {
            alert.silence = self.silences.covering(&alert).map(str::to_owned);
        }
        let destination = self.destination(&alert);
        let muted = destination.route.and_then(|route| {
            let reason = self.folder.routes.muted(route, self.now)?;
            Some((route, reason))
        });
        let suppressed = match (&alert.silence, muted) {
            (Some(id), _) => Some(format!("silence {id}")),
            (None, None) => None,
            (None, Some((route, reason))) if route.on_mute == OnMute::Drop => Some(reason),
            (None, Some((route, reason))) => {
                alert.state = AlertState::Collecting { flush_at: self.again(route) };
                alert.held = Some(reason);
                self.transition.alerts.push(alert);
                return;
            }
        };
        let announcement = announcement(&self.folder.rules, &alert, &gathering.shown, self.folder.language);
        alert.state = AlertState::Announced { at: self.now };
        alert.summary = Some(announcement.summary.clone());
        self.tell(&alert, &announcement, &destination.receiver, suppressed);
        self.transition.alerts.push(alert);
    }

    /// Returns whom an alert is told to: the receiver that its route has now; where the route is gone, the one that it had.
    fn destination(&self, alert: &Alert) -> Destination<'f> {
        let folder = self.folder;
        let to = |route: &'f Route| Destination { receiver: route.receiver.clone(), route: Some(route) };
        let Some(id) = &alert.route else { return to(folder.routes.root()) };
        match (folder.routes.by_id(id), &alert.receiver) {
            (Some(route), _) => to(route),
            (None, Some(receiver)) if folder.targets.contains_key(receiver) => {
                Destination { receiver: receiver.clone(), route: None }
            }
            (None, _) => to(folder.routes.root()),
        }
    }

    /// Returns when a muted route is looked at again: at the end of the mute, where that is near.
    fn again(&mut self, route: &Route) -> Timestamp {
        let (routes, now) = (&self.folder.routes, self.now);
        let find = || {
            next_minute(now, LOOK_AHEAD, |at| routes.muted(route, at).is_none())
                .unwrap_or_else(|| now.plus(LOOK_AHEAD))
        };
        *self.again.entry(route.id.clone()).or_insert_with(find)
    }

    fn tell(
        &mut self,
        alert: &Alert,
        announcement: &Announcement,
        receiver: &str,
        suppressed: Option<String>,
    ) {
        let targets = self.folder.targets.get(receiver);
        let Some(targets) = targets.filter(|targets| !targets.is_empty()) else {
            let nobody = Target { receiver: receiver.to_owned(), integration: "none".to_owned() };
            let reason = match targets {
                Some(_) => "no receiver is configured".to_owned(),
                None => format!("the receiver {receiver} has no integration"),
            };
            let notification = notification(announcement, &nobody, self.now);
            self.transition.notifications.push(ended(notification, suppressed.unwrap_or(reason)));
            return;
        };
        for target in targets {
            let mut told = notification(announcement, target, self.now);
            if let Some(reason) = &suppressed {
                told = ended(told, reason.clone());
            }
            if let Some(silence) = &alert.silence {
                self.transition.held_back.push(HeldBack {
                    silence: silence.clone(),
                    notification: told.id.clone(),
                    receiver: target.receiver.clone(),
                    integration: target.integration.clone(),
                    findings: announcement.total,
                });
            }
            self.transition.notifications.push(told);
        }
    }
}

/// Ends a notification before it was sent.
fn ended(notification: Notification, reason: String) -> Notification {
    Notification { state: NotificationState::Suppressed, last_error: Some(reason), ..notification }
}

/// Makes a notification that is to be sent at once.
pub(super) fn notification(announcement: &Announcement, target: &Target, now: Timestamp) -> Notification {
    Notification {
        id: derived_id(&["notification", &announcement.alert, &target.receiver, &target.integration]),
        receiver: target.receiver.clone(),
        integration: target.integration.clone(),
        announcement: announcement.clone(),
        state: NotificationState::Queued,
        attempts: 0,
        possible_repeat: false,
        created: now,
        due: now,
        last_error: None,
        instead_of: Vec::new(),
    }
}
