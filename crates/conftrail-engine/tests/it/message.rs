//! Announcements in, words for people out.

use std::sync::Arc;

use conftrail_core::alerting::Announcement;
use conftrail_core::{Actor, Authority, Binding, Claimed, Period, ResourceKind, Value};
use conftrail_engine::message::{Message, Presentation, Section};
use conftrail_engine::words::how_known;
use conftrail_engine::{Folder, Language, Timing};

use crate::{event, load, soon_after};

fn announcement(name: &str, adapt: impl Fn(&mut conftrail_core::Event)) -> Announcement {
    let rules = load("version: 1\nname: p\nrules: [{ id: a, match: '*', severity: high }]");
    let mut event = event(name);
    adapt(&mut event);
    let mut open = rules.detect(&event, soon_after(&event));
    open.retain(|detection| detection.rule.set == "p");
    let timing = Timing { group_wait: Period::default(), ..Timing::default() };
    let folder = Folder::new(rules, Vec::new(), timing, Language::English);
    let workload = conftrail_core::alerting::Workload { open, ..Default::default() };
    folder.fold(workload, soon_after(&event)).notifications.remove(0).announcement
}

fn section(name: &str, language: Language) -> Section {
    let presentation = Presentation { language, external_url: Some("https://trail.example".to_owned()) };
    Message::announcing(&announcement(name, |_| {}), &presentation).events.remove(0)
}

#[test]
fn a_message_says_what_who_how_known_and_how_to_put_it_back() {
    let message = Message::announcing(&announcement("limit", |_| {}), &Presentation::default());
    assert_eq!(message.title, "[HIGH] alice changed mysql:orders-db/shop/feature_flags/42 (limit)");
    assert_eq!((message.possible_repeat.clone(), message.late.clone(), message.more), (None, None, 0));
    assert_eq!(message.owner.as_deref(), Some("pay-team"));
    let section = section("limit", Language::English);
    assert_eq!(section.who, "alice");
    assert_eq!(section.known, "named by a trusted application, for this very change (comment)");
    assert_eq!(section.ticket.as_deref(), Some("CHG-1234 (named by a trusted application)"));
    assert_eq!(section.reason.as_deref(), Some("Raise the limit"));
    assert_eq!(section.place, "prod, checkout");
    assert_eq!(section.changes[0].text, "limit: 100 → 500");
    assert_eq!(section.put_back, ["limit: 100"]);
    assert_eq!(section.command, "conftrail show 01M7Y5FY6V0000000000000001");
    assert_eq!(section.link.as_deref(), Some("https://trail.example/events/01M7Y5FY6V0000000000000001"));
}

#[test]
fn login_address_client_and_approver_are_told_where_they_are_known() {
    let told = announcement("limit", |event| {
        let actor = Arc::make_mut(&mut event.actor);
        actor.login = Some("app@10.0.0.%".into());
        actor.ip = Some("10.0.0.5".into());
        actor.client = Some("flag-console".into());
        event.reason.as_mut().unwrap().approver = Some("bob".into());
    });
    let section = Message::announcing(&told, &Presentation::default()).events.remove(0);
    assert_eq!(section.login.as_deref(), Some("app@10.0.0.%"));
    assert_eq!((section.ip.as_deref(), section.client.as_deref()), (Some("10.0.0.5"), Some("flag-console")));
    assert_eq!(section.approver.as_deref(), Some("bob (named by a trusted application)"));
    // An approver is never more than the change's own word.
    let claimed = announcement("limit", |event| {
        let reason = event.reason.as_mut().unwrap();
        reason.authority = Authority::Claimed;
        reason.approver = Some("bob".into());
    });
    let section = Message::announcing(&claimed, &Presentation::default()).events.remove(0);
    assert_eq!(section.approver.as_deref(), Some("bob (claimed, not confirmed)"));
    let nothing = announcement("price", |event| {
        event.actor = Actor { login: Some("root@localhost".into()), ..Actor::default() }.into();
        event.reason = None;
    });
    let section = Message::announcing(&nothing, &Presentation::default()).events.remove(0);
    // Who it was is the login already.
    assert_eq!((section.who.as_str(), section.login), ("root@localhost", None));
    assert_eq!((section.ip, section.client, section.approver), (None, None, None));
}

#[test]
fn of_long_values_the_message_shows_where_they_differ() {
    let text = |limit: &str| format!("{}限流：{limit}🚦{}", "前缀".repeat(3000), "后缀".repeat(3000));
    let told = announcement("limit", |event| {
        event.changes[0].before = Some(Value::from(text("一百")));
        event.changes[0].after = Some(Value::from(text("五百")));
    });
    let section = Message::announcing(&told, &Presentation::default()).events.remove(0);
    let line = &section.changes[0];
    let (before, after) = (line.before.as_deref().unwrap(), line.after.as_deref().unwrap());
    assert!(
        before.contains("前缀限流：一百🚦后缀") && after.contains("前缀限流：五百🚦后缀"),
        "{}",
        line.text
    );
    for value in [before, after] {
        assert!(value.starts_with('…') && value.ends_with('…') && value.chars().count() < 310, "{value}");
    }
    assert_eq!(line.text, format!("limit: {before} → {after}"));
    assert_eq!(section.put_back, ["limit: too long, see conftrail show 01M7Y5FY6V0000000000000001"]);

    // A document within a value, and a line break only after: quotes are no difference.
    let list = |last: i64| Value::List((0..2000).chain([last]).map(Value::Int).collect());
    let told = announcement("limit", |event| {
        event.changes[0].before = Some(list(7));
        event.changes[0].after = Some(list(8));
    });
    let section = Message::announcing(&told, &Presentation::default()).events.remove(0);
    let line = &section.changes[0];
    assert!(line.before.as_deref().unwrap().ends_with("1999,7]"), "{}", line.text);
    assert!(line.after.as_deref().unwrap().ends_with("1999,8]"), "{}", line.text);
    let told = announcement("limit", |event| {
        event.changes[0].before = Some(Value::from("x".repeat(500)));
        event.changes[0].after = Some(Value::from(format!("{}\n{}", "x".repeat(400), "x".repeat(99))));
    });
    let section = Message::announcing(&told, &Presentation::default()).events.remove(0);
    assert!(section.changes[0].after.as_deref().unwrap().contains("x\\nx"), "{}", section.changes[0].text);
}

#[test]
fn a_claim_is_never_shown_as_more_than_it_is() {
    let english = section("delete", Language::English);
    assert_eq!(english.who, "batch@10.0.0.9");
    assert_eq!(english.known, "login checked by the source, for this very change (session)");
    assert_eq!(
        english.claim.as_deref(),
        Some("alice, CHG-9 (says the comment; this login may not speak for others)")
    );
    assert_eq!(english.ticket, None);
    assert_eq!(english.notes, ["a name was claimed by a login that may not speak for others"]);
    let chinese = section("delete", Language::Chinese);
    assert_eq!(chinese.claim.as_deref(), Some("alice, CHG-9（comment 中自称；该登录无权代表他人）"));
    assert_eq!(section("chinese", Language::Chinese).ticket.as_deref(), Some("OPS-77 (自称，未确认)"));
}

#[test]
fn every_binding_and_authority_has_its_words_in_both_languages() {
    let authorities = [Authority::Authenticated, Authority::Asserted, Authority::Claimed, Authority::None];
    let bindings = [Binding::Exact, Binding::Correlated, Binding::Heuristic, Binding::None];
    for language in [Language::English, Language::Chinese] {
        let mut said = std::collections::BTreeSet::new();
        for authority in authorities {
            for binding in bindings {
                let actor = Actor { name: Some("x".into()), authority, binding, ..Actor::default() };
                said.insert(how_known(&actor, language));
            }
        }
        assert_eq!(said.len(), 16, "{said:?}");
    }
    let nobody = Actor { claimed: Some(Claimed::default()), ..Actor::default() };
    assert_eq!(how_known(&nobody, Language::English), "nothing tells who made it");
}

#[test]
fn masked_added_and_removed_values_are_worded_for_putting_back() {
    let secret = section("secret", Language::English);
    assert_eq!(secret.put_back, ["db.password: masked; restore it from where secrets are kept"]);
    assert!(secret.changes[0].sensitive);
    let added = section("price", Language::English);
    assert_eq!(added.changes[0].text, "price: + \"12.50\"");
    assert_eq!(added.changes[1].text, "note: + null");
    assert_eq!(added.put_back, ["price: remove", "note: remove"]);
    assert_eq!(added.who, "unknown");
    let removed = section("delete", Language::English);
    assert_eq!(removed.put_back, ["id: 7", "limit: -5", "title: old (unused)"]);
}

#[test]
fn nothing_about_health_is_offered_for_putting_back() {
    let health = announcement("limit", |event| event.resource.kind = ResourceKind::Health);
    let section = Message::announcing(&health, &Presentation::default()).events.remove(0);
    assert_eq!((section.changes.len(), section.put_back.len()), (1, 0));
}

#[test]
fn a_value_that_does_not_fit_is_never_offered_for_putting_back() {
    let long = announcement("limit", |event| event.changes[0].before = Some(Value::from("v".repeat(3000))));
    let section = Message::announcing(&long, &Presentation::default()).events.remove(0);
    assert_eq!(section.put_back, ["limit: too long, see conftrail show 01M7Y5FY6V0000000000000001"]);
    assert!(section.changes[0].text.len() < 700);
}

#[test]
fn a_title_is_one_line_whatever_a_resource_is_called() {
    let nasty =
        announcement("limit", |event| event.resource.id = "mysql:x/\r\nBcc: all@example.com".to_owned());
    let message = Message::announcing(&nasty, &Presentation::default());
    assert_eq!(message.title, "[HIGH] alice changed mysql:x/ Bcc: all@example.com (limit)");
}
