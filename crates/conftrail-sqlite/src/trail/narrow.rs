//! A query as a full-text expression that holds for every match, for fields whose values are among the event's
//! texts, too.

use conftrail_core::query::{Field, Leaf, Pattern, Query};

use crate::trail::words::{self, Match};

/// Returns a full-text expression that holds for every match of a query, if the index knows one.
pub(super) fn as_words(query: &Query) -> Option<Match> {
    match query {
        Query::All | Query::Not(_) => None,
        Query::And(queries) => {
            let parts: Vec<Match> = queries.iter().filter_map(as_words).collect();
            let complete = parts.len() == queries.len();
            Match::all(parts).map(|found| found.exact_if(complete))
        }
        Query::Or(queries) => {
            let parts: Option<Vec<Match>> = queries.iter().map(as_words).collect();
            parts.and_then(Match::any)
        }
        Query::Leaf(Leaf::Text(searched)) => words::of_phrases(searched.phrases()),
        Query::Leaf(Leaf::Is(field, pattern)) => value_as_words(field, pattern),
        Query::Leaf(
            Leaf::Present(Field::Before(path) | Field::After(path) | Field::Detail(path))
            | Leaf::Compare(Field::Before(path) | Field::After(path) | Field::Detail(path), ..)
            | Leaf::During(Field::Before(path) | Field::After(path) | Field::Detail(path), ..),
        ) => words::of_content(path, None),
        Query::Leaf(_) => None,
    }
}

/// Fields whose values core's `each_text` hands out can be looked up as words first.
fn value_as_words(field: &Field, pattern: &Pattern) -> Option<Match> {
    match field {
        Field::Id
        | Field::ResourceId
        | Field::ResourceNamespace
        | Field::ResourceGroup
        | Field::ResourceName
        | Field::ResourceRenamedTo
        | Field::ResourceEnv
        | Field::ResourceService
        | Field::ResourceOwner
        | Field::ActorName
        | Field::ActorLogin
        | Field::ActorClient
        | Field::ActorIp
        | Field::ActorClaimedName
        | Field::ActorClaimedReason
        | Field::ReasonTicket
        | Field::ReasonApprover
        | Field::ReasonMessage
        | Field::CorrelationId
        | Field::Trace
        | Field::TxId
        | Field::ChangesPath
        | Field::Label(_) => words::of_value(pattern),
        // A null is compared as `null` but is no text.
        Field::ChangesBefore | Field::ChangesAfter if pattern.as_literal() != Some("null") => {
            words::of_value(pattern)
        }
        Field::Before(path) | Field::After(path) | Field::Detail(path) => {
            words::of_content(path, Some(pattern))
        }
        _ => None,
    }
}
