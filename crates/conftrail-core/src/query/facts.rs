//! The values that an event has for a field, and its texts.

use std::borrow::Cow;

use crate::query::Field;
use crate::{Change, Event, Map, SmolStr, Timestamp, Value};

/// One value of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fact<'e> {
    Text(&'e str),
    Value(&'e Value),
    Number(u64),
    Time(Timestamp),
}

impl<'e> Fact<'e> {
    /// Returns the text that `field:value` compares; none for lists and objects, which have none of their own.
    pub(crate) fn text(self) -> Option<Cow<'e, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Value(Value::Text(text)) => Some(Cow::Borrowed(text)),
            Self::Value(Value::List(_) | Value::Map(_)) => None,
            Self::Value(scalar) => Some(Cow::Owned(scalar.display())),
            Self::Number(number) => Some(Cow::Owned(number.to_string())),
            Self::Time(time) => Some(Cow::Owned(time.to_string())),
        }
    }
}

/// Looks for a value of `field` that passes `test`.
///
/// A list stands for each of its elements. `before.…` and `after.…` look at the content and at the changes, so
/// that a parsed document has the paths that changed; its other keys stand only in its text. `only` is the one change that
/// fields of changes mean, where they do not mean any.
pub(crate) fn any_fact<'e>(
    event: &'e Event,
    only: Option<&'e Change>,
    field: &Field,
    test: &mut dyn FnMut(Fact<'e>) -> bool,
) -> bool {
    let changes = || only.map_or(&*event.changes, std::slice::from_ref).iter();
    let mut text = |text: Option<&'e str>| text.is_some_and(|text| test(Fact::Text(text)));
    let resource = &event.resource;
    let actor = &event.actor;
    let claimed = actor.claimed.as_ref();
    let reason = event.reason.as_ref();
    match field {
        Field::Id => text(Some(event.id.as_str())),
        Field::Time => test(Fact::Time(event.time)),
        Field::Observed => test(Fact::Time(event.observed)),
        Field::Action => text(Some(event.action.as_str())),
        Field::SourceKind => text(Some(&event.source.kind)),
        Field::SourceName => text(Some(&event.source.name)),
        Field::SourceChannel => text(Some(&event.source.channel)),
        Field::SourceVersion => text(event.source.version.as_deref()),
        Field::ResourceId => text(Some(&resource.id)),
        Field::ResourceKind => text(Some(resource.kind.as_str())),
        Field::ResourceEnv => text(resource.env.as_deref()),
        Field::ResourceNamespace => text(resource.namespace.as_deref()),
        Field::ResourceGroup => text(resource.group.as_deref()),
        Field::ResourceName => text(Some(&resource.name)),
        Field::ResourceRenamedTo => text(resource.renamed_to.as_deref()),
        Field::ResourceService => text(resource.service.as_deref()),
        Field::ResourceOwner => text(resource.owner.as_deref()),
        Field::ActorName => text(actor.name.as_deref()),
        Field::ActorKind => text(actor.kind.as_deref()),
        Field::ActorIp => text(actor.ip.as_deref()),
        Field::ActorBinding => text(Some(actor.binding.as_str())),
        Field::ActorAuthority => text(Some(actor.authority.as_str())),
        Field::ActorVia => text(actor.via.as_deref()),
        Field::ActorLogin => text(actor.login.as_deref()),
        Field::ActorClient => text(actor.client.as_deref()),
        Field::ActorClaimedName => text(claimed.and_then(|claimed| claimed.name.as_deref())),
        Field::ActorClaimedVia => text(claimed.and_then(|claimed| claimed.via.as_deref())),
        Field::ActorClaimedReason => text(claimed.and_then(|claimed| claimed.reason.as_deref())),
        Field::ReasonTicket => text(reason.and_then(|reason| reason.ticket.as_deref())),
        Field::ReasonApprover => text(reason.and_then(|reason| reason.approver.as_deref())),
        Field::ReasonMessage => text(reason.and_then(|reason| reason.message.as_deref())),
        Field::ReasonAuthority => text(reason.map(|reason| reason.authority.as_str())),
        Field::CorrelationId => text(event.correlation.as_ref().map(|correlation| correlation.id.as_str())),
        Field::CorrelationVia => text(event.correlation.as_ref().map(|correlation| correlation.via.as_str())),
        Field::Format => text(event.format.as_deref()),
        Field::ChangesPath => changes().any(|change| text(Some(&change.path))),
        Field::ChangesOp => changes().any(|change| text(Some(change.op.as_str()))),
        Field::ChangesBefore => any_leaf(changes().filter_map(|change| change.before.as_ref()), test),
        Field::ChangesAfter => any_leaf(changes().filter_map(|change| change.after.as_ref()), test),
        Field::ChangesSensitive => changes().any(|change| text(Some(word_of(change.sensitive)))),
        Field::Masked => event.masked.iter().any(|path| text(Some(path))),
        Field::Flags => event.flags.iter().any(|flag| text(Some(flag))),
        Field::Truncated => text(Some(word_of(event.truncated))),
        Field::TxId => text(event.tx.as_ref().map(|tx| tx.id.as_str())),
        Field::TxSeq => event.tx.as_ref().is_some_and(|tx| test(Fact::Number(tx.seq))),
        Field::TxStatement => event.tx.as_ref().is_some_and(|tx| test(Fact::Number(tx.statement))),
        Field::Trace => text(event.trace.as_deref()),
        Field::LogEpoch => event.log.is_some_and(|order| test(Fact::Number(order.epoch.into()))),
        Field::LogPartition => event.log.is_some_and(|order| test(Fact::Number(order.partition.into()))),
        Field::LogOffset => event.log.is_some_and(|order| test(Fact::Number(order.offset))),
        Field::Before(path) => {
            let changed = event.changes.iter().filter(|change| change.path == *path);
            at_path(event.before.as_ref(), path, test)
                || any_leaf(changed.filter_map(|change| change.before.as_ref()), test)
        }
        Field::After(path) => {
            let changed = event.changes.iter().filter(|change| change.path == *path);
            at_path(event.after.as_ref(), path, test)
                || any_leaf(changed.filter_map(|change| change.after.as_ref()), test)
        }
        Field::Detail(path) => at_map_path(event.detail.as_ref(), path, test),
        Field::Position(path) => at_map_path(event.position.as_deref(), path, test),
        Field::Label(name) => text(event.labels.get(name).map(String::as_str)),
    }
}

fn word_of(truth: bool) -> &'static str {
    if truth { "true" } else { "false" }
}

fn any_leaf<'e>(values: impl Iterator<Item = &'e Value>, test: &mut dyn FnMut(Fact<'e>) -> bool) -> bool {
    for value in values {
        if element(value, test) {
            return true;
        }
    }
    false
}

/// Tests a value, or each element of a list.
fn element<'e>(value: &'e Value, test: &mut dyn FnMut(Fact<'e>) -> bool) -> bool {
    match value {
        Value::List(values) => test(Fact::Value(value)) || values.iter().any(|inner| element(inner, test)),
        single => test(Fact::Value(single)),
    }
}

fn at_path<'e>(value: Option<&'e Value>, path: &str, test: &mut dyn FnMut(Fact<'e>) -> bool) -> bool {
    at_map_path(value.and_then(Value::as_map), path, test)
}

/// Follows `a.b[2].c`. Names may themselves hold dots and brackets, so every name that fits is tried.
fn at_map_path<'e>(map: Option<&'e Map>, path: &str, test: &mut dyn FnMut(Fact<'e>) -> bool) -> bool {
    let Some(map) = map else { return false };
    map.iter().any(|(name, value)| path.strip_prefix(&**name).is_some_and(|rest| at_rest(value, rest, test)))
}

fn at_rest<'e>(value: &'e Value, rest: &str, test: &mut dyn FnMut(Fact<'e>) -> bool) -> bool {
    if rest.is_empty() {
        return element(value, test);
    }
    if let Some(inner) = rest.strip_prefix('.') {
        return at_map_path(value.as_map(), inner, test);
    }
    let index = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (Some((digits, after)), Value::List(values)) = (index, value) else { return false };
    let chosen = digits.parse::<usize>().ok().and_then(|index| values.get(index));
    chosen.is_some_and(|value| at_rest(value, after, test))
}

/// Returns the value at a path `a.b[2].c` of a content. Names may themselves hold dots and brackets: the first that fits is taken.
pub fn value_at<'e>(map: &'e Map, path: &str) -> Option<&'e Value> {
    let mut found = None;
    at_map_path(Some(map), path, &mut |fact| {
        if let Fact::Value(value) = fact {
            found = Some(value);
        }
        true
    });
    found
}

/// Hands out the texts that a bare word is looked up in: id, resource, names, reason, paths, values and facts.
///
/// Of a document that was parsed, the values are those that changed; of all else, the whole content.
pub fn each_text<'e>(event: &'e Event, each: &mut dyn FnMut(Cow<'e, str>)) {
    const NAMES: [Field; 21] = [
        Field::Id,
        Field::ResourceId,
        Field::ResourceNamespace,
        Field::ResourceGroup,
        Field::ResourceName,
        Field::ResourceRenamedTo,
        Field::ResourceEnv,
        Field::ResourceService,
        Field::ResourceOwner,
        Field::ActorName,
        Field::ActorLogin,
        Field::ActorClient,
        Field::ActorIp,
        Field::ActorClaimedName,
        Field::ActorClaimedReason,
        Field::ReasonTicket,
        Field::ReasonApprover,
        Field::ReasonMessage,
        Field::CorrelationId,
        Field::Trace,
        Field::TxId,
    ];
    let mut fact = |fact: Fact<'e>| {
        if let Some(text) = fact.text() {
            each(text);
        }
        false
    };
    for field in &NAMES {
        any_fact(event, None, field, &mut fact);
    }
    for label in event.labels.values() {
        fact(Fact::Text(label));
    }
    if let Some(detail) = &event.detail {
        texts_of_members(detail, &mut fact);
    }
    for change in &event.changes {
        fact(Fact::Text(&change.path));
        for value in [&change.before, &change.after].into_iter().flatten() {
            texts_within(value, &mut fact);
        }
    }
    if holds_more_than_changes(event) {
        for side in [&event.before, &event.after].into_iter().flatten() {
            content_texts(side, &mut fact);
        }
    }
}

/// Says whether the content has texts that the changes do not show: rows, and documents that were not parsed.
fn holds_more_than_changes(event: &Event) -> bool {
    matches!(event.format.as_deref(), None | Some("row" | "text"))
}

/// A document's digests are no text to search for; a row's columns all are.
fn content_texts<'e>(side: &'e Value, fact: &mut dyn FnMut(Fact<'e>) -> bool) {
    let document = side.as_map().filter(|map| map.get("digest").is_some()).and_then(|map| map.get("text"));
    texts_within(document.unwrap_or(side), fact);
}

fn texts_within<'e>(value: &'e Value, fact: &mut dyn FnMut(Fact<'e>) -> bool) {
    match value {
        Value::List(values) => {
            for inner in values.iter() {
                texts_within(inner, fact);
            }
        }
        Value::Map(map) => texts_of_members(map, fact),
        Value::Null => {}
        scalar => {
            fact(Fact::Value(scalar));
        }
    }
}

/// Goes through members by name, as they stand in the canonical bytes: so an event's texts come in one order, whether it
/// was just made or is read from where it is stored.
fn texts_of_members<'e>(map: &'e Map, fact: &mut dyn FnMut(Fact<'e>) -> bool) {
    let mut each = |(name, inner): (&'e SmolStr, &'e Value)| {
        fact(Fact::Text(name));
        texts_within(inner, fact);
    };
    if map.iter().is_sorted_by(|(one, _), (next, _)| one <= next) {
        map.iter().for_each(each);
        return;
    }
    let mut members: Vec<_> = map.iter().collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    members.into_iter().for_each(&mut each);
}
