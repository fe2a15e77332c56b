//! Finds what is secret in a parsed document and gathers the replacements.

use std::collections::HashSet;
use std::ops::Range;

use smol_str::SmolStr;

use super::Format;
use super::edits::Edits;
use super::markup::{self, Markup};
use super::merging::{Entry, Merging};
use super::tree::{Node, Scalar, Style, Tree};
use crate::Value;
use crate::mask::{KeyFacts, KeyMemo, Masker, siblings};

/// What one pass over a document found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) edits: Edits,
    /// Secrets that look random: they are masked wherever else the document repeats them.
    pub(crate) secrets: Vec<String>,
}

/// What is known from earlier passes over a document, so that each place is looked at once.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    keys: KeyMemo,
    /// What follows from the scalars that are keys, by node.
    facts: Vec<Option<KeyFacts>>,
    /// Scalars in which nothing is secret, by node: as open and as secret by their place.
    scalars: Vec<[bool; 2]>,
    /// Gaps in which nothing is secret, in their order: by what they hold and as beside a secret.
    gaps: Vec<[bool; 2]>,
}

impl Looked {
    /// Forgets what is known by places, for a document that was parsed again.
    pub(crate) fn forget_places(&mut self) {
        self.facts.clear();
        self.scalars.clear();
        self.gaps.clear();
    }
}

/// Looks over a document once.
pub(crate) fn find(masker: &Masker, format: Format, text: &str, tree: &Tree, looked: &mut Looked) -> Found {
    looked.facts.resize(tree.nodes.len(), None);
    looked.scalars.resize(tree.nodes.len(), [false; 2]);
    let mut walker = Walker {
        masker,
        format,
        text,
        tree,
        looked,
        seen: vec![[false; 2]; tree.nodes.len()],
        replaced: Vec::new(),
        in_key: false,
        beside: HashSet::new(),
        merging: Merging::default(),
        found: Found::default(),
    };
    for root in &tree.roots {
        walker.node(*root, false);
    }
    walker.comments();
    for node in walker.replaced {
        if let Some(clean) = walker.looked.scalars.get_mut(node) {
            *clean = [false; 2];
        }
        if let Some(facts) = walker.looked.facts.get_mut(node) {
            *facts = None;
        }
    }
    walker.found
}

struct Walker<'a> {
    masker: &'a Masker,
    format: Format,
    text: &'a str,
    tree: &'a Tree,
    looked: &'a mut Looked,
    /// What was walked already, as an anchor's content is walked for each of its aliases.
    seen: Vec<[bool; 2]>,
    /// Scalars that are to be replaced.
    replaced: Vec<usize>,
    /// Whether what is walked is a list or a map that is a key, which must stay short and on its line.
    in_key: bool,
    /// Where gaps begin whose comment stands beside a secret.
    beside: HashSet<usize>,
    merging: Merging,
    found: Found,
}

impl Walker<'_> {
    fn node(&mut self, index: usize, is_secret: bool) {
        let Some(seen) = self.seen.get_mut(index).and_then(|seen| seen.get_mut(usize::from(is_secret)))
        else {
            return;
        };
        if std::mem::replace(seen, true) {
            return;
        }
        let tree = self.tree;
        match tree.node(index) {
            Some(Node::Scalar(scalar)) => self.scalar(index, scalar, is_secret),
            Some(Node::List(items)) => {
                let mut follows_option = false;
                for item in items {
                    let text = tree.scalar_text(*item);
                    let is_value = follows_option && text.is_some_and(siblings::is_value);
                    self.node(*item, is_secret || is_value);
                    follows_option = text.is_some_and(|text| siblings::takes_secret(text, self.masker));
                }
            }
            Some(Node::Map(entries)) => self.map(entries, is_secret),
            Some(Node::Alias(target)) if *target < index => self.node(*target, is_secret),
            Some(Node::Alias(_)) | None => {}
        }
    }

    fn map(&mut self, entries: &[Entry], is_secret: bool) {
        let tree = self.tree;
        let merged = self.merging.given_to(tree, entries);
        let (own, others) = (self.facts_of(entries), self.facts_of(&merged));
        let texts = || {
            let all = own.iter().zip(entries).chain(others.iter().zip(&merged));
            all.map(|(key, (_, value))| (*key, tree.scalar_text(*value)))
        };
        let names_secret = siblings::names_secret(texts(), self.masker);
        let is_kubernetes_secret =
            texts().any(|(key, text)| key.holds_kind && text.is_some_and(siblings::is_secret_kind));
        for ((key_node, value_node), facts) in entries.iter().zip(&own) {
            let value_secret = is_secret
                || facts.is_secret
                || (names_secret && facts.holds_value)
                || (is_kubernetes_secret && siblings::is_kubernetes_data(&self.name(*key_node)));
            if let Some(Node::Scalar(key)) = tree.node(*key_node) {
                let may_hide = is_secret || facts.holds_secret;
                if let Some(masked) = may_hide.then(|| self.masker.secret_key(&key.text, is_secret)).flatten()
                {
                    self.rename(key, &masked);
                }
                if value_secret {
                    self.notice_behind(*key_node, *value_node);
                }
            } else {
                let was_in_key = std::mem::replace(&mut self.in_key, true);
                self.node(*key_node, is_secret);
                self.in_key = was_in_key;
            }
            self.node(*value_node, value_secret);
        }
        // What is merged is walked where it is written; here only what its new neighbours make of it.
        for ((key_node, value_node), facts) in merged.iter().zip(&others) {
            let is_named = names_secret && facts.holds_value;
            if is_named || (is_kubernetes_secret && siblings::is_kubernetes_data(&self.name(*key_node))) {
                self.notice_behind(*key_node, *value_node);
                self.node(*value_node, true);
            }
        }
    }

    /// Notes that a comment between a key and its secret stands beside a secret.
    fn notice_behind(&mut self, key: usize, value: usize) {
        let tree = self.tree;
        if let (None, Some(Node::Scalar(key)), Some(Node::Scalar(_))) =
            (&tree.markup, tree.node(key), tree.node(value))
        {
            self.beside.insert(key.span.end);
        }
    }

    fn facts_of(&mut self, entries: &[Entry]) -> Vec<KeyFacts> {
        entries.iter().map(|(key, _)| self.facts(*key)).collect()
    }

    /// Returns what follows from a key.
    fn facts(&mut self, key: usize) -> KeyFacts {
        if let Some(Some(facts)) = self.looked.facts.get(key) {
            return *facts;
        }
        let name = self.name(key);
        let mut facts = self.looked.keys.facts(self.masker, &name);
        if self.tree.markup.is_some() {
            // A key of markup has signs and a name space that its name lacks.
            facts.holds_secret = true;
            facts.holds_value |= markup::holds_values(&name);
        }
        if let (Some(Node::Scalar(_)), Some(known)) = (self.tree.node(key), self.looked.facts.get_mut(key)) {
            *known = Some(facts);
        }
        facts
    }

    /// Returns what a key is called, without the signs that only paths have.
    fn name(&self, key: usize) -> SmolStr {
        let key = self.tree.key(key);
        if self.tree.markup.is_some() { markup::plain_name(&key).into() } else { key }
    }

    /// Replaces a key. An element's name stands in other tags as well.
    fn rename(&mut self, key: &Scalar, masked: &str) {
        self.found.edits.name(self.text, key, masked);
        let Some(markup) = self.tree.markup.as_ref().filter(|_| !key.text.starts_with(['@', '&'])) else {
            return;
        };
        for place in &markup.names {
            if *place != key.span && self.text.get(place.clone()) == Some(&*key.text) {
                self.found.edits.name(self.text, &Scalar { span: place.clone(), ..key.clone() }, masked);
            }
        }
    }

    fn scalar(&mut self, node: usize, scalar: &Scalar, is_secret: bool) {
        if is_secret && self.stays_in_clear(scalar) {
            return;
        }
        if is_secret {
            self.beside.insert(scalar.span.end);
        }
        let clean = self.looked.scalars.get_mut(node).and_then(|clean| clean.get_mut(usize::from(is_secret)));
        let Some(clean) = clean.filter(|clean| !**clean) else { return };
        let masked = if is_secret {
            self.masker.secret_text(&scalar.text)
        } else {
            open(self.masker, self.text, scalar)
        };
        let Some(masked) = masked else {
            *clean = true;
            return;
        };
        if self.in_key {
            self.found.edits.name(self.text, scalar, &masked);
        } else {
            self.found.edits.scalar(self.text, node, scalar, &masked);
        }
        self.replaced.push(node);
        let word = scalar.text.trim();
        if is_secret && self.masker.is_unmistakable(word) {
            self.found.secrets.push(word.to_owned());
        }
    }

    /// Says whether a scalar at a secret's place says nothing that could be secret; what its entity says is masked there.
    fn stays_in_clear(&mut self, scalar: &Scalar) -> bool {
        if matches!(scalar.value, Value::Null | Value::Bool(_)) {
            return true;
        }
        let Some(markup) = &self.tree.markup else { return false };
        if matches!(scalar.text.trim(), "true" | "false") {
            return true;
        }
        let entity = markup.entity(&scalar.text);
        if let Some(entity) = entity {
            self.node(entity, true);
        }
        entity.is_some()
    }

    /// Masks what stands between the scalars.
    fn comments(&mut self) {
        if let Some(markup) = &self.tree.markup {
            return self.remarks(markup);
        }
        let gaps = gaps(self.text, self.tree);
        self.looked.gaps.resize(gaps.len(), [false; 2]);
        for (gap, clean) in gaps.into_iter().zip(&mut self.looked.gaps) {
            let piece = self.text.get(gap.clone()).unwrap_or_default();
            if !piece.bytes().any(|byte| matches!(byte, b'#' | b'!' | b'/')) {
                continue;
            }
            let beside_secret = self.beside.contains(&gap.start);
            let Some(clean) = clean.get_mut(usize::from(beside_secret)).filter(|clean| !**clean) else {
                continue;
            };
            *clean = !self.found.edits.comments(self.masker, self.format, self.text, gap, beside_secret);
        }
    }

    /// Masks what the remarks of XML say; whole where they stand behind a secret on its line.
    fn remarks(&mut self, markup: &Markup) {
        for declaration in &markup.declarations {
            self.found.edits.declaration(self.masker, self.text, declaration.clone());
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

/// Returns an open scalar's text with the secrets in it replaced; none when there are none.
fn open(masker: &Masker, text: &str, scalar: &Scalar) -> Option<String> {
    let masked = masker.open_text(&scalar.text)?;
    if scalar.style != Style::Block {
        return Some(masked);
    }
    // A block keeps its lines; what only its joined lines show is left to the next pass.
    let raw = text.get(scalar.span.clone()).map(|raw| raw.trim_end_matches(['\n', '\r', ' ', '\t']));
    Some(raw.and_then(|raw| masker.open_text(raw)).unwrap_or(masked))
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
