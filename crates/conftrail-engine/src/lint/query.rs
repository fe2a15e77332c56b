//! What queries say: whether anything can match, and whether two rules find the same.

use std::collections::{BTreeSet, HashMap};

use conftrail_core::query::{Equality, Field, Leaf, Query};

use super::places::RulePlace;
use crate::rules::reader::Reader;
use crate::rules::{Code, Rule};

/// Returns the fields that a query asks for.
pub(super) fn fields(query: &Query) -> Vec<&Field> {
    let mut found = Vec::new();
    each_leaf(query, false, &mut |leaf, _| {
        if let Some(field) = field_of(leaf) {
            found.push(field);
        }
    });
    found
}

/// Hands out every test of a query, and whether it stands under an odd number of `not`.
pub(super) fn each_leaf<'q>(query: &'q Query, negated: bool, each: &mut dyn FnMut(&'q Leaf, bool)) {
    match query {
        Query::All => {}
        Query::And(queries) | Query::Or(queries) => {
            for query in queries {
                each_leaf(query, negated, each);
            }
        }
        Query::Not(query) => each_leaf(query, !negated, each),
        Query::Leaf(leaf) => each(leaf, negated),
    }
}

/// Returns the field that a test is about.
pub(super) fn field_of(leaf: &Leaf) -> Option<&Field> {
    match leaf {
        Leaf::Present(field) | Leaf::Is(field, _) | Leaf::During(field, _) | Leaf::Compare(field, ..) => {
            Some(field)
        }
        Leaf::Text(_) => None,
    }
}

/// Says why no event can match, where two parts of the query contradict each other.
pub(super) fn impossible(query: &Query) -> Option<String> {
    match query {
        Query::Not(inner) if **inner == Query::All => Some("`not *` holds for nothing".to_owned()),
        Query::And(parts) => {
            if let Some(why) = parts.iter().find_map(impossible) {
                return Some(why);
            }
            let denied =
                |part: &Query| parts.iter().any(|other| *other == Query::Not(Box::new(part.clone())));
            if let Some(part) = parts.iter().find(|part| denied(part)) {
                return Some(format!("`{part}` is asked for and ruled out"));
            }
            contradiction(parts)
        }
        _ => None,
    }
}

/// Finds a field with one value that is asked to have two.
fn contradiction(parts: &[Query]) -> Option<String> {
    let equalities: Vec<Equality<'_>> = parts.iter().flat_map(Query::equalities).collect();
    for (number, left) in equalities.iter().enumerate().filter(|(_, one)| has_one_value(one.field)) {
        let apart =
            |right: &&Equality<'_>| right.field == left.field && left.any_of.is_disjoint(&right.any_of);
        if let Some(right) = equalities[number + 1..].iter().find(apart) {
            let or = |values: &BTreeSet<&str>| values.iter().copied().collect::<Vec<_>>().join(" or ");
            let (left_values, right_values) = (or(&left.any_of), or(&right.any_of));
            return Some(format!("`{}` cannot be {left_values} and {right_values} at once", left.field));
        }
    }
    None
}

/// Says whether an event has at most one value for a field.
fn has_one_value(field: &Field) -> bool {
    use Field::{
        After, Before, ChangesAfter, ChangesBefore, ChangesOp, ChangesPath, ChangesSensitive, Detail,
    };
    let many = matches!(
        field,
        ChangesPath
            | ChangesOp
            | ChangesBefore
            | ChangesAfter
            | ChangesSensitive
            | Before(_)
            | After(_)
            | Detail(_)
    );
    !many && !matches!(field, Field::Flags | Field::Masked | Field::Position(_))
}

/// Finds rules that find the same.
#[derive(Default)]
pub(super) struct Same(HashMap<Vec<String>, String>);

impl Same {
    /// Compares a rule with those before it.
    pub(super) fn look(&mut self, reader: &mut Reader<'_>, file: &str, rule: &Rule, place: &RulePlace) {
        let mut parts = vec![rule.query.to_string(), format!("{:?}", rule.mode)];
        for key in ["when", "explode", "type"] {
            parts.push(place.text(key).map(|text| place.with_macros(text)).unwrap_or_default());
        }
        let here = format!("{} ({file}:{})", rule.name(), place.at.line);
        match self.0.get(&parts) {
            Some(other) => {
                let said = format!("it finds the same as {other}; everything would be told twice");
                reader.advise(place.at, Code::SameRule, said);
            }
            None => drop(self.0.insert(parts, here)),
        }
    }
}
