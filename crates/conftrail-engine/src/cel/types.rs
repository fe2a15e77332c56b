//! What is known of a value before an expression runs.

use conftrail_core::{Action, Authority, Binding, ChangeOp};

/// The type of a part of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// Something is wrong with the part, and was told.
    Wrong,
    /// Known only when it is looked at: a column, a document's value.
    Any,
    Null,
    Bool,
    Number,
    Text,
    /// A text out of a closed list.
    Word(Words),
    Time,
    Duration,
    Change,
    /// The content before or after.
    Content,
    /// A group of the event's fields, by its path.
    Group(&'static str),
    Labels,
    /// A list of texts out of a rule file: YAML's scalars, compared as they are printed.
    Listed,
    List(&'static Type),
}

/// The closed lists of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    Action,
    Binding,
    Authority,
    Operation,
}

impl Words {
    /// Returns the words.
    pub(crate) fn all(self) -> Vec<&'static str> {
        match self {
            Self::Action => Action::ALL.iter().map(|action| action.as_str()).collect(),
            Self::Binding => [Binding::None, Binding::Heuristic, Binding::Correlated, Binding::Exact]
                .map(Binding::as_str)
                .into(),
            Self::Authority => {
                [Authority::None, Authority::Claimed, Authority::Asserted, Authority::Authenticated]
                    .map(Authority::as_str)
                    .into()
            }
            Self::Operation => {
                [ChangeOp::Add, ChangeOp::Remove, ChangeOp::Replace].map(ChangeOp::as_str).into()
            }
        }
    }
}

impl Type {
    /// Says whether it may be a text.
    pub(crate) fn may_be_text(self) -> bool {
        matches!(self, Self::Wrong | Self::Any | Self::Null | Self::Text | Self::Word(_))
    }

    /// Says whether it may be a number.
    pub(crate) fn may_be_number(self) -> bool {
        matches!(self, Self::Wrong | Self::Any | Self::Null | Self::Number)
    }

    /// Says whether its values can be equal to those of another.
    pub(crate) fn may_equal(self, other: Self) -> bool {
        match (self.family(), other.family()) {
            (None, _) | (_, None) => true,
            (Some(one), Some(two)) => one == two,
        }
    }

    /// What can be equal to each other; none may be equal to anything.
    fn family(self) -> Option<u8> {
        match self {
            Self::Wrong | Self::Any | Self::Null => None,
            Self::Bool => Some(0),
            Self::Number => Some(1),
            Self::Text | Self::Word(_) => Some(2),
            Self::Time => Some(3),
            Self::Duration => Some(4),
            Self::Change => Some(5),
            Self::Content | Self::Group(_) | Self::Labels => Some(6),
            Self::Listed | Self::List(_) => Some(7),
        }
    }

    /// Returns the type of what may be of either.
    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Wrong, _) | (_, Self::Wrong) => Self::Wrong,
            (one, two) if one == two => one,
            (Self::Text | Self::Word(_), Self::Text | Self::Word(_)) => Self::Text,
            _ => Self::Any,
        }
    }

    /// Returns the type of a list of these.
    pub(crate) fn listed(self) -> Self {
        Self::List(match self {
            Self::Wrong => &Self::Wrong,
            Self::Bool => &Self::Bool,
            Self::Number => &Self::Number,
            Self::Text => &Self::Text,
            Self::Word(Words::Action) => &Self::Word(Words::Action),
            Self::Word(Words::Binding) => &Self::Word(Words::Binding),
            Self::Word(Words::Authority) => &Self::Word(Words::Authority),
            Self::Word(Words::Operation) => &Self::Word(Words::Operation),
            Self::Change => &Self::Change,
            _ => &Self::Any,
        })
    }

    /// Returns the type of what a loop over it looks at; none if there is nothing to go over.
    pub(crate) fn element(self) -> Option<Self> {
        match self {
            Self::Wrong => Some(Self::Wrong),
            Self::Any | Self::Null => Some(Self::Any),
            Self::List(element) => Some(*element),
            Self::Listed | Self::Labels => Some(Self::Text),
            _ => None,
        }
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Wrong | Self::Any => "a value",
            Self::Null => "null",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text | Self::Word(_) => "a text",
            Self::Time => "a time",
            Self::Duration => "a duration",
            Self::Change => "a change",
            Self::Content => "the whole content",
            Self::Group(path) => return write!(formatter, "the whole of `{path}`"),
            Self::Labels => "the labels",
            Self::Listed | Self::List(_) => "a list",
        })
    }
}
