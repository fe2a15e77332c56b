//! A YAML file as a tree in which every key and value knows its place.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use crate::rules::align::place_in_raw;

/// A line and a column in characters, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    /// The start of a file.
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    fn of(location: Location) -> Self {
        Self { line: location.line().max(1) as usize, column: location.column().max(1) as usize }
    }
}

/// A node and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: Place,
    pub(crate) content: Content,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    Null,
    Text(Text),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A mapping's key and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) at: Place,
    pub(crate) name: String,
}

/// A scalar: always text, as it is written, whatever type YAML would give it.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) at: Place,
    pub(crate) text: String,
    /// Whether a word that begins with `!` stands before it: to YAML that is a tag, to its author mostly the text's beginning.
    pub(crate) tagged: bool,
    /// The scalar as it stands in the file, quotes included.
    raw: String,
}

impl Node {
    /// Returns the value of a mapping's key.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Content::Map(entries) = &self.content else { return None };
        entries.iter().find(|(key, _)| key.name == name).map(|(_, value)| value)
    }

    /// Returns a list's items; what is no list has none.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }
}

impl Text {
    /// Says whether the scalar stands without quotes.
    pub(crate) fn is_plain(&self) -> bool {
        !self.raw.starts_with(['\'', '"', '|', '>'])
    }

    /// Returns what YAML takes the scalar for: text where it stands in quotes or in a block, else what it looks like.
    pub(crate) fn typed(&self) -> serde_json::Value {
        use serde_json::{Number, Value};
        if !self.is_plain() || self.raw != self.text {
            return Value::String(self.text.clone());
        }
        let number = || self.text.parse::<Number>().ok().map(Value::Number);
        match self.text.as_str() {
            "null" | "Null" | "NULL" | "~" => Value::Null,
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            text => number().unwrap_or_else(|| Value::String(text.to_owned())),
        }
    }

    /// Returns the file's place of a line and column within the text.
    pub(crate) fn place(&self, line: usize, column: usize) -> Place {
        let lines: usize = self.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = self.text.get(lines..).unwrap_or("");
        let within = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
        self.place_at(lines + within)
    }

    /// Returns the file's place of a byte of the text; the scalar's start where the file leaves no simple answer.
    pub(crate) fn place_at(&self, offset: usize) -> Place {
        match place_in_raw(&self.raw, &self.text, offset) {
            Some((0, column)) => Place { line: self.at.line, column: self.at.column + column },
            Some((lines, column)) => Place { line: self.at.line + lines, column: column + 1 },
            None => self.at,
        }
    }
}

/// Deepest nesting of a rule file; a rule needs six.
const DEEPEST: usize = 24;

/// Parses one document. Duplicate keys, several documents, alias bombs and deep nesting are errors.
///
/// # Errors
/// The place and what is wrong.
pub(crate) fn parse(source: &str) -> Result<Node, (Place, String)> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEEPEST, },
        with_snippet: false,
    };
    let tree: Spanned<Raw> = serde_saphyr::from_str_with_options(source, options).map_err(|error| {
        let place = error.location().map_or(Place::START, Place::of);
        let text = error.to_string();
        // The place stands in front already.
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
        (place, message.split(", set DuplicateKeyPolicy").next().unwrap_or(message).to_owned())
    })?;
    Ok(node(tree, source))
}

fn node(raw: Spanned<Raw>, source: &str) -> Node {
    let at = Place::of(raw.referenced);
    let tagged = is_tagged(raw.defined, source);
    let content = match raw.value {
        Raw::Null => Content::Null,
        Raw::Text(text) => {
            Content::Text(Text { at, text, tagged, raw: slice(raw.defined, source).to_owned() })
        }
        Raw::Typed => {
            let written = slice(raw.defined, source).trim().to_owned();
            Content::Text(Text { at, text: written.clone(), tagged, raw: written })
        }
        Raw::List(items) => Content::List(items.into_iter().map(|item| node(item, source)).collect()),
        Raw::Map(entries) => {
            let entry = |(key, value): (Spanned<String>, Spanned<Raw>)| {
                (Key { at: Place::of(key.referenced), name: key.value }, node(value, source))
            };
            Content::Map(entries.into_iter().map(entry).collect())
        }
    };
    Node { at, content }
}

/// Says whether the last word before a scalar begins with `!`.
fn is_tagged(location: Location, source: &str) -> bool {
    let start = location.span().byte_offset().and_then(|start| usize::try_from(start).ok());
    let before = start.and_then(|start| source.get(..start)).unwrap_or("").trim_end();
    let line = before.rsplit('\n').next().unwrap_or("");
    // An anchor may stand between: of `!a && b` YAML makes the tag `!a`, the anchor `&&` and the text `b`.
    let mut words = line.rsplit([' ', '\t']).skip_while(|word| word.is_empty() || word.starts_with('&'));
    words.next().is_some_and(|word| word.starts_with('!')) && !line.contains('#')
}

fn slice(location: Location, source: &str) -> &str {
    let span = location.span();
    let range = span.byte_offset().zip(span.byte_len()).and_then(|(start, length)| {
        let start = usize::try_from(start).ok()?;
        Some(start..start.checked_add(usize::try_from(length).ok()?)?)
    });
    range.and_then(|range| source.get(range)).unwrap_or("")
}

/// A node as the YAML library hands it out.
enum Raw {
    Null,
    Text(String),
    /// A number or a truth value; its text is read from the file.
    Typed,
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Raw, D::Error> {
        Raw::deserialize(inner)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
        Ok(Raw::Typed)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
        Ok(Raw::Typed)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
        Ok(Raw::Typed)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Typed)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Typed)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Typed)
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(source: &str) -> Vec<(Key, Node)> {
        match parse(source).unwrap().content {
            Content::Map(entries) => entries,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn scalars_keep_the_text_they_are_written_with() {
        let source =
            "a: 007\nb: True\nc: 1.50\nd: 'it''s'\ne: &x 18446744073709551616\nf: *x\ng: y # c\nh: |\n  l\n";
        let texts: Vec<String> = (entries(source).into_iter())
            .map(|(_, node)| match node.content {
                Content::Text(text) => text.text,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            texts,
            ["007", "True", "1.50", "it's", "18446744073709551616", "18446744073709551616", "y", "l\n"]
        );
    }

    #[test]
    fn a_word_before_a_scalar_that_begins_with_an_exclamation_mark_is_seen() {
        let source = "a: !b c d\nb: ! x\nc: '!b c'\nd: { e: !f g }\nh: # oh !no\n  i\nj: k !l\nm: !n\n  o\np: !q && r\n";
        let mut tagged = Vec::new();
        for (key, node) in entries(source) {
            match node.content {
                Content::Text(text) => tagged.push((key.name, text.tagged)),
                Content::Map(inner) => {
                    let is_tagged = matches!(&inner[0].1.content, Content::Text(text) if text.tagged);
                    tagged.push((key.name, is_tagged));
                }
                other => panic!("{other:?}"),
            }
        }
        let expected = [
            ("a", true),
            ("b", true),
            ("c", false),
            ("d", true),
            ("h", false),
            ("j", false),
            ("m", true),
            ("p", true),
        ];
        assert_eq!(tagged, expected.map(|(name, is)| (name.to_owned(), is)));
    }

    #[test]
    fn scalars_have_the_type_that_they_are_written_with() {
        let source = "a: 50\nb: '50'\nc: \"true\"\nd: true\ne: 1.5\nf: x y\ng: |\n  7\nh: &q \"8\"\ni: *q\nj: 2026-01-01\n";
        let typed: Vec<String> = (entries(source).into_iter())
            .map(|(_, node)| match node.content {
                Content::Text(text) => text.typed().to_string(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            typed,
            [
                "50",
                "\"50\"",
                "\"true\"",
                "true",
                "1.5",
                "\"x y\"",
                "\"7\\n\"",
                "\"8\"",
                "\"8\"",
                "\"2026-01-01\""
            ]
        );
    }

    #[test]
    fn places_within_a_scalar_are_places_of_the_file() {
        let source = "plain: env:prod x\nquoted: 'env:prod x'\nblock: |\n    env:prod\n      x\nfolded: >\n  env:prod\n  x\n";
        let place = |index: usize, line, column| match &entries(source)[index].1.content {
            Content::Text(text) => text.place(line, column),
            other => panic!("{other:?}"),
        };
        assert_eq!(place(0, 1, 10), Place { line: 1, column: 17 });
        assert_eq!(place(1, 1, 10), Place { line: 2, column: 19 });
        assert_eq!(place(2, 2, 3), Place { line: 5, column: 7 });
        assert_eq!(place(3, 1, 10), Place { line: 8, column: 3 });
    }

    #[test]
    fn files_that_are_no_rule_file_fail_at_their_place() {
        let level = |n: usize| format!("b{}: &b{} [{}]\n", n + 1, n + 1, format!("*b{n},").repeat(9));
        let bomb = format!("b0: &b0 [x]\n{}", (0..9).map(level).collect::<String>());
        assert!(parse(&bomb).is_err());
        let table = [
            ("a: 1\na: 2\n", (2, 1), "duplicate mapping key: a"),
            ("a: [1\nb: 2", (2, 2), "illegal placement"),
            ("a: 1\n---\nb: 2\n", (3, 1), "multiple YAML documents"),
        ];
        for (source, (line, column), message) in table {
            let (place, said) = parse(source).unwrap_err();
            assert_eq!(place, Place { line, column }, "{source}: {said}");
            assert!(said.starts_with(message), "{source}: {said}");
        }
        for hostile in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
            assert!(parse(&hostile).is_err());
        }
    }
}
