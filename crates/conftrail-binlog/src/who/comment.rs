//! Finds the comments of a statement, outside of what only looks like one.
//!
//! Getting this wrong is a forgery: text that a user typed into a form stands in a string literal, and a reader that takes
//! the literal's end for earlier than the server does would read the rest as a comment of the application.

/// Says whether `\` escapes within string literals, which the session's `sql_mode` decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// It does; the server's default.
    Backslash,
    /// It does not: NO_BACKSLASH_ESCAPES.
    None,
    /// Nobody told: only what both readings agree on counts.
    Unknown,
}

impl Escapes {
    /// MODE_NO_BACKSLASH_ESCAPES; MySQL, `sql/system_variables.h`.
    const NO_BACKSLASH_ESCAPES: u64 = 1 << 20;

    /// Reads the `sql_mode` status variable of a QUERY event.
    pub fn of_sql_mode(sql_mode: u64) -> Self {
        if sql_mode & Self::NO_BACKSLASH_ESCAPES == 0 { Self::Backslash } else { Self::None }
    }
}

/// Returns the contents of the `/* … */` comments of a statement, in order.
///
/// Hints (`/*+ … */`), version comments (`/*! … */`, `/*M! … */`) and comments to the line's end are none of ours.
pub(super) fn comments(statement: &str, backslash_escapes: bool) -> Vec<&str> {
    let bytes = statement.as_bytes();
    let mut found = Vec::new();
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        let rest = bytes.get(place..).unwrap_or_default();
        place = match byte {
            b'\'' | b'"' => end_of_literal(bytes, place, *byte, backslash_escapes),
            b'`' => end_of_literal(bytes, place, b'`', false),
            b'#' => end_of_line(bytes, place),
            b'-' if is_line_comment(rest) => end_of_line(bytes, place),
            b'/' if rest.starts_with(b"/*") => {
                let start = place + 2;
                // A comment without an end is none: MySQL refuses it.
                let Some(length) = statement.get(start..).and_then(|rest| rest.find("*/")) else {
                    return found;
                };
                let content = statement.get(start..start + length).unwrap_or_default();
                if !content.starts_with(['+', '!']) && !content.starts_with("M!") {
                    found.push(content);
                }
                start + length + 2
            }
            _ => place + 1,
        };
    }
    found
}

/// `--` begins a comment only before white space, a control character or the end.
fn is_line_comment(rest: &[u8]) -> bool {
    rest.starts_with(b"--")
        && rest.get(2).is_none_or(|next| next.is_ascii_whitespace() || next.is_ascii_control())
}

fn end_of_line(bytes: &[u8], place: usize) -> usize {
    let rest = bytes.get(place..).unwrap_or_default();
    rest.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| place + length + 1)
}

/// Returns the place behind a literal's closing quote; a doubled quote is part of it.
fn end_of_literal(bytes: &[u8], start: usize, quote: u8, backslash_escapes: bool) -> usize {
    let mut place = start + 1;
    while let Some(byte) = bytes.get(place) {
        if *byte == b'\\' && backslash_escapes {
            place += 2;
        } else if *byte != quote {
            place += 1;
        } else if bytes.get(place + 1) == Some(&quote) {
            place += 2;
        } else {
            return place + 1;
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::{Escapes, comments};

    #[test]
    fn comments_are_found_outside_of_literals_only() {
        let check = |statement: &str, expected: &[&str]| {
            assert_eq!(comments(statement, true), expected, "{statement}")
        };
        check("update t set v=1 /*user='a'*/", &["user='a'"]);
        check("/* a */ update t set v='/* b */' /* c */", &[" a ", " c "]);
        check(r"update t set v='it\'s /* no */' /* yes */", &[" yes "]);
        check("update t set v='it''s /* no */' /* yes */", &[" yes "]);
        check(r#"update `a/*no*/b` set v="/* no */""#, &[]);
        check("update t set v=1 -- /* no */\n, w=2 # /* no */\n/* yes */", &[" yes "]);
        check("update t set v=1--/* yes */1", &[" yes "]);
        check("select /*+ no_index(t) */ /*! 1 */ /*!80000 2 */ /*M! 3 */ 1 /* yes */", &[" yes "]);
        check("update t set v=1 /* open", &[]);
        check("update t set v='open /* no */", &[]);
        check("/**/ /*/ x */", &["", "/ x "]);
    }

    #[test]
    fn the_sql_mode_decides_where_a_literal_ends() {
        let forged = r"update t set v='\'' /* user='root' */' where id=1";
        assert_eq!(comments(forged, true).len(), 1, "as a default session reads it");
        assert_eq!(comments(forged, false), Vec::<&str>::new(), "as the session that wrote it reads it");
    }

    #[test]
    fn the_sql_mode_is_one_bit() {
        assert_eq!(Escapes::of_sql_mode(0), Escapes::Backslash);
        assert_eq!(Escapes::of_sql_mode(1 << 20 | 4), Escapes::None);
    }

    #[test]
    fn any_text_is_read_without_a_panic() {
        let mut random = crate::testing::Random::new(37);
        let parts = ["'", "\"", "`", "\\", "/*", "*/", "--", " ", "\n", "#", "é", "a='b'", "中"];
        for _ in 0..20_000 {
            let text: String = (0..random.below(20)).map(|_| parts[random.below(parts.len())]).collect();
            let _any_outcome = (comments(&text, true), comments(&text, false));
        }
    }
}
