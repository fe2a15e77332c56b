//! What a finding is about: a code that people can look up and that programs can tell apart.

/// The codes of findings. Errors keep a set from loading, and so are told by every command; the others by `rules lint`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// The file does not say what it must.
    #[default]
    Unreadable,
    /// A key that does not exist, or is not supported yet.
    UnknownKey,
    /// A rule is there already.
    Duplicate,
    /// A query or a condition that does not parse, or whose names or types do not fit.
    Syntax,
    /// A field that no event has.
    UnknownField,
    /// Too long, too deep, too many.
    Limit,
    /// A rule or a list that does not exist.
    UnknownName,
    /// Alerts are told apart by something that is different each time.
    Cardinality,
    /// The rule has no case in which it fires, or none in which it does not.
    NoCase,
    /// An exception that nobody answers for, that never ends or has ended, or that lets everything through.
    Exception,
    /// No event can match.
    NeverMatches,
    /// Another rule finds the same.
    SameRule,
    /// A name is asked for and not who vouches for it.
    Identity,
    /// A template prints values of paths that nobody chose.
    Values,
    /// A template that is wrong.
    Template,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 15] = [
        Self::Unreadable,
        Self::UnknownKey,
        Self::Duplicate,
        Self::Syntax,
        Self::UnknownField,
        Self::Limit,
        Self::UnknownName,
        Self::Cardinality,
        Self::NoCase,
        Self::Exception,
        Self::NeverMatches,
        Self::SameRule,
        Self::Identity,
        Self::Values,
        Self::Template,
    ];

    /// Returns the code. The numbers stay; those that are missing belong to what is not looked at yet.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "R000",
            Self::UnknownKey => "R001",
            Self::Duplicate => "R002",
            Self::Syntax => "R003",
            Self::UnknownField => "R004",
            Self::Limit => "R006",
            Self::UnknownName => "R008",
            Self::Cardinality => "R010",
            Self::NoCase => "R013",
            Self::Exception => "R014",
            Self::NeverMatches => "R015",
            Self::SameRule => "R016",
            Self::Identity => "R017",
            Self::Values => "R018",
            Self::Template => "R019",
        }
    }
}
