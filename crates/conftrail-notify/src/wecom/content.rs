//! A message's text, within the bytes that WeCom takes.

use conftrail_core::alerting::Notification;
use conftrail_engine::channels::MessageType;
use conftrail_engine::message::{Message, Presentation};
use conftrail_engine::templates::Channel;
use serde_json::{Value as Json, json};

use crate::bounds::Bounds;
use crate::layout::{Style, fit, lines, more_at};
use crate::template::Custom;

/// How much of a notification's id a message shows.
const SHOWN_ID: usize = 12;

/// How messages are laid out.
pub(super) struct Form {
    /// Text or markdown.
    pub(super) kind: MessageType,
    /// The most bytes of a message.
    pub(super) most: usize,
    /// The operator's own layout.
    pub(super) template: Option<Custom>,
}

impl Form {
    /// Returns the channel whose escapes a kind of message needs.
    pub(super) fn channel(kind: MessageType) -> Channel {
        style(kind).channel()
    }

    /// Returns `msgtype` and what goes with it. The same notification always makes the same bytes.
    pub(super) fn content(
        &self,
        notification: &Notification,
        presentation: &Presentation,
    ) -> (&'static str, Json) {
        let message = Bounds::LADDER[1].apply(Message::of(notification, presentation));
        let own = self.template.as_ref().and_then(|template| template.render(notification, presentation));
        let lines = match own {
            Some(text) => text.lines().map(str::to_owned).collect(),
            None => lines(&message, presentation.language, style(self.kind)),
        };
        // Two messages with the same text would be one to WeCom's duplicate check.
        let id: String = notification.id.chars().take(SHOWN_ID).collect();
        let last = format!("· {id}");
        let text = fit(&lines, &last, self.most, &more_at(&message), presentation.language);
        let name = match self.kind {
            MessageType::Text => "text",
            MessageType::Markdown => "markdown",
        };
        (name, json!({ "content": text }))
    }
}

fn style(kind: MessageType) -> Style {
    match kind {
        MessageType::Text => Style::WecomText,
        MessageType::Markdown => Style::WecomMarkdown,
    }
}
