//! Which notifications are sent next.

use std::sync::Arc;

use conftrail_core::alerting::{Notification, Settlement};
use conftrail_core::ports::ControlStore;

use super::Stores;
use super::sample::{at, dead, notification, queue, retry, sent, unknown};

async fn queued(store: &Arc<dyn ControlStore>, integration: &str, count: u64) -> Vec<Notification> {
    let made: Vec<_> = (1..=count).map(|number| notification(integration, number)).collect();
    store.apply(&queue(made.clone())).await.unwrap();
    made
}

async fn settled(store: &Arc<dyn ControlStore>, id: &str, seconds: u64, settlement: &Settlement) {
    assert!(store.intend(id, at(seconds)).await.unwrap());
    store.settle(id, settlement).await.unwrap();
}

async fn due(store: &Arc<dyn ControlStore>, seconds: u64) -> Vec<String> {
    let due = store.due_notifications(at(seconds), 10).await.unwrap();
    due.into_iter().map(|notification| notification.id).collect()
}

fn ids<const N: usize>(notifications: [&Notification; N]) -> Vec<String> {
    notifications.map(|notification| notification.id.clone()).to_vec()
}

/// The one that is due longest comes first; the limit cuts at the other end.
pub async fn the_longest_due_comes_first_and_no_more_than_asked_for(stores: &impl Stores) {
    let store = stores.open().await;
    let made = [3, 1, 2].map(|number| notification("email/ops", number));
    store.apply(&queue(made.to_vec())).await.unwrap();
    drop(store);

    let store = stores.open().await;
    assert_eq!(due(&store, 100).await, ids([&made[1], &made[2], &made[0]]));
    assert_eq!(due(&store, 2).await, ids([&made[1], &made[2]]));
    let limited = store.due_notifications(at(100), 2).await.unwrap();
    assert_eq!(limited, [made[1].clone(), made[2].clone()]);
}

/// What one fold made at one time comes in the order in which it was made.
pub async fn what_is_due_at_the_same_time_comes_in_the_order_it_was_made(stores: &impl Stores) {
    let store = stores.open().await;
    let made = [3, 1, 2].map(|number| Notification { due: at(9), ..notification("email/ops", number) });
    for notification in &made {
        store.apply(&queue(vec![notification.clone()])).await.unwrap();
    }
    assert_eq!(due(&store, 9).await, ids([&made[0], &made[1], &made[2]]));
}

/// A channel that refuses one message gets the next all the same.
pub async fn a_message_in_backoff_holds_back_no_other(stores: &impl Stores) {
    let store = stores.open().await;
    let made = queued(&store, "email/ops", 3).await;
    settled(&store, &made[0].id, 10, &retry(60)).await;
    settled(&store, &made[1].id, 10, &unknown(70)).await;
    assert_eq!(due(&store, 59).await, ids([&made[2]]));
    assert_eq!(due(&store, 70).await, ids([&made[2], &made[0], &made[1]]));
}

/// What is being sent is handed out to nobody else; what stands behind it is.
pub async fn an_attempt_under_way_holds_back_no_other(stores: &impl Stores) {
    let store = stores.open().await;
    let made = queued(&store, "email/ops", 2).await;
    assert!(store.intend(&made[0].id, at(10)).await.unwrap());
    assert_eq!(due(&store, 100).await, ids([&made[1]]));
}

/// What is given up stands in nobody's way.
pub async fn a_dead_letter_holds_back_no_other(stores: &impl Stores) {
    let store = stores.open().await;
    let made = queued(&store, "email/ops", 2).await;
    settled(&store, &made[0].id, 10, &dead(11)).await;
    assert_eq!(due(&store, 100).await, ids([&made[1]]));
}

/// The next due time is that of what waits; what is under way or settled has none.
pub async fn the_next_due_time_is_that_of_what_still_waits(stores: &impl Stores) {
    let store = stores.open().await;
    assert_eq!(store.next_due(at(0)).await.unwrap(), None);
    let made = queued(&store, "email/ops", 2).await;
    assert_eq!(store.next_due(at(0)).await.unwrap(), Some(at(1)));
    settled(&store, &made[0].id, 10, &retry(60)).await;
    assert_eq!(store.next_due(at(0)).await.unwrap(), Some(at(2)));
    assert!(store.intend(&made[1].id, at(10)).await.unwrap());
    assert_eq!(store.next_due(at(0)).await.unwrap(), Some(at(60)));
    store.settle(&made[1].id, &unknown(50)).await.unwrap();
    assert_eq!(store.next_due(at(0)).await.unwrap(), Some(at(50)));
    settled(&store, &made[1].id, 50, &sent(51)).await;
    settled(&store, &made[0].id, 60, &dead(61)).await;
    assert_eq!(store.next_due(at(0)).await.unwrap(), None);
}
