//! The fields of an event as queries name them.

/// Names one field of an event; the words are the event format's paths.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "docs/event.md explains each path; the table below says which is which")]
pub enum Field {
    Id,
    Time,
    Observed,
    Action,
    SourceKind,
    SourceName,
    SourceChannel,
    SourceVersion,
    ResourceId,
    ResourceKind,
    ResourceEnv,
    ResourceNamespace,
    ResourceGroup,
    ResourceName,
    ResourceRenamedTo,
    ResourceService,
    ResourceOwner,
    ActorName,
    ActorKind,
    ActorIp,
    ActorBinding,
    ActorAuthority,
    ActorVia,
    ActorLogin,
    ActorClient,
    ActorClaimedName,
    ActorClaimedVia,
    ActorClaimedReason,
    ReasonTicket,
    ReasonApprover,
    ReasonMessage,
    ReasonAuthority,
    CorrelationId,
    CorrelationVia,
    Format,
    ChangesPath,
    ChangesOp,
    ChangesBefore,
    ChangesAfter,
    ChangesSensitive,
    Masked,
    Flags,
    Truncated,
    TxId,
    TxSeq,
    TxStatement,
    Trace,
    LogEpoch,
    LogPartition,
    LogOffset,
    /// A column or a document's path in the content before.
    Before(String),
    /// A column or a document's path in the content after.
    After(String),
    /// A fact by action.
    Detail(String),
    /// A part of the place in the source's log.
    Position(String),
    /// A label from `classify`.
    Label(String),
}

/// Every field with a fixed name.
const NAMES: [(&str, Field); 50] = [
    ("id", Field::Id),
    ("time", Field::Time),
    ("observed", Field::Observed),
    ("action", Field::Action),
    ("source.kind", Field::SourceKind),
    ("source.name", Field::SourceName),
    ("source.channel", Field::SourceChannel),
    ("source.version", Field::SourceVersion),
    ("resource.id", Field::ResourceId),
    ("resource.kind", Field::ResourceKind),
    ("resource.env", Field::ResourceEnv),
    ("resource.namespace", Field::ResourceNamespace),
    ("resource.group", Field::ResourceGroup),
    ("resource.name", Field::ResourceName),
    ("resource.renamed_to", Field::ResourceRenamedTo),
    ("resource.service", Field::ResourceService),
    ("resource.owner", Field::ResourceOwner),
    ("actor.name", Field::ActorName),
    ("actor.kind", Field::ActorKind),
    ("actor.ip", Field::ActorIp),
    ("actor.binding", Field::ActorBinding),
    ("actor.authority", Field::ActorAuthority),
    ("actor.via", Field::ActorVia),
    ("actor.login", Field::ActorLogin),
    ("actor.client", Field::ActorClient),
    ("actor.claimed.name", Field::ActorClaimedName),
    ("actor.claimed.via", Field::ActorClaimedVia),
    ("actor.claimed.reason", Field::ActorClaimedReason),
    ("reason.ticket", Field::ReasonTicket),
    ("reason.approver", Field::ReasonApprover),
    ("reason.message", Field::ReasonMessage),
    ("reason.authority", Field::ReasonAuthority),
    ("correlation.id", Field::CorrelationId),
    ("correlation.via", Field::CorrelationVia),
    ("format", Field::Format),
    ("changes.path", Field::ChangesPath),
    ("changes.op", Field::ChangesOp),
    ("changes.before", Field::ChangesBefore),
    ("changes.after", Field::ChangesAfter),
    ("changes.sensitive", Field::ChangesSensitive),
    ("masked", Field::Masked),
    ("flags", Field::Flags),
    ("truncated", Field::Truncated),
    ("tx.id", Field::TxId),
    ("tx.seq", Field::TxSeq),
    ("tx.statement", Field::TxStatement),
    ("trace", Field::Trace),
    ("log.epoch", Field::LogEpoch),
    ("log.partition", Field::LogPartition),
    ("log.offset", Field::LogOffset),
];

/// The short names.
const SHORT: [(&str, Field); 12] = [
    ("env", Field::ResourceEnv),
    ("service", Field::ResourceService),
    ("owner", Field::ResourceOwner),
    ("namespace", Field::ResourceNamespace),
    ("group", Field::ResourceGroup),
    ("name", Field::ResourceName),
    ("kind", Field::ResourceKind),
    ("actor", Field::ActorName),
    ("ticket", Field::ReasonTicket),
    ("res", Field::ResourceId),
    ("path", Field::ChangesPath),
    ("op", Field::ChangesOp),
];

type MakeField = fn(String) -> Field;

/// Fields whose rest of the name is the customer's.
const PREFIXES: [(&str, MakeField); 5] = [
    ("before.", Field::Before),
    ("after.", Field::After),
    ("detail.", Field::Detail),
    ("position.", Field::Position),
    ("labels.", Field::Label),
];

impl Field {
    /// Looks a name up: a path of the event format, or a short name.
    pub fn named(name: &str) -> Option<Self> {
        for (prefix, make) in PREFIXES {
            if let Some(rest) = name.strip_prefix(prefix).filter(|rest| !rest.is_empty()) {
                return Some(make(rest.to_owned()));
            }
        }
        NAMES.iter().chain(&SHORT).find(|(known, _)| *known == name).map(|(_, field)| field.clone())
    }

    /// Returns the nearest known name, for "did you mean".
    pub fn nearest(name: &str) -> Option<&'static str> {
        let family = PREFIXES.iter().find(|(prefix, _)| prefix.trim_end_matches('.') == name);
        if let Some((prefix, _)) = family {
            return Some(prefix);
        }
        let lower = name.to_lowercase();
        let last_part = |known: &&str| known.rsplit('.').next() == Some(lower.as_str());
        let all = || NAMES.iter().chain(&SHORT).map(|(known, _)| *known);
        all()
            .find(|known| *known == lower)
            .or_else(|| all().find(last_part))
            .or_else(|| crate::nearest::nearest(&lower, all()))
    }

    /// Every field with a fixed name, by its full name; for help texts and completion.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// Says whether the field holds a point in time, so that its values must be dates.
    pub fn is_time(&self) -> bool {
        matches!(self, Self::Time | Self::Observed)
    }
}

/// The full name.
impl std::fmt::Display for Field {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (prefix, rest) = match self {
            Self::Before(path) => ("before.", path.as_str()),
            Self::After(path) => ("after.", path.as_str()),
            Self::Detail(path) => ("detail.", path.as_str()),
            Self::Position(path) => ("position.", path.as_str()),
            Self::Label(name) => ("labels.", name.as_str()),
            fixed => {
                let name = NAMES.iter().find(|(_, field)| field == fixed).map(|(name, _)| *name);
                (name.expect("the test below proves that every field without a path has a name"), "")
            }
        };
        write!(formatter, "{prefix}{rest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fixed_field_has_one_name_and_its_name_finds_it() {
        // `LogOffset` is the last variant without a path: the table has as many rows as there are variants.
        for (name, field) in NAMES.iter().chain(&SHORT) {
            assert_eq!(Field::named(name).as_ref(), Some(field));
            assert_eq!(Field::named(&field.to_string()).as_ref(), Some(field));
        }
        let mut fields: Vec<&Field> = NAMES.iter().map(|(_, field)| field).collect();
        fields.sort();
        fields.dedup();
        assert_eq!(fields.len(), NAMES.len());
    }

    #[test]
    fn a_wrong_name_gets_the_nearest_one() {
        let table = [
            ("enw", Some("env")),
            ("resource.nmae", Some("resource.name")),
            ("login", Some("actor.login")),
            ("Env", Some("env")),
            ("after", Some("after.")),
            ("message", Some("reason.message")),
            ("zzzzzz", None),
        ];
        for (name, expected) in table {
            assert_eq!(Field::nearest(name), expected, "{name}");
        }
    }
}
