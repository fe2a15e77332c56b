//! Reads a rule file's tree and gathers everything that is wrong with it.

use conftrail_core::nearest;

use crate::excerpt;
use crate::rules::yaml::{Content, Key, Node, Place, Text};
use crate::rules::{Code, Finding, Level};

/// With how many findings of a file their line is shown: each costs a walk through the file.
const MOST_EXCERPTS: usize = 50;

/// Gathers findings of one file.
pub(crate) struct Reader<'f> {
    file: &'f str,
    text: &'f str,
    pub(crate) findings: Vec<Finding>,
}

/// A mapping whose keys were checked.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'n> {
    pub(crate) at: Place,
    entries: &'n [(Key, Node)],
}

impl<'n> Fields<'n> {
    pub(crate) fn get(&self, name: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &'n (Key, Node)> {
        self.entries.iter()
    }
}

impl<'f> Reader<'f> {
    pub(crate) fn new(file: &'f str, text: &'f str) -> Self {
        Self { file, text, findings: Vec::new() }
    }

    pub(crate) fn error(&mut self, at: Place, message: impl Into<String>) {
        self.finding(at, Level::Error, Code::default(), message.into());
    }

    /// An error of a code.
    pub(crate) fn refuse(&mut self, at: Place, code: Code, message: impl Into<String>) {
        self.finding(at, Level::Error, code, message.into());
    }

    /// A warning: the set is loaded all the same.
    pub(crate) fn advise(&mut self, at: Place, code: Code, message: impl Into<String>) {
        self.finding(at, Level::Warning, code, message.into());
    }

    fn finding(&mut self, at: Place, level: Level, code: Code, message: String) {
        let shown = self.findings.len() < MOST_EXCERPTS;
        let excerpt = shown.then(|| excerpt(self.text, at.line, at.column)).flatten();
        self.findings.push(Finding {
            file: self.file.to_owned(),
            line: at.line,
            column: at.column,
            level,
            code,
            message,
            excerpt,
        });
    }

    /// Reads a mapping with any keys.
    pub(crate) fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<Fields<'n>> {
        match &node.content {
            Content::Map(entries) => Some(Fields { at: node.at, entries }),
            _ => {
                self.error(node.at, format!("{what} is a mapping of keys to values"));
                None
            }
        }
    }

    /// Reads a mapping with the keys `known`; keys of `later` are part of the language and not of this version.
    pub(crate) fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&str],
        later: &[&str],
    ) -> Option<Fields<'n>> {
        let fields = self.map(node, what)?;
        for (key, _) in fields.iter() {
            let name = key.name.as_str();
            if known.contains(&name) {
                continue;
            }
            if later.contains(&name) {
                self.refuse(key.at, Code::UnknownKey, format!("`{name}` is not supported yet"));
                continue;
            }
            let all = known.iter().chain(later).copied();
            let meant =
                nearest(name, all).map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
            self.refuse(key.at, Code::UnknownKey, format!("{what} has no key `{name}`{meant}"));
        }
        Some(fields)
    }

    /// Reads a required value.
    pub(crate) fn required<'n>(&mut self, fields: Fields<'n>, name: &str, what: &str) -> Option<&'n Node> {
        let node = fields.get(name);
        if node.is_none() {
            self.error(fields.at, format!("{what} needs the key `{name}`"));
        }
        node
    }

    /// Reads a text that is not empty.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n Text> {
        match &node.content {
            Content::Text(text) if text.tagged => {
                self.error(text.at, format!("{what} stands in quotes if it begins with `!`"));
                None
            }
            Content::Text(text) if !text.text.trim().is_empty() => Some(text),
            _ => {
                self.error(node.at, format!("{what} is a text"));
                None
            }
        }
    }

    /// Reads an optional text.
    pub(crate) fn optional(&mut self, fields: Fields<'_>, name: &str) -> Option<String> {
        let node = fields.get(name)?;
        self.text(node, &format!("`{name}`")).map(|text| text.text.clone())
    }

    /// Reads a list.
    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.content {
            Content::List(items) => items,
            Content::Null => &[],
            _ => {
                self.error(node.at, format!("{what} is a list"));
                &[]
            }
        }
    }

    /// Reads one of several words.
    pub(crate) fn word<T: Copy>(&mut self, node: &Node, what: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, what)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.text) {
            return Some(*value);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.error(text.at, format!("{what} is one of {}, not `{}`", known.join(", "), text.text));
        None
    }
}
