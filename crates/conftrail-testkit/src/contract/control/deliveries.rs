//! The pace of integrations, digests, and who is told instead.

use std::collections::BTreeMap;
use std::time::Duration;

use conftrail_core::alerting::{
    Backlog, Begin, Digest, Lane, Ledger, Notification, NotificationState, RateLimit, derived_id,
};

use super::Stores;
use super::sample::{at, dead, notification, queue, retry, sent};

/// Two in ten seconds.
const LIMIT: RateLimit = RateLimit { count: 2, per: Duration::from_secs(10) };

fn lane(integration: &str) -> Lane {
    Lane { receiver: "team".into(), integration: integration.into() }
}

fn ids(notifications: &[Notification]) -> Vec<String> {
    notifications.iter().map(|one| one.id.clone()).collect()
}

/// A notification that stands for others.
fn digest_of(others: &[Notification], seconds: u64) -> Notification {
    let base = notification("robot/a", seconds);
    let mut announcement = base.announcement.clone();
    announcement.digest = Some(Digest { messages: others.len() as u64, ..Digest::default() });
    Notification { id: derived_id(&["digest", &seconds.to_string()]), announcement, ..base }
}

/// Tells somebody else what a notification tells.
fn instead(of: &Notification, receiver: &str, seconds: u64) -> Notification {
    Notification {
        id: derived_id(&["instead", &of.id, receiver]),
        receiver: receiver.into(),
        instead_of: vec![of.receiver.clone()],
        created: at(seconds),
        due: at(seconds),
        ..of.clone()
    }
}

/// A heap that waits for one integration hides nothing of another.
pub async fn every_integration_hands_out_its_own_share(stores: &impl Stores) {
    let store = stores.open().await;
    let heap: Vec<_> = (1..=50).map(|number| notification("robot/a", number)).collect();
    let late = notification("email/b", 60);
    store.apply(&queue([heap.clone(), vec![late.clone()]].concat())).await.unwrap();
    let due = store.due_notifications(at(100), 2).await.unwrap();
    assert_eq!(ids(&due), ids(&[heap[0].clone(), heap[1].clone(), late]));
}

/// As many attempts as the limit says begin; then none, also after a restart, until the first has left the time that counts.
pub async fn attempts_are_counted_over_a_restart_and_time_makes_room(stores: &impl Stores) {
    let store = stores.open().await;
    let made: Vec<_> = (1..=4).map(|number| notification("robot/a", number)).collect();
    let other = notification("robot/b", 1);
    store.apply(&queue([made.clone(), vec![other.clone()]].concat())).await.unwrap();
    assert_eq!(store.intend_within(&made[0].id, at(10), LIMIT).await.unwrap(), Begin::Now);
    assert_eq!(store.intend_within(&made[0].id, at(11), LIMIT).await.unwrap(), Begin::Not);
    assert_eq!(store.intend_within("no such notification", at(11), LIMIT).await.unwrap(), Begin::Not);
    assert_eq!(store.intend_within(&made[1].id, at(13), LIMIT).await.unwrap(), Begin::Now);
    assert_eq!(store.intend_within(&made[2].id, at(14), LIMIT).await.unwrap(), Begin::NotBefore(at(20)));
    assert_eq!(store.intend_within(&other.id, at(14), LIMIT).await.unwrap(), Begin::Now);
    drop(store);

    let store = stores.open().await;
    assert_eq!(store.intend_within(&made[2].id, at(19), LIMIT).await.unwrap(), Begin::NotBefore(at(20)));
    let waiting = store.notifications(NotificationState::Queued, 10).await.unwrap();
    assert_eq!(waiting[0].attempts, 0, "what may not begin is not counted");
    assert_eq!(store.intend_within(&made[2].id, at(20), LIMIT).await.unwrap(), Begin::Now);
    assert_eq!(store.intend_within(&made[3].id, at(20), LIMIT).await.unwrap(), Begin::NotBefore(at(23)));
    // A clock that was set back far does not block the integration until it has caught up.
    let back = at(0).minus(Duration::from_secs(3600));
    let early = Notification { due: back, ..notification("robot/a", 9) };
    store.apply(&queue(vec![early.clone()])).await.unwrap();
    assert_eq!(store.intend_within(&early.id, back, LIMIT).await.unwrap(), Begin::Now);
}

/// What is due, and what the limit leaves, are counted by integration.
pub async fn a_backlog_counts_what_is_due_and_what_is_free(stores: &impl Stores) {
    let store = stores.open().await;
    let made: Vec<_> = (1..=5).map(|number| notification("robot/a", number)).collect();
    store.apply(&queue([made.clone(), vec![notification("robot/b", 1)]].concat())).await.unwrap();
    let a = lane("robot/a");
    let backlog = |seconds| store.backlog(&a, at(seconds), LIMIT);
    assert_eq!(backlog(3).await.unwrap(), Backlog { due: 3, free: 2 });
    store.intend_within(&made[0].id, at(5), LIMIT).await.unwrap();
    assert_eq!(backlog(5).await.unwrap(), Backlog { due: 4, free: 1 });
    assert_eq!(backlog(15).await.unwrap(), Backlog { due: 4, free: 2 });
    assert_eq!(store.backlog(&lane("robot/c"), at(5), LIMIT).await.unwrap(), Backlog { due: 0, free: 2 });
}

/// What waits comes with all that a digest tells of it, an earlier digest included.
pub async fn what_waits_is_listed_for_a_digest(stores: &impl Stores) {
    let store = stores.open().await;
    let made = [notification("robot/a", 1), notification("robot/a", 2), notification("robot/a", 99)];
    let earlier = digest_of(&made[..1], 3);
    store.apply(&queue([made.to_vec(), vec![earlier.clone()]].concat())).await.unwrap();
    let waiting = store.waiting(&lane("robot/a"), at(50), 10).await.unwrap();
    let found: Vec<_> = waiting.iter().map(|one| one.id.clone()).collect();
    assert_eq!(found, ids(&[made[0].clone(), made[1].clone(), earlier.clone()]));
    let (first, told) = (&waiting[0], &made[0].announcement);
    assert_eq!((&first.group, &first.rule), (&told.group, &told.rule));
    assert_eq!((first.severity, &first.summary, first.total), (told.severity, &told.summary, told.total));
    assert_eq!((waiting[0].digest.clone(), waiting[2].digest.clone()), (None, earlier.announcement.digest));
    assert_eq!(store.waiting(&lane("robot/a"), at(50), 1).await.unwrap().len(), 1);
}

/// Each of those that it stands for ends as suppressed and names it; the ledger adds up.
pub async fn a_digest_takes_the_place_of_what_waits(stores: &impl Stores) {
    let store = stores.open().await;
    let made: Vec<_> = (1..=3).map(|number| notification("robot/a", number)).collect();
    store.apply(&queue(made.clone())).await.unwrap();
    let digest = digest_of(&made[1..], 10);
    assert!(store.fold_into(&digest, &ids(&made[1..])).await.unwrap());
    assert!(!store.fold_into(&digest, &ids(&made[1..])).await.unwrap(), "once");
    drop(store);

    let store = stores.open().await;
    let suppressed = store.notifications(NotificationState::Suppressed, 10).await.unwrap();
    assert_eq!(ids(&suppressed), ids(&made[1..]));
    let reason = format!("digest {}", digest.id);
    assert!(suppressed.iter().all(|one| one.last_error.as_deref() == Some(reason.as_str())));
    let due = store.due_notifications(at(20), 10).await.unwrap();
    assert_eq!(due, [made[0].clone(), digest]);
    let suppressed_because = BTreeMap::from([("digest".into(), 2)]);
    let expected =
        Ledger { notifications: 4, pending: 2, suppressed: 2, suppressed_because, ..Ledger::default() };
    assert_eq!(store.ledger(at(0)).await.unwrap(), expected);
}

/// What is being sent, or was, is not told in a digest too: then nothing is folded at all.
pub async fn what_does_not_wait_goes_into_no_digest(stores: &impl Stores) {
    let store = stores.open().await;
    let made: Vec<_> = (1..=2).map(|number| notification("robot/a", number)).collect();
    store.apply(&queue(made.clone())).await.unwrap();
    assert!(store.intend(&made[0].id, at(5)).await.unwrap());
    let digest = digest_of(&made, 10);
    assert!(!store.fold_into(&digest, &ids(&made)).await.unwrap());
    store.settle(&made[0].id, &sent(6)).await.unwrap();
    assert!(!store.fold_into(&digest, &ids(&made)).await.unwrap());
    assert_eq!(store.due_notifications(at(20), 10).await.unwrap(), [made[1].clone()]);
    assert!(store.notifications(NotificationState::Suppressed, 10).await.unwrap().is_empty());
}

/// What may have arrived is told again by itself: suppressed is only what the receiver certainly has not.
pub async fn what_may_have_arrived_goes_into_no_digest(stores: &impl Stores) {
    let store = stores.open().await;
    let made: Vec<_> = (1..=2).map(|number| notification("robot/a", number)).collect();
    store.apply(&queue(made.clone())).await.unwrap();
    assert!(store.intend(&made[0].id, at(5)).await.unwrap());
    assert_eq!(store.recover_intents(at(6)).await.unwrap(), 1);
    let waiting = store.waiting(&lane("robot/a"), at(50), 10).await.unwrap();
    assert_eq!(waiting.iter().map(|one| &one.id).collect::<Vec<_>>(), [&made[1].id]);
    assert!(!store.fold_into(&digest_of(&made, 10), &ids(&made)).await.unwrap());
    assert!(store.fold_into(&digest_of(&made[1..], 11), &ids(&made[1..])).await.unwrap());
}

/// The death of one notification and the birth of the other are one step; what is not settled tells nobody else.
pub async fn another_receiver_is_told_with_the_death_and_not_without_it(stores: &impl Stores) {
    let store = stores.open().await;
    let made = notification("robot/a", 1);
    let other = instead(&made, "mail", 5);
    store.apply(&queue(vec![made.clone()])).await.unwrap();
    store.settle_and_fall_back(&made.id, &dead(5), std::slice::from_ref(&other)).await.unwrap();
    assert_eq!(
        store.due_notifications(at(9), 10).await.unwrap(),
        std::slice::from_ref(&made),
        "no attempt, no death"
    );

    assert!(store.intend(&made.id, at(2)).await.unwrap());
    store.settle_and_fall_back(&made.id, &dead(5), std::slice::from_ref(&other)).await.unwrap();
    store.settle_and_fall_back(&made.id, &dead(6), std::slice::from_ref(&other)).await.unwrap();
    drop(store);
    let store = stores.open().await;
    assert_eq!(store.due_notifications(at(9), 10).await.unwrap(), [other]);
    let expected = Ledger { notifications: 2, pending: 1, dead: 1, ..Ledger::default() };
    assert_eq!(store.ledger(at(0)).await.unwrap(), expected);
}

/// Whoever is told the very same thing by a route of its own is not told it twice.
pub async fn another_receiver_is_told_once(stores: &impl Stores) {
    let store = stores.open().await;
    let made = notification("robot/a", 1);
    let routed = Notification { receiver: "mail".into(), id: "routed".into(), ..made.clone() };
    let again = Notification { id: "again".into(), ..instead(&made, "mail", 5) };
    let mut later = instead(&made, "mail", 5);
    later.announcement.summary = "another announcement of the same alert".into();
    store.apply(&queue(vec![made.clone(), routed.clone()])).await.unwrap();
    assert!(store.fall_back(&made.id, &[again, later.clone()]).await.unwrap());
    assert!(!store.fall_back(&made.id, &[instead(&made, "pager", 6)]).await.unwrap());
    let due = store.due_notifications(at(9), 10).await.unwrap();
    assert_eq!(ids(&due), ids(&[made, routed, later]));
}

/// What waits for too long is found until others were told, in backoff or not; what is being sent or settled is not.
pub async fn what_waits_too_long_is_found_until_others_are_told(stores: &impl Stores) {
    let store = stores.open().await;
    let made: Vec<_> = (1..=4).map(|number| notification("robot/a", number)).collect();
    store.apply(&queue(made.clone())).await.unwrap();
    let overdue = |seconds| store.overdue("team", at(seconds), 10);
    assert_eq!(ids(&overdue(3).await.unwrap()), ids(&made[..3]));
    assert!(store.intend(&made[0].id, at(5)).await.unwrap());
    assert_eq!(ids(&overdue(3).await.unwrap()), ids(&made[1..3]));
    store.settle(&made[0].id, &retry(500)).await.unwrap();
    assert_eq!(ids(&overdue(3).await.unwrap()), ids(&made[..3]));
    assert!(store.fall_back(&made[1].id, &[instead(&made[1], "mail", 5)]).await.unwrap());
    assert!(store.fall_back(&made[2].id, &[]).await.unwrap(), "noted, though there is nobody else");
    assert_eq!(ids(&overdue(3).await.unwrap()), ids(&made[..1]));
    assert!(store.overdue("mail", at(3), 10).await.unwrap().is_empty());
}
