//! What must hold for a condition to be true, in the query language: for the index that leaves out rules that cannot match.

use conftrail_core::query::{Field, Leaf, Pattern, Query};

use crate::cel::node::{Kind, Node};

/// Returns a query that every event meets for which the condition is true; it may meet others too.
///
/// Where `a && b` fails because one side is false, it is false whatever the other side does: so nothing that a rule would tell of
/// is left out, failures included.
pub(crate) fn filter(node: &Node) -> Query {
    match &node.kind {
        Kind::And(one, other) => match (filter(one), filter(other)) {
            (Query::All, only) | (only, Query::All) => only,
            (one, other) => Query::And(vec![one, other]),
        },
        Kind::Or(one, other) => match (filter(one), filter(other)) {
            (Query::All, _) | (_, Query::All) => Query::All,
            (one, other) => Query::Or(vec![one, other]),
        },
        Kind::Equal { operands, negated: false } => {
            let [one, other] = &**operands;
            is(one, other).or_else(|| is(other, one)).unwrap_or(Query::All)
        }
        Kind::In(operands) => {
            let [element, list] = &**operands;
            any_of(element, list).unwrap_or(Query::All)
        }
        _ => Query::All,
    }
}

fn is(field: &Node, text: &Node) -> Option<Query> {
    leaf(field, text.as_text()?)
}

fn any_of(element: &Node, list: &Node) -> Option<Query> {
    let words: Vec<&str> = match &list.kind {
        Kind::List(elements) => {
            elements.iter().map(|one| one.as_text().map(|text| text.as_str())).collect::<Option<_>>()?
        }
        Kind::Listed(listed) => listed.words.iter().map(|word| word.as_str()).collect(),
        _ => return None,
    };
    words.iter().map(|word| leaf(element, word)).collect::<Option<Vec<_>>>().map(Query::Or)
}

/// Only fields that are texts, in expressions and in queries alike.
fn leaf(field: &Node, text: &str) -> Option<Query> {
    let path = field.field_path()?;
    if !field.of.may_be_text() {
        return None;
    }
    Some(Query::Leaf(Leaf::Is(Field::named(path)?, Pattern::literal(text))))
}
