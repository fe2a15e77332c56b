//! Notifications that no alert makes by itself: a digest in the place of many, who is told instead, and a test.

use std::collections::BTreeMap;

use conftrail_core::Timestamp;
use conftrail_core::alerting::{
    Announcement, Digest, GroupKey, Labels, Lane, Notification, NotificationState, RateLimit, Severity,
    Waiting, derived_id,
};

use crate::words::Language;

/// The rule's name in a digest.
pub const DIGEST: &str = "conftrail/digest";
/// The rule's name in a test message.
pub const TEST: &str = "conftrail/receiver-test";

/// Makes one message in the place of what waits for an integration beyond its pace.
pub fn digest(
    lane: &Lane,
    waiting: &[Waiting],
    limit: RateLimit,
    language: Language,
    now: Timestamp,
) -> Notification {
    let sum = Digest::of(waiting);
    let mut parts = vec!["digest", &lane.receiver, &lane.integration];
    parts.extend(waiting.iter().map(|one| one.id.as_str()));
    let id = derived_id(&parts);
    let group = GroupKey(derived_id(&["digest", &lane.receiver, &lane.integration]));
    let messages = sum.messages;
    let summary = match language {
        Language::English => format!("{messages} messages in one: this channel takes {limit}"),
        Language::Chinese => format!("{messages} 条消息合为一条：该渠道限速 {limit}"),
    };
    let announcement = Announcement {
        digest: Some(sum.clone()),
        total: sum.findings,
        ..announcement(&id, group, DIGEST, sum.severity(), summary)
    };
    notification(id, lane, announcement, now)
}

/// Makes the notifications that tell another receiver what the receiver of `original` was not told, or not in time.
/// None when that receiver stands in the way that led here.
pub fn instead(
    original: &Notification,
    receiver: &str,
    integrations: &[String],
    now: Timestamp,
) -> Vec<Notification> {
    if original.receiver == receiver || original.instead_of.iter().any(|before| before == receiver) {
        return Vec::new();
    }
    let mut instead_of = original.instead_of.clone();
    instead_of.push(original.receiver.clone());
    let tell = |integration: &String| {
        let lane = Lane { receiver: receiver.to_owned(), integration: integration.clone() };
        let id = derived_id(&["instead", &original.id, receiver, integration]);
        let notification = notification(id, &lane, original.announcement.clone(), now);
        Notification { instead_of: instead_of.clone(), ..notification }
    };
    integrations.iter().map(tell).collect()
}

/// Makes a message that says that it is a test.
pub fn test(lane: &Lane, language: Language, now: Timestamp) -> Notification {
    let id = derived_id(&["test", &lane.receiver, &lane.integration, &now.micros().to_string()]);
    let receiver = &lane.receiver;
    let summary = match language {
        Language::English => format!("Test message for receiver {receiver}: nothing has changed"),
        Language::Chinese => format!("接收者 {receiver} 的测试消息：没有任何变更"),
    };
    let group = GroupKey(derived_id(&["test", receiver]));
    notification(id.clone(), lane, announcement(&id, group, TEST, Severity::Info, summary), now)
}

fn announcement(id: &str, group: GroupKey, rule: &str, severity: Severity, summary: String) -> Announcement {
    let name = rule.rsplit('/').next().unwrap_or(rule);
    Announcement {
        alert: id.to_owned(),
        group,
        rule: rule.to_owned(),
        severity,
        labels: Labels::from([
            ("alertname".to_owned(), name.to_owned()),
            ("severity".to_owned(), severity.as_str().to_owned()),
        ]),
        summary,
        annotations: BTreeMap::new(),
        events: Vec::new(),
        total: 0,
        late: false,
        owner: None,
        runbook: None,
        digest: None,
    }
}

fn notification(id: String, lane: &Lane, announcement: Announcement, now: Timestamp) -> Notification {
    Notification {
        id,
        receiver: lane.receiver.clone(),
        integration: lane.integration.clone(),
        announcement,
        state: NotificationState::Queued,
        attempts: 0,
        possible_repeat: false,
        created: now,
        due: now,
        last_error: None,
        instead_of: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn lane(receiver: &str) -> Lane {
        Lane { receiver: receiver.to_owned(), integration: "email/a@b.c".to_owned() }
    }

    #[test]
    fn another_receiver_is_told_the_same_and_never_one_that_was_tried() {
        let first = test(&lane("chat"), Language::English, NOW);
        let second = instead(&first, "mail", &["email/x".to_owned(), "email/y".to_owned()], NOW).remove(1);
        assert_eq!(
            (second.integration.as_str(), second.announcement == first.announcement),
            ("email/y", true)
        );
        assert_eq!(second.instead_of, ["chat"]);
        assert_eq!(instead(&first, "mail", &["email/y".to_owned()], NOW)[0].id, second.id);
        let third = instead(&second, "pager", &["webhook/p".to_owned()], NOW).remove(0);
        assert_eq!(third.instead_of, ["chat", "mail"]);
        for before in ["chat", "mail", "pager"] {
            assert!(instead(&third, before, &["any".to_owned()], NOW).is_empty(), "{before}");
        }
    }

    #[test]
    fn the_same_messages_make_the_same_digest() {
        let one = |id: &str| Waiting {
            id: id.to_owned(),
            group: GroupKey("g".to_owned()),
            rule: "pack/limits".to_owned(),
            severity: Severity::Critical,
            summary: "s".to_owned(),
            total: 4,
            digest: None,
        };
        let make = |ids: &[&str]| {
            let waiting: Vec<_> = ids.iter().map(|id| one(id)).collect();
            digest(&lane("chat"), &waiting, RateLimit::per_minute(20), Language::English, NOW)
        };
        assert_eq!(make(&["a", "b"]), make(&["a", "b"]));
        assert_ne!(make(&["a", "b"]).id, make(&["ab"]).id);
        let made = make(&["a", "b"]).announcement;
        assert_eq!((made.severity, made.total), (Severity::Critical, 8));
        assert_eq!(made.summary, "2 messages in one: this channel takes 20/min");
    }
}
