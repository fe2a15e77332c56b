//! Comments of statements: no text inside of a properly escaped literal becomes a claim.

use crate::who::{Claim, Escapes, statement_text};

/// Collations of utf8mb4, latin1, gbk, big5, sjis, gb18030, utf16, binary, and one that nobody knows.
const COLLATIONS: [u64; 9] = [255, 8, 28, 1, 13, 248, 54, 63, 9999];

/// Reads a statement's comments, and those of statements with the input as a literal. The first byte chooses the session's
/// collation, the rest is the statement.
///
/// # Panics
/// When a literal becomes a claim.
pub fn claims(input: &[u8]) {
    let Some((choice, statement)) = input.split_first() else { return };
    let collation = COLLATIONS.get(usize::from(*choice)).copied();
    if let Some(text) = statement_text(statement, collation) {
        for escapes in [Escapes::Backslash, Escapes::None, Escapes::Unknown] {
            let _any_outcome = Claim::of_statement(&text, escapes);
        }
    }
    let Ok(typed) = std::str::from_utf8(statement) else { return };
    let doubled = typed.replace('\'', "''");
    no_claim(&format!("update t set v='{doubled}' where id=1"), Escapes::None);
    let escaped = typed.replace('\\', "\\\\").replace('\'', "\\'");
    no_claim(&format!("update t set v='{escaped}' where id=1"), Escapes::Backslash);
    let both = typed.replace('\\', "\\\\").replace('\'', "''");
    no_claim(&format!("update t set v='{both}' where id=1"), Escapes::Backslash);
}

fn no_claim(statement: &str, escapes: Escapes) {
    let claim = Claim::of_statement(statement, escapes);
    assert!(claim.is_none(), "{statement:?} forges {claim:?}");
}
