//! Fields, members and elements.

use conftrail_core::SmolStr;

use super::{Lowering, did_you_mean};
use crate::cel::complaint::Span;
use crate::cel::node::{Kind, Node};
use crate::cel::schema;
use crate::cel::tree::{Tree, TreeKind};
use crate::cel::types::{Type, Words};
use crate::cel::value::CHANGE_FIELDS;

impl Lowering<'_> {
    pub(super) fn select(&mut self, span: Span, of: &Tree, field: &str, field_span: Span) -> Node {
        if matches!(&of.kind, TreeKind::Name(name) if name == "lists") {
            return self.listed(span, field, field_span);
        }
        let operand = self.node(of);
        match operand.of {
            Type::Wrong => self.silent(span),
            Type::Content | Type::Any => self.member(span, operand, field),
            Type::Group(group) => match schema::named(&format!("{group}.{field}")) {
                Some(known) => self.made(span, known.of, Kind::Field(known)),
                None => {
                    let message = format!("`{group}` has no `{field}`");
                    let message = did_you_mean(&message, field, schema::names_within(group));
                    self.wrong(field_span, message)
                }
            },
            Type::Change => {
                let of = match field {
                    "path" => Type::Text,
                    "op" => Type::Word(Words::Operation),
                    "sensitive" => Type::Bool,
                    "before" | "after" => Type::Any,
                    _ => {
                        let message =
                            did_you_mean(&format!("a change has no `{field}`"), field, CHANGE_FIELDS);
                        return self.wrong(field_span, message);
                    }
                };
                self.made(span, of, Kind::Member(Box::new(operand), field.into()))
            }
            Type::Labels => self.made(span, Type::Text, Kind::Member(Box::new(operand), field.into())),
            Type::List(Type::Change) => {
                self.wrong(field_span, format!("`changes` is a list; write changes.exists(c, c.{field} …)"))
            }
            other => self.wrong(field_span, format!("{other} has no `{field}`")),
        }
    }

    fn listed(&mut self, span: Span, name: &str, name_span: Span) -> Node {
        let names = self.names;
        match names.lists.get(name) {
            Some(listed) => {
                self.lists.insert(name.to_owned());
                self.made(span, Type::Listed, Kind::Listed(listed.clone()))
            }
            None => {
                let known = names.lists.keys().map(String::as_str);
                let message = did_you_mean(&format!("there is no list `{name}`"), name, known);
                self.wrong(name_span, message)
            }
        }
    }

    /// A name within a content or within one of its values; a place known beforehand is one path.
    fn member(&mut self, span: Span, operand: Node, name: &str) -> Node {
        let kind = match operand.kind {
            Kind::Content(side) => Kind::Path(side, name.into()),
            Kind::Path(side, path) => Kind::Path(side, joined(&path, name)),
            _ => Kind::Member(Box::new(operand), name.into()),
        };
        self.made(span, Type::Any, kind)
    }

    pub(super) fn index(&mut self, span: Span, operands: &[Tree]) -> Node {
        let [operand, index] = operands else { return self.silent(span) };
        let (operand, index) = (self.node(operand), self.node(index));
        match (operand.of, &operand.kind, &index.kind) {
            (Type::Wrong, ..) => self.silent(span),
            (Type::Content | Type::Any, _, Kind::Text(name)) => {
                let name = name.clone();
                self.member(span, operand, &name)
            }
            (Type::Labels, _, Kind::Text(name)) => {
                let name = name.clone();
                self.made(span, Type::Text, Kind::Member(Box::new(operand), name))
            }
            (Type::Any, Kind::Path(side, path), Kind::Int(number)) => {
                let path = format!("{path}[{number}]");
                self.made(span, Type::Any, Kind::Path(*side, path.into()))
            }
            (Type::Content, ..) if index.of.may_be_text() => {
                self.made(span, Type::Any, Kind::Get(Box::new(operand), Box::new(index)))
            }
            (Type::Labels, ..) if index.of.may_be_text() => {
                self.made(span, Type::Text, Kind::Index(Box::new(operand), Box::new(index)))
            }
            (Type::Any, ..) if index.of.may_be_text() || index.of.may_be_number() => {
                self.made(span, Type::Any, Kind::Index(Box::new(operand), Box::new(index)))
            }
            (Type::List(_) | Type::Listed, ..) if index.of.may_be_number() => {
                let of = operand.of.element().unwrap_or(Type::Any);
                self.made(span, of, Kind::Index(Box::new(operand), Box::new(index)))
            }
            (Type::List(_) | Type::Listed, ..) => {
                self.wrong(index.place.span, "an element of a list has a number")
            }
            (Type::Content | Type::Labels, ..) => {
                self.wrong(index.place.span, "this wants a name, as a text")
            }
            (other, ..) => self.wrong(span, format!("{other} has no elements")),
        }
    }
}

/// Appends a name to a path, as paths of changes are written.
fn joined(path: &str, name: &str) -> SmolStr {
    let is_plain = !name.is_empty() && !name.contains(['.', '[', ']', '"']);
    if is_plain { format!("{path}.{name}").into() } else { format!("{path}[\"{name}\"]").into() }
}
