//! What stands of an event in the columns of `events`: written from it, and compared with it by `verify`.

use std::borrow::Cow;

use conftrail_core::{Event, EventId, Order, SmolStr, Timestamp};
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};
use serde::Deserialize;

/// The columns after `key`, in the order of [`Row::cells`].
pub(super) const COLUMNS: [&str; 23] = [
    "id",
    "time",
    "epoch",
    "partition",
    "offset",
    "action",
    "source_kind",
    "source_name",
    "resource",
    "renamed_to",
    "resource_kind",
    "env",
    "namespace",
    "grouping",
    "name",
    "service",
    "owner",
    "actor",
    "binding",
    "authority",
    "ticket",
    "correlation",
    "flags",
];

/// The parts of an event that have columns.
#[derive(Debug, Deserialize)]
pub(super) struct Row<'e> {
    pub(super) id: EventId,
    pub(super) time: Timestamp,
    #[serde(borrow)]
    pub(super) action: Cow<'e, str>,
    pub(super) source: Source<'e>,
    pub(super) resource: Resource<'e>,
    #[serde(default)]
    actor: Actor<'e>,
    reason: Option<Reason<'e>>,
    correlation: Option<Correlation<'e>>,
    #[serde(default)]
    flags: Vec<Cow<'e, str>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Source<'e> {
    #[serde(borrow)]
    pub(super) kind: Cow<'e, str>,
    pub(super) name: Cow<'e, str>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Resource<'e> {
    #[serde(borrow)]
    pub(super) id: Cow<'e, str>,
    kind: Cow<'e, str>,
    env: Option<Cow<'e, str>>,
    namespace: Option<Cow<'e, str>>,
    group: Option<Cow<'e, str>>,
    name: Cow<'e, str>,
    renamed_to: Option<Cow<'e, str>>,
    service: Option<Cow<'e, str>>,
    owner: Option<Cow<'e, str>>,
}

#[derive(Debug, Default, Deserialize)]
struct Actor<'e> {
    #[serde(borrow)]
    name: Option<Cow<'e, str>>,
    #[serde(default)]
    binding: Cow<'e, str>,
    #[serde(default)]
    authority: Cow<'e, str>,
}

#[derive(Debug, Deserialize)]
struct Reason<'e> {
    #[serde(borrow)]
    ticket: Option<Cow<'e, str>>,
}

#[derive(Debug, Deserialize)]
struct Correlation<'e> {
    #[serde(borrow)]
    id: Cow<'e, str>,
}

/// The value of one column.
#[derive(Debug, PartialEq)]
pub(super) enum Cell<'e> {
    Null,
    Int(i64),
    Text(Cow<'e, str>),
}

impl<'e> Row<'e> {
    pub(super) fn of(event: &'e Event) -> Self {
        let (source, resource, actor) = (&event.source, &event.resource, &event.actor);
        let text = |text: &'e Option<SmolStr>| text.as_deref().map(Cow::Borrowed);
        Self {
            id: event.id,
            time: event.time,
            action: event.action.as_str().into(),
            source: Source { kind: (&*source.kind).into(), name: (&*source.name).into() },
            resource: Resource {
                id: (&*resource.id).into(),
                kind: resource.kind.as_str().into(),
                env: text(&resource.env),
                namespace: text(&resource.namespace),
                group: text(&resource.group),
                name: (&*resource.name).into(),
                renamed_to: text(&resource.renamed_to),
                service: text(&resource.service),
                owner: text(&resource.owner),
            },
            actor: Actor {
                name: text(&actor.name),
                binding: actor.binding.as_str().into(),
                authority: actor.authority.as_str().into(),
            },
            reason: event.reason.as_ref().map(|reason| Reason { ticket: text(&reason.ticket) }),
            correlation: event.correlation.as_ref().map(|one| Correlation { id: (&*one.id).into() }),
            flags: event.flags.iter().map(|flag| Cow::Borrowed(&**flag)).collect(),
        }
    }

    /// Returns the columns' values.
    pub(super) fn cells(&self, order: Order) -> [Cell<'_>; 23] {
        let (source, resource, actor) = (&self.source, &self.resource, &self.actor);
        [
            text(self.id.as_str()),
            Cell::Int(self.time.micros()),
            Cell::Int(order.epoch.into()),
            Cell::Int(order.partition.into()),
            Cell::Int(i64::try_from(order.offset).unwrap_or(i64::MAX)),
            text(&self.action),
            text(&source.kind),
            text(&source.name),
            text(&resource.id),
            maybe(resource.renamed_to.as_ref()),
            text(&resource.kind),
            maybe(resource.env.as_ref()),
            maybe(resource.namespace.as_ref()),
            maybe(resource.group.as_ref()),
            text(&resource.name),
            maybe(resource.service.as_ref()),
            maybe(resource.owner.as_ref()),
            maybe(actor.name.as_ref()),
            text(&actor.binding),
            text(&actor.authority),
            maybe(self.reason.as_ref().and_then(|reason| reason.ticket.as_ref())),
            maybe(self.correlation.as_ref().map(|correlation| &correlation.id)),
            self.flag_words(),
        ]
    }

    /// Returns the flags with a space on each side, so that one of them is found as a whole.
    fn flag_words(&self) -> Cell<'_> {
        if self.flags.is_empty() {
            Cell::Null
        } else {
            Cell::Text(format!(" {} ", self.flags.join(" ")).into())
        }
    }
}

impl Cell<'_> {
    /// Says whether a column of the database has this value.
    pub(super) fn is(&self, stored: ValueRef<'_>) -> bool {
        match (self, stored) {
            (Self::Null, ValueRef::Null) => true,
            (Self::Int(expected), ValueRef::Integer(found)) => *expected == found,
            (Self::Text(expected), ValueRef::Text(found)) => expected.as_bytes() == found,
            _ => false,
        }
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

fn text(text: &str) -> Cell<'_> {
    Cell::Text(Cow::Borrowed(text))
}

fn maybe<'e>(text: Option<&'e Cow<'_, str>>) -> Cell<'e> {
    text.map_or(Cell::Null, |text| Cell::Text(Cow::Borrowed(text)))
}

#[cfg(test)]
mod tests {
    use conftrail_core::{Correlation, Reason};
    use conftrail_testkit::contract::events::{event, order};

    use super::*;

    #[test]
    fn the_columns_are_the_same_from_an_event_and_from_its_json() {
        let mut full = event(1);
        full.resource.env = Some("prod \"one\"".into());
        full.resource.renamed_to = Some("mysql:a/b/c/2".into());
        full.resource.service = Some("s".into());
        full.resource.owner = Some("o".into());
        full.reason = Some(Reason { ticket: Some("CHG-1".into()), ..Reason::default() });
        full.correlation = Some(Correlation { id: "c".into(), via: "ticket".into() });
        full.flags = vec!["late".into(), "no_key".into()];
        let mut bare = event(2);
        bare.actor = std::sync::Arc::default();
        for event in [full, bare] {
            let json = serde_json::to_string(&event).unwrap();
            let read: Row<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(read.cells(order(7)), Row::of(&event).cells(order(7)));
        }
    }
}
