//! Finds the rules that can match an event without asking each.

use std::collections::HashMap;

use conftrail_core::query::{Equality, EventView, Field, Query};

/// Rules by a plain equality that each of them needs; the rest is asked about every event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    by_value: Vec<(Field, HashMap<String, Vec<usize>>)>,
    unindexed: Vec<usize>,
}

impl Index {
    /// Builds the index over rules by number.
    ///
    /// Of the equalities that a rule has, it stands under the one whose values the fewest rules share, so that
    /// a thousand rules that all say `env:prod` are told apart by what else they say.
    pub(crate) fn build<'q>(rules: impl Iterator<Item = (usize, &'q Query)>) -> Self {
        let rules: Vec<(usize, Vec<Equality<'q>>)> =
            rules.map(|(number, query)| (number, query.equalities())).collect();
        let mut shared: HashMap<(&Field, &str), usize> = HashMap::new();
        for equality in rules.iter().flat_map(|(_, equalities)| equalities) {
            for value in &equality.any_of {
                *shared.entry((equality.field, value)).or_default() += 1;
            }
        }
        let cost = |equality: &Equality<'_>| -> usize {
            equality
                .any_of
                .iter()
                .map(|value| shared.get(&(equality.field, *value)).copied().unwrap_or(0))
                .sum()
        };
        let mut index = Self::default();
        for (number, equalities) in &rules {
            match equalities.iter().min_by_key(|equality| cost(equality)) {
                Some(equality) => index.insert(*number, equality),
                None => index.unindexed.push(*number),
            }
        }
        index
    }

    fn insert(&mut self, number: usize, equality: &Equality<'_>) {
        let at = self.by_value.iter().position(|(field, _)| field == equality.field).unwrap_or_else(|| {
            self.by_value.push((equality.field.clone(), HashMap::new()));
            self.by_value.len() - 1
        });
        for value in &equality.any_of {
            self.by_value[at].1.entry((*value).to_owned()).or_default().push(number);
        }
    }

    /// Returns the numbers of the rules that can match, in order.
    pub(crate) fn candidates(&self, view: &EventView<'_>) -> Vec<usize> {
        let mut numbers = self.unindexed.clone();
        for (field, by_value) in &self.by_value {
            view.each_value(field, |value| {
                if let Some(rules) = by_value.get(&*value) {
                    numbers.extend(rules);
                }
            });
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_stand_under_what_tells_them_apart() {
        let texts: Vec<String> =
            (0..100).map(|n| format!("env:prod and action:update and group:table_{n}")).collect();
        let queries: Vec<Query> = texts.iter().map(|text| Query::parse(text).unwrap()).collect();
        let index = Index::build(queries.iter().enumerate());
        assert!(index.unindexed.is_empty());
        assert_eq!(index.by_value.len(), 1);
        assert_eq!(index.by_value[0].0, Field::ResourceGroup);
        assert!(index.by_value[0].1.values().all(|rules| rules.len() == 1));
    }

    #[test]
    fn rules_without_an_equality_are_asked_about_everything() {
        let queries = [Query::parse("flag*").unwrap(), Query::parse("not env:prod").unwrap()];
        assert_eq!(Index::build(queries.iter().enumerate()).unindexed, [0, 1]);
    }
}
