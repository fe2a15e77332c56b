//! What can fail while an expression runs. No words of the event are in it.

use crate::cel::node::Place;

/// Most rounds of loops in one evaluation.
pub(crate) const MOST_ROUNDS: u32 = 10_000;
/// Longest text that functions look at, in bytes.
pub(crate) const LONGEST_TEXT: usize = 64 * 1024;

/// Why an expression could not be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The loops took too many rounds.
    #[error("its loops take more than {MOST_ROUNDS} rounds")]
    Rounds,
    /// The parts that were looked at were too many, or the texts too long in all.
    #[error("it takes too much work")]
    Work,
    /// A function met a text that is too long.
    #[error("a text is longer than the {LONGEST_TEXT} bytes that functions look at")]
    LongText,
    /// A result is no 64-bit integer and no finite number.
    #[error("a number is too large")]
    TooLarge,
    /// A number was divided by zero.
    #[error("a number is divided by zero")]
    DivisionByZero,
    /// An operator met a value it is not for.
    #[error("`{operator}` met {found}{}", way_out(.operator, .found))]
    Operand {
        /// The operator.
        operator: &'static str,
        /// What kind of value it met.
        found: &'static str,
    },
    /// An operator met two values that do not go together.
    #[error("`{operator}` met {one} and {other}{}", way_out_of_two(.one, .other))]
    Operands {
        /// The operator.
        operator: &'static str,
        /// What kind of value stood first.
        one: &'static str,
        /// What kind of value stood second.
        other: &'static str,
    },
}

/// A failure and where in the expression it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) place: Place,
    pub(crate) cause: Cause,
}

impl Failure {
    /// Says whether a budget is used up: then nothing more is evaluated.
    pub(crate) fn is_final(self) -> bool {
        matches!(self.cause, Cause::Rounds | Cause::Work)
    }
}

fn way_out(operator: &str, found: &str) -> &'static str {
    match (operator, found) {
        ("+" | "-" | "*" | "/" | "%", "a text") => "; num(…) reads the number of a text",
        _ => "",
    }
}

fn way_out_of_two(one: &str, other: &str) -> &'static str {
    match (one, other) {
        ("a text", "a number") | ("a number", "a text") => "; num(…) reads the number of a text",
        _ => "",
    }
}
