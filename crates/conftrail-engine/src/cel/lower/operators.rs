//! Operators: what they join must fit.

use super::{Lowering, did_you_mean};
use crate::cel::complaint::Span;
use crate::cel::node::{Arithmetic, Kind, Node, Order};
use crate::cel::tree::{Operator, Tree};
use crate::cel::types::Type;

impl Lowering<'_> {
    pub(super) fn operator(&mut self, span: Span, operator: Operator, at: Span, operands: &[Tree]) -> Node {
        if operator == Operator::Index {
            return self.index(span, operands);
        }
        let operands: Vec<Node> = operands.iter().map(|operand| self.node(operand)).collect();
        match <[Node; 1]>::try_from(operands) {
            Ok([only]) => self.unary(span, operator, only),
            Err(operands) => match <[Node; 2]>::try_from(operands) {
                Ok(two) => self.binary(span, operator, at, two),
                Err(operands) => match <[Node; 3]>::try_from(operands) {
                    Ok(three) => self.choice(span, three),
                    // The grammar has no others.
                    Err(_) => self.silent(span),
                },
            },
        }
    }

    fn unary(&mut self, span: Span, operator: Operator, only: Node) -> Node {
        if operator == Operator::Not {
            self.condition(&only, "`!`");
            return self.made(span, Type::Bool, Kind::Not(Box::new(only)));
        }
        if !only.of.may_be_number() {
            return self.wrong(span, format!("`-` is for numbers, not for {}", only.of));
        }
        self.made(span, Type::Number, Kind::Negate(Box::new(only)))
    }

    /// Complains unless a part is true or false.
    pub(super) fn condition(&mut self, node: &Node, what: &str) {
        let message = match node.of {
            Type::Bool | Type::Wrong => return,
            Type::Any => {
                format!("{what} wants true or false, this may be anything; compare it, as in `== true`")
            }
            Type::Null => format!("{what} wants true or false, this is null"),
            other => format!("{what} wants true or false, this is {other}"),
        };
        self.complain(node.place.span, message);
    }

    fn choice(&mut self, span: Span, three: [Node; 3]) -> Node {
        self.condition(&three[0], "`? :`");
        let of = three[1].of.or(three[2].of);
        self.made(span, of, Kind::Choice(Box::new(three)))
    }

    fn binary(&mut self, span: Span, operator: Operator, at: Span, two: [Node; 2]) -> Node {
        match operator {
            Operator::And | Operator::Or => {
                let sign = format!("`{}`", operator.as_str());
                self.condition(&two[0], &sign);
                self.condition(&two[1], &sign);
                let [one, other] = two.map(Box::new);
                let is_and = operator == Operator::And;
                let kind = if is_and { Kind::And(one, other) } else { Kind::Or(one, other) };
                self.made(span, Type::Bool, kind)
            }
            Operator::Equal | Operator::NotEqual => {
                self.equality(at, operator, &two);
                let negated = operator == Operator::NotEqual;
                self.made(span, Type::Bool, Kind::Equal { operands: Box::new(two), negated })
            }
            Operator::In => {
                self.membership(at, &two);
                self.made(span, Type::Bool, Kind::In(Box::new(two)))
            }
            _ => match (order(operator), arithmetic(operator)) {
                (Some(order), _) => {
                    self.ordering(at, operator, &two);
                    self.made(span, Type::Bool, Kind::Order(order, Box::new(two)))
                }
                (_, Some(arithmetic)) => self.arithmetic(span, at, arithmetic, operator, two),
                _ => self.silent(span),
            },
        }
    }

    fn equality(&mut self, at: Span, operator: Operator, two: &[Node; 2]) {
        let [one, other] = two;
        if !one.of.may_equal(other.of) {
            self.complain(at, never_equal(one.of, other.of, operator.as_str()));
            return;
        }
        self.word(one, other);
        self.word(other, one);
    }

    /// Complains about a written text that is none of the words that a field can have.
    fn word(&mut self, field: &Node, written: &Node) {
        let (Type::Word(words), Some(text)) = (field.of, written.as_text()) else { return };
        let known = words.all();
        if known.contains(&text.as_str()) {
            return;
        }
        let message = did_you_mean(&format!("no value of this is \"{text}\""), text, known.iter().copied());
        let message = if message.contains("did you mean") {
            message
        } else {
            format!("{message}; there are {}", known.join(", "))
        };
        self.complain(written.place.span, message);
    }

    fn ordering(&mut self, at: Span, operator: Operator, two: &[Node; 2]) {
        let sign = operator.as_str();
        let orderable =
            |of: Type| of.may_be_number() || of.may_be_text() || matches!(of, Type::Time | Type::Duration);
        for one in two {
            if one.of == Type::Null {
                return self.complain(
                    at,
                    format!("nothing is `{sign}` null; whether a value is there, `!= null` asks"),
                );
            }
            if !orderable(one.of) {
                return self.complain(
                    at,
                    format!("`{sign}` compares numbers, texts, times or durations, not {}", one.of),
                );
            }
        }
        let [one, other] = two;
        if !one.of.may_equal(other.of) {
            self.complain(
                at,
                format!("`{sign}` compares values of one kind, not {} and {}", one.of, other.of),
            );
        }
    }

    fn membership(&mut self, at: Span, two: &[Node; 2]) {
        let [element, list] = two;
        if list.of.may_be_text() && !matches!(list.of, Type::Wrong | Type::Any | Type::Null) {
            return self
                .complain(at, "`in` looks into a list, not into a text; write text.contains(\"part\")");
        }
        let known = match list.of {
            Type::Content | Type::Labels => Some(Type::Text),
            // As they are printed, scalars are texts.
            Type::Listed if element.of.may_be_number() => Some(Type::Any),
            of => of.element(),
        };
        let Some(known) = known else {
            return self.complain(at, format!("`in` looks into a list, not into {}", list.of));
        };
        if !element.of.may_equal(known) {
            return self.complain(at, never_equal(element.of, known, "in"));
        }
        if let Kind::List(written) = &list.kind {
            for one in written {
                self.word(element, one);
            }
        }
    }

    fn arithmetic(
        &mut self,
        span: Span,
        at: Span,
        arithmetic: Arithmetic,
        operator: Operator,
        two: [Node; 2],
    ) -> Node {
        let [one, other] = &two;
        let lists = |of: Type| matches!(of, Type::List(_) | Type::Listed);
        let of = if one.of.may_be_number() && other.of.may_be_number() {
            let unsure = |of: Type| matches!(of, Type::Any | Type::Null);
            let both = unsure(one.of) && unsure(other.of) && arithmetic == Arithmetic::Add;
            if both { Type::Any } else { Type::Number }
        } else if arithmetic == Arithmetic::Add && one.of.may_be_text() && other.of.may_be_text() {
            Type::Text
        } else if arithmetic == Arithmetic::Add && lists(one.of) && lists(other.of) {
            let elements = one.of.element().zip(other.of.element());
            elements.map_or(Type::Any, |(one, other)| one.or(other)).listed()
        } else {
            let sign = operator.as_str();
            let message = match (one.of.may_be_number(), other.of.may_be_number()) {
                (false, true) => format!("`{sign}` is for numbers, not for {}", one.of),
                (true, false) => format!("`{sign}` is for numbers, not for {}", other.of),
                _ => format!("`{sign}` is for numbers, not for {} and {}", one.of, other.of),
            };
            return self.wrong(at, message);
        };
        self.made(span, of, Kind::Arithmetic(arithmetic, Box::new(two)))
    }
}

fn never_equal(one: Type, other: Type, sign: &str) -> String {
    let way_out = match (one, other) {
        (Type::Number, Type::Text) | (Type::Text, Type::Number) => "; num(…) reads the number of a text",
        (Type::Listed | Type::List(_), _) => "; write `value in list`",
        (_, Type::Listed | Type::List(_)) => "; write `value in list`",
        _ => "",
    };
    format!("`{sign}`: {one} is never equal to {other}{way_out}")
}

fn order(operator: Operator) -> Option<Order> {
    Some(match operator {
        Operator::Less => Order::Less,
        Operator::LessOrEqual => Order::LessOrEqual,
        Operator::Greater => Order::Greater,
        Operator::GreaterOrEqual => Order::GreaterOrEqual,
        _ => return None,
    })
}

fn arithmetic(operator: Operator) -> Option<Arithmetic> {
    Some(match operator {
        Operator::Add => Arithmetic::Add,
        Operator::Subtract => Arithmetic::Subtract,
        Operator::Multiply => Arithmetic::Multiply,
        Operator::Divide => Arithmetic::Divide,
        Operator::Remainder => Arithmetic::Remainder,
        _ => return None,
    })
}
