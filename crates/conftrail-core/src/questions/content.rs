//! What a side of an event says, cut into the parts that blame tells apart.

use std::collections::HashMap;

use crate::document::path::Path;
use crate::document::{Format, MaskedDocument};
use crate::{Event, SmolStr, Value};

/// The parts of a content.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// A row's columns, or the leaves of a document that parses, in their order.
    Keys(Vec<(SmolStr, Value)>),
    /// The lines of a text.
    Lines(Vec<String>),
    /// There was nothing.
    Nothing,
    /// There was something that is not kept: beyond the size limit, or no text.
    NotKept,
}

impl Content {
    /// Reads a side of an event. A document is read by its lines where the other side had to be, too.
    pub(super) fn of(event: &Event, side: Option<&Value>, by_lines: bool) -> Self {
        let Some(side) = side.filter(|side| !side.is_null()) else { return Self::Nothing };
        let Some(map) = side.as_map() else { return Self::NotKept };
        let format = event.format.as_deref().unwrap_or("row");
        if format == "row" {
            let columns = map.iter().map(|(name, value)| (name.clone(), value.clone()));
            return Self::Keys(columns.collect());
        }
        let Some(text) = map.get("text").and_then(Value::as_text) else { return Self::NotKept };
        let known = if by_lines { None } else { Format::from_type(format) };
        let document = known.map(|format| MaskedDocument::of_masked(format, text.to_owned()));
        match document.as_ref().and_then(|document| Some((document.format, document.tree()?))) {
            Some((format, tree)) => {
                let mut leaves = Leaves { found: Vec::new(), is_flat: format == Format::Properties };
                leaves.of(tree, &mut Path::default());
                Self::Keys(leaves.found)
            }
            None => Self::Lines(text.lines().map(str::to_owned).collect()),
        }
    }

    /// Returns the keys by name; none where the content has no keys.
    pub(super) fn by_name(&self) -> Option<HashMap<&str, &Value>> {
        match self {
            Self::Keys(keys) => Some(keys.iter().map(|(name, value)| (name.as_str(), value)).collect()),
            Self::Nothing => Some(HashMap::new()),
            Self::Lines(_) | Self::NotKept => None,
        }
    }

    /// Returns the lines; none where the content has no lines.
    pub(super) fn as_lines(&self) -> Option<&[String]> {
        match self {
            Self::Lines(lines) => Some(lines),
            Self::Nothing => Some(&[]),
            Self::Keys(_) | Self::NotKept => None,
        }
    }
}

/// Collects the leaves of a document with their paths, as the changes of events spell them.
struct Leaves {
    found: Vec<(SmolStr, Value)>,
    /// Names stand for themselves, as in properties.
    is_flat: bool,
}

impl Leaves {
    fn of(&mut self, value: &Value, path: &mut Path) {
        match value {
            Value::Map(map) if !map.is_empty() => {
                for (name, inner) in map.iter() {
                    if self.is_flat {
                        path.enter_flat(name)
                    } else {
                        path.enter(name)
                    }
                    self.of(inner, path);
                    path.leave();
                }
            }
            Value::List(items) if !items.is_empty() => {
                for (index, inner) in items.iter().enumerate() {
                    path.enter_index(index);
                    self.of(inner, path);
                    path.leave();
                }
            }
            leaf => self.found.push((path.spelt(), leaf.clone())),
        }
    }
}
