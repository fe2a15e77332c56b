//! XML with the places of its texts and attributes. Nothing is fetched, and no entity is written out.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use quick_xml::Reader as Events;
use quick_xml::events::{BytesStart, Event};
use smol_str::{SmolStr, format_smolstr};

use super::markup::{Markup, unescape};
use super::tree::{MAX_DEPTH, Node, Scalar, Style, Tree, Unparsed};

/// Parses a document: an element is a map of its attributes (`@name`), its elements and its text (`#text`), and one that
/// has nothing but text is that text. Elements of one name are a list.
pub(crate) fn parse(text: &str) -> Result<Tree, Unparsed> {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let body = text.get(start..).unwrap_or_default();
    let mut reader = Reader::new(body, start)?;
    let mut events = Events::from_str(body);
    events.config_mut().check_end_names = true;
    loop {
        let from = place(events.buffer_position())?;
        let event = events.read_event().map_err(|_| Unparsed)?;
        let span = from..place(events.buffer_position())?;
        match event {
            Event::Start(tag) => reader.open(&tag)?,
            Event::Empty(tag) => {
                reader.open(&tag)?;
                reader.close(span.end)?;
            }
            Event::End(tag) => {
                reader.name(&tag)?;
                reader.close(span.start)?;
            }
            Event::Text(_) | Event::GeneralRef(_) => reader.text(span)?,
            Event::CData(content) => reader.cdata(&content)?,
            Event::Comment(said) => reader.remark(&said)?,
            // The first line says nothing but version and encoding.
            Event::Decl(_) => {}
            Event::PI(said) => reader.remark(&said)?,
            Event::DocType(said) => reader.document_type(&said)?,
            Event::Eof => return reader.finish(),
        }
    }
}

/// An element whose end has not come yet.
struct Open<'a> {
    key: usize,
    name: &'a str,
    attributes: Vec<(usize, usize)>,
    children: Vec<(&'a str, usize, usize)>,
    texts: Vec<usize>,
    /// Text and references that follow each other are one text.
    run: Option<Range<usize>>,
}

struct Reader<'a> {
    body: &'a str,
    /// Where the body starts in the text.
    start: usize,
    tree: Tree,
    markup: Markup,
    /// The key of texts, which has no place.
    text_key: usize,
    open: Vec<Open<'a>>,
    top: Vec<(usize, usize)>,
    has_root: bool,
}

impl<'a> Reader<'a> {
    fn new(body: &'a str, start: usize) -> Result<Self, Unparsed> {
        let mut tree = Tree::default();
        let text_key = tree.add(Node::Scalar(Scalar::of_text(0..0, Style::Name, "#text")))?;
        Ok(Self {
            body,
            start,
            tree,
            markup: Markup::default(),
            text_key,
            open: Vec::new(),
            top: Vec::new(),
            has_root: false,
        })
    }

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), Unparsed> {
        self.end_run()?;
        if self.open.len() >= MAX_DEPTH || (self.open.is_empty() && self.has_root) {
            return Err(Unparsed);
        }
        self.has_root = true;
        let name = self.name(tag.name().as_ref())?;
        let key = self.add(name.clone(), Style::Name, "")?;
        let mut attributes = Vec::new();
        let mut known = HashSet::new();
        // The reader's own check compares each name with each other one.
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| Unparsed)?;
            let name = self.range(attribute.key.as_ref())?;
            if !known.insert(self.body.get(name.clone())) {
                return Err(Unparsed);
            }
            let value = self.range(&attribute.value)?;
            let key = self.add(name, Style::Name, "@")?;
            attributes.push((key, self.add(value, Style::Attribute, "")?));
        }
        let name = self.body.get(name).unwrap_or_default();
        self.open.push(Open { key, name, attributes, children: Vec::new(), texts: Vec::new(), run: None });
        Ok(())
    }

    fn close(&mut self, at: usize) -> Result<(), Unparsed> {
        self.end_run()?;
        let element = self.open.pop().ok_or(Unparsed)?;
        let (key, name) = (element.key, element.name);
        let value = self.element(element, at)?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push((name, key, value)),
            None => self.top.push((key, value)),
        }
        Ok(())
    }

    fn element(&mut self, element: Open<'a>, at: usize) -> Result<usize, Unparsed> {
        let text = match element.texts.as_slice() {
            [] => None,
            [text] => Some(*text),
            _ => Some(self.tree.add(Node::List(element.texts))?),
        };
        if element.attributes.is_empty() && element.children.is_empty() {
            return text.map_or_else(|| self.add(at..at, Style::Markup, ""), Ok);
        }
        let mut entries = element.attributes;
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
        for (name, key, value) in element.children {
            let place = *places.entry(name).or_insert(groups.len());
            match groups.get_mut(place) {
                Some((_, values)) => values.push(value),
                None => groups.push((key, vec![value])),
            }
        }
        for (key, values) in groups {
            let value = match values.as_slice() {
                [value] => *value,
                _ => self.tree.add(Node::List(values))?,
            };
            entries.push((key, value));
        }
        entries.extend(text.map(|text| (self.text_key, text)));
        self.tree.add(Node::Map(entries))
    }

    fn text(&mut self, span: Range<usize>) -> Result<(), Unparsed> {
        match self.open.last_mut() {
            Some(element) => {
                let from = element.run.as_ref().map_or(span.start, |run| run.start);
                element.run = Some(from..span.end);
                Ok(())
            }
            None if self.body.get(span).is_some_and(|text| text.trim().is_empty()) => Ok(()),
            None => Err(Unparsed),
        }
    }

    fn cdata(&mut self, content: &str) -> Result<(), Unparsed> {
        self.end_run()?;
        let text = self.range(content)?;
        let text = self.add(text, Style::Cdata, "")?;
        self.open.last_mut().ok_or(Unparsed)?.texts.push(text);
        Ok(())
    }

    /// Adds the text up to here, without the white space around it.
    fn end_run(&mut self) -> Result<(), Unparsed> {
        let Some(run) = self.open.last_mut().and_then(|element| element.run.take()) else { return Ok(()) };
        let raw = self.body.get(run.clone()).ok_or(Unparsed)?;
        let start = run.end - raw.trim_start().len();
        let trimmed = raw.trim();
        if !trimmed.is_empty() {
            let text = self.add(start..start + trimmed.len(), Style::Markup, "")?;
            self.open.last_mut().ok_or(Unparsed)?.texts.push(text);
        }
        Ok(())
    }

    fn remark(&mut self, said: &str) -> Result<(), Unparsed> {
        self.end_run()?;
        let said = self.range(said)?;
        self.markup.remarks.push(self.start + said.start..self.start + said.end);
        Ok(())
    }

    /// Takes the entities that a document type declares; what else it says is kept as it is.
    fn document_type(&mut self, said: &str) -> Result<(), Unparsed> {
        let whole = self.range(said)?;
        let mut at = whole.start;
        for (name, value) in entities(said) {
            let (name, value) = (self.range(name)?, self.range(value)?);
            let text = self.body.get(name.clone()).unwrap_or_default().to_owned();
            let key = self.add(name, Style::Name, "&")?;
            let entity = self.add(value.clone(), Style::Attribute, "")?;
            self.markup.entities.insert(text, entity);
            self.top.push((key, entity));
            self.markup.declarations.push(self.start + at..self.start + value.start);
            at = value.end;
        }
        self.markup.declarations.push(self.start + at..self.start + whole.end);
        Ok(())
    }

    fn finish(mut self) -> Result<Tree, Unparsed> {
        if !self.open.is_empty() || !self.has_root {
            return Err(Unparsed);
        }
        let root = self.tree.add(Node::Map(self.top))?;
        self.tree.roots.push(root);
        self.tree.markup = Some(self.markup);
        Ok(self.tree)
    }

    /// Notes where the name of an element stands.
    fn name(&mut self, name: &str) -> Result<Range<usize>, Unparsed> {
        let range = self.range(name.trim_end())?;
        self.markup.names.push(self.start + range.start..self.start + range.end);
        Ok(range)
    }

    fn add(&mut self, range: Range<usize>, style: Style, sign: &str) -> Result<usize, Unparsed> {
        let raw = self.body.get(range.clone()).ok_or(Unparsed)?;
        let text: SmolStr = match style {
            Style::Name if !sign.is_empty() => format_smolstr!("{sign}{raw}"),
            Style::Name | Style::Cdata => raw.into(),
            _ => unescape(raw).into(),
        };
        let span = self.start + range.start..self.start + range.end;
        self.tree.add(Node::Scalar(Scalar::of_text(span, style, text)))
    }

    /// Returns where a part of the body stands in it.
    fn range(&self, part: &str) -> Result<Range<usize>, Unparsed> {
        let start = (part.as_ptr() as usize).checked_sub(self.body.as_ptr() as usize).ok_or(Unparsed)?;
        let range = start..start + part.len();
        if self.body.get(range.clone()) == Some(part) { Ok(range) } else { Err(Unparsed) }
    }
}

/// Returns names and values of the entities that a document type declares itself.
fn entities(document_type: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for declaration in document_type.split("<!ENTITY").skip(1) {
        let declaration = declaration.trim_start();
        let declaration = declaration.strip_prefix('%').unwrap_or(declaration).trim_start();
        let Some((name, rest)) = declaration.split_once(char::is_whitespace) else { continue };
        let rest = rest.trim_start();
        let Some(quote) = rest.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else { continue };
        if let Some((value, _)) = rest.get(1..).and_then(|rest| rest.split_once(quote)) {
            found.push((name, value));
        }
    }
    found
}

fn place(position: u64) -> Result<usize, Unparsed> {
    usize::try_from(position).map_err(|_| Unparsed)
}
