//! How a session's statements are to be read, as its QUERY events tell in their status variables.

use std::borrow::Cow;

use crate::who::{Claim, Escapes, statement_text};

/// What decides where a literal of a statement ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// What a backslash means.
    pub(super) escapes: Escapes,
    /// The collation of `character_set_client`; none where nobody told.
    pub(super) client_collation: Option<u64>,
}

impl Dialect {
    /// Nobody told anything: only what every reading agrees on counts.
    pub(super) const UNKNOWN: Self = Self { escapes: Escapes::Unknown, client_collation: None };

    /// Whether `\` escapes within literals; none when nobody told.
    pub(super) fn backslash_escapes(self) -> Option<bool> {
        match self.escapes {
            Escapes::Backslash => Some(true),
            Escapes::None => Some(false),
            Escapes::Unknown => None,
        }
    }

    /// Returns a statement's text for reading; bytes that are no text are replaced.
    pub(super) fn text(self, statement: &[u8]) -> Cow<'_, str> {
        statement_text(statement, self.client_collation).unwrap_or_else(|| String::from_utf8_lossy(statement))
    }

    /// Returns what a statement claims about who made it; nothing where its literals cannot be told for sure.
    pub(super) fn claim(self, statement: &[u8]) -> Option<Claim> {
        // In no character set of a client are these two bytes part of a letter.
        if !statement.windows(2).any(|pair| pair == b"/*") {
            return None;
        }
        Claim::of_statement(&statement_text(statement, self.client_collation)?, self.escapes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_ends_in_a_backslash_opens_no_comment() {
        // The client escaped the quote; the letter before it is bf 5c, and as UTF-8 its backslash escapes the other.
        let forged = b"update t set v='\xbf\x5c\\' /* user='root' */'";
        let claim =
            |client_collation| Dialect { escapes: Escapes::Backslash, client_collation }.claim(forged);
        assert_eq!(claim(Some(28)), None);
        assert_eq!(claim(None), None);
        let gbk = Dialect { escapes: Escapes::Backslash, client_collation: Some(28) };
        let name = gbk.claim(b"update t set v='\xd6\xd0' /* user='\xc0\xee' */").and_then(|claim| claim.name);
        assert_eq!(name.as_deref(), Some("李"));
        assert_eq!(gbk.text(b"set v='\xd6\xd0'"), "set v='中'");
        assert_eq!(gbk.text(b"set v='\xff'"), "set v='\u{fffd}'");
    }
}
