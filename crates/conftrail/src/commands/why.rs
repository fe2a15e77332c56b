//! `why` and `why-not`: why somebody was told of a change, or was not.
//!
//! Both read the stores of this machine, also while `run` writes to them; that is not audited.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::Args;
use conftrail_core::alerting::{Alert, AlertState, Detection, Fate, Notification};
use conftrail_core::ports::ControlStore;
use conftrail_core::{Event, EventId, PortError};
use conftrail_engine::{Explanation, RuleSet};
use conftrail_pipeline::now;
use serde::Serialize;

use super::rules::explain;
use crate::cli::Common;
use crate::output::Printer;
use crate::rules::Checked;
use crate::{assemble, configured, rules, say};

/// Options of `why`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  conftrail why 3f1c22d1\nReads the data directory of this machine directly."
)]
pub struct WhyArgs {
    /// The alert's id, or its beginning
    pub alert: String,
}

/// Options of `why-not`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  conftrail why-not --event 01M7W6C3BVM8V4T0R9C5X7B1ND\nReads the data directory of this machine directly."
)]
pub struct WhyNotArgs {
    /// The event's id
    #[arg(long, value_name = "ID")]
    pub event: String,
    /// Only this rule
    #[arg(long)]
    pub rule: Option<String>,
}

/// Findings of an alert that are shown.
const SHOWN: usize = 20;
/// Rules that nearly found an event: at least this share of their parts holds, and at most so many of them are shown.
const NEAR: f64 = 0.5;
const MOST_NEAR: usize = 5;

/// A finding and what became of it.
#[derive(Serialize)]
struct Found {
    detection: Detection,
    #[serde(flatten)]
    fate: Fate,
}

/// An alert with what it is made of and whom it was told to.
#[derive(Serialize)]
struct Why {
    alert: Alert,
    found: Vec<Found>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Explanation>,
    notifications: Vec<Notification>,
}

/// What became of an event under one rule.
#[derive(Serialize)]
struct WhyNot {
    #[serde(flatten)]
    explanation: Explanation,
    /// How the rule's finding ended; absent where it found nothing or has not judged the event yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    fate: Option<Fate>,
    /// Whether it was found long after it happened, so that it is told with others of its source.
    late: bool,
    notifications: Vec<Notification>,
}

/// `conftrail why`.
pub(crate) async fn why(common: &Common, alert: &str) -> anyhow::Result<ExitCode> {
    let (set, control) = stores(common).await?;
    let found = control.alert(alert).await.map_err(failed)?;
    let alert = found.ok_or_else(|| anyhow!("no alert has an id that begins with `{alert}`"))?;
    let findings = control.detections_of(&alert.id, SHOWN).await.map_err(failed)?;
    let notifications = control.notifications_of(&alert.id).await.map_err(failed)?;
    let trail = assemble::open_trail_read_only(&configured(common)?)?;
    let mut explanation = None;
    if let Some((newest, _)) = findings.last() {
        let event = trail.get(newest.evidence.event).await.map_err(failed)?;
        let rule = set.rule(&newest.rule.set, &newest.rule.id);
        explanation =
            event.zip(rule).map(|(event, rule)| Explanation::of(&set, rule, &event, newest.detected));
    }
    let found = findings.into_iter().map(|(detection, fate)| Found { detection, fate }).collect();
    let why = Why { alert, found, explanation, notifications };
    Printer::new(common).print(&why, |printer| text_of_alert(&why, printer))?;
    Ok(ExitCode::SUCCESS)
}

/// `conftrail why-not`.
pub(crate) async fn why_not(common: &Common, id: &str, rule: Option<&str>) -> anyhow::Result<ExitCode> {
    let id = EventId::parse(id)?;
    let (set, control) = stores(common).await?;
    let trail = assemble::open_trail_read_only(&configured(common)?)?;
    let event = trail.get(id).await.map_err(failed)?;
    let event = event.ok_or_else(|| anyhow!("no event has the id {id}; has `audit` read it yet?"))?;
    let printer = Printer::new(common);
    let answers = match rule {
        Some(rule) => vec![Explanation::of(&set, explain::find(&set, rule)?, &event, now())],
        None => all(&set, &event),
    };
    if answers.is_empty() {
        say("no rule comes near this event: none of those in force holds in half of its parts");
    }
    for explanation in answers {
        let answer = account(&*control, explanation).await?;
        printer.print(&answer, |printer| text_of_event(&answer, printer))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the rules in force and the control store.
async fn stores(common: &Common) -> anyhow::Result<(Arc<RuleSet>, Arc<dyn ControlStore>)> {
    let config = configured(common)?;
    say("reading the stores of this machine directly, this is not audited");
    let control = assemble::open_control_read_only(&config)?;
    let set = match control.published_rules().await.map_err(failed)? {
        Some(set) => {
            let checked = Checked::without_receivers(&config, &set.files);
            checked.context("the published rules cannot be read by this version")?.rules
        }
        None => Arc::new(rules::load(&config, rules::load_routing(&config)?.as_ref())?),
    };
    Ok((set, control))
}

/// Returns what found the event, or would have, and what came near.
fn all(set: &RuleSet, event: &Event) -> Vec<Explanation> {
    let now = now();
    let explained: Vec<Explanation> =
        set.rules().iter().map(|rule| Explanation::of(set, rule, event, now)).collect();
    let (mut near, mut answers): (Vec<_>, Vec<_>) = explained.into_iter().partition(|one| !one.query.holds);
    near.retain(|one| one.nearness() >= NEAR);
    near.sort_by(|left, right| right.nearness().total_cmp(&left.nearness()));
    near.truncate(MOST_NEAR);
    answers.extend(near);
    answers
}

async fn account(control: &dyn ControlStore, explanation: Explanation) -> anyhow::Result<WhyNot> {
    let found = control.detections_by_id(&explanation.detections).await.map_err(failed)?;
    let late = found.iter().any(|(detection, _)| detection.late);
    let fate = found.into_iter().next().map(|(_, fate)| fate);
    let notifications = match &fate {
        Some(Fate::Announced { alert } | Fate::Counted { alert }) => {
            control.notifications_of(alert).await.map_err(failed)?
        }
        _ => Vec::new(),
    };
    Ok(WhyNot { explanation, fate, late, notifications })
}

fn failed(error: PortError) -> anyhow::Error {
    anyhow!(conftrail_core::explain(&error))
}

fn text_of_alert(why: &Why, printer: &Printer) -> String {
    let alert = &why.alert;
    let labels: Vec<String> = alert.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let state = match alert.state {
        AlertState::Collecting { flush_at } => format!("gathers until {}", printer.zone.print(flush_at)),
        AlertState::Announced { at } => format!("told at {}", printer.zone.print(at)),
    };
    let mut lines = vec![
        format!("{}  {}", printer.paint(1, &alert.rule.name()), alert.id),
        format!("  labels   {}", labels.join(" ")),
        format!("  opened   {}, {} findings, {state}", printer.zone.print(alert.opened), alert.detections),
    ];
    for found in &why.found {
        let evidence = &found.detection.evidence;
        let time = printer.zone.print(evidence.time);
        lines.push(format!(
            "  because  {time}  {} {}  {}",
            evidence.action.as_str(),
            evidence.resource.id,
            evidence.event
        ));
    }
    if let Some(explanation) = &why.explanation {
        lines.extend(explain::text(explanation, printer).lines().map(|line| format!("  {line}")));
    }
    lines.extend(alert.held.as_ref().map(|held| format!("  held     {held}")));
    lines.extend(alert.silence.as_ref().map(|silence| format!("  silence  {silence}")));
    let route = alert.route.as_ref().zip(alert.receiver.as_ref());
    lines.extend(route.map(|(route, receiver)| format!("  route    {route} to {receiver}")));
    lines.extend(messages(&why.notifications, printer));
    lines.join("\n")
}

fn text_of_event(answer: &WhyNot, printer: &Printer) -> String {
    let mut lines = vec![explain::text(&answer.explanation, printer)];
    let said = match (&answer.fate, answer.explanation.verdict.as_str()) {
        (Some(Fate::Open), _) => Some("found, and not folded into an alert yet".to_owned()),
        (Some(Fate::Announced { alert }), _) => Some(format!("shown by the alert {alert}")),
        (Some(Fate::Counted { alert }), _) => Some(format!("counted into the alert {alert}, which shows others")),
        (Some(Fate::NoAlert { reason }), _) => Some(format!("no alert: {reason}")),
        (None, "found" | "excepted" | "shadow") => {
            Some("the rules in force find it, and no finding is on record: it was judged by others, or is not judged yet".to_owned())
        }
        (None, "failed") => Some("its condition failed: `conftrail/rule-error` tells of it, once for each rule and hour".to_owned()),
        (None, "off") => Some("the rule is off: it is not evaluated".to_owned()),
        (None, _) => None,
    };
    lines.extend(said.map(|said| format!("  ended    {said}")));
    if answer.late {
        lines.push("  late     found long after it happened: told in one message for its source".to_owned());
    }
    lines.extend(messages(&answer.notifications, printer));
    lines.join("\n")
}

fn messages(notifications: &[Notification], printer: &Printer) -> Vec<String> {
    let line = |one: &Notification| {
        let error = one.last_error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        let (state, created) = (one.state.as_str(), printer.zone.print(one.created));
        format!(
            "  message  {created}  {} {}  {state} after {} attempts{error}",
            one.receiver, one.integration, one.attempts
        )
    };
    notifications.iter().map(line).collect()
}
