//! Reads the exceptions of a rule.

use conftrail_core::Timestamp;
use conftrail_core::query::{Date, Query};

use crate::rules::condition::{Scope, condition, query};
use crate::rules::file::name;
use crate::rules::reader::{Fields, Reader};
use crate::rules::rule::Exception;
use crate::rules::yaml::Node;
use crate::rules::{Code, keys};

/// Reads the exceptions of a rule.
pub(crate) fn exceptions(reader: &mut Reader<'_>, fields: Fields<'_>, scope: Scope<'_>) -> Vec<Exception> {
    let mut exceptions: Vec<Exception> = Vec::new();
    let nodes = match fields.get("exceptions") {
        Some(node) => reader.list(node, "`exceptions`"),
        None => &[],
    };
    for node in nodes {
        let what = "an exception";
        let Some(fields) = reader.fields(node, what, &keys::EXCEPTION, &[]) else {
            continue;
        };
        let name = reader.required(fields, "name", what).and_then(|node| name(reader, node, "`name`"));
        if fields.get("match").is_none() && fields.get("when").is_none() {
            reader.error(fields.at, "an exception needs the key `match` or `when`");
        }
        let query = match fields.get("match") {
            Some(node) => query(reader, node, "`match`"),
            None => Some(Query::All),
        };
        let when = fields.get("when").map(|node| condition(reader, node, scope));
        // A condition that is there and could not be read must not become an exception without one.
        let when = when.map_or(Some(None), |read| read.map(Some));
        let reason = reader.required(fields, "reason", what);
        let reason = reason.and_then(|node| reader.text(node, "`reason`")).map(|text| text.text.clone());
        let owner = reader.optional(fields, "owner");
        let expires = fields.get("expires").and_then(|node| expiry(reader, node));
        if owner.is_none() {
            reader.advise(fields.at, Code::Exception, "the exception has no owner");
        }
        if fields.get("expires").is_none() {
            reader.advise(fields.at, Code::Exception, "the exception never expires");
        }
        let (Some(name), Some(query), Some(when), Some(reason)) = (name, query, when, reason) else {
            continue;
        };
        if exceptions.iter().any(|known| known.name == name) {
            reader.error(fields.at, format!("the rule has another exception `{name}`"));
        }
        exceptions.push(Exception { name, query, when, reason, owner, expires });
    }
    exceptions
}

/// A day is included; a moment is the end.
fn expiry(reader: &mut Reader<'_>, node: &Node) -> Option<Timestamp> {
    let text = reader.text(node, "`expires`")?;
    match Date::parse(&text.text) {
        Some(day @ Date::Day(_)) => Some(day.range(Timestamp::default()).1),
        Some(Date::Instant(moment)) => Some(moment),
        _ => {
            reader.error(text.at, "`expires` is a day (2027-03-31) or a time (2027-03-31T18:00:00+08:00)");
            None
        }
    }
}
