//! What is kept of each file beside the position: masked text and fingerprint, never clear content.

use conftrail_core::document::{Document, Format, MaskedDocument};
use conftrail_core::mask::Masker;
use conftrail_core::{Map, Timestamp, Value};

use crate::content::Content;

/// A file as it was last recorded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    /// The keyed fingerprint of the clear content; none for a file that could never be read.
    pub(crate) fingerprint: Option<String>,
    /// How many bytes the clear content has.
    pub(crate) bytes: u64,
    /// The masked text; none for binary content and for content above the limit.
    pub(crate) text: Option<String>,
    /// Whether the clear content did not parse.
    pub(crate) unparsed: bool,
    /// Whether the clear content is no UTF-8 text.
    pub(crate) not_text: bool,
    /// The slot at which the file was first found gone.
    pub(crate) gone: Option<Timestamp>,
}

impl Known {
    /// Takes content that was just read, with its masked form.
    pub(crate) fn new(content: &Content, document: Option<&MaskedDocument>) -> Self {
        Self {
            fingerprint: Some(content.fingerprint.clone()),
            bytes: content.len,
            text: document.map(|document| document.text.clone()),
            unparsed: document.is_some_and(|document| document.unparsed),
            not_text: content.is_not_text(),
            gone: None,
        }
    }

    /// Stands for a file that exists and cannot be read.
    pub(crate) fn unseen() -> Self {
        Self { fingerprint: None, bytes: 0, text: None, unparsed: false, not_text: false, gone: None }
    }

    /// Says whether the content was above the limit.
    pub(crate) fn is_too_big(&self) -> bool {
        self.fingerprint.is_some() && self.text.is_none() && !self.not_text
    }

    /// Returns the masked document; masked again, as rules may have been added since.
    pub(crate) fn document(&self, format: Format, masker: &Masker) -> Option<MaskedDocument> {
        let mut document = Document::new(format, self.text.as_deref()?).mask(masker);
        if self.unparsed {
            document.unparsed = true;
            document.tree = None;
        }
        Some(document)
    }

    /// Returns the content as an event's `before` or `after` holds it.
    pub(crate) fn side(&self, document: Option<&MaskedDocument>) -> Option<Value> {
        let fingerprint = self.fingerprint.as_deref()?;
        if let Some(document) = document {
            return Some(document.side(fingerprint, self.bytes));
        }
        let mut map = Map::default();
        map.insert("fingerprint", fingerprint);
        map.insert("bytes", self.bytes);
        Some(Value::Map(map))
    }

    /// Writes the entry of the checkpoint's state.
    pub(crate) fn to_value(&self) -> Value {
        let mut map = Map::default();
        if let Some(fingerprint) = &self.fingerprint {
            map.insert("fingerprint", fingerprint.as_str());
        }
        map.insert("bytes", self.bytes);
        if let Some(text) = &self.text {
            map.insert("text", text.as_str());
        }
        if self.unparsed {
            map.insert("unparsed", true);
        }
        if self.not_text {
            map.insert("not_text", true);
        }
        if let Some(gone) = self.gone {
            map.insert("gone", gone.micros());
        }
        Value::Map(map)
    }

    /// Reads an entry of the checkpoint's state; none when it is not one.
    pub(crate) fn of_value(value: &Value) -> Option<Self> {
        let map = value.as_map()?;
        let text = |name: &str| map.get(name).and_then(Value::as_text).map(str::to_owned);
        let number = |name: &str| match map.get(name) {
            Some(Value::Int(number)) => Some(*number),
            _ => None,
        };
        Some(Self {
            fingerprint: text("fingerprint"),
            bytes: u64::try_from(number("bytes")?).ok()?,
            text: text("text"),
            unparsed: map.get("unparsed") == Some(&Value::Bool(true)),
            not_text: map.get("not_text") == Some(&Value::Bool(true)),
            gone: number("gone").map(Timestamp::from_micros),
        })
    }
}
