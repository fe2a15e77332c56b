//! YAML with the places of its scalars; several documents, anchors and aliases, block scalars.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::scalar;
use super::tree::{MAX_DEPTH, Node, Scalar, Style, Tree, Unparsed};
use crate::Value;

/// Parses a stream of documents.
pub(crate) fn parse(text: &str) -> Result<Tree, Unparsed> {
    let mut reader =
        Reader { text, places: Places::new(text), tree: Tree::default(), anchors: HashMap::new() };
    let mut open: Vec<Open> = Vec::new();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|_| Unparsed)?;
        let (node, anchor) = match event {
            Event::Scalar(content, style, anchor, tag) => {
                (Node::Scalar(reader.scalar(&content, style, tag.as_deref(), span)), anchor)
            }
            Event::Alias(anchor) => (Node::Alias(*reader.anchors.get(&anchor).ok_or(Unparsed)?), 0),
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) if open.len() < MAX_DEPTH => {
                open.push(Open { anchor, children: Vec::new() });
                continue;
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => return Err(Unparsed),
            Event::SequenceEnd => {
                let done = open.pop().ok_or(Unparsed)?;
                (Node::List(done.children), done.anchor)
            }
            Event::MappingEnd => {
                let done = open.pop().ok_or(Unparsed)?;
                let pairs =
                    done.children.chunks_exact(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)));
                (Node::Map(pairs.collect()), done.anchor)
            }
            _ => continue,
        };
        let index = reader.tree.add(node)?;
        if anchor > 0 {
            reader.anchors.insert(anchor, index);
        }
        match open.last_mut() {
            Some(parent) => parent.children.push(index),
            None => reader.tree.roots.push(index),
        }
    }
    Ok(reader.tree)
}

/// A collection whose end has not come yet.
struct Open {
    anchor: usize,
    children: Vec<usize>,
}

struct Reader<'a> {
    text: &'a str,
    places: Places,
    tree: Tree,
    anchors: HashMap<usize, usize>,
}

impl Reader<'_> {
    fn scalar(&self, content: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Scalar {
        let start = self.places.byte(span.start.index());
        let end = self.places.byte(span.end.index()).max(start);
        let start = start + properties_len(self.text.get(start..end).unwrap_or_default());
        // The parser's place of a quoted scalar takes in the white space and comment that follow.
        let end = start + scalar_len(self.text.get(start..end).unwrap_or_default(), style);
        let is_text = tag.is_some_and(|tag| tag.suffix == "str" || !tag.is_yaml_core_schema());
        let value = match style {
            ScalarStyle::Plain if !is_text => scalar::yaml(content),
            _ => Value::from(content),
        };
        let style = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
            _ => Style::Quoted,
        };
        Scalar { span: start..end, style, text: content.to_owned(), value }
    }
}

/// Returns the length of a scalar up to its closing quote.
fn scalar_len(scalar: &str, style: ScalarStyle) -> usize {
    let mut characters = scalar.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        match (style, character) {
            (ScalarStyle::DoubleQuoted, '\\') => {
                characters.next();
            }
            (ScalarStyle::SingleQuoted, '\'') if characters.peek().is_some_and(|(_, next)| *next == '\'') => {
                characters.next();
            }
            (ScalarStyle::DoubleQuoted, '"') | (ScalarStyle::SingleQuoted, '\'') => return at + 1,
            _ => {}
        }
    }
    scalar.len()
}

/// Returns the length of the anchor and tag before a scalar, `&name !!str `.
fn properties_len(scalar: &str) -> usize {
    let mut rest = scalar;
    while rest.starts_with(['&', '!']) {
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        rest = rest.get(word..).unwrap_or_default().trim_start();
    }
    scalar.len() - rest.len()
}

/// Turns the parser's character places into bytes.
struct Places {
    /// Byte offsets of all characters and of the end; empty for ASCII, where they are the same.
    offsets: Vec<usize>,
    len: usize,
}

impl Places {
    fn new(text: &str) -> Self {
        let offsets =
            if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
        Self { offsets, len: text.len() }
    }

    fn byte(&self, character: usize) -> usize {
        if self.offsets.is_empty() {
            return character.min(self.len);
        }
        self.offsets.get(character).copied().unwrap_or(self.len)
    }
}
