//! Tokens and the acts that make and end them.

use conftrail_core::own::{Role, Token};
use conftrail_core::{Action, ErrorKind};

use super::Stores;
use super::sample::{act, at, token};

/// A token is found after a restart, by the whole hash of its secret.
pub async fn a_token_is_found_by_its_hash_and_by_nothing_else(stores: &impl Stores) {
    let filter = Some("resource.env:prod and not reason.message:\"限流\"".to_owned());
    let made = Token { role: Role::Auditor, filter, expires: Some(at(90)), ..token("ci", "ab12") };
    let created = act("ci", Action::Create, 0);
    stores.open().await.create_token(&made, &created).await.unwrap();

    let store = stores.open().await;
    assert_eq!(store.token_by_hash("ab12").await.unwrap(), Some(made.clone()));
    for other in ["ab1", "ab123", "AB12", "ci", "", "%"] {
        assert_eq!(store.token_by_hash(other).await.unwrap(), None);
    }
    assert_eq!(store.tokens().await.unwrap(), [made]);
    let acts = store.acts_after(0, 10).await.unwrap();
    assert_eq!(acts.iter().map(|(_, act)| act).collect::<Vec<_>>(), [&created]);
}

/// A name is free again when its token was revoked or has ended; the same creation twice is one.
pub async fn a_name_belongs_to_one_valid_token(stores: &impl Stores) {
    let store = stores.open().await;
    let create = |token: Token, seconds| {
        let store = store.clone();
        async move { store.create_token(&token, &act("ci", Action::Create, seconds)).await }
    };
    let ending = Token { expires: Some(at(50)), ..token("ci", "1") };
    create(ending.clone(), 0).await.unwrap();
    create(ending, 1).await.unwrap();
    assert_eq!(store.acts_after(0, 10).await.unwrap().len(), 1, "the repeat added no act");

    let refused = create(token("ci", "2"), 49).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Rejected);
    create(token("other", "3"), 49).await.unwrap();
    create(token("ci", "4"), 50).await.unwrap();
    assert!(store.revoke_token("ci", at(60), &act("ci", Action::Delete, 60)).await.unwrap());
    create(token("ci", "5"), 61).await.unwrap();
    assert_eq!(store.tokens().await.unwrap().len(), 4);
}

/// Revoking ends the token and stores the act; doing it again does neither.
pub async fn a_token_is_revoked_once(stores: &impl Stores) {
    let store = stores.open().await;
    store.create_token(&token("ci", "ab12"), &act("ci", Action::Create, 0)).await.unwrap();
    let revoked = act("ci", Action::Delete, 5);
    assert!(store.revoke_token("ci", at(5), &revoked).await.unwrap());
    assert!(!store.revoke_token("ci", at(6), &revoked).await.unwrap());
    assert!(!store.revoke_token("never", at(6), &revoked).await.unwrap());
    drop(store);

    let store = stores.open().await;
    let ended = store.token_by_hash("ab12").await.unwrap().unwrap();
    assert_eq!(ended.revoked, Some(at(5)));
    assert!(!ended.is_valid(at(5)));
    let acts: Vec<_> = store.acts_after(1, 10).await.unwrap().into_iter().map(|(_, act)| act).collect();
    assert_eq!(acts, [revoked]);
}

/// An act stands for something that was done: what is refused has none.
pub async fn a_refused_token_leaves_no_act(stores: &impl Stores) {
    let store = stores.open().await;
    store.create_token(&token("ci", "1"), &act("ci", Action::Create, 0)).await.unwrap();
    for taken in [token("ci", "2"), token("other", "1")] {
        let refused = store.create_token(&taken, &act(&taken.name, Action::Create, 1)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Rejected);
    }
    assert_eq!(store.acts_after(0, 10).await.unwrap().len(), 1);
    assert_eq!(store.tokens().await.unwrap().len(), 1);
}
