//! Where a character of a YAML scalar's text stands in the file: quotes, escapes, indentation and folded lines lie between.

/// Returns how many lines below its start, and at which column (from 0; in its first line, behind the start), the byte `offset`
/// of a scalar's text stands in `raw`, the scalar as it is written. None where the two cannot be brought together.
pub(crate) fn place_in_raw(raw: &str, text: &str, offset: usize) -> Option<(usize, usize)> {
    let quote = raw.chars().next().filter(|first| matches!(first, '\'' | '"'));
    let quoted = quote.and_then(|quote| Walk { raw, at: 1, quote: Some(quote) }.find(text, offset));
    // A block's text may begin with a quote of its own.
    let at = quoted.or_else(|| Walk { raw, at: 0, quote: None }.find(text, offset))?;
    let before = raw.get(..at)?;
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Some((before.matches('\n').count(), before[line_start..].chars().count()))
}

struct Walk<'r> {
    raw: &'r str,
    at: usize,
    quote: Option<char>,
}

impl Walk<'_> {
    /// Goes through both texts, and returns the place in the raw one; none if they do not belong together.
    fn find(mut self, text: &str, offset: usize) -> Option<usize> {
        let mut found = None;
        for (index, wanted) in text.char_indices() {
            self.skip_indentation(&text[index..]);
            if index <= offset {
                found = Some(self.at);
            }
            self.step(wanted)?;
        }
        if offset >= text.len() {
            found = Some(self.at);
        }
        found
    }

    /// Goes over what one character of the text is written as.
    fn step(&mut self, wanted: char) -> Option<()> {
        let rest = &self.raw[self.at..];
        let Some(next) = rest.chars().next() else {
            // The line's end of a block's last line need not be written.
            return (wanted == '\n').then_some(());
        };
        if matches!(wanted, ' ' | '\n') && matches!(next, ' ' | '\t' | '\n' | '\r') {
            return self.blank(wanted);
        }
        match self.quote {
            Some('"') if next == '\\' => self.escaped(wanted),
            Some('\'') if next == '\'' && wanted == '\'' && rest[1..].starts_with('\'') => self.go(2),
            Some(quote) if next == quote => None,
            _ if next == wanted => self.go(next.len_utf8()),
            _ => None,
        }
    }

    /// A blank or a line's end: a folded line ends as a blank, and indentation is no part of the text.
    fn blank(&mut self, wanted: char) -> Option<()> {
        let rest = &self.raw[self.at..];
        if wanted == ' '
            && rest.starts_with(' ')
            && !rest.trim_start_matches([' ', '\t']).starts_with(['\n', '\r'])
        {
            return self.go(1);
        }
        let line_end = rest.find('\n')?;
        if !rest[..line_end].trim().is_empty() {
            return None;
        }
        self.at += line_end + 1;
        if wanted == ' ' {
            let rest = &self.raw[self.at..];
            self.at += rest.len() - rest.trim_start().len();
        }
        Some(())
    }

    /// Skips, at a line's start, the indentation that is no part of the text that follows.
    fn skip_indentation(&mut self, text: &str) {
        if self.raw[..self.at].ends_with('\n') {
            let indentation = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
            self.at += indentation(&self.raw[self.at..]).saturating_sub(indentation(text));
        }
    }

    fn escaped(&mut self, wanted: char) -> Option<()> {
        let rest = &self.raw[self.at + 1..];
        let length = match rest.chars().next()? {
            'x' => 3,
            'u' => 5,
            'U' => 9,
            '\n' => {
                self.at += 2;
                let rest = &self.raw[self.at..];
                self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
                return self.step(wanted);
            }
            other => other.len_utf8(),
        };
        self.go(1 + length)
    }

    fn go(&mut self, length: usize) -> Option<()> {
        self.at += length;
        self.raw.is_char_boundary(self.at).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_found_however_the_scalar_is_written() {
        let table = [
            ("plain", "a == b", "a == b", 5, Some((0, 5))),
            ("single quotes", "'a == ''b'''", "a == 'b'", 6, Some((0, 8))),
            ("double quotes", r#""a == \"b\" && c""#, r#"a == "b" && c"#, 12, Some((0, 15))),
            ("unicode", r#""\u9650 && c""#, "限 && c", 7, Some((0, 11))),
            ("plain over lines", "a == 1\n      && b", "a == 1 && b", 10, Some((1, 9))),
            ("quotes over lines", "\"a == 1\n      && b\"", "a == 1 && b", 10, Some((1, 9))),
            ("block", "a &&\n      b", "a &&\nb\n", 5, Some((1, 6))),
            ("block, deeper", "a &&\n        b", "a &&\n  b\n", 7, Some((1, 8))),
            ("folded", "a &&\n      b", "a && b\n", 5, Some((1, 6))),
            (
                "block that begins with a quote",
                "\"a\" in b\n      && c",
                "\"a\" in b\n&& c\n",
                12,
                Some((1, 9)),
            ),
            ("the end", "a", "a", 1, Some((0, 1))),
            ("another text", "a", "b", 0, None),
        ];
        for (what, raw, text, offset, expected) in table {
            assert_eq!(place_in_raw(raw, text, offset), expected, "{what}");
        }
    }
}
