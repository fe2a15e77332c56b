//! The content before and after, by path: a path means what it means in `match`.

use conftrail_core::query::value_at;
use conftrail_core::{Event, Value};

use super::Machine;
use crate::cel::failure::Failure;
use crate::cel::node::{Kind, Node, Side};
use crate::cel::value::Val;

/// The format of rows: what they hold stands in the content, whole.
const ROW: &str = "row";

/// Returns the whole content.
pub(super) fn whole(event: &Event, side: Side) -> Val<'_> {
    Val::of_option(content(event, side))
}

/// Returns the value at a path of the content; of a document, which is not kept in parts, that of a change.
pub(super) fn at<'e>(event: &'e Event, side: Side, path: &str) -> Val<'e> {
    let found = content(event, side).and_then(|content| at_path(content, path));
    if found.is_some() || event.format.as_deref() == Some(ROW) {
        return Val::of_option(found);
    }
    let change = event.changes.iter().find(|change| change.path == path);
    Val::of_option(change.and_then(|change| match side {
        Side::Before => change.before.as_ref(),
        Side::After => change.after.as_ref(),
    }))
}

/// Returns what a value has at a path `a.b[2].c`.
fn at_path<'e>(value: &'e Value, path: &str) -> Option<&'e Value> {
    let map = value.as_map()?;
    map.get(path).or_else(|| value_at(map, path))
}

fn content(event: &Event, side: Side) -> Option<&Value> {
    match side {
        Side::Before => event.before.as_ref(),
        Side::After => event.after.as_ref(),
    }
}

impl<'a> Machine<'a> {
    pub(super) fn get(&mut self, node: &'a Node, one: &'a Node, path: &'a Node) -> Result<Val<'a>, Failure> {
        let path = self.value(path)?;
        let Some(path) = path.printed() else {
            return if path.is_null() { Ok(Val::Null) } else { Err(self.operand(node, "get", &path)) };
        };
        if let Kind::Content(side) = one.kind {
            return Ok(at(self.event, side, &path));
        }
        Ok(match self.value(one)? {
            Val::Map(map) => Val::of_option(map.get(&path).or_else(|| value_at(map, &path))),
            _ => Val::Null,
        })
    }
}
