//! A verification as text: what is proven, and what is not as it was recorded.

use conftrail_core::integrity::{Finding, Gap, Report};

use crate::output::Printer;

/// Prints a verification.
pub(crate) fn verification(report: &Report, printer: &Printer) -> String {
    let mut lines = vec![
        line("events", &report.size.to_string()),
        line("root", report.root.as_deref().unwrap_or("cannot be known: leaves are gone")),
        line("signed", &signed(report, printer)),
    ];
    for key in &report.keys {
        let whose = if key.pinned { "" } else { ", known from the data directory only" };
        let text = format!(
            "{}: {} checkpoints, of {} to {} events{whose}",
            key.id, key.checkpoints, key.from, key.to
        );
        lines.push(line("key", &text));
    }
    for change in report.key_changes.iter().filter(|change| change.was.is_some()) {
        let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "?".to_owned());
        let text = format!(
            "{} to {} on {}, recorded as {}",
            id(&change.was),
            id(&change.is),
            printer.zone.print(change.time),
            change.event
        );
        lines.push(line("new key", &text));
    }
    for source in &report.sources {
        let (from, to) = (printer.zone.print(source.from), printer.zone.print(source.to));
        let gaps = match source.gaps.len() {
            0 => "no gap".to_owned(),
            1 => "1 gap".to_owned(),
            number => format!("{number} gaps"),
        };
        lines.push(line(
            "source",
            &format!("{}: {} events, {gaps} from {from} to {to}", source.source, source.events),
        ));
        lines.extend(source.gaps.iter().map(|gap| gap_line(gap, printer)));
    }
    lines.extend(report.findings.iter().map(|finding| finding_line(finding, printer)));
    if report.not_listed > 0 {
        lines.push(format!("and {} more", report.not_listed));
    }
    lines.push(line("derived", derived(report)));
    let of_derived = report.derived.unwrap_or_default();
    let of_record =
        (report.findings.len() as u64).saturating_add(report.not_listed).saturating_sub(of_derived);
    let result = match (of_record, of_derived) {
        (0, 0) => "the record is what was recorded",
        (0, _) => {
            "the record is what was recorded; WHAT SEARCHES READ IS NOT MADE OF IT: `conftrail rebuild` makes it anew"
        }
        _ => "THE RECORD IS NOT WHAT WAS RECORDED",
    };
    lines.push(printer.paint(if report.ok { 32 } else { 31 }, result));
    lines.join("\n")
}

fn line(name: &str, text: &str) -> String {
    format!("{name:<12}{text}")
}

/// Says whether what searches read was looked at, and what came of it.
fn derived(report: &Report) -> &'static str {
    match report.derived {
        None => "not looked at: full text, counts, present values, indices (verify --derived)",
        Some(0) => "full text, counts, present values and indices are what the events make",
        Some(_) => "full text, counts, present values or indices are NOT what the events make",
    }
}

fn signed(report: &Report, printer: &Printer) -> String {
    let Some(newest) = &report.newest else { return "by no key that is known".to_owned() };
    let when = newest.time.map_or_else(String::new, |time| format!(" on {}", printer.zone.print(time)));
    let agrees = if newest.agrees { "the file agrees" } else { "the file does NOT agree" };
    format!("{} events{when} by key {}: {agrees}", newest.size, newest.key)
}

fn gap_line(gap: &Gap, printer: &Printer) -> String {
    let detail =
        gap.detail.as_ref().and_then(|detail| serde_json::to_string(detail).ok()).unwrap_or_default();
    format!("  {:<10}{}  {}  {detail}", gap.action, printer.zone.print(gap.time), gap.event)
}

fn finding_line(finding: &Finding, printer: &Printer) -> String {
    let mut parts = Vec::new();
    parts.extend(finding.event.map(|event| format!("event {event}")));
    parts.extend(finding.leaf.map(|leaf| format!("leaf {leaf}")));
    parts.extend(finding.row.as_ref().map(|row| format!("row {row}")));
    let place = if parts.is_empty() { String::new() } else { format!("{}: ", parts.join(", ")) };
    format!("{}{place}{}", printer.paint(31, &format!("{:<12}", finding.kind.as_str())), finding.text)
}
