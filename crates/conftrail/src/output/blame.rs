//! Who set each part of a content, one line each.

use conftrail_core::questions::{Blame, BlameForm, BlameLine, How};

use super::Printer;
use super::event::{harmless, shorten, who};

/// Cells that a name takes at least, so that most names stand in a column.
const NAME: usize = 28;
const BOLD: u8 = 1;
const YELLOW: u8 = 33;

/// Returns the parts of a content, each with its event, when and who; below what is gone, who removed it.
pub(crate) fn blame(blame: &Blame, printer: &Printer) -> String {
    if let Some(by) = &blame.removed {
        let removed = printer.language.pick("removed", "已删除");
        let when = printer.zone.print(by.time);
        let who = harmless(&who(&by.actor, printer));
        return format!("{removed}  {}  {when}  {who}{}", by.event, ticket(by.reason.as_ref()));
    }
    let lines: Vec<String> = blame.lines.iter().map(|line| self::line(line, blame.form, printer)).collect();
    lines.join("\n")
}

fn line(line: &BlameLine, form: BlameForm, printer: &Printer) -> String {
    let by = &line.by;
    let who = padded(&harmless(&who(&by.actor, printer)), NAME);
    let place = match (form, &line.path, line.line) {
        (BlameForm::Keys, Some(path), _) => format!("{path}: {}", shorten(&line.value.display())),
        (_, _, number) => format!("{:>5}| {}", number.unwrap_or(0), harmless(&line.value.display())),
    };
    let how = match line.how {
        How::Changed => String::new(),
        How::Seen => {
            let said = printer.language.pick("first seen", "首次看到");
            format!("{}  ", printer.paint(YELLOW, &format!("[{said}]")))
        }
        How::Older => {
            let said = printer.language.pick("or earlier", "或更早");
            format!("{}  ", printer.paint(YELLOW, &format!("[{said}]")))
        }
    };
    let when = printer.zone.print(by.time);
    format!("{}  {when}  {}{}  {how}{place}", by.event, printer.paint(BOLD, &who), ticket(by.reason.as_ref()))
}

fn ticket(reason: Option<&conftrail_core::Reason>) -> String {
    let ticket = reason.and_then(|reason| reason.ticket.as_deref());
    ticket.map(|ticket| format!("  {}", harmless(ticket))).unwrap_or_default()
}

/// Fills a text up with spaces to a number of cells; Chinese characters take two.
fn padded(text: &str, cells: usize) -> String {
    let width: usize = text.chars().map(|c| if c >= '\u{1100}' { 2 } else { 1 }).sum();
    format!("{text}{}", " ".repeat(cells.saturating_sub(width)))
}
