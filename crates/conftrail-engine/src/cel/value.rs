//! Values while an expression runs: borrowed from the event and from the expression wherever they stand in one.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use conftrail_core::{Change, ChangeList, Map, SmolStr, Timestamp, Value};

/// A value. What is missing is `Null`.
#[derive(Clone, Debug)]
pub(crate) enum Val<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// Never NaN, never infinite.
    Double(f64),
    Text(Cow<'a, str>),
    Time(Timestamp),
    /// In nanoseconds.
    Duration(i128),
    Map(&'a Map),
    Values(&'a [Value]),
    Labels(&'a BTreeMap<String, String>),
    Words(&'a [SmolStr]),
    Change(&'a Change),
    /// Listed when somebody goes over them.
    Changes(&'a ChangeList),
    /// A group of fields that is there.
    Group,
    List(Rc<[Val<'a>]>),
}

impl<'a> Val<'a> {
    /// Returns a text that may be missing.
    pub(crate) fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(Cow::Borrowed(text)))
    }

    /// Returns a value of a content.
    pub(crate) fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Int(number) => Self::Int(*number),
            Value::Uint(number) => Self::Uint(*number),
            Value::Float(number) => Self::Double(*number),
            Value::Text(text) => Self::Text(Cow::Borrowed(text)),
            Value::List(values) => Self::Values(values),
            Value::Map(map) => Self::Map(map),
        }
    }

    /// Returns a value of a content that may be missing.
    pub(crate) fn of_option(value: Option<&'a Value>) -> Self {
        value.map_or(Self::Null, Self::of)
    }

    pub(crate) fn unsigned(number: u64) -> Self {
        i64::try_from(number).map_or(Self::Uint(number), Self::Int)
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns a scalar's text as it is printed; none for null, lists, maps and the like.
    pub(crate) fn printed(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Bool(truth) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
            Self::Int(number) => Some(Cow::Owned(number.to_string())),
            Self::Uint(number) => Some(Cow::Owned(number.to_string())),
            Self::Double(number) => Some(Cow::Owned(Value::Float(*number).display())),
            Self::Time(time) => Some(Cow::Owned(time.to_string())),
            _ => None,
        }
    }

    /// Returns how many elements there are; none for what has none.
    pub(crate) fn len(&self) -> Option<usize> {
        match self {
            Self::Map(map) => Some(map.len()),
            Self::Values(values) => Some(values.len()),
            Self::Labels(labels) => Some(labels.len()),
            Self::Words(words) => Some(words.len()),
            Self::Changes(changes) => Some(changes.len()),
            Self::List(values) => Some(values.len()),
            _ => None,
        }
    }

    /// Returns an element of a list; of a map, a name.
    pub(crate) fn at(&self, index: usize) -> Option<Val<'a>> {
        match self {
            Self::Map(map) => map.at(index).map(|(name, _)| Self::text(Some(name))),
            Self::Values(values) => values.get(index).map(Self::of),
            Self::Labels(labels) => labels.keys().nth(index).map(|name| Self::text(Some(name))),
            Self::Words(words) => words.get(index).map(|word| Self::text(Some(word))),
            Self::Changes(changes) => changes.get(index).map(Self::Change),
            Self::List(values) => values.get(index).cloned(),
            _ => None,
        }
    }

    /// Returns what a map or labels have under a name; null for anything that has no names.
    pub(crate) fn member(&self, name: &str) -> Val<'a> {
        match self {
            Self::Map(map) => Self::of_option(map.get(name)),
            Self::Labels(labels) => Self::text(labels.get(name).map(String::as_str)),
            Self::Change(change) => change_member(change, name),
            _ => Self::Null,
        }
    }

    /// Returns what kind of value it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Int(_) | Self::Uint(_) | Self::Double(_) => "a number",
            Self::Text(_) => "a text",
            Self::Time(_) => "a time",
            Self::Duration(_) => "a duration",
            Self::Map(_) | Self::Labels(_) | Self::Change(_) | Self::Group => "a group of values",
            Self::Values(_) | Self::Words(_) | Self::Changes(_) | Self::List(_) => "a list",
        }
    }

    /// Returns the value as a person reads it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Text(text) => format!("\"{text}\""),
            Self::Duration(nanos) => format!("{} ms", nanos / 1_000_000),
            Self::Map(map) => serde_json::to_string(map).unwrap_or_default(),
            Self::Values(values) => serde_json::to_string(values).unwrap_or_default(),
            Self::Labels(labels) => serde_json::to_string(labels).unwrap_or_default(),
            Self::Words(words) => serde_json::to_string(words).unwrap_or_default(),
            Self::Change(change) => format!("{} ({})", change.path, change.op.as_str()),
            Self::Changes(changes) => match changes.len() {
                1 => "1 change".to_owned(),
                count => format!("{count} changes"),
            },
            Self::Group => "present".to_owned(),
            Self::List(values) => {
                format!("[{}]", values.iter().map(Val::shown).collect::<Vec<_>>().join(", "))
            }
            scalar => scalar.printed().unwrap_or_default().into_owned(),
        }
    }
}

/// The fields of a change.
pub(crate) const CHANGE_FIELDS: [&str; 5] = ["path", "op", "before", "after", "sensitive"];

/// Returns a field of a change.
pub(crate) fn change_member<'a>(change: &'a Change, name: &str) -> Val<'a> {
    match name {
        "path" => Val::text(Some(&change.path)),
        "op" => Val::text(Some(change.op.as_str())),
        "before" => Val::of_option(change.before.as_ref()),
        "after" => Val::of_option(change.after.as_ref()),
        "sensitive" => Val::Bool(change.sensitive),
        _ => Val::Null,
    }
}
