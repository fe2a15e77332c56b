//! A statement's bytes as text, read as its session's character set says.
//!
//! In GBK, Big5, GB18030 and Shift-JIS the second byte of a letter can be a backslash. Who read such a statement as UTF-8
//! would see an escape where the server saw a letter, take a literal's end for elsewhere, and find comments in it.

use std::borrow::Cow;

use crate::decode::Charset;

/// Returns a statement's text; `None` when it cannot be read safely, which means: without a claim.
///
/// `client_collation` is the client's, first of the three in the charset status variable of a QUERY event. Without it
/// only UTF-8 counts. Where letters hold no ASCII bytes, invalid bytes (binary literals) are replaced and do no harm.
pub fn statement_text(statement: &[u8], client_collation: Option<u64>) -> Option<Cow<'_, str>> {
    let Some(collation) = client_collation else {
        return std::str::from_utf8(statement).ok().map(Cow::Borrowed);
    };
    let charset = Charset::of_collation(collation);
    if charset.has_ascii_only_as_ascii() {
        return Some(String::from_utf8_lossy(statement));
    }
    charset.decode(statement)
}

#[cfg(test)]
mod tests {
    use super::statement_text;
    use crate::who::{Claim, Escapes};

    #[test]
    fn a_letter_that_holds_a_backslash_ends_no_literal() {
        // 縗 is bf 5c in GBK; the application escaped the quote behind it.
        let mut statement = b"update t set v='\xbf\x5c\\' /* user='root' */'".to_vec();
        let claim = |statement: &[u8], collation| {
            Claim::of_statement(&statement_text(statement, collation)?, Escapes::Backslash)
        };
        assert!(claim(&statement, Some(45)).is_some(), "as UTF-8 it would be a comment");
        assert_eq!(claim(&statement, Some(28)), None);
        assert_eq!(claim(&statement, None), None);
        statement.extend_from_slice(b" /* user='alice' */");
        assert_eq!(claim(&statement, Some(28)).and_then(|claim| claim.name).as_deref(), Some("alice"));
    }

    #[test]
    fn binary_literals_in_a_utf8_session_do_no_harm() {
        let text =
            statement_text(b"update t set v=_binary'\xff' /* user='alice' */", Some(255)).expect("text");
        let claim = Claim::of_statement(&text, Escapes::Backslash).expect("a claim");
        assert_eq!(claim.name.as_deref(), Some("alice"));
    }
}
