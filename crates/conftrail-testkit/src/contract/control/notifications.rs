//! One notification's way through the outbox.

use std::sync::Arc;

use conftrail_core::Action;
use conftrail_core::alerting::{Notification, NotificationState, Settlement};
use conftrail_core::ports::ControlStore;
use tokio::task::JoinSet;

use super::Stores;
use super::sample::{act, at, dead, notification, queue, retry, sent, unknown};

async fn queued(store: &Arc<dyn ControlStore>) -> Notification {
    let made = notification("email/ops", 1);
    store.apply(&queue(vec![made.clone()])).await.unwrap();
    made
}

async fn settled(store: &Arc<dyn ControlStore>, id: &str, seconds: u64, settlement: &Settlement) {
    assert!(store.intend(id, at(seconds)).await.unwrap());
    store.settle(id, settlement).await.unwrap();
}

async fn only(store: &Arc<dyn ControlStore>, state: NotificationState) -> Notification {
    let mut listed = store.notifications(state, 10).await.unwrap();
    assert_eq!(listed.len(), 1, "one notification is {}", state.as_str());
    listed.remove(0)
}

/// What a receiver is told comes back to the last byte after a restart.
pub async fn a_notification_comes_back_as_it_was_made(stores: &impl Stores) {
    let made = queued(&stores.open().await).await;
    let store = stores.open().await;
    assert_eq!(only(&store, NotificationState::Queued).await, made);
    assert_eq!(store.due_notifications(at(1), 10).await.unwrap(), [made]);
}

/// A replayed fold does not put what was sent back into the queue.
pub async fn a_known_notification_stays_as_it_is(stores: &impl Stores) {
    let store = stores.open().await;
    let made = queued(&store).await;
    settled(&store, &made.id, 1, &sent(2)).await;
    store.apply(&queue(vec![made.clone()])).await.unwrap();
    assert!(store.due_notifications(at(100), 10).await.unwrap().is_empty());
    let kept = only(&store, NotificationState::Sent).await;
    assert_eq!(kept, Notification { state: NotificationState::Sent, attempts: 1, ..made });
}

/// Neither a worker that asks, nor one that still holds an older answer, sends before the time.
pub async fn what_is_not_due_is_neither_handed_out_nor_intended(stores: &impl Stores) {
    let store = stores.open().await;
    let made = queued(&store).await;
    assert!(store.due_notifications(at(0), 10).await.unwrap().is_empty());
    assert!(!store.intend(&made.id, at(0)).await.unwrap());
    assert!(!store.intend("no such notification", at(100)).await.unwrap());
    assert!(store.intend(&made.id, at(1)).await.unwrap());
}

/// Of many workers that hold the same notification, one gets the intent.
pub async fn an_attempt_is_begun_by_one_worker_only(stores: &impl Stores) {
    let store = stores.open().await;
    let made = queued(&store).await;
    let mut workers = JoinSet::new();
    for _ in 0..8 {
        let (store, id) = (Arc::clone(&store), made.id.clone());
        workers.spawn(async move { store.intend(&id, at(5)).await.unwrap() });
    }
    let won = workers.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
    assert_eq!(only(&store, NotificationState::Intent).await.attempts, 1);
}

/// What is queued, settled or not there is left as it is; a repeated settlement adds nothing.
pub async fn only_an_intent_can_be_settled(stores: &impl Stores) {
    let store = stores.open().await;
    let made = queued(&store).await;
    store.settle(&made.id, &sent(1)).await.unwrap();
    store.settle("no such notification", &sent(1)).await.unwrap();
    assert_eq!(only(&store, NotificationState::Queued).await, made);

    settled(&store, &made.id, 1, &sent(2)).await;
    let once = only(&store, NotificationState::Sent).await;
    for later in [sent(3), retry(3), unknown(3), dead(3)] {
        store.settle(&made.id, &later).await.unwrap();
        assert_eq!(only(&store, NotificationState::Sent).await, once);
    }
}

/// Only an attempt that may have arrived marks the message, and the mark stays.
pub async fn a_retry_is_no_repeat_and_a_lost_answer_is(stores: &impl Stores) {
    let store = stores.open().await;
    let made = queued(&store).await;
    settled(&store, &made.id, 1, &retry(10)).await;
    let waiting = only(&store, NotificationState::Queued).await;
    assert_eq!((waiting.due, waiting.attempts, waiting.possible_repeat), (at(10), 1, false));
    assert_eq!(waiting.last_error.as_deref(), Some("451 later"));

    settled(&store, &made.id, 10, &unknown(20)).await;
    let lost = only(&store, NotificationState::Unknown).await;
    assert_eq!((lost.due, lost.attempts, lost.possible_repeat), (at(20), 2, true));
    assert_eq!(store.due_notifications(at(20), 10).await.unwrap(), [lost]);

    settled(&store, &made.id, 20, &retry(30)).await;
    assert!(only(&store, NotificationState::Queued).await.possible_repeat);
    settled(&store, &made.id, 30, &sent(31)).await;
    let done = only(&store, NotificationState::Sent).await;
    assert_eq!((done.attempts, done.possible_repeat), (4, true));
}

/// After a crash between intent and settlement the message is sent again, marked.
pub async fn intents_of_a_process_that_ended_may_have_arrived(stores: &impl Stores) {
    let store = stores.open().await;
    let (cut_off, done, waiting) =
        (notification("email/ops", 1), notification("email/dba", 1), notification("email/dev", 1));
    store.apply(&queue(vec![cut_off.clone(), done.clone(), waiting.clone()])).await.unwrap();
    assert!(store.intend(&cut_off.id, at(1)).await.unwrap());
    settled(&store, &done.id, 1, &sent(2)).await;
    drop(store);

    let store = stores.open().await;
    assert_eq!(store.recover_intents(at(50)).await.unwrap(), 1);
    assert_eq!(store.recover_intents(at(60)).await.unwrap(), 0);
    let again = only(&store, NotificationState::Unknown).await;
    assert_eq!((&again.id, again.due, again.possible_repeat), (&cut_off.id, at(50), true));
    assert_eq!(only(&store, NotificationState::Sent).await.id, done.id);
    assert_eq!(only(&store, NotificationState::Queued).await, waiting);
    assert!(store.intend(&cut_off.id, at(50)).await.unwrap());
}

/// Only what is dead is put back; the act is stored with it and not without it.
pub async fn a_dead_notification_can_be_put_back_with_its_act(stores: &impl Stores) {
    let store = stores.open().await;
    let made = queued(&store).await;
    let retried = act("notification", Action::Update, 70);
    assert!(!store.requeue(&made.id, at(60), &retried).await.unwrap());
    settled(&store, &made.id, 1, &dead(2)).await;
    assert!(store.due_notifications(at(100), 10).await.unwrap().is_empty());
    let given_up = only(&store, NotificationState::Dead).await;
    assert_eq!(given_up.last_error.as_deref(), Some("550 no such user"));

    assert!(store.requeue(&made.id, at(70), &retried).await.unwrap());
    assert!(!store.requeue(&made.id, at(71), &retried).await.unwrap());
    assert!(!store.requeue("no such notification", at(71), &retried).await.unwrap());
    let back = only(&store, NotificationState::Queued).await;
    assert_eq!((back.due, back.attempts, back.possible_repeat), (at(70), 1, false));
    let acts: Vec<_> = store.acts_after(0, 10).await.unwrap().into_iter().map(|(_, act)| act).collect();
    assert_eq!(acts, [retried]);
    settled(&store, &made.id, 70, &sent(71)).await;
}

/// What was suppressed when it was made, and what is settled, is listed and never handed out.
pub async fn what_is_suppressed_or_settled_is_never_sent(stores: &impl Stores) {
    let store = stores.open().await;
    let suppressed = Notification { state: NotificationState::Suppressed, ..notification("email/ops", 1) };
    store.apply(&queue(vec![suppressed.clone()])).await.unwrap();
    assert_eq!(only(&store, NotificationState::Suppressed).await, suppressed);
    assert!(store.due_notifications(at(100), 10).await.unwrap().is_empty());
    assert!(!store.intend(&suppressed.id, at(100)).await.unwrap());
    assert_eq!(store.recover_intents(at(100)).await.unwrap(), 0);
    assert_eq!(store.next_due(at(0)).await.unwrap(), None);
}
