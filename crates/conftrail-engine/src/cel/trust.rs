//! Whether a condition lets names pass without asking who vouches for them.

use crate::cel::node::{Kind, Node};

const NAME: &str = "actor.name";
const AUTHORITY: &str = "actor.authority";

/// Returns the first part that is decided by the actor's name in such a way that the right name keeps a rule silent; the rule is
/// silent when the condition is `silent`.
pub(crate) fn passes_names(node: &Node, silent: bool) -> Option<&Node> {
    match &node.kind {
        Kind::Not(one) => passes_names(one, !silent),
        Kind::And(one, other) | Kind::Or(one, other) => {
            passes_names(one, silent).or_else(|| passes_names(other, silent))
        }
        Kind::Choice(three) => passes_names(&three[1], silent).or_else(|| passes_names(&three[2], silent)),
        Kind::Loop(one) => passes_names(&one.body, silent),
        Kind::Equal { operands, negated } => {
            let [one, other] = &**operands;
            let is_listed = |node: &Node| matches!(node.kind, Kind::Text(_) | Kind::Slot(_));
            let names = (is_name(one) && is_listed(other)) || (is_name(other) && is_listed(one));
            (names && silent != *negated).then_some(node)
        }
        Kind::In(operands) | Kind::TextTest(_, operands) => (is_name(&operands[0]) && silent).then_some(node),
        Kind::Re(one, _) | Kind::Glob(one, _) => (is_name(one) && silent).then_some(node),
        _ => None,
    }
}

/// Says whether a condition looks at who vouches for the name.
pub(crate) fn asks_authority(node: &Node) -> bool {
    node.field_path() == Some(AUTHORITY) || node.parts().into_iter().any(asks_authority)
}

fn is_name(node: &Node) -> bool {
    node.field_path() == Some(NAME)
}
