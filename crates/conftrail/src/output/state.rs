//! What a resource held, and how it stood at a time.

use conftrail_core::Value;
use conftrail_core::ports::{Ground, Standing, StateRow, Why};

use super::Printer;
use super::event::{harmless, who};

const BOLD: u8 = 1;
const RED: u8 = 31;
const GREEN: u8 = 32;
const YELLOW: u8 = 33;

/// Returns a value as it stands behind a resource's id: a row in the same line, a document's text below it.
pub(crate) fn content(value: &Value) -> String {
    match document_text(value) {
        Some(text) => {
            let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
            format!("\n{}", lines.join("\n"))
        }
        None => format!("\t{}", value.display()),
    }
}

/// Returns the masked text of a document; rows have none.
fn document_text(value: &Value) -> Option<&str> {
    let document = value.as_map()?;
    document.get("digest")?;
    document.get("text")?.as_text()
}

/// Returns how a resource stood: the state and the value, below it the event and what speaks against it.
pub(crate) fn state(row: &StateRow, printer: &Printer) -> String {
    let colour = match row.state {
        Standing::Known => GREEN,
        Standing::Absent => BOLD,
        Standing::Uncertain => YELLOW,
        Standing::Unknown => RED,
    };
    let mut text = format!("{}\t{}", row.resource, printer.paint(colour, row.state.as_str()));
    text.extend(row.value.as_ref().map(content));
    if let (Some(event), Some(action), Some(time), Some(actor)) =
        (row.event, row.action, row.time, row.actor.as_ref())
    {
        let by = harmless(&who(actor, printer));
        let ticket = row.reason.as_ref().and_then(|reason| reason.ticket.as_deref());
        let ticket = ticket.map(|ticket| format!("  {}", harmless(ticket))).unwrap_or_default();
        let time = printer.zone.print(time);
        text.push_str(&format!("\n    {time}  {by}  {}{ticket}  {event}", action.as_str()));
    }
    for ground in &row.because {
        text.push_str(&format!("\n    {}", because(ground, printer)));
    }
    text
}

/// Returns a reason, its word first: that is what stands in JSON.
fn because(ground: &Ground, printer: &Printer) -> String {
    let mut text =
        format!("{}: {}", printer.paint(YELLOW, ground.why.as_str()), meaning(ground.why, printer));
    text.extend(ground.time.map(|time| format!("  {}", printer.zone.print(time))));
    text.extend(ground.event.map(|event| format!("  {event}")));
    text
}

fn meaning(why: Why, printer: &Printer) -> &'static str {
    let (english, chinese) = match why {
        Why::NotCaptured => {
            ("the source was not read so far yet; it is on record up to", "来源尚未读到该时间；已记录至")
        }
        Why::BeforeCapture => {
            ("the source was not read yet; it is on record since", "当时尚未读取该来源；记录始于")
        }
        Why::BeforeFirstEvent => ("the first event on record is a later one", "最早的记录晚于该时间"),
        Why::NotCreated => ("it came to be later", "之后才创建"),
        Why::Gap => ("part of the source's log is lost", "来源日志有一段缺失"),
        Why::Statement => ("rows were changed by statement", "有行以语句方式被修改"),
        Why::Undecoded => ("something could not be decoded", "有变更无法解码"),
        Why::Schema => ("the table or its database was redefined", "表或其数据库被重新定义"),
        Why::Truncate => ("the table, or a part of it, was emptied", "表或其一部分被清空"),
        Why::SourceChanged => {
            ("another server answers that lacks what was recorded", "另一台服务器应答，且缺少已记录的内容")
        }
        Why::Conflict => ("the event was read again with other content", "该事件再次读取时内容不同"),
        Why::TimeOrder => (
            "the source's clock went back: an earlier change has a later time",
            "来源时钟回拨：更早的变更时间更晚",
        ),
        Why::ClockSuspect => ("the time of this event cannot be trusted", "该事件的时间不可信"),
        Why::SchemaUnverified => ("the names of its columns are not verified", "列名未经核实"),
        Why::PartialImage => ("it does not hold the whole row", "行内容不完整"),
        Why::NoKey => {
            ("the table has no key: equal rows are one resource", "该表没有主键：相同的行视为同一资源")
        }
        Why::Observed => {
            ("it was found by comparison, and is older than its time", "由比对发现，实际早于其时间")
        }
        Why::XaPrepared => {
            ("prepared; whether it was committed is not on record", "已准备；是否提交没有记录")
        }
        Why::RolledBack => ("its transaction was rolled back", "其事务已回滚"),
    };
    printer.language.pick(english, chinese)
}
