//! What must hold for a query to match, as plain equalities: for an index to leave out what cannot match.

use std::collections::BTreeSet;

use crate::query::{Field, Leaf, Query};

/// A field that must have one of these values, in every event that the query matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equality<'q> {
    /// The field.
    pub field: &'q Field,
    /// Its possible values, as texts; none means that the query matches nothing.
    pub any_of: BTreeSet<&'q str>,
}

impl Query {
    /// Returns the plain equalities that every matching event meets, at most one for each field.
    ///
    /// They are necessary, not sufficient. `a:1 and (b:2 or b:3)` gives both fields; `a:1 or b:2` gives none.
    pub fn equalities(&self) -> Vec<Equality<'_>> {
        match self {
            Self::All | Self::Not(_) => Vec::new(),
            Self::Leaf(Leaf::Is(field, pattern)) => match pattern.as_literal() {
                Some(value) => vec![Equality { field, any_of: BTreeSet::from([value]) }],
                None => Vec::new(),
            },
            Self::Leaf(_) => Vec::new(),
            Self::And(queries) => narrowest(queries),
            Self::Or(queries) => common(queries),
        }
    }
}

/// Keeps, of each field, the equality with the fewest values. They are not intersected: a field may have several
/// values, so that `flags:a and flags:b` can hold.
fn narrowest(queries: &[Query]) -> Vec<Equality<'_>> {
    let mut kept: Vec<Equality<'_>> = Vec::new();
    for equality in queries.iter().flat_map(Query::equalities) {
        match kept.iter_mut().find(|known| known.field == equality.field) {
            Some(known) if equality.any_of.len() < known.any_of.len() => *known = equality,
            Some(_) => {}
            None => kept.push(equality),
        }
    }
    kept
}

/// Keeps the fields that every alternative has an equality on, with the values of all.
fn common(queries: &[Query]) -> Vec<Equality<'_>> {
    let mut alternatives = queries.iter().map(Query::equalities);
    let Some(mut kept) = alternatives.next() else { return Vec::new() };
    for alternative in alternatives {
        kept.retain_mut(|known| {
            let Some(same) = alternative.iter().find(|other| other.field == known.field) else {
                return false;
            };
            known.any_of.extend(&same.any_of);
            true
        });
        if kept.is_empty() {
            break;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equalities_are_what_every_match_must_meet() {
        let table = [
            ("*", ""),
            ("env:prod", "resource.env=prod"),
            ("env:prod*", ""),
            ("not env:prod", ""),
            ("env:prod limit", "resource.env=prod"),
            ("action:(create or update) and env:prod", "action=create|update resource.env=prod"),
            ("(env:prod a) or (env:test b)", "resource.env=prod|test"),
            ("env:prod or actor:alice", ""),
            ("(env:prod actor:bob) or (actor:alice env:prod)", "actor.name=alice|bob resource.env=prod"),
            ("env:(a or b) env:c", "resource.env=c"),
            ("flags:late flags:unparsed", "flags=late"),
        ];
        for (query, expected) in table {
            let parsed = Query::parse(query).unwrap();
            let mut printed: Vec<String> = (parsed.equalities().into_iter())
                .map(|one| format!("{}={}", one.field, Vec::from_iter(one.any_of).join("|")))
                .collect();
            printed.sort();
            assert_eq!(printed.join(" "), expected, "{query}");
        }
    }
}
