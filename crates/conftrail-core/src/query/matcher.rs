//! The matcher: whether an event is meant by a query. The one that rules run and that stores check with.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::query::date::time_of;
use crate::query::facts::{Fact, any_fact, each_text};
use crate::query::{Comparison, Field, Leaf, Number, Operand, Query};
use crate::text::TokenIndex;
use crate::{Change, Event, Timestamp, Value};

/// An event prepared for many queries: its texts become tokens once, and only if a query asks.
pub struct EventView<'e> {
    event: &'e Event,
    now: Timestamp,
    change: Option<&'e Change>,
    tokens: OnceCell<TokenIndex>,
}

impl<'e> EventView<'e> {
    /// Prepares an event; `now` is what `now` means in queries.
    pub fn new(event: &'e Event, now: Timestamp) -> Self {
        Self { event, now, change: None, tokens: OnceCell::new() }
    }

    /// Looks at one change of the event from now on: `path`, `op` and the other fields of changes mean this one, not any.
    pub fn look_at(&mut self, change: &'e Change) {
        self.change = Some(change);
    }

    /// Returns the change that is looked at; none means any.
    pub fn change(&self) -> Option<&'e Change> {
        self.change
    }

    /// Returns the event.
    pub fn event(&self) -> &'e Event {
        self.event
    }

    /// Hands out every value of a field as the text that `field:value` compares; for an index on equalities.
    pub fn each_value(&self, field: &Field, mut each: impl FnMut(Cow<'e, str>)) {
        any_fact(self.event, self.change, field, &mut |fact| {
            if let Some(text) = fact.text() {
                each(text);
            }
            false
        });
    }

    fn tokens(&self) -> &TokenIndex {
        self.tokens.get_or_init(|| {
            let mut index = TokenIndex::default();
            each_text(self.event, &mut |text| index.add(&text));
            index
        })
    }
}

/// Says whether an event is meant by a query.
pub fn matches(query: &Query, view: &EventView<'_>) -> bool {
    match query {
        Query::All => true,
        Query::And(queries) => queries.iter().all(|query| matches(query, view)),
        Query::Or(queries) => queries.iter().any(|query| matches(query, view)),
        Query::Not(query) => !matches(query, view),
        Query::Leaf(leaf) => leaf_matches(leaf, view),
    }
}

fn leaf_matches(leaf: &Leaf, view: &EventView<'_>) -> bool {
    match leaf {
        Leaf::Present(field) => {
            any_fact(view.event, view.change, field, &mut |fact| !matches!(fact, Fact::Value(Value::Null)))
        }
        Leaf::Is(field, pattern) => any_fact(view.event, view.change, field, &mut |fact| {
            fact.text().is_some_and(|text| pattern.matches(&text))
        }),
        Leaf::During(field, date) => {
            let (start, end) = date.range(view.now);
            any_fact(view.event, view.change, field, &mut |fact| {
                fact_time(fact).is_some_and(|time| start <= time && time < end)
            })
        }
        Leaf::Compare(field, comparison, operand) => any_fact(view.event, view.change, field, &mut |fact| {
            compares(fact, *comparison, operand, view.now)
        }),
        Leaf::Text(words) => words.phrases().iter().all(|phrase| view.tokens().contains(phrase)),
    }
}

fn compares(fact: Fact<'_>, comparison: Comparison, operand: &Operand, now: Timestamp) -> bool {
    match operand {
        Operand::Number(bound) => fact_number(fact).is_some_and(|number| match comparison {
            Comparison::Less => number < *bound,
            Comparison::LessOrEqual => number <= *bound,
            Comparison::Greater => number > *bound,
            Comparison::GreaterOrEqual => number >= *bound,
        }),
        Operand::Date(date) => {
            let (start, end) = date.range(now);
            fact_time(fact).is_some_and(|time| match comparison {
                Comparison::Less => time < start,
                Comparison::LessOrEqual => time < end,
                Comparison::Greater => time >= end,
                Comparison::GreaterOrEqual => time >= start,
            })
        }
        Operand::Other(_) => false,
    }
}

fn fact_number(fact: Fact<'_>) -> Option<Number> {
    match fact {
        Fact::Text(text) => Number::parse(text),
        Fact::Value(value) => Number::of(value),
        Fact::Number(number) => Some(Number::from(number)),
        Fact::Time(_) => None,
    }
}

fn fact_time(fact: Fact<'_>) -> Option<Timestamp> {
    match fact {
        Fact::Time(time) => Some(time),
        Fact::Value(value) => time_of(value),
        Fact::Text(_) | Fact::Number(_) => None,
    }
}
