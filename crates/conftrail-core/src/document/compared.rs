//! Two versions of a document as they are compared: what was one and has become several is a list in both.

use std::borrow::Cow;

use super::format::Format;
use super::masked::MaskedDocument;
use crate::{Map, Value};

/// Returns the trees of two versions of a document so that they are alike in shape: a YAML text of one document that becomes
/// one of several is a list of one, and so is an element of XML that gets a second of its name.
pub(crate) fn compared<'a>(
    before: Option<&'a MaskedDocument>,
    after: Option<&'a MaskedDocument>,
) -> (Option<Cow<'a, Value>>, Option<Cow<'a, Value>>) {
    let trees = (before.and_then(MaskedDocument::tree), after.and_then(MaskedDocument::tree));
    let ((Some(before), Some(after)), (Some(old), Some(new))) = ((before, after), trees) else {
        return (trees.0.map(Cow::Borrowed), trees.1.map(Cow::Borrowed));
    };
    if before.documents != after.documents && before.documents.max(after.documents) > 1 {
        return (Some(Cow::Owned(stream(before, old))), Some(Cow::Owned(stream(after, new))));
    }
    if before.format == Format::Xml
        && after.format == Format::Xml
        && let Some((old, new)) = alike(old, new)
    {
        return (Some(Cow::Owned(old)), Some(Cow::Owned(new)));
    }
    (Some(Cow::Borrowed(old)), Some(Cow::Borrowed(new)))
}

/// Returns a document's tree as that of a stream.
fn stream(document: &MaskedDocument, tree: &Value) -> Value {
    match document.documents {
        0 => Value::List([].into()),
        1 => Value::List([tree.clone()].into()),
        _ => tree.clone(),
    }
}

/// Returns two values in which elements that are a list on one side are one on both; none where they already are alike.
fn alike(old: &Value, new: &Value) -> Option<(Value, Value)> {
    match (old, new) {
        (Value::Map(old), Value::Map(new)) => {
            alike_maps(old, new).map(|(old, new)| (Value::Map(old), Value::Map(new)))
        }
        // Elements of one name are the only lists that XML has, so what is none is one of them.
        (Value::List(_), Value::List(_)) => None,
        (Value::List(_), single) => Some((old.clone(), Value::List([single.clone()].into()))),
        (single, Value::List(_)) => Some((Value::List([single.clone()].into()), new.clone())),
        _ => None,
    }
}

fn alike_maps(old: &Map, new: &Map) -> Option<(Map, Map)> {
    let mut changed: Option<(Map, Map)> = None;
    for (place, (name, value)) in new.iter().enumerate() {
        let same_place = old.at(place).filter(|(same, _)| *same == name).map(|(_, value)| value);
        let Some(before) = same_place.or_else(|| old.get(name)) else { continue };
        let Some((before, after)) = alike(before, value) else { continue };
        let (old, new) = changed.get_or_insert_with(|| (old.clone(), new.clone()));
        old.insert(name.clone(), before);
        new.insert(name.clone(), after);
    }
    changed
}
