//! Loops: `exists`, `all`, `exists_one`, `filter` and `map`.

use super::{Lowering, MOST_LOOPS, Variable};
use crate::cel::complaint::Span;
use crate::cel::node::{Kind, Loop, LoopKind, Node};
use crate::cel::schema;
use crate::cel::tree::{Tree, TreeKind};
use crate::cel::types::Type;

/// Returns the loop of a name.
pub(super) fn loop_kind(name: &str) -> Option<LoopKind> {
    Some(match name {
        "exists" => LoopKind::Exists,
        "all" => LoopKind::All,
        "exists_one" => LoopKind::ExistsOne,
        "filter" => LoopKind::Filter,
        "map" => LoopKind::Map,
        _ => return None,
    })
}

impl Lowering<'_> {
    pub(super) fn loop_over(
        &mut self,
        span: Span,
        (name, name_span): (&str, Span),
        kind: LoopKind,
        target: &Tree,
        arguments: &[Tree],
    ) -> Node {
        let (variable, keep, body) = match (arguments, kind) {
            ([variable, body], _) => (variable, None, body),
            ([variable, keep, body], LoopKind::Map) => (variable, Some(keep), body),
            _ => {
                return self
                    .wrong(name_span, format!("`{name}` is used as list.{name}(x, {})", example(kind)));
            }
        };
        let range = self.node(target);
        let TreeKind::Name(variable_name) = &variable.kind else {
            let message = format!(
                "the first argument of `{name}` names the element: list.{name}(x, {})",
                example(kind)
            );
            return self.wrong(variable.span, message);
        };
        if schema::top_names().any(|field| field == variable_name) {
            return self.wrong(
                variable.span,
                format!("`{variable_name}` is the event's; name the element otherwise"),
            );
        }
        let element = range.of.element().unwrap_or(Type::Wrong);
        if range.of.element().is_none() {
            self.complain(name_span, format!("`{name}` goes over a list, not over {}", range.of));
        }
        let slot = self.scope.len() + 1;
        if slot > MOST_LOOPS {
            return self.wrong(name_span, format!("loops nest at most {MOST_LOOPS} deep"));
        }
        self.scope.push(Variable { name: variable_name.clone(), of: element, slot });
        let keep = keep.map(|keep| self.node(keep));
        let body = self.node(body);
        self.scope.pop();
        if let Some(keep) = &keep {
            self.condition(keep, &format!("`{name}`"));
        }
        if kind != LoopKind::Map {
            self.condition(&body, &format!("`{name}`"));
        }
        let of = match kind {
            LoopKind::Exists | LoopKind::All | LoopKind::ExistsOne => Type::Bool,
            LoopKind::Filter => element.listed(),
            LoopKind::Map => body.of.listed(),
        };
        let one = Loop { kind, range, variable: variable_name.clone(), slot, keep, body };
        self.made(span, of, Kind::Loop(Box::new(one)))
    }
}

fn example(kind: LoopKind) -> &'static str {
    if kind == LoopKind::Map { "value" } else { "condition" }
}
