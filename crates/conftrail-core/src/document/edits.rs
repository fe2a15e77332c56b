//! Replacements by place, gathered over a parsed document and applied at once.

use std::ops::Range;

use super::tree::{Scalar, Style};
use super::{markup, properties};
use crate::mask::{Masker, is_mask};

/// Replacements of one pass over a document.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    edits: Vec<(Range<usize>, String)>,
}

impl Edits {
    /// Says whether nothing is to be replaced.
    pub(crate) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Replaces a scalar by a mask or a masked text.
    pub(crate) fn scalar(&mut self, text: &str, scalar: &Scalar, masked: &str) {
        let original = text.get(scalar.span.clone()).unwrap_or_default();
        let (span, new_text) = match scalar.style {
            Style::Quoted => (scalar.span.clone(), serde_json::to_string(masked).unwrap_or_default()),
            Style::PropertyKey | Style::PropertyValue => {
                (scalar.span.clone(), properties::escape(masked, scalar.style, original))
            }
            Style::Name => (scalar.span.clone(), masked.trim_start_matches(['@', '&']).to_owned()),
            Style::Attribute | Style::Markup | Style::Cdata => {
                (scalar.span.clone(), markup::escape(masked, scalar.style))
            }
            // The last line breaks stay, so that what follows keeps its line.
            Style::Block => {
                let kept = original.trim_end_matches(['\n', '\r', ' ', '\t']).len();
                (scalar.span.start..scalar.span.start + kept, masked.to_owned())
            }
        };
        self.edits.push((span, new_text));
    }

    /// Masks what comments say between two places of the text: by what they hold, or, beside a secret, whole.
    pub(crate) fn comments(&mut self, masker: &Masker, text: &str, gap: Range<usize>, beside_secret: bool) {
        let Some(piece) = text.get(gap.clone()) else { return };
        if !piece.contains(['#', '!', '/']) {
            return;
        }
        let whole = if beside_secret { comment(piece) } else { None };
        let rest_start = match whole {
            Some(said) => {
                let words = piece.get(said.clone()).unwrap_or_default();
                if !is_mask(words) {
                    self.edits.push((gap.start + said.start..gap.start + said.end, masker.hash(words)));
                }
                said.end
            }
            None => 0,
        };
        if let Some(masked) = masker.open_text(piece.get(rest_start..).unwrap_or_default()) {
            self.edits.push((gap.start + rest_start..gap.end, masked));
        }
    }

    /// Masks a remark of XML: by what it holds, or, beside a secret, whole.
    pub(crate) fn remark(&mut self, masker: &Masker, text: &str, remark: Range<usize>, beside_secret: bool) {
        let Some(said) = text.get(remark.clone()) else { return };
        let words = said.trim();
        if beside_secret && !words.is_empty() && !is_mask(words) {
            let start = remark.end - said.trim_start().len();
            self.edits.push((start..start + words.len(), masker.hash(words)));
        } else if let Some(masked) = masker.open_text(said) {
            self.edits.push((remark, masked));
        }
    }

    /// Applies the replacements; of two that overlap the first stays, the next pass sees to the other.
    pub(crate) fn apply(mut self, text: &str) -> String {
        self.edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut masked = String::with_capacity(text.len() + self.edits.len() * 16);
        let mut at = 0;
        for (range, new_text) in self.edits {
            if range.start < at {
                continue;
            }
            masked.push_str(text.get(at..range.start).unwrap_or_default());
            masked.push_str(&new_text);
            at = range.end;
        }
        masked.push_str(text.get(at..).unwrap_or_default());
        masked
    }
}

/// Returns what the comment on the first line of a gap says.
fn comment(gap: &str) -> Option<Range<usize>> {
    let line = gap.get(..gap.find(['\n', '\r']).unwrap_or(gap.len()))?;
    let (start, close) = if let Some(at) = line.find("/*") {
        (at + 2, "*/")
    } else if let Some(at) = line.find("//") {
        (at + 2, "\n")
    } else {
        (line.find('#')? + 1, "\n")
    };
    let said = line.get(start..)?;
    let said = said.get(..said.find(close).unwrap_or(said.len()))?;
    let trimmed = said.trim();
    if trimmed.is_empty() {
        return None;
    }
    let lead = said.len() - said.trim_start().len();
    Some(start + lead..start + lead + trimmed.len())
}
