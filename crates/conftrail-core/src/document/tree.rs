//! A parsed document: nodes with their places in the text.

use smol_str::SmolStr;
use std::collections::HashSet;
use std::ops::Range;

use super::markup::Markup;
use crate::{Map, Value};

/// How deep a document may nest. Deeper ones are not parsed: values are walked recursively.
pub(crate) const MAX_DEPTH: usize = 96;
/// How many nodes a document may have, aliases written out: a few lines of YAML can stand for billions.
pub(crate) const MAX_NODES: usize = 200_000;

/// A document that is not what its format says, or beyond the limits. Holds no content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unparsed;

/// How a scalar is written, which decides how its replacement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A JSON scalar or a YAML flow scalar: replacements stand in double quotes.
    Quoted,
    /// A YAML block scalar, whose place starts at its first character and ends with its last line break.
    Block,
    /// A key of properties.
    PropertyKey,
    /// A value of properties.
    PropertyValue,
    /// A name of XML.
    Name,
    /// An attribute's value or an entity's, within its quotes.
    Attribute,
    /// Text between tags.
    Markup,
    /// Text within `CDATA`.
    Cdata,
}

/// A scalar and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    pub(crate) span: Range<usize>,
    pub(crate) style: Style,
    /// The text without quotes and escapes.
    pub(crate) text: SmolStr,
    /// What the text means in its format.
    pub(crate) value: Value,
}

impl Scalar {
    /// Makes a scalar that means its text.
    pub(crate) fn of_text(span: Range<usize>, style: Style, text: impl Into<SmolStr>) -> Self {
        let text = text.into();
        Self { span, style, value: Value::Text(text.clone()), text }
    }

    /// Puts another text in its place.
    pub(crate) fn say(&mut self, text: SmolStr) {
        self.value = Value::Text(text.clone());
        self.text = text;
    }
}

/// One node; children are indices into the tree.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Scalar(Scalar),
    List(Vec<usize>),
    Map(Vec<(usize, usize)>),
    Alias(usize),
}

/// A parsed document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    /// One for each document of a YAML stream.
    pub(crate) roots: Vec<usize>,
    /// Whether names stand for themselves in paths, as in properties.
    pub(crate) is_flat: bool,
    /// Keys of YAML that merge other maps into theirs, `<<`.
    pub(crate) merge_keys: HashSet<usize>,
    /// What XML has beside its tree.
    pub(crate) markup: Option<Markup>,
}

impl Tree {
    /// Adds a node and returns its index.
    pub(crate) fn add(&mut self, node: Node) -> Result<usize, Unparsed> {
        if self.nodes.len() >= MAX_NODES {
            return Err(Unparsed);
        }
        self.nodes.push(node);
        Ok(self.nodes.len() - 1)
    }

    /// Returns a node.
    pub(crate) fn node(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index)
    }

    /// Returns the text that a node stands for as a key.
    pub(crate) fn key(&self, index: usize) -> SmolStr {
        match self.node(index) {
            Some(Node::Scalar(scalar)) => scalar.text.clone(),
            Some(Node::Alias(target)) if *target < index => self.key(*target),
            _ => {
                let value = self.value_of(index, 0, &mut 1000);
                value.map(|value| value.display().into()).unwrap_or_default()
            }
        }
    }

    /// Returns the scalar text of a node, through an alias.
    pub(crate) fn scalar_text(&self, index: usize) -> Option<&str> {
        match self.node(index)? {
            Node::Scalar(scalar) => Some(&scalar.text),
            Node::Alias(target) if *target < index => self.scalar_text(*target),
            _ => None,
        }
    }

    /// Says whether the document is a map or a list rather than a single scalar.
    pub(crate) fn is_structured(&self) -> bool {
        self.roots.iter().any(|root| matches!(self.node(*root), Some(Node::Map(_) | Node::List(_))))
    }

    /// Returns the whole as one value: several documents are a list.
    pub(crate) fn value(&self) -> Result<Value, Unparsed> {
        let mut budget = MAX_NODES;
        match self.roots.as_slice() {
            [] => Ok(Value::Null),
            [root] => self.value_of(*root, 0, &mut budget),
            roots => roots
                .iter()
                .map(|root| self.value_of(*root, 1, &mut budget))
                .collect::<Result<_, _>>()
                .map(Value::List),
        }
    }

    fn value_of(&self, index: usize, depth: usize, budget: &mut usize) -> Result<Value, Unparsed> {
        *budget = budget.checked_sub(1).ok_or(Unparsed)?;
        if depth > MAX_DEPTH {
            return Err(Unparsed);
        }
        match self.node(index).ok_or(Unparsed)? {
            Node::Scalar(scalar) => Ok(scalar.value.clone()),
            Node::Alias(target) if *target < index => self.value_of(*target, depth + 1, budget),
            Node::Alias(_) => Err(Unparsed),
            Node::List(items) => items
                .iter()
                .map(|item| self.value_of(*item, depth + 1, budget))
                .collect::<Result<_, _>>()
                .map(Value::List),
            Node::Map(entries) => {
                let mut values = Vec::with_capacity(entries.len());
                let mut merged = Vec::new();
                for (key, value) in entries {
                    let maps = self.merged(*key, *value);
                    if maps.is_empty() {
                        values.push((self.key(*key), self.value_of(*value, depth + 1, budget)?));
                    }
                    for map in maps {
                        merged.push(self.value_of(map, depth + 1, budget)?);
                    }
                }
                Ok(Value::Map(with_merged(values.into_iter().collect(), &merged)))
            }
        }
    }

    /// Returns the maps that an entry `<<: …` merges into its map, the nearest first; none for every other entry, and for a
    /// `<<` of something else than a map or a list of maps.
    pub(crate) fn merged(&self, key: usize, value: usize) -> Vec<usize> {
        if self.merge_keys.is_empty() || !self.merge_keys.contains(&key) {
            return Vec::new();
        }
        let is_map = |index: &usize| matches!(self.node(*index), Some(Node::Map(_)));
        let content = self.content(value);
        match self.node(content) {
            Some(Node::Map(_)) => vec![content],
            Some(Node::List(items)) => {
                let maps: Vec<usize> = items.iter().map(|item| self.content(*item)).collect();
                if maps.iter().all(is_map) { maps } else { Vec::new() }
            }
            _ => Vec::new(),
        }
    }

    /// Returns the node that an alias stands for, or the node itself.
    fn content(&self, index: usize) -> usize {
        match self.node(index) {
            Some(Node::Alias(target)) if *target < index => self.content(*target),
            _ => index,
        }
    }
}

/// Adds what `<<` merges into a map: its own entries win, and of several maps the first (yaml.org/type/merge.html).
fn with_merged(own: Map, merged: &[Value]) -> Map {
    if merged.is_empty() {
        return own;
    }
    let mut known: HashSet<SmolStr> = own.iter().map(|(name, _)| name.clone()).collect();
    let others = merged.iter().filter_map(Value::as_map).flat_map(Map::iter);
    let added = others.filter(|(name, _)| known.insert((*name).clone()));
    let entries: Vec<_> =
        own.iter().chain(added).map(|(name, value)| (name.clone(), value.clone())).collect();
    Map::from_unique(entries)
}
