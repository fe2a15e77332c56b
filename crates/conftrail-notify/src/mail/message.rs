//! The mail itself: headers, both bodies, and who it goes to.

use std::time::{Duration, SystemTime};

use conftrail_core::Timestamp;
use conftrail_core::alerting::Notification;
use conftrail_engine::Language;
use conftrail_engine::message::{Message, Presentation};
use conftrail_engine::templates::TemplateError;
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use super::render::render;
use crate::bounds::Bounds;

/// Largest mail in bytes, headers and encoding included: below what any server refuses.
const LARGEST: usize = 256 * 1024;

/// A mail that is ready to be sent. The same notification always makes the same bytes.
pub(crate) struct Mail {
    /// Who sends it and who gets it.
    pub(crate) envelope: Envelope,
    /// Headers and body.
    pub(crate) bytes: Vec<u8>,
    /// A name for it as a file: time and id.
    pub(crate) file_stem: String,
}

/// Why a mail cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    /// The templates do not fit the message.
    #[error("lay out mail")]
    Render(#[from] TemplateError),
    /// The parts do not make a mail.
    #[error("build mail")]
    Build(#[from] lettre::error::Error),
    /// Even the shortest form is too big.
    #[error("mail is larger than {LARGEST} bytes")]
    TooLarge,
}

/// Returns what a notification's mail says in plain text, for showing it elsewhere; none when it cannot be laid out.
pub fn plain_text(notification: &Notification, presentation: &Presentation) -> Option<String> {
    let message = Bounds::LADDER.first()?.apply(Message::of(notification, presentation));
    let rendered = render(&message, notification.announcement.severity, presentation.language).ok()?;
    Some(rendered.text)
}

impl Mail {
    /// Makes the mail of a notification for one recipient.
    pub(crate) fn of(
        notification: &Notification,
        presentation: &Presentation,
        from: &Mailbox,
        to: &Mailbox,
    ) -> Result<Self, MailError> {
        let message = Message::of(notification, presentation);
        let mut failure = MailError::TooLarge;
        for bounds in Bounds::LADDER {
            // The templates refuse to grow beyond their own bound: that, too, is mended by the next step.
            match Self::laid_out(notification, &bounds.apply(message.clone()), presentation, from, to) {
                Ok(mail) if mail.bytes.len() <= LARGEST => return Ok(mail),
                Ok(_) => failure = MailError::TooLarge,
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn laid_out(
        notification: &Notification,
        message: &Message,
        presentation: &Presentation,
        from: &Mailbox,
        to: &Mailbox,
    ) -> Result<Self, MailError> {
        let announcement = &notification.announcement;
        let rendered = render(message, announcement.severity, presentation.language)?;
        let id = word(&notification.id);
        // A digest says in its summary how many messages it stands for.
        let changes = if announcement.digest.is_some() { 0 } else { announcement.total };
        let domain = from.email.domain();
        let thread = format!("<{}@{domain}>", word(&announcement.group.0));
        // A boundary of its own keeps a repeat byte for byte the same.
        let body = MultiPart::alternative()
            .boundary(format!("conftrail-{id}"))
            .singlepart(lettre::message::SinglePart::plain(rendered.text))
            .singlepart(lettre::message::SinglePart::html(rendered.html));
        let mail = lettre::Message::builder()
            .date(system_time(notification.created))
            .message_id(Some(format!("<{id}@{domain}>")))
            .in_reply_to(thread.clone())
            .references(thread)
            .from(from.clone())
            .to(to.clone())
            .subject(subject(message, changes, presentation.language))
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Conftrail-Alert", &message.alert))
            .raw_header(header("X-Conftrail-Rule", &message.rule))
            .multipart(body)?;
        Ok(Self {
            envelope: mail.envelope().clone(),
            bytes: mail.formatted(),
            file_stem: file_stem(notification),
        })
    }
}

/// Returns the subject: the bounded title, and how many changes there are where it is more than one.
fn subject(message: &Message, total: u64, language: Language) -> String {
    let count = match (total, language) {
        (0 | 1, _) => String::new(),
        (_, Language::English) => format!(" ({total} changes)"),
        (_, Language::Chinese) => format!("（共 {total} 项变更）"),
    };
    format!("{}{count}", message.title)
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// Returns an id without anything that means something in a message id, a boundary or a file name.
fn word(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(64).collect()
}

fn file_stem(notification: &Notification) -> String {
    let created = notification.created.to_utc().format("%Y%m%dT%H%M%S%3fZ");
    format!("{created}-{}", word(&notification.id))
}

fn system_time(time: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(time.micros()).unwrap_or(0))
}
