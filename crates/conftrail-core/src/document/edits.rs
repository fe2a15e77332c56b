//! Replacements by place, gathered over a parsed document and applied at once.

use std::ops::Range;

use smol_str::SmolStr;

use super::Format;
use super::remark::{comment, is_in_comments, is_in_remark};
use super::tree::{Node, Scalar, Style, Tree};
use super::{markup, properties};
use crate::mask::{Masker, is_mask};

/// Replacements of one pass over a document.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    edits: Vec<Edit>,
}

#[derive(Debug)]
struct Edit {
    span: Range<usize>,
    new_text: String,
    effect: Effect,
}

/// What a replacement does to the tree.
#[derive(Debug)]
enum Effect {
    /// One scalar says something else.
    Scalar(usize, SmolStr),
    /// A comment says something else, which no node stands for.
    Comment,
    /// Only the parser can tell.
    Unknown,
}

/// A text with its replacements.
pub(crate) struct Applied {
    pub(crate) text: String,
    /// Whether the tree was brought along; else the text must be parsed again.
    pub(crate) keeps_tree: bool,
}

impl Edits {
    /// Says whether nothing is to be replaced.
    pub(crate) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// Replaces a scalar's node by a mask or a masked text.
    pub(crate) fn scalar(&mut self, text: &str, node: usize, scalar: &Scalar, masked: &str) {
        let (span, new_text) = replacement(text, scalar, masked);
        let is_known = says(text, scalar, &new_text, masked);
        let effect = if is_known { Effect::Scalar(node, SmolStr::new(masked)) } else { Effect::Unknown };
        self.edits.push(Edit { span, new_text, effect });
    }

    /// Replaces a key, or an element's name wherever it stands.
    pub(crate) fn name(&mut self, text: &str, key: &Scalar, masked: &str) {
        let (span, new_text) = replacement(text, key, masked);
        self.edits.push(Edit { span, new_text, effect: Effect::Unknown });
    }

    /// Masks what comments say between two places of the text: by what they hold, or, beside a secret, whole. Says
    /// whether there was anything to mask.
    pub(crate) fn comments(
        &mut self,
        masker: &Masker,
        format: Format,
        text: &str,
        gap: Range<usize>,
        beside_secret: bool,
    ) -> bool {
        let Some(piece) = text.get(gap.clone()) else { return false };
        let mut masked = String::new();
        let mut rest_start = 0;
        if let Some(said) = comment(piece).filter(|_| beside_secret) {
            let words = piece.get(said.clone()).unwrap_or_default();
            masked.push_str(piece.get(..said.start).unwrap_or_default());
            masked.push_str(&masker.hash(words));
            rest_start = said.end;
        }
        let rest = piece.get(rest_start..).unwrap_or_default();
        masked.push_str(&masker.text(rest));
        if masked == piece {
            return false;
        }
        let is_known = is_in_comments(format, piece, &masked, gap.start == 0);
        let effect = if is_known { Effect::Comment } else { Effect::Unknown };
        self.edits.push(Edit { span: gap, new_text: masked, effect });
        true
    }

    /// Masks a remark of XML: by what it holds, or, beside a secret, whole.
    pub(crate) fn remark(&mut self, masker: &Masker, text: &str, remark: Range<usize>, beside_secret: bool) {
        let Some(said) = text.get(remark.clone()) else { return };
        let words = said.trim();
        if beside_secret && !words.is_empty() && !is_mask(words) {
            let start = remark.end - said.trim_start().len();
            let span = start..start + words.len();
            self.edits.push(Edit { span, new_text: masker.hash(words), effect: Effect::Comment });
        } else if let Some(masked) = masker.open_text(said) {
            let effect = if is_in_remark(&masked) { Effect::Comment } else { Effect::Unknown };
            self.edits.push(Edit { span: remark, new_text: masked, effect });
        }
    }

    /// Masks what a document type says besides its entities.
    pub(crate) fn declaration(&mut self, masker: &Masker, text: &str, declaration: Range<usize>) {
        if let Some(masked) = text.get(declaration.clone()).and_then(|said| masker.open_text(said)) {
            self.edits.push(Edit { span: declaration, new_text: masked, effect: Effect::Unknown });
        }
    }

    /// Applies the replacements to the text and, where what they do is known, to its tree. Of two that overlap the first
    /// stays; the next pass sees to the other.
    pub(crate) fn apply(mut self, text: &str, tree: &mut Tree) -> Applied {
        self.edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let mut masked = String::with_capacity(text.len() + self.edits.len() * 16);
        let mut shifts = Shifts::default();
        let mut keeps_tree = true;
        let mut at = 0;
        for edit in &self.edits {
            if edit.span.start < at {
                keeps_tree = false;
                continue;
            }
            masked.push_str(text.get(at..edit.span.start).unwrap_or_default());
            masked.push_str(&edit.new_text);
            at = edit.span.end;
            keeps_tree &= !matches!(edit.effect, Effect::Unknown);
            shifts.add(at, masked.len());
        }
        masked.push_str(text.get(at..).unwrap_or_default());
        if keeps_tree {
            shifts.move_all(tree);
            for edit in self.edits {
                let Effect::Scalar(node, says) = edit.effect else { continue };
                if let Some(Node::Scalar(scalar)) = tree.nodes.get_mut(node) {
                    scalar.say(says);
                }
            }
        }
        Applied { text: masked, keeps_tree }
    }
}

/// Returns what is replaced and how the replacement is written there.
fn replacement(text: &str, scalar: &Scalar, masked: &str) -> (Range<usize>, String) {
    let original = text.get(scalar.span.clone()).unwrap_or_default();
    let new_text = match scalar.style {
        Style::Quoted => serde_json::to_string(masked).unwrap_or_default(),
        Style::PropertyKey | Style::PropertyValue => properties::escape(masked, scalar.style, original),
        Style::Name => masked.trim_start_matches(['@', '&']).to_owned(),
        Style::Attribute | Style::Markup | Style::Cdata => markup::escape(masked, scalar.style),
        // The last line breaks stay, so that what follows keeps its line.
        Style::Block => {
            let kept = original.trim_end_matches(['\n', '\r', ' ', '\t']).len();
            return (scalar.span.start..scalar.span.start + kept, masked.to_owned());
        }
    };
    (scalar.span.clone(), new_text)
}

/// Says whether a scalar surely reads as its replacement: its place holds it and nothing else, and the replacement is
/// written so that every parser reads it back.
fn says(text: &str, scalar: &Scalar, new_text: &str, masked: &str) -> bool {
    let original = text.get(scalar.span.clone()).unwrap_or_default();
    match scalar.style {
        Style::Quoted => {
            let quotes = ['"', '\''];
            let inner = quotes.iter().find_map(|quote| original.strip_prefix(*quote)?.strip_suffix(*quote));
            let is_odd = |character: char| {
                character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
            };
            inner.unwrap_or(original) == scalar.text
                && !original.is_empty()
                && !masked.contains(is_odd)
                && (inner.is_some() || !goes_on_below(text.get(scalar.span.end..).unwrap_or_default()))
        }
        // After a separator of white space these would be read as one.
        Style::PropertyValue => !masked.starts_with(['=', ':']) && properties::unescape(new_text) == masked,
        Style::Attribute => markup::unescape(new_text) == masked,
        Style::Markup => masked.trim() == masked && markup::unescape(new_text) == masked,
        Style::Cdata => !masked.contains("]]>"),
        Style::PropertyKey | Style::Name | Style::Block => false,
    }
}

/// Says whether a list or map in brackets goes on with its sign on a later line, where YAML's parser takes no quotes before.
fn goes_on_below(after: &str) -> bool {
    let mut rest = after.trim_start();
    while let Some(comment) = rest.strip_prefix('#') {
        rest = comment.get(comment.find('\n').unwrap_or(comment.len())..).unwrap_or_default().trim_start();
    }
    let passed = after.get(..after.len() - rest.len()).unwrap_or_default();
    rest.starts_with([',', ']', '}', ':']) && passed.contains(['\n', '\r'])
}

/// Where the text has grown or shrunk: places after a replacement move by the same length.
#[derive(Default)]
struct Shifts {
    /// The end of each replacement, before and after.
    ends: Vec<(usize, usize)>,
    /// How many replacements end before the place that was asked for last; most are asked for in order.
    passed: usize,
}

impl Shifts {
    fn add(&mut self, before: usize, after: usize) {
        self.ends.push((before, after));
    }

    fn move_all(&mut self, tree: &mut Tree) {
        for node in &mut tree.nodes {
            if let Node::Scalar(scalar) = node {
                self.move_one(&mut scalar.span);
            }
        }
        if let Some(markup) = &mut tree.markup {
            let markup_places = [&mut markup.names, &mut markup.remarks, &mut markup.declarations];
            for span in markup_places.into_iter().flatten() {
                self.move_one(span);
            }
        }
    }

    fn move_one(&mut self, span: &mut Range<usize>) {
        let start = self.moved(span.start);
        *span = start..self.moved(span.end);
    }

    fn moved(&mut self, place: usize) -> usize {
        let end = |index: usize| self.ends.get(index).map(|(before, _)| *before);
        if self.passed.checked_sub(1).and_then(end).is_some_and(|before| before > place) {
            self.passed = self.ends.partition_point(|(before, _)| *before <= place);
        }
        while self.ends.get(self.passed).is_some_and(|(before, _)| *before <= place) {
            self.passed += 1;
        }
        match self.passed.checked_sub(1).and_then(|last| self.ends.get(last)) {
            Some((before, after)) => after + (place - before),
            None => place,
        }
    }
}
