//! conftrail's own acts, and what had to be set aside.

use conftrail_core::own::Aside;
use conftrail_core::{Action, ResourceKind};

use super::Stores;
use super::sample::{act, aside};

/// A reader that remembers the last number reads every act once, in order.
pub async fn acts_are_numbered_in_order_and_paged(stores: &impl Stores) {
    let store = stores.open().await;
    let acts: Vec<_> = (0..5).map(|number| act(&format!("t{number}"), Action::Create, number)).collect();
    for act in &acts {
        store.record_act(act).await.unwrap();
    }
    let (mut read, mut last) = (Vec::new(), 0);
    loop {
        let page = store.acts_after(last, 2).await.unwrap();
        assert!(page.len() <= 2);
        let Some((sequence, _)) = page.last() else { break };
        assert!(*sequence > last);
        last = *sequence;
        read.extend(page.into_iter().map(|(_, act)| act));
    }
    assert_eq!(read, acts);
}

/// A number that was given is not given again by the next process.
pub async fn numbers_go_on_after_a_restart(stores: &impl Stores) {
    let store = stores.open().await;
    store.record_act(&act("a", Action::Create, 0)).await.unwrap();
    let first = store.acts_after(0, 10).await.unwrap()[0].0;
    drop(store);

    let store = stores.open().await;
    store.record_act(&act("b", Action::Create, 1)).await.unwrap();
    let after = store.acts_after(first, 10).await.unwrap();
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].1.name, "b");
}

/// The last act on a thing is found by kind and name together.
pub async fn the_last_act_on_a_thing_is_known(stores: &impl Stores) {
    let store = stores.open().await;
    let (created, revoked) = (act("ci", Action::Create, 0), act("ci", Action::Delete, 1));
    let mut view = act("ci", Action::Update, 2);
    view.kind = ResourceKind::View;
    for act in [&created, &revoked, &view, &act("other", Action::Create, 3)] {
        store.record_act(act).await.unwrap();
    }
    assert_eq!(store.last_act(ResourceKind::Token, "ci").await.unwrap(), Some(revoked));
    assert_eq!(store.last_act(ResourceKind::View, "ci").await.unwrap(), Some(view));
    assert_eq!(store.last_act(ResourceKind::Token, "never").await.unwrap(), None);
}

/// The first stays; bytes come back as they came, whatever they are.
pub async fn what_is_set_aside_is_kept_once_and_whole(stores: &impl Stores) {
    let store = stores.open().await;
    let first = aside("0/0/17", 1);
    assert!(store.set_aside(&first).await.unwrap());
    assert!(!store.set_aside(&Aside { bytes: vec![1], ..first.clone() }).await.unwrap());
    let elsewhere = Aside { place: "audit".into(), bytes: Vec::new(), ..aside("0/0/17", 2) };
    assert!(store.set_aside(&elsewhere).await.unwrap());
    drop(store);

    let store = stores.open().await;
    assert_eq!(store.asides(10).await.unwrap(), [elsewhere.clone(), first]);
    assert_eq!(store.asides(1).await.unwrap(), [elsewhere]);
}
