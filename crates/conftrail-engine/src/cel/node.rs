//! An expression that was checked: names are looked up, types fit, patterns are compiled.

use std::collections::HashSet;
use std::sync::Arc;

use conftrail_core::SmolStr;
use conftrail_core::query::Pattern;
use regex::Regex;

use crate::cel::complaint::Span;
use crate::cel::schema::Field;
use crate::cel::types::Type;
use crate::intervals::TimeInterval;

/// Where a part stands: in which of the expression's sources (0 is its own text, the others are macros), and at which place of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) source: usize,
    pub(crate) span: Span,
}

/// A checked part.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) of: Type,
    pub(crate) kind: Kind,
}

/// The content before or after the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}

/// Makes a number, a size or a duration of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Number,
    Bytes,
    Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoopKind {
    Exists,
    All,
    ExistsOne,
    Filter,
    Map,
}

/// A loop over a list.
#[derive(Debug)]
pub(crate) struct Loop {
    pub(crate) kind: LoopKind,
    pub(crate) range: Node,
    pub(crate) variable: String,
    pub(crate) slot: usize,
    /// Of `map` with three arguments, which elements are looked at.
    pub(crate) keep: Option<Node>,
    pub(crate) body: Node,
}

/// A list of a rule file.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) words: Vec<SmolStr>,
    set: HashSet<SmolStr>,
}

impl Listed {
    pub(crate) fn new(words: Vec<SmolStr>) -> Self {
        let set = words.iter().cloned().collect();
        Self { words, set }
    }

    pub(crate) fn contains(&self, word: &str) -> bool {
        self.set.contains(word)
    }
}

#[derive(Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(SmolStr),
    Field(&'static Field),
    Content(Side),
    /// A place in a content, as `match` writes it: `a.b[2].c`.
    Path(Side, SmolStr),
    /// `get`, where content or path are known only when it runs.
    Get(Box<Node>, Box<Node>),
    /// A loop's variable, or the change of `explode`.
    Slot(usize),
    Member(Box<Node>, SmolStr),
    Index(Box<Node>, Box<Node>),
    Listed(Arc<Listed>),
    List(Vec<Node>),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Choice(Box<[Node; 3]>),
    Equal {
        operands: Box<[Node; 2]>,
        negated: bool,
    },
    Order(Order, Box<[Node; 2]>),
    In(Box<[Node; 2]>),
    Has(Box<Node>),
    Negate(Box<Node>),
    Arithmetic(Arithmetic, Box<[Node; 2]>),
    Loop(Box<Loop>),
    TextTest(TextTest, Box<[Node; 2]>),
    Re(Box<Node>, Box<Regex>),
    Glob(Box<Node>, Pattern),
    Size(Box<Node>),
    Read(Reading, Box<Node>),
    IsNumber(Box<Node>),
    PctChange(Box<[Node; 2]>),
    InWindow(Box<Node>, Arc<TimeInterval>),
}

impl Node {
    /// Returns the parts that it is made of, in the order they are written.
    pub(crate) fn parts(&self) -> Vec<&Node> {
        match &self.kind {
            Kind::Null | Kind::Bool(_) | Kind::Int(_) | Kind::Uint(_) | Kind::Double(_) | Kind::Text(_) => {
                Vec::new()
            }
            Kind::Field(_) | Kind::Content(_) | Kind::Path(..) | Kind::Slot(_) | Kind::Listed(_) => {
                Vec::new()
            }
            Kind::Member(one, _)
            | Kind::Not(one)
            | Kind::Has(one)
            | Kind::Negate(one)
            | Kind::Re(one, _)
            | Kind::Glob(one, _)
            | Kind::Size(one)
            | Kind::Read(_, one)
            | Kind::IsNumber(one)
            | Kind::InWindow(one, _) => vec![one],
            Kind::Get(one, two) | Kind::Index(one, two) | Kind::And(one, two) | Kind::Or(one, two) => {
                vec![one, two]
            }
            Kind::Equal { operands, .. }
            | Kind::Order(_, operands)
            | Kind::In(operands)
            | Kind::Arithmetic(_, operands)
            | Kind::TextTest(_, operands)
            | Kind::PctChange(operands) => operands.iter().collect(),
            Kind::Choice(operands) => operands.iter().collect(),
            Kind::List(elements) => elements.iter().collect(),
            Kind::Loop(one) => [&one.range].into_iter().chain(&one.keep).chain([&one.body]).collect(),
        }
    }

    /// Says whether it is a value that was written out.
    pub(crate) fn is_literal(&self) -> bool {
        match &self.kind {
            Kind::Null | Kind::Bool(_) | Kind::Int(_) | Kind::Uint(_) | Kind::Double(_) | Kind::Text(_) => {
                true
            }
            Kind::List(elements) => elements.iter().all(Node::is_literal),
            Kind::Listed(_) => true,
            Kind::Negate(one) => one.is_literal(),
            _ => false,
        }
    }

    /// Returns the path of the field that it is.
    pub(crate) fn field_path(&self) -> Option<&'static str> {
        match &self.kind {
            Kind::Field(field) => Some(field.path),
            _ => None,
        }
    }

    /// Returns a text that was written out.
    pub(crate) fn as_text(&self) -> Option<&SmolStr> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Field {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.path)
    }
}
