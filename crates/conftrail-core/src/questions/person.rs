//! What one person did, and how that is known.

use serde::{Deserialize, Serialize};

use crate::ports::{Aggregate, AggregateRequest, AuditReader, Bucket, Facet};
use crate::query::{Field, Query};
use crate::{PortResult, Timestamp};

/// What a person's changes are counted by.
const FACETS: [&str; 9] = [
    "resource.id",
    "source.name",
    "action",
    "actor.login",
    "actor.via",
    "actor.authority",
    "actor.binding",
    "actor.ip",
    "reason.ticket",
];

/// Asks what a person did.
#[derive(Clone, Debug)]
pub struct PersonRequest {
    /// The name, as in `actor.name`.
    pub actor: String,
    /// Changes at or after this time.
    pub since: Option<Timestamp>,
    /// Changes before this time.
    pub until: Option<Timestamp>,
    /// At most this many values per field, the most frequent.
    pub top: usize,
    /// The width of the histogram's buckets in seconds.
    pub histogram: u64,
}

/// What a person did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The name.
    pub actor: String,
    /// The changes that bear the name, by resource, login, evidence and day.
    pub made: Aggregate,
    /// Changes in which somebody who is not believed claimed to be this person, by that login.
    pub claimed: Facet,
    /// Changes of a login of this name that bear another person's name, by that name.
    pub for_others: Facet,
}

/// Returns the query for the changes that bear a person's name.
pub fn of_person(actor: &str) -> Query {
    Query::equals(Field::ActorName, actor)
}

/// Says what a person did.
///
/// # Errors
/// Those of the reader.
pub async fn person(reader: &dyn AuditReader, request: PersonRequest) -> PortResult<Person> {
    let PersonRequest { actor, since, until, top, histogram } = request;
    let count = |query, facets: &[&str], histogram| AggregateRequest {
        query,
        since,
        until,
        facets: facets.iter().map(|&field| field.to_owned()).collect(),
        top,
        histogram,
    };
    let made = reader.aggregate(count(of_person(&actor), &FACETS, Some(histogram))).await?;
    let claimed = Query::equals(Field::ActorClaimedName, actor.as_str());
    let claimed = reader.aggregate(count(claimed, &["actor.login"], None)).await?;
    let not_own = Query::Not(Box::new(of_person(&actor)));
    let for_others = Query::and(vec![Query::equals(Field::ActorLogin, actor.as_str()), not_own]);
    let for_others = reader.aggregate(count(for_others, &["actor.name"], None)).await?;
    Ok(Person { actor, made, claimed: first(claimed), for_others: first(for_others) })
}

/// Returns the only facet of an answer, with what has no value in it.
fn first(counted: Aggregate) -> Facet {
    let total = counted.total;
    let mut facet = counted
        .facets
        .into_iter()
        .next()
        .unwrap_or_else(|| Facet { field: String::new(), buckets: Vec::new() });
    let named: u64 = facet.buckets.iter().map(|bucket| bucket.count).sum();
    if total > named {
        facet.buckets.push(Bucket { key: String::new(), count: total - named });
    }
    facet
}
