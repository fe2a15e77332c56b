//! JSON with the places of its values; comments and trailing commas are read where they occur.

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, CommentCollectionStrategy, ParseOptions, parse_to_ast};

use super::scalar;
use super::tree::{MAX_DEPTH, Node, Scalar, Style, Tree, Unparsed};
use crate::Value;

/// Parses a document.
pub(crate) fn parse(text: &str) -> Result<Tree, Unparsed> {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let body = text.get(start..).unwrap_or_default();
    let collect = CollectOptions { comments: CommentCollectionStrategy::Off, tokens: false };
    let options = ParseOptions { allow_missing_commas: false, ..ParseOptions::default() };
    let parsed = parse_to_ast(body, &collect, &options).map_err(|_| Unparsed)?;
    let mut tree = Tree::default();
    if let Some(value) = parsed.value {
        let root = add(&mut tree, &value, start, 0)?;
        tree.roots.push(root);
    }
    Ok(tree)
}

fn add(tree: &mut Tree, value: &ast::Value<'_>, start: usize, depth: usize) -> Result<usize, Unparsed> {
    if depth > MAX_DEPTH {
        return Err(Unparsed);
    }
    let node = match value {
        ast::Value::StringLit(text) => scalar(value, start, &text.value, Value::from(&*text.value)),
        ast::Value::NumberLit(number) => scalar(value, start, number.value, scalar::number(number.value)),
        ast::Value::BooleanLit(truth) => {
            scalar(value, start, if truth.value { "true" } else { "false" }, Value::Bool(truth.value))
        }
        ast::Value::NullKeyword(_) => scalar(value, start, "null", Value::Null),
        ast::Value::Array(array) => {
            let items = array.elements.iter().map(|item| add(tree, item, start, depth + 1));
            Node::List(items.collect::<Result<_, _>>()?)
        }
        ast::Value::Object(object) => {
            let mut entries = Vec::with_capacity(object.properties.len());
            for property in &object.properties {
                let name = property.name.as_str();
                let key = tree.add(scalar(&property.name, start, name, Value::from(name)))?;
                entries.push((key, add(tree, &property.value, start, depth + 1)?));
            }
            Node::Map(entries)
        }
    };
    tree.add(node)
}

fn scalar(place: &impl Ranged, start: usize, text: &str, value: Value) -> Node {
    let span = start + place.start()..start + place.end();
    Node::Scalar(Scalar { span, style: Style::Quoted, text: text.into(), value })
}
