//! Names of tables and their like, as statements write them.

use super::super::sql::Token;

/// A table or another object, as the statement names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct ObjectName {
    /// The database, where the statement names it.
    pub(in super::super) schema: Option<String>,
    /// The object.
    pub(in super::super) name: String,
}

/// `name` or `schema.name` at a place, and the place behind it. The `.*` that `DELETE t.* FROM …` allows is read over.
pub(super) fn name_at(all: &[Token<'_>], index: usize) -> Option<(ObjectName, usize)> {
    let text = |index: usize| all.get(index).and_then(Token::as_name).map(str::to_owned);
    let has_sign = |index: usize, sign: char| all.get(index).is_some_and(|token| token.is_sign(sign));
    let first = text(index)?;
    let (found, end) = match text(index + 2).filter(|_| has_sign(index + 1, '.')) {
        Some(name) => (ObjectName { schema: Some(first), name }, index + 3),
        None => (ObjectName { schema: None, name: first }, index + 1),
    };
    let has_star = has_sign(end, '.') && has_sign(end + 1, '*');
    Some((found, if has_star { end + 2 } else { end }))
}

/// A name behind `IF [NOT] EXISTS`.
pub(super) fn name_behind_if(all: &[Token<'_>], index: usize) -> Option<(ObjectName, usize)> {
    name_at(all, behind_if(all, index))
}

/// The place behind `IF [NOT] EXISTS`.
pub(super) fn behind_if(all: &[Token<'_>], mut index: usize) -> usize {
    while all.get(index).is_some_and(|token| token.is_any(&["IF", "NOT", "EXISTS"])) {
        index += 1;
    }
    index
}

/// The place behind the parenthesis that opens here.
pub(super) fn behind_parenthesis(all: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in all.iter().enumerate().skip(open) {
        if token.is_sign('(') {
            depth += 1;
        } else if token.is_sign(')') {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return index + 1;
            }
        }
    }
    all.len()
}

/// The first place from `start` on, outside of parentheses, where this holds.
pub(super) fn find_outside(
    all: &[Token<'_>],
    start: usize,
    holds: impl Fn(&Token<'_>) -> bool,
) -> Option<usize> {
    let mut index = start;
    while let Some(token) = all.get(index) {
        if holds(token) {
            return Some(index);
        }
        index = if token.is_sign('(') { behind_parenthesis(all, index) } else { index + 1 };
    }
    None
}
