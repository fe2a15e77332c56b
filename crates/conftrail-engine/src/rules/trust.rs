//! Warns of names that pass without a look at who vouches for them: anybody can write a name into a comment.

use conftrail_core::query::{Field, Leaf, Query};

use crate::cel::{Program, asks_authority, passes_names};
use crate::rules::Code;
use crate::rules::reader::{Fields, Reader};
use crate::rules::rule::Rule;
use crate::rules::yaml::{Content, Node, Place};

const MESSAGE: &str = "here a name passes whoever vouches for it; look at `actor.authority` too";

/// Warns where the right `actor.name` keeps a rule silent, in the rule itself or in an exception.
pub(crate) fn warn(reader: &mut Reader<'_>, fields: Fields<'_>, rule: &Rule) {
    if !asks(&rule.query, rule.when.as_deref()) {
        look(reader, fields, &rule.query, rule.when.as_deref(), false);
    }
    let nodes = match fields.get("exceptions").map(|node| &node.content) {
        Some(Content::List(nodes)) => nodes.as_slice(),
        _ => return,
    };
    // Exceptions that could not be read are missing: then nothing is loaded, and warnings can wait.
    if nodes.len() != rule.exceptions.len() {
        return;
    }
    for (node, exception) in nodes.iter().zip(&rule.exceptions) {
        let when = exception.when.as_deref();
        if let (Content::Map(_), false) = (&node.content, asks(&exception.query, when))
            && let Some(fields) = reader.map(node, "an exception")
        {
            look(reader, fields, &exception.query, when, true);
        }
    }
}

/// Looks at a query and a condition that keep a rule silent when they are `silent`.
fn look(reader: &mut Reader<'_>, fields: Fields<'_>, query: &Query, when: Option<&Program>, silent: bool) {
    if let (true, Some(node)) = (names_pass(query, silent), fields.get("match")) {
        reader.advise(node.at, Code::Identity, MESSAGE);
    }
    if let (Some(program), Some(node)) = (when, fields.get("when"))
        && let Some(part) = passes_names(&program.root, silent)
    {
        let place = if part.place.source == 0 { place_in(node, part.place.span.start) } else { node.at };
        reader.advise(place, Code::Identity, MESSAGE);
    }
}

fn place_in(node: &Node, offset: usize) -> Place {
    match &node.content {
        Content::Text(text) => text.place_at(offset),
        _ => node.at,
    }
}

fn names_pass(query: &Query, silent: bool) -> bool {
    match query {
        Query::Not(one) => names_pass(one, !silent),
        Query::And(all) | Query::Or(all) => all.iter().any(|one| names_pass(one, silent)),
        Query::Leaf(Leaf::Is(Field::ActorName, _)) => silent,
        Query::All | Query::Leaf(_) => false,
    }
}

fn asks(query: &Query, when: Option<&Program>) -> bool {
    mentions_authority(query) || when.is_some_and(|program| asks_authority(&program.root))
}

fn mentions_authority(query: &Query) -> bool {
    match query {
        Query::All => false,
        Query::Not(one) => mentions_authority(one),
        Query::And(all) | Query::Or(all) => all.iter().any(mentions_authority),
        Query::Leaf(Leaf::Is(field, _) | Leaf::Present(field)) => *field == Field::ActorAuthority,
        Query::Leaf(_) => false,
    }
}
