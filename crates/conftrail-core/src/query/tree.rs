//! The tree of a query.

use crate::query::{Date, Field, Number, Pattern};
use crate::text::{self, Phrase};

/// Says which events are meant. Every engine compiles this same tree, and all must agree.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// `*`: every event.
    All,
    /// All must hold; at least two, none of them an `And`.
    And(Vec<Query>),
    /// One must hold; at least two, none of them an `Or`.
    Or(Vec<Query>),
    /// Must not hold.
    Not(Box<Query>),
    /// One test of the event.
    Leaf(Leaf),
}

/// One test of an event. A field with several values passes when one of them does.
#[derive(Clone, Debug, PartialEq)]
pub enum Leaf {
    /// `field:*`: there is a value, and it is not null.
    Present(Field),
    /// `field:value`: the whole value is the text or has its shape, case included. Numbers, truth values and
    /// null are compared as JSON prints them.
    Is(Field, Pattern),
    /// `time:date`: the time lies within the date.
    During(Field, Date),
    /// `field<value`.
    Compare(Field, Comparison, Operand),
    /// A bare word or phrase: looked up in the event's texts.
    Text(Words),
}

/// A comparison's direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// Returns the operator.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A number: holds for numbers only.
    Number(Number),
    /// A date: holds for times only. `<=` includes the whole date, `>` begins after it.
    Date(Date),
    /// Neither: never holds.
    Other(String),
}

/// A bare word or phrase and what it is looked up as.
#[derive(Clone, Debug)]
pub struct Words {
    pattern: Pattern,
    phrases: Vec<Phrase>,
}

impl Words {
    /// Makes the words; none when there is no letter or digit to search for.
    pub fn new(pattern: Pattern) -> Option<Self> {
        let phrases = text::phrases(&pattern);
        if phrases.is_empty() { None } else { Some(Self { pattern, phrases }) }
    }

    /// Returns what was written.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Returns the phrases that must all be found; at least one.
    pub fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }
}

/// The phrases follow from what was written.
impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern
    }
}

impl Query {
    /// Joins queries that must all hold; nested ones are lifted, none at all is [`Query::All`].
    pub fn and(queries: Vec<Query>) -> Self {
        let mut flat = Vec::with_capacity(queries.len());
        for query in queries {
            match query {
                Self::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::All,
            1 => flat.remove(0),
            _ => Self::And(flat),
        }
    }

    /// Joins queries of which one must hold; nested ones are lifted, none at all holds never.
    pub fn or(queries: Vec<Query>) -> Self {
        let mut flat = Vec::with_capacity(queries.len());
        for query in queries {
            match query {
                Self::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            0 => Self::Not(Box::new(Self::All)),
            1 => flat.remove(0),
            _ => Self::Or(flat),
        }
    }

    /// Makes a query for one value of a field.
    pub fn equals(field: Field, value: impl Into<String>) -> Self {
        Self::Leaf(Leaf::Is(field, Pattern::literal(value)))
    }
}
