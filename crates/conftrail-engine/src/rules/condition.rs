//! Reads `match` and `when`.

use std::sync::Arc;

use conftrail_core::query::Query;

use crate::cel::{Complaint, Program};
use crate::rules::Code;
use crate::rules::definitions::Definitions;
use crate::rules::reader::Reader;
use crate::rules::yaml::{Content, Node, Text};

/// What a condition can name.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'d> {
    pub(crate) definitions: &'d Definitions<'d>,
    /// Whether it is about one change, `c`.
    pub(crate) explode: bool,
}

/// Reads a condition; everything that is wrong with it is told at its place.
pub(crate) fn condition(reader: &mut Reader<'_>, node: &Node, scope: Scope<'_>) -> Option<Arc<Program>> {
    let text = match &node.content {
        Content::Text(text) if !text.text.trim().is_empty() && !text.tagged => text,
        _ => {
            reader.error(node.at, "`when` is a text; one that begins with `!` stands in quotes");
            return None;
        }
    };
    match Program::compile(&text.text, &scope.definitions.names, scope.explode) {
        Ok(program) => Some(Arc::new(program)),
        Err(complaints) => {
            for complaint in complaints {
                complain(reader, text, &complaint, scope);
            }
            None
        }
    }
}

fn complain(reader: &mut Reader<'_>, text: &Text, complaint: &Complaint, scope: Scope<'_>) {
    let message = &complaint.message;
    match complaint.within.as_ref().and_then(|name| Some((name, scope.definitions.texts.get(name)?))) {
        Some((name, inner)) => {
            let place = inner.place_at(complaint.span.start);
            let line = text.at.line;
            reader.refuse(
                place,
                Code::Syntax,
                format!("the macro `{name}`: {message} (it is used by the `when` of line {line})"),
            );
        }
        None => {
            let place = text.place_at(complaint.span.start);
            reader.refuse(place, Code::Syntax, format!("`when`: {message}"));
        }
    }
}

/// Reads a query; what is wrong with it is told at its place.
pub(crate) fn query(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<Query> {
    let text = reader.text(node, what)?;
    match Query::parse(&text.text) {
        Ok(query) => Some(query),
        Err(error) => {
            let place = text.place(error.line(), error.column());
            reader.refuse(place, Code::Syntax, format!("{what}: {}", error.message()));
            None
        }
    }
}
