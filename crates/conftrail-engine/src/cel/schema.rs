//! The fields of an event as expressions name them, with their types.

use conftrail_core::actor::Claimed;
use conftrail_core::{Event, Reason, SmolStr, Transaction};

use crate::cel::types::{Type, Words};
use crate::cel::value::Val;

/// Reads a field.
pub(crate) type Get = for<'a> fn(&'a Event) -> Val<'a>;

/// A field of an event.
pub(crate) struct Field {
    /// The event format's path.
    pub(crate) path: &'static str,
    pub(crate) of: Type,
    pub(crate) get: Get,
}

fn short(text: &Option<SmolStr>) -> Val<'_> {
    Val::text(text.as_deref())
}

fn group<T>(group: Option<T>) -> Val<'static> {
    group.map_or(Val::Null, |_| Val::Group)
}

fn claimed(event: &Event, of: for<'a> fn(&'a Claimed) -> &'a Option<SmolStr>) -> Val<'_> {
    event.actor.claimed.as_ref().map_or(Val::Null, |claimed| short(of(claimed)))
}

fn reason(event: &Event, of: for<'a> fn(&'a Reason) -> &'a Option<SmolStr>) -> Val<'_> {
    event.reason.as_ref().map_or(Val::Null, |reason| short(of(reason)))
}

fn tx(event: &Event, of: for<'a> fn(&'a Transaction) -> Val<'a>) -> Val<'_> {
    event.tx.as_ref().map_or(Val::Null, of)
}

const fn text(path: &'static str, get: Get) -> Field {
    Field { path, of: Type::Text, get }
}

const fn field(path: &'static str, of: Type, get: Get) -> Field {
    Field { path, of, get }
}

const fn whole(path: &'static str, get: Get) -> Field {
    Field { path, of: Type::Group(path), get }
}

/// Every field but the contents, which have paths of their own.
static FIELDS: [Field; 42] = [
    field("action", Type::Word(Words::Action), |event| Val::text(Some(event.action.as_str()))),
    field("time", Type::Time, |event| Val::Time(event.time)),
    field("changes", Type::List(&Type::Change), |event| Val::Changes(&event.changes)),
    field("flags", Type::List(&Type::Text), |event| Val::Words(&event.flags)),
    field("labels", Type::Labels, |event| Val::Labels(&event.labels)),
    whole("source", |_| Val::Group),
    text("source.kind", |event| Val::text(Some(&event.source.kind))),
    text("source.name", |event| Val::text(Some(&event.source.name))),
    text("source.channel", |event| Val::text(Some(&event.source.channel))),
    text("source.version", |event| Val::text(event.source.version.as_deref())),
    whole("resource", |_| Val::Group),
    text("resource.id", |event| Val::text(Some(&event.resource.id))),
    text("resource.kind", |event| Val::text(Some(event.resource.kind.as_str()))),
    text("resource.env", |event| short(&event.resource.env)),
    text("resource.namespace", |event| short(&event.resource.namespace)),
    text("resource.group", |event| short(&event.resource.group)),
    text("resource.name", |event| Val::text(Some(&event.resource.name))),
    text("resource.renamed_to", |event| short(&event.resource.renamed_to)),
    text("resource.service", |event| short(&event.resource.service)),
    text("resource.owner", |event| short(&event.resource.owner)),
    whole("actor", |_| Val::Group),
    text("actor.name", |event| short(&event.actor.name)),
    text("actor.kind", |event| short(&event.actor.kind)),
    text("actor.ip", |event| short(&event.actor.ip)),
    field("actor.binding", Type::Word(Words::Binding), |event| Val::text(Some(event.actor.binding.as_str()))),
    field("actor.authority", Type::Word(Words::Authority), |event| {
        Val::text(Some(event.actor.authority.as_str()))
    }),
    text("actor.via", |event| short(&event.actor.via)),
    text("actor.login", |event| short(&event.actor.login)),
    text("actor.client", |event| short(&event.actor.client)),
    whole("actor.claimed", |event| group(event.actor.claimed.as_ref())),
    text("actor.claimed.name", |event| claimed(event, |claimed| &claimed.name)),
    text("actor.claimed.via", |event| claimed(event, |claimed| &claimed.via)),
    text("actor.claimed.reason", |event| claimed(event, |claimed| &claimed.reason)),
    whole("reason", |event| group(event.reason.as_ref())),
    text("reason.ticket", |event| reason(event, |reason| &reason.ticket)),
    text("reason.approver", |event| reason(event, |reason| &reason.approver)),
    text("reason.message", |event| reason(event, |reason| &reason.message)),
    field("reason.authority", Type::Word(Words::Authority), |event| {
        Val::text(event.reason.as_ref().map(|reason| reason.authority.as_str()))
    }),
    whole("tx", |event| group(event.tx.as_ref())),
    text("tx.id", |event| tx(event, |tx| Val::text(Some(&tx.id)))),
    field("tx.seq", Type::Number, |event| tx(event, |tx| Val::unsigned(tx.seq))),
    field("tx.statement", Type::Number, |event| tx(event, |tx| Val::unsigned(tx.statement))),
];

/// Names at top level that are no fields of the table above.
pub(crate) const CONTENTS: [&str; 2] = ["before", "after"];

/// Finds a field by its path.
pub(crate) fn named(path: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.path == path)
}

/// Returns the names at top level.
pub(crate) fn top_names() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|field| field.path).filter(|path| !path.contains('.')).chain(CONTENTS)
}

/// Returns the names within a group.
pub(crate) fn names_within(group: &str) -> impl Iterator<Item = &'static str> {
    FIELDS.iter().filter_map(move |field| {
        let name = field.path.strip_prefix(group)?.strip_prefix('.')?;
        (!name.contains('.')).then_some(name)
    })
}
