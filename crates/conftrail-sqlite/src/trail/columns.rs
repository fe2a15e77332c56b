//! Which fields of the query language stand in columns of their own, and what stands in them.

use conftrail_core::Event;
use conftrail_core::query::Field;

/// A column of `events`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name.
    pub(super) name: &'static str,
    /// The index that finds the events of one value, if there is one.
    pub(super) index: Option<&'static str>,
}

const fn plain(name: &'static str) -> Option<Column> {
    Some(Column { name, index: None })
}

const fn indexed(name: &'static str, index: &'static str) -> Option<Column> {
    Some(Column { name, index: Some(index) })
}

/// Returns the column of a field with at most one value, which is text.
pub(super) fn of_field(field: &Field) -> Option<Column> {
    match field {
        Field::Id => indexed("id", "sqlite_autoindex_events_1"),
        Field::Action => indexed("action", "events_by_action"),
        Field::SourceKind => plain("source_kind"),
        Field::SourceName => plain("source_name"),
        Field::ResourceId => indexed("resource", "events_by_resource"),
        Field::ResourceRenamedTo => indexed("renamed_to", "events_by_renamed"),
        Field::ResourceKind => plain("resource_kind"),
        Field::ResourceEnv => plain("env"),
        Field::ResourceNamespace => plain("namespace"),
        Field::ResourceGroup => plain("grouping"),
        Field::ResourceName => plain("name"),
        Field::ResourceService => plain("service"),
        Field::ResourceOwner => plain("owner"),
        Field::ActorName => indexed("actor", "events_by_actor"),
        Field::ActorBinding => plain("binding"),
        Field::ActorAuthority => plain("authority"),
        Field::ReasonTicket => indexed("ticket", "events_by_ticket"),
        Field::CorrelationId => indexed("correlation", "events_by_correlation"),
        _ => None,
    }
}

/// The fields that are counted by day.
pub(super) const COUNTED: [Field; 13] = [
    Field::Action,
    Field::SourceKind,
    Field::SourceName,
    Field::ResourceKind,
    Field::ResourceEnv,
    Field::ResourceNamespace,
    Field::ResourceGroup,
    Field::ResourceService,
    Field::ResourceOwner,
    Field::ActorName,
    Field::ActorBinding,
    Field::ActorAuthority,
    Field::Flags,
];

/// Hands out the values of a counted field.
pub(super) fn each_counted<'e>(event: &'e Event, field: &Field, mut each: impl FnMut(&'e str)) {
    let resource = &event.resource;
    let value = match field {
        Field::Action => Some(event.action.as_str()),
        Field::SourceKind => Some(&*event.source.kind),
        Field::SourceName => Some(&*event.source.name),
        Field::ResourceKind => Some(resource.kind.as_str()),
        Field::ResourceEnv => resource.env.as_deref(),
        Field::ResourceNamespace => resource.namespace.as_deref(),
        Field::ResourceGroup => resource.group.as_deref(),
        Field::ResourceService => resource.service.as_deref(),
        Field::ResourceOwner => resource.owner.as_deref(),
        Field::ActorName => event.actor.name.as_deref(),
        Field::ActorBinding => Some(event.actor.binding.as_str()),
        Field::ActorAuthority => Some(event.actor.authority.as_str()),
        Field::Flags => {
            for (index, flag) in event.flags.iter().enumerate() {
                if !event.flags[..index].contains(flag) {
                    each(flag);
                }
            }
            None
        }
        _ => None,
    };
    value.into_iter().for_each(each);
}
