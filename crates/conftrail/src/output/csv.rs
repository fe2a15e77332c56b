//! Events as CSV (RFC 4180): one row for each change, so that a spreadsheet can sort and filter by path.

use std::borrow::Cow;

use conftrail_core::{Event, Json, Value};

/// The columns, in order. Names are the event format's; `changes.*` are those of the row's one change.
const COLUMNS: [&str; 30] = [
    "time",
    "id",
    "action",
    "source.kind",
    "source.name",
    "resource.id",
    "resource.kind",
    "resource.env",
    "resource.service",
    "resource.owner",
    "resource.namespace",
    "resource.group",
    "resource.name",
    "resource.renamed_to",
    "actor.name",
    "actor.binding",
    "actor.authority",
    "actor.via",
    "actor.login",
    "actor.ip",
    "actor.claimed.name",
    "reason.ticket",
    "reason.approver",
    "reason.message",
    "reason.authority",
    "flags",
    "changes.path",
    "changes.op",
    "changes.before",
    "changes.after",
];

/// Appends the rows of an event, each but the last with the end of its line: that is the printer's. An event without
/// changes has one row.
pub(crate) fn append_rows(event: &Event, into: &mut Json) {
    let of_event = cells_of_event(event);
    if event.changes.is_empty() {
        return row(of_event.into_iter().chain([const { Cow::Borrowed("") }; 4]), into);
    }
    for (index, change) in event.changes.iter().enumerate() {
        if index > 0 {
            into.put(b"\n");
        }
        let side = |side: &Option<Value>| side.as_ref().map(|value| Cow::Owned(value.display()));
        let of_change = [
            Cow::Borrowed(change.path.as_str()),
            Cow::Borrowed(change.op.as_str()),
            side(&change.before).unwrap_or_default(),
            side(&change.after).unwrap_or_default(),
        ];
        row(of_event.iter().cloned().chain(of_change), into);
    }
}

/// Appends the names of the columns.
pub(crate) fn append_header(into: &mut Json) {
    row(COLUMNS.into_iter().map(Cow::Borrowed), into);
}

fn cells_of_event(event: &Event) -> Vec<Cow<'_, str>> {
    let (resource, actor, reason) = (&event.resource, &event.actor, event.reason.as_ref());
    let claimed = actor.claimed.as_ref().and_then(|claimed| claimed.name.as_deref());
    let flags: Vec<&str> = event.flags.iter().map(AsRef::as_ref).collect();
    vec![
        Cow::Owned(event.time.to_string()),
        Cow::Borrowed(event.id.as_str()),
        Cow::Borrowed(event.action.as_str()),
        Cow::Borrowed(&*event.source.kind),
        Cow::Borrowed(&*event.source.name),
        Cow::Borrowed(&resource.id),
        Cow::Borrowed(resource.kind.as_str()),
        text(resource.env.as_deref()),
        text(resource.service.as_deref()),
        text(resource.owner.as_deref()),
        text(resource.namespace.as_deref()),
        text(resource.group.as_deref()),
        Cow::Borrowed(resource.name.as_str()),
        text(resource.renamed_to.as_deref()),
        text(actor.name.as_deref()),
        Cow::Borrowed(actor.binding.as_str()),
        Cow::Borrowed(actor.authority.as_str()),
        text(actor.via.as_deref()),
        text(actor.login.as_deref()),
        text(actor.ip.as_deref()),
        text(claimed),
        text(reason.and_then(|reason| reason.ticket.as_deref())),
        text(reason.and_then(|reason| reason.approver.as_deref())),
        text(reason.and_then(|reason| reason.message.as_deref())),
        text(reason.map(|reason| reason.authority.as_str())),
        Cow::Owned(flags.join(" ")),
    ]
}

fn text(text: Option<&str>) -> Cow<'_, str> {
    Cow::Borrowed(text.unwrap_or_default())
}

fn row<'c>(cells: impl Iterator<Item = Cow<'c, str>>, into: &mut Json) {
    for (index, text) in cells.enumerate() {
        if index > 0 {
            into.put(b",");
        }
        into.put(cell(&text).as_bytes());
    }
    // The printer ends the line.
    into.put(b"\r");
}

/// Returns a cell that no spreadsheet takes for a formula, quoted where that is needed.
fn cell(text: &str) -> Cow<'_, str> {
    let text = if is_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) };
    if !text.contains([',', '"', '\n', '\r']) {
        return text;
    }
    Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
}

/// Says whether a spreadsheet would reckon with a text instead of showing it. A number that is nothing else is shown.
fn is_formula(text: &str) -> bool {
    let begins = text.trim_start_matches([' ', '\u{a0}', '\u{3000}']).chars().next();
    match begins {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => !is_number(text),
        _ => false,
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for text in
            ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", " =1", "＝1", "-", "-.5", "--1", "=cmd|' /C calc'!A0"]
        {
            let safe = cell(text);
            assert!(safe.trim_start_matches('"').starts_with('\''), "{text:?} → {safe:?}");
        }
        for text in ["", "-5", "-12.50", "5", "a=b", "限流", "2026-11-20"] {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn cells_with_commas_quotes_and_lines_are_quoted() {
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("say \"hi\"\nthere"), "\"say \"\"hi\"\"\nthere\"");
        assert_eq!(cell("=a,\"b\""), "\"'=a,\"\"b\"\"\"");
    }

    #[test]
    fn every_row_has_every_column() {
        let text = r#"{"v":1,"id":"01M7Y5FY6V0000000000000001","time":"2026-11-20T10:00:00Z","observed":"2026-11-20T10:00:00Z","action":"update",
            "source":{"kind":"mysql","name":"s","channel":"binlog"},"resource":{"id":"mysql:s/a/b/1","kind":"row","name":"1"},
            "actor":{"name":"=alice","binding":"exact","authority":"asserted"},"masked":[],"flags":["late","unparsed"],"truncated":false,
            "changes":[{"path":"a","op":"replace","before":1,"after":-5,"sensitive":false},{"path":"b","op":"add","after":"x\ny","sensitive":false}]}"#;
        let event: Event = serde_json::from_str(text).expect("an event");
        let printed = |event: &Event| {
            let mut into = Json::with_capacity(100);
            append_rows(event, &mut into);
            String::from_utf8(into.into_bytes()).expect("UTF-8")
        };
        let rows = printed(&event);
        let lines: Vec<&str> = rows.split("\r\n").collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].split(',').count(), COLUMNS.len());
        assert!(lines[0].starts_with(
            "2026-11-20T10:00:00Z,01M7Y5FY6V0000000000000001,update,mysql,s,mysql:s/a/b/1,row,"
        ));
        assert!(
            lines[0].contains(",'=alice,") && lines[0].ends_with(",late unparsed,a,replace,1,-5"),
            "{}",
            lines[0]
        );
        assert!(lines[1].ends_with(",b,add,,\"x\ny\"\r"), "{:?}", lines[1]);
        let empty = Event { changes: Vec::new().into(), ..event };
        assert_eq!(printed(&empty).split(',').count(), COLUMNS.len());
    }
}
