//! Finds what is secret in a parsed document and gathers the replacements.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::edits::Edits;
use super::markup::{self, Markup};
use super::tree::{Node, Scalar, Style, Tree};
use crate::Value;
use crate::mask::{Masker, siblings};

/// What one pass over a document found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) edits: Edits,
    /// Secrets that look random: they are masked wherever else the document repeats them.
    pub(crate) secrets: Vec<String>,
}

/// Looks over a document once.
pub(crate) fn find(masker: &Masker, text: &str, tree: &Tree) -> Found {
    let mut walker = Walker {
        masker,
        text,
        tree,
        seen: vec![[false; 2]; tree.nodes.len()],
        beside: HashSet::new(),
        found: Found::default(),
    };
    for root in &tree.roots {
        walker.node(*root, false);
    }
    walker.comments();
    walker.found
}

struct Walker<'a> {
    masker: &'a Masker,
    text: &'a str,
    tree: &'a Tree,
    /// What was walked already, as an anchor's content is walked for each of its aliases.
    seen: Vec<[bool; 2]>,
    /// Where gaps begin whose comment stands beside a secret.
    beside: HashSet<usize>,
    found: Found,
}

impl<'a> Walker<'a> {
    fn node(&mut self, index: usize, is_secret: bool) {
        let Some(seen) = self.seen.get_mut(index).and_then(|seen| seen.get_mut(usize::from(is_secret)))
        else {
            return;
        };
        if std::mem::replace(seen, true) {
            return;
        }
        match self.tree.node(index) {
            Some(Node::Scalar(scalar)) => self.scalar(scalar, is_secret),
            Some(Node::List(items)) => {
                for item in items {
                    self.node(*item, is_secret);
                }
            }
            Some(Node::Map(entries)) => self.map(entries, is_secret),
            Some(Node::Alias(target)) if *target < index => self.node(*target, is_secret),
            Some(Node::Alias(_)) | None => {}
        }
    }

    fn map(&mut self, entries: &[(usize, usize)], is_secret: bool) {
        let keys: Vec<Cow<'_, str>> = entries.iter().map(|(key, _)| self.name(*key)).collect();
        let texts = || {
            let values = entries.iter().map(|(_, value)| self.tree.scalar_text(*value));
            keys.iter().map(|key| &**key).zip(values)
        };
        let holds_value = |name: &str| {
            siblings::holds_value(name) || (self.tree.markup.is_some() && markup::holds_values(name))
        };
        let has_values = keys.iter().any(|name| holds_value(name)).then_some(("value", None));
        let names_secret = siblings::names_secret(texts().chain(has_values), self.masker.names());
        let is_kubernetes_secret = siblings::is_kubernetes_secret(texts());
        for ((key_node, value_node), name) in entries.iter().zip(&keys) {
            let value_secret = is_secret
                || self.masker.is_secret_name(name)
                || (names_secret && holds_value(name))
                || (is_kubernetes_secret && siblings::is_kubernetes_data(name));
            if let Some(Node::Scalar(key)) = self.tree.node(*key_node) {
                if let Some(masked) = self.masker.secret_key(&key.text, is_secret) {
                    self.rename(key, &masked);
                }
                let is_gap_next = self.tree.markup.is_none();
                if value_secret && is_gap_next && matches!(self.tree.node(*value_node), Some(Node::Scalar(_)))
                {
                    self.beside.insert(key.span.end);
                }
            } else {
                self.node(*key_node, is_secret);
            }
            self.node(*value_node, value_secret);
        }
    }

    /// Returns what a key is called, without the signs that only paths have.
    fn name(&self, key: usize) -> Cow<'a, str> {
        match self.tree.key(key) {
            Cow::Borrowed(key) if self.tree.markup.is_some() => Cow::Borrowed(markup::plain_name(key)),
            key => key,
        }
    }

    /// Replaces a key. An element's name stands in other tags as well.
    fn rename(&mut self, key: &Scalar, masked: &str) {
        self.found.edits.scalar(self.text, key, masked);
        let Some(markup) = self.tree.markup.as_ref().filter(|_| !key.text.starts_with(['@', '&'])) else {
            return;
        };
        for place in &markup.names {
            if *place != key.span && self.text.get(place.clone()) == Some(&*key.text) {
                self.found.edits.scalar(self.text, &Scalar { span: place.clone(), ..key.clone() }, masked);
            }
        }
    }

    fn scalar(&mut self, scalar: &Scalar, is_secret: bool) {
        if is_secret {
            self.secret(scalar);
        } else if let Some(masked) = self.masker.open_text(&scalar.text) {
            // A block keeps its lines; what only its joined lines show is left to the next pass.
            let block = (scalar.style == Style::Block)
                .then(|| self.text.get(scalar.span.clone())?.trim_end_matches(['\n', '\r', ' ', '\t']).into())
                .flatten()
                .and_then(|raw: &str| self.masker.open_text(raw));
            self.found.edits.scalar(self.text, scalar, &block.unwrap_or(masked));
        }
    }

    fn secret(&mut self, scalar: &Scalar) {
        if matches!(scalar.value, Value::Null | Value::Bool(_)) {
            return;
        }
        if let Some(markup) = &self.tree.markup {
            if matches!(scalar.text.trim(), "true" | "false") {
                return;
            }
            if let Some(entity) = markup.entity(&scalar.text) {
                return self.node(entity, true);
            }
        }
        self.beside.insert(scalar.span.end);
        let Some(masked) = self.masker.secret_text(&scalar.text) else { return };
        self.found.edits.scalar(self.text, scalar, &masked);
        let word = scalar.text.trim();
        if self.masker.is_unmistakable(word) {
            self.found.secrets.push(word.to_owned());
        }
    }

    /// Masks what stands between the scalars.
    fn comments(&mut self) {
        if let Some(markup) = &self.tree.markup {
            return self.remarks(markup);
        }
        for gap in gaps(self.text, self.tree) {
            let beside_secret = self.beside.contains(&gap.start);
            self.found.edits.comments(self.masker, self.text, gap, beside_secret);
        }
    }

    /// Masks what the remarks of XML say; whole where they stand behind a secret on its line.
    fn remarks(&mut self, markup: &Markup) {
        for declaration in &markup.declarations {
            self.found.edits.remark(self.masker, self.text, declaration.clone(), false);
        }
        let mut secrets: Vec<usize> = self.beside.iter().copied().collect();
        secrets.sort_unstable();
        for remark in &markup.remarks {
            let behind = secrets.partition_point(|end| *end <= remark.start);
            let last = behind.checked_sub(1).and_then(|last| secrets.get(last));
            let is_beside = last
                .and_then(|end| self.text.get(*end..remark.start))
                .is_some_and(|between| !between.contains(['\n', '\r']));
            self.found.edits.remark(self.masker, self.text, remark.clone(), is_beside);
        }
    }
}

/// Returns what no scalar covers: white space, signs, comments.
pub(crate) fn gaps(text: &str, tree: &Tree) -> Vec<Range<usize>> {
    if let Some(markup) = &tree.markup {
        return markup.asides();
    }
    let mut spans: Vec<Range<usize>> = tree
        .nodes
        .iter()
        .filter_map(|node| match node {
            Node::Scalar(scalar) => Some(scalar.span.clone()),
            _ => None,
        })
        .collect();
    spans.sort_by_key(|span| (span.start, span.end));
    let mut gaps = Vec::with_capacity(spans.len() + 1);
    let mut at = 0;
    for span in spans {
        if span.start > at {
            gaps.push(at..span.start);
        }
        at = at.max(span.end);
    }
    if at < text.len() {
        gaps.push(at..text.len());
    }
    gaps
}
