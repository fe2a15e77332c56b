//! What a mail says, free of SMTP and MIME: the engine's message, bounded, laid out by two templates.

mod labels;

use std::ops::Range;
use std::sync::LazyLock;

use conftrail_core::alerting::Severity;
use conftrail_engine::message::{Line, Message};
use conftrail_engine::templates::{Channel, Template, TemplateError};
use conftrail_engine::{Language, differing};
use serde_json::{Value as Json, json};

use crate::layout::is_link;

static TEXT: LazyLock<Template> = LazyLock::new(|| built_in(Channel::Plain, include_str!("mail.txt.hbs")));
static HTML: LazyLock<Template> = LazyLock::new(|| built_in(Channel::Html, include_str!("mail.html.hbs")));

/// Two values of at most so many characters are compared at a glance.
const SHORT_ENOUGH: usize = 24;

/// The parts of a mail that people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// The plain text.
    pub(crate) text: String,
    /// The same as HTML.
    pub(crate) html: String,
}

/// Lays out a message whose texts are [`Bounds`]' work.
pub(crate) fn render(
    message: &Message,
    severity: Severity,
    language: Language,
) -> Result<Rendered, TemplateError> {
    let mut shown = serde_json::to_value(message)
        .map_err(|_| TemplateError { message: "the message is no JSON".to_owned(), at: None })?;
    mark_differences(&mut shown, message);
    let data = json!({
        "m": shown,
        "lang": language.pick("en", "zh"),
        "w": labels::of(language),
        "severity": message.severity.to_uppercase(),
        "colour": colour(severity),
        "runbook_link": message.runbook.as_deref().filter(|text| is_link(text)),
    });
    Ok(Rendered { text: TEXT.render(&data)?, html: HTML.render(&data)? })
}

/// Adds to each change with two long values where they differ: `[same, different, same]` for both.
fn mark_differences(shown: &mut Json, message: &Message) {
    for (event, section) in message.events.iter().enumerate() {
        for (number, change) in section.changes.iter().enumerate() {
            if let Some(line) = shown.pointer_mut(&format!("/events/{event}/changes/{number}")) {
                line["parts"] = parts(change);
            }
        }
    }
}

fn parts(change: &Line) -> Json {
    let (Some(before), Some(after)) = (&change.before, &change.after) else { return Json::Null };
    let is_long = |text: &String| text.chars().nth(SHORT_ENOUGH).is_some();
    if change.sensitive || !(is_long(before) || is_long(after)) {
        return Json::Null;
    }
    let (in_before, in_after) = differing(before, after);
    let split = |text: &str, at: Range<usize>| {
        let part = |range: Range<usize>| text.get(range).unwrap_or_default().to_owned();
        json!([part(0..at.start), part(at.clone()), part(at.end..text.len())])
    };
    json!({ "before": split(before, in_before), "after": split(after, in_after) })
}

/// A colour that is readable under white text.
fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "#0969da",
        Severity::Warning => "#9a6700",
        Severity::High => "#bc4c00",
        Severity::Critical => "#b3202c",
    }
}

fn built_in(channel: Channel, text: &str) -> Template {
    Template::compile(channel, text).expect("a built-in template compiles: the golden tests render it")
}
