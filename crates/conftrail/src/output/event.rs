//! An event in one line, and its diff.

use conftrail_core::{Actor, Authority, Binding, Change, ChangeOp, Event, Value, flag};
use conftrail_engine::words;

use super::Printer;

const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;
const BOLD: u8 = 1;
/// Longest value in a line, in characters; `--output json` has them whole.
const LONGEST_VALUE: usize = 80;
/// Changes named in a line.
const NAMED_CHANGES: usize = 3;

/// Returns an event in one line: time, who and how known, what, change, ticket.
pub(crate) fn event_line(event: &Event, printer: &Printer) -> String {
    line_with(event, first_changes(event), printer)
}

/// Returns an event in one line and, below it, its diff.
pub(crate) fn event_with_diff(event: &Event, printer: &Printer) -> String {
    format!("{}\n{}", line_with(event, String::new(), printer), event_diff(event, printer))
}

/// Returns the changes that a line has room for.
fn first_changes(event: &Event) -> String {
    let named: Vec<String> = event.changes.iter().take(NAMED_CHANGES).map(change_text).collect();
    let mut text = if named.is_empty() { String::new() } else { format!("  {}", named.join(", ")) };
    if event.changes.len() > NAMED_CHANGES {
        text.push_str(&format!(", +{}", event.changes.len() - NAMED_CHANGES));
    }
    text
}

fn line_with(event: &Event, changes: String, printer: &Printer) -> String {
    let mut line = printer.zone.print(event.time);
    line.push_str("  ");
    line.push_str(&printer.paint(BOLD, &harmless(&who(&event.actor, printer))));
    line.push_str("  ");
    line.push_str(event.action.as_str());
    line.push(' ');
    line.push_str(&event.resource.id);
    line.push_str(&changes);
    if let Some(ticket) = event.reason.as_ref().and_then(|reason| reason.ticket.as_deref()) {
        line.push_str("  ");
        line.push_str(&harmless(ticket));
    }
    for flag in &event.flags {
        line.push_str("  ");
        line.push_str(&printer.paint(YELLOW, flag));
    }
    line
}

/// Returns who made a change and, in the event format's own words, how that is known.
pub(super) fn who(actor: &Actor, printer: &Printer) -> String {
    let mut known = Vec::new();
    let is_named = actor.name.is_some();
    if is_named && actor.authority != Authority::None {
        known.push(actor.authority.as_str());
    }
    // What belongs to this very change needs no word; what may not, does.
    if !matches!(actor.binding, Binding::Exact | Binding::None) {
        known.push(actor.binding.as_str());
    }
    known.extend(actor.via.as_deref().filter(|_| is_named));
    let mut who = words::who(actor, printer.language);
    if !known.is_empty() {
        who.push_str(&format!(" ({})", known.join(", ")));
    }
    if let Some(claim) = words::claim(actor, printer.language) {
        who.push_str(" – ");
        who.push_str(&claim);
    }
    who
}

/// Returns an event's changes, one line each side; for text without keys, the line diff.
pub(crate) fn event_diff(event: &Event, printer: &Printer) -> String {
    let mut lines = vec![format!("    {}  {}", printer.paint(YELLOW, event.id.as_str()), event.resource.id)];
    for change in &event.changes {
        lines.push(format!("    {}", change_text(change)));
    }
    match why_no_diff(event, printer) {
        Some(why) => lines.push(format!("    {why}")),
        None if event.changes.is_empty() => lines.extend(text_diff(event, printer)),
        None => {}
    }
    if let Some(detail) = &event.detail {
        for (name, value) in detail.iter() {
            lines.push(format!("    {name}: {}", shorten(&value.display())));
        }
    }
    lines.join("\n")
}

/// Says why the content of a file is not compared, where it is not.
fn why_no_diff(event: &Event, printer: &Printer) -> Option<String> {
    if event.has_flag(flag::NOT_TEXT) {
        return Some(words::flag_meaning(flag::NOT_TEXT, printer.language));
    }
    let too_big = printer.language.pick(
        "above the size limit, so size and fingerprint are all that is kept and there is no diff",
        "内容超过大小上限，因此只保留大小和指纹，没有差异对比",
    );
    (event.truncated && event.changes.is_empty()).then(|| too_big.to_owned())
}

/// Returns one change as `path: before → after`.
fn change_text(change: &Change) -> String {
    let side =
        |value: &Option<Value>| value.as_ref().map(|value| shorten(&value.display())).unwrap_or_default();
    match change.op {
        ChangeOp::Add => format!("{}: + {}", change.path, side(&change.after)),
        ChangeOp::Remove => format!("{}: - {}", change.path, side(&change.before)),
        ChangeOp::Replace => format!("{}: {} → {}", change.path, side(&change.before), side(&change.after)),
    }
}

fn text_diff(event: &Event, printer: &Printer) -> Vec<String> {
    let text = |side: &Option<Value>| {
        let map = side.as_ref().and_then(Value::as_map);
        map.and_then(|map| map.get("text")).and_then(Value::as_text).unwrap_or_default().to_owned()
    };
    let (before, after) = (text(&event.before), text(&event.after));
    if before == after {
        return Vec::new();
    }
    let diff = similar::TextDiff::from_lines(&before, &after);
    let unified = diff.unified_diff().context_radius(3).to_string();
    let paint = |line: &str| match line.as_bytes().first() {
        Some(b'+') => printer.paint(GREEN, line),
        Some(b'-') => printer.paint(RED, line),
        _ => line.to_owned(),
    };
    unified.lines().map(|line| format!("    {}", paint(&harmless(line)))).collect()
}

/// Returns a text from outside without what commands a terminal; tabs stay.
pub(super) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

pub(super) fn shorten(text: &str) -> String {
    let mut characters = text.chars();
    let mut short: String =
        characters.by_ref().take(LONGEST_VALUE).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn what_a_file_or_a_comment_says_commands_no_terminal() {
        assert_eq!(
            harmless("+a:\tb\u{1b}]0;x\u{7}\u{9b}2J\r"),
            "+a:\tb\u{fffd}]0;x\u{fffd}\u{fffd}2J\u{fffd}"
        );
        assert_eq!(harmless("爱丽丝 a\\b"), "爱丽丝 a\\b");
    }
}
