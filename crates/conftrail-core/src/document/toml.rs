//! TOML with the places of its values: tables, arrays of tables, dotted keys and inline tables are maps and lists.

use std::ops::Range;

use smol_str::ToSmolStr;
use toml_edit::{Item, Key, Value as Written};

use super::scalar;
use super::tree::{MAX_DEPTH, Node, Scalar, Style, Tree, Unparsed};
use crate::Value;
use crate::mask::{Masker, is_mask};

/// Parses a document.
pub(crate) fn parse(text: &str) -> Result<Tree, Unparsed> {
    // A mark of the byte order stays in front of the places.
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let body = text.get(start..).unwrap_or_default();
    let document = toml_edit::Document::parse(body).map_err(|_| Unparsed)?;
    let mut reader = Reader { body, start, tree: Tree::default() };
    let root = reader.item(document.as_item(), 0)?;
    reader.tree.roots.push(root);
    Ok(reader.tree)
}

/// Masks every line beneath the header of a table with a secret name, for a text that does not parse: nothing on such a
/// line says that it is secret.
pub(crate) fn mask_secret_tables(masker: &Masker, text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut is_secret = false;
    for line in text.split_inclusive('\n') {
        let said = line.trim();
        if let Some(header) = said.strip_prefix('[').filter(|header| header.contains(']')) {
            let name = header.trim_start_matches('[').split(']').next().unwrap_or_default();
            let part_is_secret = |part: &str| masker.is_secret_name(part.trim().trim_matches(['"', '\'']));
            is_secret = name.split('.').any(part_is_secret);
        } else if is_secret && !said.is_empty() && !said.starts_with('#') {
            let (name, value) = line.split_at(line.find('=').map_or(0, |sign| sign + 1));
            let word = value.trim().trim_matches(['"', '\'']).trim();
            if !word.is_empty() && !is_mask(word) {
                let end = line.get(line.trim_end().len()..).unwrap_or_default();
                let (open, close) = quotes(value.trim());
                masked.push_str(&format!("{name} {open}{}{close}{end}", masker.hash(word)));
                continue;
            }
        }
        masked.push_str(line);
    }
    masked
}

/// Returns the quotes around a masked value: those of a text of several lines stay where one of them stands alone.
fn quotes(value: &str) -> (&'static str, &'static str) {
    let tripled = ["\"\"\"", "'''"];
    let open = tripled.into_iter().find(|quotes| value.starts_with(quotes));
    let close = tripled.into_iter().find(|quotes| value.ends_with(quotes));
    match (open, close) {
        (Some(open), None) => (open, ""),
        (None, Some(close)) => ("", close),
        _ => ("\"", "\""),
    }
}

struct Reader<'a> {
    body: &'a str,
    /// Where the body starts in the text.
    start: usize,
    tree: Tree,
}

impl Reader<'_> {
    fn item(&mut self, item: &Item, depth: usize) -> Result<usize, Unparsed> {
        if depth > MAX_DEPTH {
            return Err(Unparsed);
        }
        let node = match item {
            Item::None => return Err(Unparsed),
            Item::Value(value) => return self.value(value, depth),
            Item::Table(table) => {
                let mut entries = Vec::with_capacity(table.len());
                for (name, inner) in table {
                    let key = self.key(table.key(name))?;
                    entries.push((key, self.item(inner, depth + 1)?));
                }
                Node::Map(entries)
            }
            Item::ArrayOfTables(tables) => {
                let mut items = Vec::with_capacity(tables.len());
                for table in tables {
                    let mut entries = Vec::with_capacity(table.len());
                    for (name, inner) in table {
                        let key = self.key(table.key(name))?;
                        entries.push((key, self.item(inner, depth + 2)?));
                    }
                    items.push(self.tree.add(Node::Map(entries))?);
                }
                Node::List(items)
            }
        };
        self.tree.add(node)
    }

    fn value(&mut self, written: &Written, depth: usize) -> Result<usize, Unparsed> {
        if depth > MAX_DEPTH {
            return Err(Unparsed);
        }
        let node = match written {
            Written::Array(array) => {
                let items = array.iter().map(|item| self.value(item, depth + 1));
                Node::List(items.collect::<Result<_, _>>()?)
            }
            Written::InlineTable(table) => {
                let mut entries = Vec::with_capacity(table.len());
                for (name, inner) in table {
                    let key = self.key(table.key(name))?;
                    entries.push((key, self.value(inner, depth + 1)?));
                }
                Node::Map(entries)
            }
            written => Node::Scalar(self.scalar(written)?),
        };
        self.tree.add(node)
    }

    fn scalar(&self, written: &Written) -> Result<Scalar, Unparsed> {
        let span = written.span().ok_or(Unparsed)?;
        let raw = self.body.get(span.clone()).ok_or(Unparsed)?;
        let (value, text) = match written {
            Written::String(string) => {
                let text = string.value();
                let (span, style) = place(raw, text, span);
                return Ok(Scalar::of_text(self.place(span), style, text));
            }
            Written::Integer(integer) => (Value::from(*integer.value()), integer.value().to_smolstr()),
            Written::Float(_) => (scalar::number(&raw.replace('_', "")), raw.into()),
            Written::Boolean(truth) => (Value::Bool(*truth.value()), raw.into()),
            _ => return Ok(Scalar::of_text(self.place(span), Style::Quoted, raw)),
        };
        Ok(Scalar { span: self.place(span), style: Style::Quoted, text, value })
    }

    /// Adds a name where it first stands; where later headers repeat it, the next pass sees to it.
    fn key(&mut self, key: Option<&Key>) -> Result<usize, Unparsed> {
        let key = key.ok_or(Unparsed)?;
        let span = key.span().ok_or(Unparsed)?;
        self.tree.add(Node::Scalar(Scalar::of_text(self.place(span), Style::Quoted, key.get())))
    }

    fn place(&self, span: Range<usize>) -> Range<usize> {
        self.start + span.start..self.start + span.end
    }
}

/// Returns where a string stands and how it is replaced: one of several lines that says what is written is replaced
/// within its quotes, and so keeps its lines.
fn place(raw: &str, text: &str, span: Range<usize>) -> (Range<usize>, Style) {
    const QUOTES: usize = "\"\"\"".len();
    let is_multiline = raw.starts_with("\"\"\"") || raw.starts_with("'''");
    let inner = raw.get(QUOTES..raw.len().saturating_sub(QUOTES)).unwrap_or_default();
    if is_multiline && !text.trim().is_empty() && inner.ends_with(text) {
        let end = span.end - QUOTES;
        return (end - text.len()..end, Style::Block);
    }
    (span, Style::Quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_of_toml_is_read_with_its_places() {
        let text = "\u{feff}# c\ntitle = \"支付\" # t\na.b.c = 1\na.b.d = 0x1F\n\n[\"服务\".\"x.y\"]\nf = 1_0.5\nbig = 0.1234567890123456789\nwhen = 1979-05-27T07:32:00Z\nlit = 'C:\\x'\nmulti = \"\"\"\na\nb\"\"\"\n[[list]]\nv = [1, {k = true}]\n[[list]]\n[list.inner]\nn = nan\n";
        let tree = parse(text).unwrap();
        let value = serde_json::to_value(tree.value().unwrap()).unwrap();
        assert_eq!(
            value,
            serde_json::json!({
                "title": "支付",
                "a": {"b": {"c": 1, "d": 31}},
                "服务": {"x.y": {"f": 10.5, "big": "0.1234567890123456789", "when": "1979-05-27T07:32:00Z",
                                 "lit": "C:\\x", "multi": "a\nb"}},
                "list": [{"v": [1, {"k": true}]}, {"inner": {"n": "nan"}}],
            })
        );
        let raw: Vec<&str> = tree
            .nodes
            .iter()
            .filter_map(|node| match node {
                Node::Scalar(scalar) => text.get(scalar.span.clone()),
                _ => None,
            })
            .collect();
        for place in ["title", "\"支付\"", "c", "0x1F", "\"x.y\"", "'C:\\x'", "a\nb", "true", "nan"] {
            assert!(raw.contains(&place), "{place} in {raw:?}");
        }
    }

    #[test]
    fn what_is_not_toml_is_unparsed() {
        for text in ["a = ", "a = 1\na = 2", "[a]\nb = app", "a = 99999999999999999999", "- x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
