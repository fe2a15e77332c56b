//! What a mail says, free of SMTP and MIME: the engine's message, bounded, laid out by two templates.

mod bounds;
mod labels;

use std::sync::LazyLock;

use conftrail_core::alerting::Severity;
use conftrail_engine::Language;
use conftrail_engine::message::Message;
use conftrail_engine::templates::{Channel, Template, TemplateError};
use serde_json::json;

pub(crate) use bounds::Bounds;

static TEXT: LazyLock<Template> = LazyLock::new(|| built_in(Channel::Plain, include_str!("mail.txt.hbs")));
static HTML: LazyLock<Template> = LazyLock::new(|| built_in(Channel::Html, include_str!("mail.html.hbs")));

/// Longest link that is made one to click.
const LONGEST_LINK: usize = 500;

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
    let data = json!({
        "m": message,
        "w": labels::of(language),
        "severity": message.severity.to_uppercase(),
        "colour": colour(severity),
        "runbook_link": message.runbook.as_deref().filter(|text| is_link(text)),
    });
    Ok(Rendered { text: TEXT.render(&data)?, html: HTML.render(&data)? })
}

/// Only addresses of the web, and none that would be cut or could hide something.
fn is_link(text: &str) -> bool {
    let web = text.starts_with("https://") || text.starts_with("http://");
    web && text.len() <= LONGEST_LINK && text.chars().all(|c| c.is_ascii_graphic())
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
