//! YAML with the places of its scalars; several documents, anchors and aliases, block scalars.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use smol_str::SmolStr;

use super::scalar;
use super::tree::{MAX_DEPTH, Node, Scalar, Style, Tree, Unparsed};
use super::yaml_input::Characters;
use crate::Value;

/// Parses a stream of documents.
pub(crate) fn parse(text: &str) -> Result<Tree, Unparsed> {
    let mut reader =
        Reader { text, places: Places::new(text), tree: Tree::default(), anchors: HashMap::new() };
    let mut open: Vec<Open> = Vec::new();
    let mut parser = Parser::new(Characters::new(text));
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|_| Unparsed)?;
        let (node, anchor) = match event {
            Event::Scalar(content, style, anchor, tag) => {
                if content == "<<" && style == ScalarStyle::Plain {
                    // As a value it is the key of nothing, and does no harm there.
                    reader.tree.merge_keys.insert(reader.tree.nodes.len());
                }
                let tag = tag.as_deref();
                let scalar = reader.scalar(&content, style, tag, anchor > 0, span);
                (Node::Scalar(scalar), anchor)
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
    places: Places<'a>,
    tree: Tree,
    anchors: HashMap<usize, usize>,
}

impl Reader<'_> {
    fn scalar(
        &mut self,
        content: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        has_anchor: bool,
        span: Span,
    ) -> Scalar {
        let mut start = self.places.byte(span.start.index());
        let end = self.places.byte(span.end.index()).max(start);
        if tag.is_some() || has_anchor {
            // The parser's place starts with them, and not where it would without.
            start += properties_len(self.text.get(start..end).unwrap_or_default());
            if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                start += header_len(self.text.get(start..end).unwrap_or_default());
            }
        }
        let span = start..start + scalar_len(self.text.get(start..end).unwrap_or_default(), style);
        let text = SmolStr::new(content);
        let is_text = tag.is_some_and(|tag| tag.suffix == "str" || !tag.is_yaml_core_schema());
        let value = match style {
            ScalarStyle::Plain if !is_text => scalar::yaml(&text),
            _ => Value::Text(text.clone()),
        };
        let style = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
            _ => Style::Quoted,
        };
        Scalar { span, style, text, value }
    }
}

/// Returns the length of a scalar up to its closing quote: the parser's place of a quoted one takes in the white space and
/// the comment that follow.
fn scalar_len(scalar: &str, style: ScalarStyle) -> usize {
    if !matches!(style, ScalarStyle::DoubleQuoted | ScalarStyle::SingleQuoted) {
        return scalar.len();
    }
    let mut bytes = scalar.bytes().enumerate().skip(1).peekable();
    while let Some((at, byte)) = bytes.next() {
        match (style, byte) {
            (ScalarStyle::DoubleQuoted, b'\\') => {
                bytes.next();
            }
            (ScalarStyle::SingleQuoted, b'\'') if bytes.peek().is_some_and(|(_, next)| *next == b'\'') => {
                bytes.next();
            }
            (ScalarStyle::DoubleQuoted, b'"') | (ScalarStyle::SingleQuoted, b'\'') => return at + 1,
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

/// Returns the length of what announces a block scalar, with the white space before its first line.
fn header_len(block: &str) -> usize {
    let content = block.find(['\n', '\r']).and_then(|end| block.get(end..)).unwrap_or_default();
    block.len() - content.trim_start_matches(['\n', '\r', ' ']).len()
}

/// How far apart the known places are.
const STRIDE: usize = 64;

/// Turns the parser's character places into bytes.
struct Places<'a> {
    text: &'a str,
    /// The byte of each 64th character; empty for ASCII, where bytes and characters are the same.
    known: Vec<usize>,
    /// The character and the byte that were asked for last; the next ones stand near.
    last: (usize, usize),
}

impl<'a> Places<'a> {
    fn new(text: &'a str) -> Self {
        let known = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().step_by(STRIDE).map(|(at, _)| at).collect()
        };
        Self { text, known, last: (0, 0) }
    }

    fn byte(&mut self, character: usize) -> usize {
        if self.known.is_empty() {
            return character.min(self.text.len());
        }
        let known = self.known.get(character / STRIDE).map(|at| (character / STRIDE * STRIDE, *at));
        let Some(mut from) = known else { return self.text.len() };
        if (from.0..=character).contains(&self.last.0) {
            from = self.last;
        }
        let rest = self.text.get(from.1..).unwrap_or_default();
        let byte = from.1 + passed(rest, character - from.0);
        self.last = (character, byte);
        byte
    }
}

/// Returns the length of so many characters in bytes.
fn passed(text: &str, characters: usize) -> usize {
    match text.as_bytes().get(..characters) {
        Some(near) if near.is_ascii() => characters,
        _ => text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at),
    }
}
