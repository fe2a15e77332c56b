//! `rules explain`: why a rule finds an event, or does not.

use std::process::ExitCode;

use anyhow::anyhow;
use conftrail_core::{EventId, explain, nearest};
use conftrail_engine::rules::{Rule, RuleSet};
use conftrail_engine::{ConditionPart, Explanation, Part};
use conftrail_pipeline::now;

use crate::cli::{Common, Reading};
use crate::output::Printer;
use crate::{configured, reader, rules};

/// `conftrail rules explain`.
pub(super) async fn run(
    common: &Common,
    rule: &str,
    id: &str,
    reading: &Reading,
) -> anyhow::Result<ExitCode> {
    let config = configured(common)?;
    let set = rules::load(&config, rules::load_routing(&config)?.as_ref())?;
    let rule = find(&set, rule)?;
    let id = EventId::parse(id)?;
    let trail = reader::open(common, reading).await?;
    let event = trail.get(id).await.map_err(|error| anyhow!(explain(&error)))?;
    let event = event.ok_or_else(|| anyhow!("no event has the id {id}"))?;
    let explanation = Explanation::of(&set, rule, &event, now());
    Printer::new(common).print(&explanation, |printer| text(&explanation, printer))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the rule of a name: `<set>/<id>`, or an id that only one set has.
pub(crate) fn find<'s>(set: &'s RuleSet, name: &str) -> anyhow::Result<&'s Rule> {
    let of_name = |rule: &&Rule| rule.name() == name || rule.reference.id == name;
    let found: Vec<&Rule> = set.rules().iter().filter(of_name).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => {
            let names: Vec<String> = set.rules().iter().map(Rule::name).collect();
            let ids = set.rules().iter().map(|rule| rule.reference.id.as_str());
            let meant = nearest(name, ids.chain(names.iter().map(String::as_str)));
            let meant = meant.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
            Err(anyhow!("there is no rule `{name}`{meant}"))
        }
        several => {
            let names: Vec<String> = several.iter().map(|rule| format!("`{}`", rule.name())).collect();
            Err(anyhow!("`{name}` is one of several: {}", names.join(", ")))
        }
    }
}

/// Returns an explanation for people.
pub(crate) fn text(explanation: &Explanation, printer: &Printer) -> String {
    let mut verdict = explanation.verdict.clone();
    if let Some(exception) = &explanation.exception {
        verdict.push_str(&format!(" by the exception {exception}"));
    }
    let colour = if explanation.verdict == "found" { 31 } else { 32 };
    let mut lines = vec![format!("{}: {}", explanation.rule, printer.paint(colour, &verdict))];
    part(&explanation.query, "match", 1, printer, &mut lines);
    condition(&explanation.when, "when", printer, &mut lines);
    for exception in &explanation.exceptions {
        let ended = if exception.ended { ", which had ended" } else { "" };
        let title = format!("exception {}{ended}", exception.name);
        part(&exception.query, &title, 1, printer, &mut lines);
        condition(&exception.when, "and when", printer, &mut lines);
    }
    if !explanation.labels.is_empty() {
        let labels: Vec<String> =
            explanation.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        lines.push(format!("  labels   {}", labels.join(" ")));
    }
    lines.join("\n")
}

/// Writes a condition's parts, each with its value.
fn condition(parts: &[ConditionPart], title: &str, printer: &Printer, lines: &mut Vec<String>) {
    for one in parts {
        let value = match (&one.value, &one.error) {
            (Some(value), _) => value.clone(),
            (None, error) => printer.paint(31, error.as_deref().unwrap_or_default()),
        };
        let title = if one.depth == 0 { format!("{title}: ") } else { String::new() };
        let within = one.within.as_ref().map(|name| format!(" (macro {name})")).unwrap_or_default();
        let element = one.element.as_ref().map(|element| format!(" where {element}")).unwrap_or_default();
        lines.push(format!("{}{title}{}{within}{element} = {value}", "  ".repeat(one.depth + 1), one.text));
    }
}

/// Writes a part, and beneath it those that it is made of.
fn part(part_: &Part, title: &str, depth: usize, printer: &Printer, lines: &mut Vec<String>) {
    let mark = if part_.holds { printer.paint(32, "yes") } else { printer.paint(31, "no ") };
    let values =
        if part_.values.is_empty() { String::new() } else { format!("   is {}", part_.values.join(", ")) };
    let title = if title.is_empty() { String::new() } else { format!("{title}: ") };
    lines.push(format!("{}{mark}  {title}{}{values}", "  ".repeat(depth), part_.text));
    for inner in &part_.parts {
        part(inner, "", depth + 1, printer, lines);
    }
}
