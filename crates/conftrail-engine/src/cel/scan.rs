//! Splits an expression into tokens before the parser sees it: what is too large, or can be told in plain words, stops here.

use crate::cel::complaint::{Complaint, Span};

/// Longest expression in bytes.
pub(crate) const LONGEST: usize = 4096;
/// Most tokens of an expression.
pub(crate) const MOST_TOKENS: usize = 1000;
/// Deepest nesting of brackets; the parser's stack is made for far more.
const DEEPEST_BRACKETS: usize = 64;

/// A token: a name, a number, a text or a sign.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) span: Span,
    /// Of a bracket, the number of the token that it belongs to.
    pub(crate) partner: Option<usize>,
}

/// The tokens of an expression, in order.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Vec<Token>);

impl Tokens {
    /// Returns the number of the token that begins at a place.
    pub(crate) fn starting_at(&self, start: usize) -> Option<usize> {
        self.0.binary_search_by_key(&start, |token| token.span.start).ok()
    }

    pub(crate) fn get(&self, number: usize) -> Option<Token> {
        self.0.get(number).copied()
    }

    /// Returns the stretch with the brackets that it cuts apart.
    pub(crate) fn balanced(&self, span: Span) -> Span {
        let first = self.0.partition_point(|token| token.span.start < span.start);
        let inside = self.0[first..].iter().take_while(|token| token.span.end <= span.end);
        let partners = inside.filter_map(|token| self.get(token.partner?));
        partners.fold(span, |whole, partner| whole.to(partner.span))
    }
}

/// Splits a text into tokens.
///
/// # Errors
/// The first thing that no expression can hold, or a limit that is exceeded.
pub(crate) fn scan(text: &str) -> Result<Tokens, Complaint> {
    if text.len() > LONGEST {
        let mut end = LONGEST;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let message = format!("an expression has at most {LONGEST} bytes, this one has {}", text.len());
        return Err(Complaint::new(Span::new(end, text.len()), message));
    }
    let mut scanner = Scanner { text, at: 0, tokens: Vec::new(), open: Vec::new() };
    while scanner.skip_blanks() {
        scanner.token()?;
    }
    scanner.finish()
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    tokens: Vec<Token>,
    /// The brackets that are open: the closing one that is wanted, and the token's number.
    open: Vec<(char, usize)>,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn starts_with(&self, sign: &str) -> bool {
        self.rest().starts_with(sign)
    }

    /// Skips blanks and comments, and says whether something is left.
    fn skip_blanks(&mut self) -> bool {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start_matches(['\t', ' ', '\r', '\n', '\u{c}']);
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with("//") {
                return !trimmed.is_empty();
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn token(&mut self) -> Result<(), Complaint> {
        let start = self.at;
        if self.tokens.len() == MOST_TOKENS {
            let message = format!("an expression has at most {MOST_TOKENS} names, values and signs");
            return Err(Complaint::new(Span::new(start, self.text.len()), message));
        }
        let Some(first) = self.rest().chars().next() else { return Ok(()) };
        let mut partner = None;
        if let Some((prefix, raw)) = self.text_prefix() {
            self.quoted(prefix, raw)?;
        } else if first.is_ascii_alphabetic() || first == '_' {
            self.advance(|c| c.is_ascii_alphanumeric() || c == '_');
        } else if first.is_ascii_digit() || first == '.' && self.digit_at(1) {
            self.number();
        } else if let Some(length) = sign(self.rest()) {
            partner = self.bracket(first)?;
            self.at += length;
        } else {
            return Err(self.stray(first));
        }
        self.tokens.push(Token { span: Span::new(start, self.at), partner });
        Ok(())
    }

    fn advance(&mut self, fits: impl Fn(char) -> bool) {
        let rest = self.rest();
        let length = rest.len() - rest.trim_start_matches(fits).len();
        self.at += length;
    }

    fn digit_at(&self, offset: usize) -> bool {
        self.rest().as_bytes().get(offset).is_some_and(u8::is_ascii_digit)
    }

    fn number(&mut self) {
        if self.starts_with("0x") {
            self.at += 2;
            self.advance(|c| c.is_ascii_hexdigit());
        } else {
            self.advance(|c| c.is_ascii_digit());
            if self.starts_with(".") && self.digit_at(1) {
                self.at += 1;
                self.advance(|c| c.is_ascii_digit());
            }
            if self.starts_with("e") || self.starts_with("E") {
                let signed = self.rest()[1..].starts_with(['+', '-']);
                let digits = if signed { 2 } else { 1 };
                if self.digit_at(digits) {
                    self.at += digits;
                    self.advance(|c| c.is_ascii_digit());
                }
            }
        }
        if self.starts_with("u") || self.starts_with("U") {
            self.at += 1;
        }
    }

    /// Returns the length of what stands before a text's quote, and whether backslashes in it mean themselves.
    fn text_prefix(&self) -> Option<(usize, bool)> {
        let rest = self.rest();
        let after_bytes = rest.strip_prefix(['b', 'B']).unwrap_or(rest);
        let after_raw = after_bytes.strip_prefix(['r', 'R']).unwrap_or(after_bytes);
        after_raw
            .starts_with(['"', '\''])
            .then_some((rest.len() - after_raw.len(), after_raw.len() < after_bytes.len()))
    }

    fn quoted(&mut self, prefix: usize, raw: bool) -> Result<(), Complaint> {
        let start = self.at;
        self.at += prefix;
        let one = &self.rest()[..1];
        let three = one.repeat(3);
        let (quote, lines) = if self.starts_with(&three) { (three, true) } else { (one.to_owned(), false) };
        self.at += quote.len();
        loop {
            if self.starts_with(&quote) {
                self.at += quote.len();
                return Ok(());
            }
            match self.rest().chars().next() {
                None => break,
                Some('\n' | '\r') if !lines => break,
                Some('\\') if !raw => self.escape()?,
                Some(other) => self.at += other.len_utf8(),
            }
        }
        Err(Complaint::new(Span::new(start, self.at), "this text is never closed"))
    }

    fn escape(&mut self) -> Result<(), Complaint> {
        let start = self.at;
        let rest = &self.text[start + 1..];
        let hex =
            |count: usize| rest.len() > count && rest.as_bytes()[1..=count].iter().all(u8::is_ascii_hexdigit);
        let octal = |index: usize, most: u8| {
            rest.as_bytes().get(index).is_some_and(|byte| (b'0'..=most).contains(byte))
        };
        let length = match rest.chars().next() {
            Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '"' | '\'' | '\\' | '?' | '`') => Some(1),
            Some('x' | 'X') if hex(2) => Some(3),
            Some('u') if hex(4) => Some(5),
            Some('U') if hex(8) => Some(9),
            Some('0'..='3') if octal(1, b'7') && octal(2, b'7') => Some(3),
            _ => None,
        };
        let Some(length) = length else {
            let escape: String = self.text[start..].chars().take(2).collect();
            let message = format!("`{escape}` is no escape; write `\\{escape}`, or the text as r\"…\"");
            return Err(Complaint::new(Span::new(start, start + escape.len()), message));
        };
        self.at += 1 + length;
        Ok(())
    }

    fn bracket(&mut self, sign: char) -> Result<Option<usize>, Complaint> {
        let number = self.tokens.len();
        let here = Span::new(self.at, self.at + 1);
        let closing = match sign {
            '(' => ')',
            '[' => ']',
            '{' => '}',
            ')' | ']' | '}' => {
                let Some((wanted, opening)) = self.open.pop() else {
                    return Err(Complaint::new(here, format!("this `{sign}` closes nothing")));
                };
                if wanted != sign {
                    return Err(Complaint::new(here, format!("`{wanted}` is expected here, not `{sign}`")));
                }
                self.tokens[opening].partner = Some(number);
                return Ok(Some(opening));
            }
            _ => return Ok(None),
        };
        if self.open.len() == DEEPEST_BRACKETS {
            return Err(Complaint::new(here, format!("brackets nest at most {DEEPEST_BRACKETS} deep")));
        }
        self.open.push((closing, number));
        Ok(None)
    }

    fn stray(&self, sign: char) -> Complaint {
        let message = match sign {
            '=' => "values are compared with `==`".to_owned(),
            '&' => "write `&&` for and".to_owned(),
            '|' => "write `||` for or".to_owned(),
            '“' | '”' | '‘' | '’' => "texts stand in straight quotes, \"…\" or '…'".to_owned(),
            '`' => {
                "names with other signs are asked for as labels[\"name\"] or get(after, \"name\")".to_owned()
            }
            other => format!("`{}` is no part of an expression", other.escape_debug()),
        };
        Complaint::new(Span::new(self.at, self.at + sign.len_utf8()), message)
    }

    fn finish(self) -> Result<Tokens, Complaint> {
        if let Some(opening) = self.open.last().and_then(|(_, number)| self.tokens.get(*number)) {
            let sign = opening.span.of(self.text);
            return Err(Complaint::new(opening.span, format!("this `{sign}` is never closed")));
        }
        if self.tokens.is_empty() {
            return Err(Complaint::new(Span::new(0, self.text.len()), "the expression is empty"));
        }
        Ok(Tokens(self.tokens))
    }
}

/// Returns the length of the sign that a text begins with.
fn sign(text: &str) -> Option<usize> {
    const TWO: [&str; 6] = ["==", "!=", "<=", ">=", "&&", "||"];
    if TWO.iter().any(|sign| text.starts_with(sign)) {
        return Some(2);
    }
    text.starts_with(|c| "<>[]{}().,-!?:+*/%".contains(c)).then_some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<&str> {
        scan(text).unwrap().0.iter().map(|token| token.span.of(text)).collect()
    }

    #[test]
    fn an_expression_is_split_as_the_grammar_splits_it() {
        let table: [(&str, &[&str]); 6] = [
            ("a.b>=1.5e-3", &["a", ".", "b", ">=", "1.5e-3"]),
            ("re(x, r'^\\d+$') // why\n&& !y", &["re", "(", "x", ",", "r'^\\d+$'", ")", "&&", "!", "y"]),
            (r#""a\"b" in ['''x'y''', b"z"]"#, &[r#""a\"b""#, "in", "[", "'''x'y'''", ",", "b\"z\"", "]"]),
            ("0x1Fu == 18446744073709551615u", &["0x1Fu", "==", "18446744073709551615u"]),
            ("a[0].c ? .5 : -1", &["a", "[", "0", "]", ".", "c", "?", ".5", ":", "-", "1"]),
            ("\"限流\" == labels.x", &["\"限流\"", "==", "labels", ".", "x"]),
        ];
        for (text, expected) in table {
            assert_eq!(tokens(text), expected, "{text}");
        }
    }

    #[test]
    fn what_no_expression_holds_is_told_with_its_place() {
        let table = [
            ("a = 1", 2, "values are compared with `==`"),
            ("a & b", 2, "write `&&` for and"),
            ("a == \"x", 5, "this text is never closed"),
            ("re(a, \"\\d\")", 7, "`\\d` is no escape; write `\\\\d`, or the text as r\"…\""),
            ("(a", 0, "this `(` is never closed"),
            ("a)", 1, "this `)` closes nothing"),
            ("[a)", 2, "`]` is expected here, not `)`"),
            ("a == “x”", 5, "texts stand in straight quotes, \"…\" or '…'"),
            ("a # b", 2, "`#` is no part of an expression"),
            (" // only", 0, "the expression is empty"),
        ];
        for (text, start, message) in table {
            let complaint = scan(text).unwrap_err();
            assert_eq!((complaint.span.start, complaint.message.as_str()), (start, message), "{text}");
        }
    }

    #[test]
    fn what_is_too_large_is_refused() {
        assert!(
            scan(&"x".repeat(4097)).unwrap_err().message.starts_with("an expression has at most 4096 bytes")
        );
        assert!(
            scan(&"1+".repeat(600)).unwrap_err().message.starts_with("an expression has at most 1000 names")
        );
        assert!(scan(&"(".repeat(65)).unwrap_err().message.starts_with("brackets nest at most 64"));
    }
}
