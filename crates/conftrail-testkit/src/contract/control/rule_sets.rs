//! The rule set in force.

use conftrail_core::Action;
use conftrail_core::ports::{PublishedRules, RuleSetFile, RuleSetFiles};

use super::Stores;
use super::sample::{act, at};

fn set(text: &str, seconds: u64) -> PublishedRules {
    let file = |name: &str, text: &str| RuleSetFile { name: name.to_owned(), text: text.to_owned() };
    let files = RuleSetFiles {
        rules: vec![file("rules/a.yaml", text), file("rules/b.yaml", "规则: 'x'\n\t\"\\\u{0}")],
        routing: Some(file("rules/routing.yaml", "route: {}\n")),
    };
    PublishedRules { digest: files.digest(), published: at(seconds), files }
}

/// A set comes back to the last byte after a restart, and an empty store has none.
pub async fn a_published_rule_set_survives_a_restart(stores: &impl Stores) {
    let store = stores.open().await;
    assert_eq!(store.published_rules().await.unwrap(), None);
    assert_eq!(store.published_digest().await.unwrap(), None);
    let first = set("version: 1\n", 1);
    assert!(store.publish_rules(&first, &act("active", Action::Create, 1)).await.unwrap());
    drop(store);

    let store = stores.open().await;
    assert_eq!(store.published_rules().await.unwrap(), Some(first.clone()));
    assert_eq!(store.published_digest().await.unwrap(), Some(first.digest));
}

/// What is published already is not published again: no act, and the time stays the first.
pub async fn a_rule_set_that_is_in_force_already_leaves_no_act(stores: &impl Stores) {
    let store = stores.open().await;
    let first = set("version: 1\n", 1);
    assert!(store.publish_rules(&first, &act("active", Action::Create, 1)).await.unwrap());
    let again = PublishedRules { published: at(9), ..first.clone() };
    assert!(!store.publish_rules(&again, &act("active", Action::Update, 9)).await.unwrap());
    assert_eq!(store.published_rules().await.unwrap(), Some(first));
    assert_eq!(store.acts_after(0, 10).await.unwrap().len(), 1);
}

/// Another set takes the place of the one before, whole, and its act is on record; so does the first when it comes back.
pub async fn another_rule_set_takes_the_place_with_its_act(stores: &impl Stores) {
    let store = stores.open().await;
    let (first, mut second) = (set("version: 1\n", 1), set("version: 1 # changed\n", 2));
    second.files.routing = None;
    second.digest = second.files.digest();
    for (number, one) in [&first, &second, &first].into_iter().enumerate() {
        let act = act(&format!("act-{number}"), Action::Update, 1);
        assert!(store.publish_rules(one, &act).await.unwrap());
        assert_eq!(store.published_rules().await.unwrap().as_ref(), Some(one));
    }
    let acts: Vec<_> = store.acts_after(0, 10).await.unwrap().into_iter().map(|(_, act)| act.name).collect();
    assert_eq!(acts, ["act-0", "act-1", "act-2"]);
}
