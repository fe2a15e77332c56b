//! Checks a parsed expression: looks names up, fits types together and compiles patterns.
//!
//! Everything that is wrong is told, not the first thing: what is wrong in itself has the type [`Type::Wrong`], about which nothing
//! further is said.

mod calls;
mod loops;
mod operators;
mod paths;

use std::collections::BTreeSet;
use std::sync::Arc;

use conftrail_core::{nearest, query};

use crate::cel::complaint::{Complaint, Span};
use crate::cel::names::Names;
use crate::cel::node::{Kind, Node, Place, Side};
use crate::cel::schema;
use crate::cel::tree::{DEEPEST, MOST_NODES, Tree, TreeKind};
use crate::cel::types::Type;

/// The change of `explode: changes`.
const EXPLODED: &str = "c";
/// Where the change of `explode` is kept.
pub(crate) const EXPLODED_SLOT: usize = 0;
/// Deepest nesting of loops.
const MOST_LOOPS: usize = 2;
/// How many values expressions keep by name: the change of `explode` and one for each nested loop.
pub(crate) const SLOTS: usize = 1 + MOST_LOOPS;

/// A text that parts of an expression stand in.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The macro's name; none for the expression itself.
    pub(crate) name: Option<String>,
    pub(crate) text: Arc<str>,
}

/// A checked expression and what it uses.
#[derive(Debug)]
pub(crate) struct Lowered {
    pub(crate) root: Node,
    pub(crate) sources: Vec<Source>,
    pub(crate) lists: BTreeSet<String>,
}

/// What an expression is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use<'n> {
    /// A condition; `exploded` says whether it sees the change `c`.
    Condition { exploded: bool },
    /// A macro, which may be anything and may look at `c`; a rule that uses it is checked again.
    Macro { name: &'n str },
}

/// Checks an expression.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn lower(
    tree: &Tree,
    text: Arc<str>,
    names: &Names<'_>,
    purpose: Use<'_>,
) -> Result<Lowered, Vec<Complaint>> {
    let (exploded, expanding) = match purpose {
        Use::Condition { exploded } => (exploded, Vec::new()),
        Use::Macro { name } => (true, vec![name.to_owned()]),
    };
    let mut lowering = Lowering {
        names,
        exploded,
        complaints: Vec::new(),
        scope: Vec::new(),
        expanding,
        sources: vec![Source { name: None, text }],
        here: 0,
        depth: 0,
        nodes: 0,
        lists: BTreeSet::new(),
    };
    let root = lowering.node(tree);
    if let Use::Condition { .. } = purpose {
        lowering.condition(&root, "a condition");
    }
    if lowering.complaints.is_empty() {
        Ok(Lowered { root, sources: lowering.sources, lists: lowering.lists })
    } else {
        Err(lowering.complaints)
    }
}

/// A loop's variable.
struct Variable {
    name: String,
    of: Type,
    slot: usize,
}

struct Lowering<'n> {
    names: &'n Names<'n>,
    exploded: bool,
    complaints: Vec<Complaint>,
    scope: Vec<Variable>,
    /// The macros that are being written out, outermost first.
    expanding: Vec<String>,
    sources: Vec<Source>,
    /// Which of the sources is read.
    here: usize,
    depth: usize,
    nodes: usize,
    lists: BTreeSet<String>,
}

impl Lowering<'_> {
    fn made(&self, span: Span, of: Type, kind: Kind) -> Node {
        Node { place: Place { source: self.here, span }, of, kind }
    }

    fn complain(&mut self, span: Span, message: impl Into<String>) {
        let within = self.sources.get(self.here).and_then(|source| source.name.clone());
        self.complaints.push(Complaint { within, span, message: message.into() });
    }

    /// Complains, and stands for the part that is wrong.
    fn wrong(&mut self, span: Span, message: impl Into<String>) -> Node {
        self.complain(span, message);
        self.silent(span)
    }

    /// Stands for a part whose mistake was told already.
    fn silent(&self, span: Span) -> Node {
        self.made(span, Type::Wrong, Kind::Null)
    }

    fn node(&mut self, tree: &Tree) -> Node {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            // Told once; what is behind it is not looked at.
            if self.nodes == MOST_NODES + 1 {
                self.complain(
                    tree.span,
                    format!("an expression has at most {MOST_NODES} parts, macros written out"),
                );
            }
            return self.silent(tree.span);
        }
        if self.depth == DEEPEST {
            return self
                .wrong(tree.span, format!("expressions nest at most {DEEPEST} deep, macros written out"));
        }
        self.depth += 1;
        let node = self.kind(tree);
        self.depth -= 1;
        node
    }

    fn kind(&mut self, tree: &Tree) -> Node {
        let span = tree.span;
        match &tree.kind {
            TreeKind::Null => self.made(span, Type::Null, Kind::Null),
            TreeKind::Bool(truth) => self.made(span, Type::Bool, Kind::Bool(*truth)),
            TreeKind::Int(number) => self.made(span, Type::Number, Kind::Int(*number)),
            TreeKind::Uint(number) => {
                let kind = i64::try_from(*number).map_or(Kind::Uint(*number), Kind::Int);
                self.made(span, Type::Number, kind)
            }
            TreeKind::Double(number) => self.made(span, Type::Number, Kind::Double(*number)),
            TreeKind::Text(text) => self.made(span, Type::Text, Kind::Text(text.into())),
            TreeKind::Name(name) => self.name(span, name),
            TreeKind::Select { of, field, field_span } => self.select(span, of, field, *field_span),
            TreeKind::Call { name, name_span, target, arguments } => {
                self.call(span, name, *name_span, target.as_deref(), arguments)
            }
            TreeKind::Operator { operator, at, operands } => self.operator(span, *operator, *at, operands),
            TreeKind::List(elements) => {
                let elements: Vec<Node> = elements.iter().map(|element| self.node(element)).collect();
                let element = elements.iter().map(|element| element.of).reduce(Type::or).unwrap_or(Type::Any);
                self.made(span, element.listed(), Kind::List(elements))
            }
        }
    }

    fn name(&mut self, span: Span, name: &str) -> Node {
        if let Some(variable) = self.scope.iter().rev().find(|variable| variable.name == name) {
            return self.made(span, variable.of, Kind::Slot(variable.slot));
        }
        match name {
            EXPLODED if self.exploded => return self.made(span, Type::Change, Kind::Slot(EXPLODED_SLOT)),
            EXPLODED => {
                return self
                    .wrong(span, "`c` is one change: write `explode: changes`, or changes.exists(c, …)");
            }
            "before" => return self.made(span, Type::Content, Kind::Content(Side::Before)),
            "after" => return self.made(span, Type::Content, Kind::Content(Side::After)),
            "lists" => return self.wrong(span, "a list is named: lists.name"),
            _ => {}
        }
        if let Some(field) = schema::named(name) {
            return self.made(span, field.of, Kind::Field(field));
        }
        if self.names.macros.contains_key(name) {
            return self.expanded(span, name);
        }
        let message = self.unknown(name);
        self.wrong(span, message)
    }

    fn unknown(&self, name: &str) -> String {
        let meant = query::Field::named(name).map(|field| field.to_string());
        if let Some(path) = meant.as_deref().filter(|path| schema::named(path).is_some()) {
            return format!("there is no `{name}` here; write `{path}`");
        }
        if meant.is_some() {
            return format!("`{name}` is no part of conditions; ask for it in `match`");
        }
        let variables = self.scope.iter().map(|variable| variable.name.as_str());
        let macros = self.names.macros.keys().map(String::as_str);
        let known = schema::top_names().map(|known: &'static str| -> &str { known });
        let known = known.chain(["lists", "true", "false", "null"]).chain(variables).chain(macros);
        did_you_mean(&format!("there is no `{name}`"), name, known)
    }

    /// Writes a macro out. It sees what the expression sees, but no variables of loops around it.
    fn expanded(&mut self, span: Span, name: &str) -> Node {
        let names = self.names;
        let Some(known) = names.macros.get(name) else { return self.silent(span) };
        if let Some(start) = self.expanding.iter().position(|outer| outer == name) {
            let mut circle = self.expanding[start..].to_vec();
            circle.push(name.to_owned());
            return self.wrong(span, format!("the macro `{name}` needs itself: {}", circle.join(" → ")));
        }
        let Some(tree) = known.tree.as_ref().filter(|_| !known.broken) else { return self.silent(span) };
        let source = self.source_of(name, &known.text);
        let outer_source = std::mem::replace(&mut self.here, source);
        let outer_scope = std::mem::take(&mut self.scope);
        self.expanding.push(name.to_owned());
        let mut node = self.node(tree);
        self.expanding.pop();
        self.scope = outer_scope;
        self.here = outer_source;
        // What does not fit about the macro as a whole is told where it is used.
        node.place = Place { source: outer_source, span };
        node
    }

    fn source_of(&mut self, name: &str, text: &Arc<str>) -> usize {
        let known = self.sources.iter().position(|source| source.name.as_deref() == Some(name));
        known.unwrap_or_else(|| {
            self.sources.push(Source { name: Some(name.to_owned()), text: text.clone() });
            self.sources.len() - 1
        })
    }
}

/// Appends the nearest known name to a message.
fn did_you_mean<'k>(message: &str, name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    match nearest(name, known) {
        Some(known) => format!("{message}; did you mean `{known}`?"),
        None => message.to_owned(),
    }
}
