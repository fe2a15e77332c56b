//! Detections in, alerts and notifications out.

use std::sync::Arc;
use std::time::Duration;

use conftrail_core::alerting::{
    AlertGroup, AlertState, Detection, Fate, NotificationState, Severity, Transition, Workload,
};
use conftrail_core::{EventId, Period};
use conftrail_engine::{Folder, Language, RuleSet, Target, Timing};

use crate::{event, load, time};

const RULES: &str = r#"
version: 1
name: p
rules:
  - id: limit
    match: 'path:limit'
    severity: high
    owner: rule-owner
    runbook: https://wiki.example/limit
    group_by: [resource.env]
    annotations:
      summary: "{{total}} by {{actor.name}}{{#if labels.resource_env}} in {{labels.resource_env}}{{/if}}"
  - id: any
    match: 'path:limit'
    severity: critical
    mode: shadow
"#;

const NOW: &str = "2026-11-20T10:00:05Z";

fn rules() -> Arc<RuleSet> {
    load(RULES)
}

fn folder(group_wait: u64) -> Folder {
    let target =
        |integration: &str| Target { receiver: "ops".to_owned(), integration: integration.to_owned() };
    let timing = Timing { group_wait: Period::seconds(group_wait), ..Timing::default() };
    let targets = vec![target("email/a@example.com"), target("email/b@example.com")];
    Folder::new(rules(), targets, timing, Language::English)
}

/// The detections of `count` changes of the limit, one second apart, that are judged at once.
fn detections(count: u64) -> Vec<Detection> {
    let base = event("limit");
    let mut all = Vec::new();
    for number in 0..count {
        let mut event = base.clone();
        event.time = base.time.plus(Duration::from_millis(number));
        event.id = EventId::derive(event.time, "orders-db", "x", number);
        all.extend(rules().detect(&event, event.time));
    }
    all
}

fn open(detections: Vec<Detection>) -> Workload {
    Workload { open: detections, ..Workload::default() }
}

/// What the store would hand out next: the alerts that still gather, with what they show.
fn carry(transition: &Transition, detections: &[Detection]) -> Vec<AlertGroup> {
    let group = |alert: &conftrail_core::alerting::Alert| {
        let shown = |detection: &&Detection| {
            let fate = Fate::Announced { alert: alert.id.clone() };
            transition.fates.contains(&(detection.id.clone(), fate))
        };
        let shown = detections.iter().filter(shown).cloned().collect();
        match alert.state {
            AlertState::Collecting { .. } => AlertGroup {
                key: alert.group.clone(),
                collecting: Some((alert.clone(), shown)),
                last_announced: None,
            },
            AlertState::Announced { at } => {
                AlertGroup { key: alert.group.clone(), collecting: None, last_announced: Some(at) }
            }
        }
    };
    transition.alerts.iter().map(group).collect()
}

#[test]
fn without_a_wait_an_alert_is_opened_and_announced_at_once() {
    let transition = folder(0).fold(open(detections(1)), time(NOW));
    let fates: Vec<&Fate> = transition.fates.iter().map(|(_, fate)| fate).collect();
    let alert = &transition.alerts[0];
    assert_eq!(
        fates,
        [&Fate::Announced { alert: alert.id.clone() }, &Fate::NoAlert { reason: "shadow".to_owned() }]
    );
    assert_eq!(alert.state, AlertState::Announced { at: time(NOW) });
    assert_eq!(alert.summary.as_deref(), Some("1 by alice in prod"));
    let integrations: Vec<&str> =
        transition.notifications.iter().map(|one| one.integration.as_str()).collect();
    assert_eq!(integrations, ["email/a@example.com", "email/b@example.com"]);
    let notification = &transition.notifications[0];
    assert_eq!((notification.state, notification.due), (NotificationState::Queued, time(NOW)));
    assert_ne!(notification.id, transition.notifications[1].id);
    let told = &notification.announcement;
    assert_eq!((told.severity, told.total, told.late), (Severity::High, 1, false));
    assert_eq!(told.owner.as_deref(), Some("rule-owner"));
    assert_eq!(told.runbook.as_deref(), Some("https://wiki.example/limit"));
}

#[test]
fn a_fold_that_is_repeated_has_the_same_ids() {
    let once = folder(0).fold(open(detections(3)), time(NOW));
    let again = folder(0).fold(open(detections(3)), time("2026-11-20T10:00:09Z"));
    assert_eq!(once.fates, again.fates);
    let ids = |transition: &Transition| -> Vec<String> {
        transition.notifications.iter().map(|one| one.id.clone()).collect()
    };
    assert_eq!(ids(&once), ids(&again));
}

#[test]
fn a_group_gathers_until_its_wait_is_over() {
    let folder = folder(30);
    let all = detections(2);
    let first = folder.fold(open(all[..1].to_vec()), time("2026-11-20T10:00:05Z"));
    assert_eq!(first.alerts[0].state, AlertState::Collecting { flush_at: time("2026-11-20T10:00:35Z") });
    assert_eq!(first.next_flush(None), Some(time("2026-11-20T10:00:35Z")));
    assert!(first.notifications.is_empty());

    let workload = Workload { open: all[2..3].to_vec(), groups: carry(&first, &all), ..Workload::default() };
    let second = folder.fold(workload, time("2026-11-20T10:00:20Z"));
    assert_eq!(second.alerts[0].id, first.alerts[0].id);
    assert_eq!(second.alerts[0].detections, 2);
    assert!(second.notifications.is_empty());

    let mut groups = carry(&second, &all);
    groups[0].collecting.as_mut().unwrap().1.insert(0, all[0].clone());
    let third = folder.fold(Workload { groups, ..Workload::default() }, time("2026-11-20T10:00:35Z"));
    assert_eq!(third.notifications.len(), 2);
    assert_eq!(third.notifications[0].announcement.events.len(), 2);
    assert_eq!(third.alerts[0].summary.as_deref(), Some("2 by alice in prod"));
}

#[test]
fn a_group_that_is_not_due_and_got_nothing_is_left_alone() {
    let folder = folder(30);
    let all = detections(1);
    let first = folder.fold(open(all.clone()), time(NOW));
    let again = folder.fold(Workload { groups: carry(&first, &all), ..Workload::default() }, time(NOW));
    assert!(again.alerts.is_empty() && again.fates.is_empty() && again.notifications.is_empty());
}

#[test]
fn what_comes_after_an_announcement_makes_a_further_alert_after_the_interval() {
    let folder = folder(0);
    let all = detections(2);
    let first = folder.fold(open(all[..1].to_vec()), time(NOW));
    let workload = Workload { open: all[2..3].to_vec(), groups: carry(&first, &all), ..Workload::default() };
    let second = folder.fold(workload, time("2026-11-20T10:01:00Z"));
    assert_eq!(second.alerts[0].group, first.alerts[0].group);
    assert_ne!(second.alerts[0].id, first.alerts[0].id);
    assert_eq!(second.alerts[0].state, AlertState::Collecting { flush_at: time("2026-11-20T10:05:05Z") });

    let workload = Workload { open: all[2..3].to_vec(), groups: carry(&first, &all), ..Workload::default() };
    let long_after = folder.fold(workload, time("2026-11-20T11:00:00Z"));
    assert_eq!(long_after.notifications.len(), 2);
}

#[test]
fn a_message_shows_twenty_and_counts_the_rest() {
    let all: Vec<Detection> = detections(25).into_iter().step_by(2).collect();
    let transition = folder(0).fold(open(all), time(NOW));
    let shown = transition.fates.iter().filter(|(_, fate)| matches!(fate, Fate::Announced { .. })).count();
    let counted = transition.fates.iter().filter(|(_, fate)| matches!(fate, Fate::Counted { .. })).count();
    assert_eq!((shown, counted), (20, 5));
    let told = &transition.notifications[0].announcement;
    assert_eq!((told.events.len(), told.total), (20, 25));
    assert_eq!(told.summary, "25 by alice in prod");
}

#[test]
fn a_template_sees_the_newest_event_at_top_level_and_all_under_events() {
    let summary = r#"{{id}} of {{#each events}}{{id}} {{/each}}"#;
    let text = RULES.replace("{{total}} by {{actor.name}}", summary);
    let rules = load(&text);
    let mut found = detections(2);
    found.retain(|detection| detection.rule.id == "limit");
    // Handed out in the order they were found, not in which they happened.
    found.reverse();
    let timing = Timing { group_wait: Period::default(), ..Timing::default() };
    let folder = Folder::new(rules, Vec::new(), timing, Language::English);
    let told = folder.fold(open(found.clone()), time(NOW)).notifications.remove(0).announcement;
    let (newer, older) = (found[0].evidence.event, found[1].evidence.event);
    assert_eq!(told.summary, format!("{newer} of {older} {newer} in prod"));
}

#[test]
fn late_detections_of_a_source_are_told_in_one_message_whatever_rule_found_them() {
    let text = RULES.replace("mode: shadow", "mode: enforce");
    let rules = load(&text);
    let mut found = rules.detect(&event("limit"), time("2026-11-20T12:00:00Z"));
    found.extend(rules.detect(&event("delete"), time("2026-11-20T12:00:00Z")));
    assert_eq!(found.len(), 4);
    let folder = Folder::new(
        rules,
        Vec::new(),
        Timing { group_wait: Period::default(), ..Timing::default() },
        Language::English,
    );
    let transition = folder.fold(open(found), time("2026-11-20T12:00:00Z"));
    assert_eq!(transition.alerts.len(), 1);
    let told = &transition.notifications[0].announcement;
    assert!(told.late);
    assert_eq!(
        (told.rule.as_str(), told.severity, told.total),
        ("conftrail/late-changes", Severity::Critical, 4)
    );
    assert_eq!(told.labels["severity"], "critical");
    assert_eq!(told.summary, "orders-db: 4 findings on changes that were read long after they happened");
}

#[test]
fn without_a_receiver_the_announcement_ends_as_suppressed_with_its_reason() {
    let folder = Folder::new(
        rules(),
        Vec::new(),
        Timing { group_wait: Period::default(), ..Timing::default() },
        Language::English,
    );
    let transition = folder.fold(open(detections(1)), time(NOW));
    assert_eq!(transition.notifications.len(), 1);
    assert_eq!(transition.notifications[0].state, NotificationState::Suppressed);
    assert_eq!(transition.notifications[0].last_error.as_deref(), Some("no receiver is configured"));
}

#[test]
fn a_rule_that_is_gone_or_a_template_that_fails_costs_no_message() {
    let gone = Folder::new(
        Arc::new(RuleSet::built_in()),
        Vec::new(),
        Timing { group_wait: Period::default(), ..Timing::default() },
        Language::English,
    );
    let transition = gone.fold(open(detections(1)), time(NOW));
    assert_eq!(
        transition.alerts[0].summary.as_deref(),
        Some("alice changed mysql:orders-db/shop/feature_flags/42 (limit)")
    );

    // The samples hold texts; a number where the template needs a text makes it fail on this event alone.
    let failing = load(&RULES.replace("{{total}} by", "{{#each changes}}{{len before}}{{/each}}"));
    let timing = Timing { group_wait: Period::default(), ..Timing::default() };
    let failing = Folder::new(failing, Vec::new(), timing, Language::English);
    let told = failing.fold(open(detections(1)), time(NOW)).notifications.remove(0).announcement;
    assert_eq!(told.summary, "alice changed mysql:orders-db/shop/feature_flags/42 (limit)");
    assert!(told.annotations["conftrail_note"].starts_with("the template of `summary` failed: "), "{told:?}");
}

#[test]
fn timing_that_cannot_be_meant_is_named() {
    assert!(Timing::default().validate().is_empty());
    let odd =
        Timing { late_after: Period::seconds(1), group_wait: Period::seconds(90_000), ..Timing::default() };
    let problems = odd.validate();
    assert!(
        problems[0].starts_with("late_after: ") && problems[1].starts_with("group_wait: "),
        "{problems:?}"
    );
}
