//! An expression as it was parsed: names not looked up, types not known.

use crate::cel::complaint::Span;

/// Deepest nesting of an expression; it makes walking it safe on any stack.
pub(crate) const DEEPEST: usize = 64;
/// Most parts of an expression, macros written out.
pub(crate) const MOST_NODES: usize = 2000;

/// A part of an expression and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) span: Span,
    pub(crate) kind: TreeKind,
}

#[derive(Clone, Debug)]
pub(crate) enum TreeKind {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(String),
    Name(String),
    Select { of: Box<Tree>, field: String, field_span: Span },
    Call { name: String, name_span: Span, target: Option<Box<Tree>>, arguments: Vec<Tree> },
    Operator { operator: Operator, at: Span, operands: Vec<Tree> },
    List(Vec<Tree>),
}

/// An operator; `Index` is `a[b]`, `Choice` is `a ? b : c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    And,
    Or,
    Not,
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Index,
    Choice,
}

impl Operator {
    /// Returns the operator of a name that the parser gives it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "_&&_" => Self::And,
            "_||_" => Self::Or,
            "!_" => Self::Not,
            "-_" => Self::Negate,
            "_+_" => Self::Add,
            "_-_" => Self::Subtract,
            "_*_" => Self::Multiply,
            "_/_" => Self::Divide,
            "_%_" => Self::Remainder,
            "_==_" => Self::Equal,
            "_!=_" => Self::NotEqual,
            "_<_" => Self::Less,
            "_<=_" => Self::LessOrEqual,
            "_>_" => Self::Greater,
            "_>=_" => Self::GreaterOrEqual,
            "@in" => Self::In,
            "_[_]" => Self::Index,
            "_?_:_" => Self::Choice,
            _ => return None,
        })
    }

    /// Returns the operator as it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::And => "&&",
            Self::Or => "||",
            Self::Not => "!",
            Self::Negate | Self::Subtract => "-",
            Self::Add => "+",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::Index => "[…]",
            Self::Choice => "? :",
        }
    }
}
