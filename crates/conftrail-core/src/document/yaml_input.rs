//! The text of a YAML document as its parser reads it. The parser asks several things about every character; here the
//! byte answers where that says enough, and texts grow by as much as most of them need.

use saphyr_parser::Input;
use saphyr_parser::input::SkipTabs;

/// How many characters the parser makes room for at once.
const ROOM: usize = 16;

/// A text and how far it is read. What it answers is what `saphyr_parser::StrInput` answers.
pub(crate) struct Characters<'a> {
    text: &'a str,
    /// The first byte of the next character.
    at: usize,
    /// How far the parser wanted to look ahead; it relies on hearing the number again.
    ahead: usize,
}

impl<'a> Characters<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, ahead: 0 }
    }

    #[inline]
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Passes characters for as long as they are like this, and returns how many there were and what they are.
    fn pass_while(&mut self, is_like: impl Fn(char) -> bool) -> (usize, &'a str) {
        let rest = self.rest();
        let end = rest.find(|character| !is_like(character)).unwrap_or(rest.len());
        let passed = rest.get(..end).unwrap_or_default();
        self.at += end;
        (passed.chars().count(), passed)
    }

    /// Says whether three such signs stand here alone.
    #[inline]
    fn is_marker(&self, signs: &str) -> bool {
        self.byte(0) == signs.bytes().next()
            && self.rest().starts_with(signs)
            && self.byte(signs.len()).is_none_or(is_blank_or_break_or_zero)
    }
}

impl Input for Characters<'_> {
    #[inline]
    fn lookahead(&mut self, count: usize) {
        self.ahead = self.ahead.max(count);
    }

    #[inline]
    fn buflen(&self) -> usize {
        self.ahead
    }

    #[inline]
    fn bufmaxlen(&self) -> usize {
        ROOM
    }

    #[inline]
    fn raw_read_ch(&mut self) -> char {
        let character = self.peek();
        self.skip();
        character
    }

    #[inline]
    fn raw_read_non_breakz_ch(&mut self) -> Option<char> {
        let character = self.rest().chars().next().filter(|character| is_content(*character))?;
        self.skip();
        Some(character)
    }

    #[inline]
    fn skip(&mut self) {
        match self.byte(0) {
            Some(byte) if byte.is_ascii() => self.at += 1,
            Some(_) => self.at += self.peek().len_utf8(),
            None => {}
        }
    }

    #[inline]
    fn skip_n(&mut self, count: usize) {
        for _ in 0..count {
            self.skip();
        }
    }

    #[inline]
    fn peek(&self) -> char {
        self.peek_opt().unwrap_or('\0')
    }

    #[inline]
    fn peek_nth(&self, n: usize) -> char {
        match (n, self.byte(0), self.byte(1)) {
            (1, Some(first), Some(second)) if first.is_ascii() && second.is_ascii() => char::from(second),
            _ => self.rest().chars().nth(n).unwrap_or('\0'),
        }
    }

    #[inline]
    fn peek_opt(&self) -> Option<char> {
        match self.byte(0)? {
            byte if byte.is_ascii() => Some(char::from(byte)),
            _ => self.rest().chars().next(),
        }
    }

    #[inline]
    fn next_is_document_indicator(&self) -> bool {
        self.next_is_document_start() || self.next_is_document_end()
    }

    #[inline]
    fn next_is_document_start(&self) -> bool {
        self.is_marker("---")
    }

    #[inline]
    fn next_is_document_end(&self) -> bool {
        self.is_marker("...")
    }

    fn skip_ws_to_eol(&mut self, skip_tabs: SkipTabs) -> (usize, Result<SkipTabs, &'static str>) {
        let (mut has_space, mut has_tab) = (false, false);
        let mut passed = 0;
        loop {
            match self.byte(0) {
                Some(b' ') => has_space = true,
                Some(b'\t') if skip_tabs == SkipTabs::Yes => has_tab = true,
                _ => break,
            }
            self.at += 1;
            passed += 1;
        }
        if self.byte(0) == Some(b'#') {
            if !has_space && !has_tab {
                return (passed, Err("comments must be separated from other tokens by whitespace"));
            }
            passed += self.pass_while(is_content).0;
        }
        (passed, Ok(SkipTabs::Result(has_tab, has_space)))
    }

    #[inline]
    fn next_can_be_plain_scalar(&self, in_flow: bool) -> bool {
        match self.byte(0) {
            Some(b',' | b'[' | b']' | b'{' | b'}') => !in_flow,
            Some(b':') => !self.byte(1).is_none_or(|next| {
                is_blank_or_break_or_zero(next)
                    || (in_flow && matches!(next, b',' | b'[' | b']' | b'{' | b'}'))
            }),
            // The first byte of a byte order mark.
            Some(0xef) => !self.rest().starts_with('\u{feff}'),
            _ => true,
        }
    }

    #[inline]
    fn next_is_blank_or_break(&self) -> bool {
        matches!(self.byte(0), Some(b' ' | b'\t' | b'\n' | b'\r'))
    }

    #[inline]
    fn next_is_blank_or_breakz(&self) -> bool {
        self.byte(0).is_none_or(is_blank_or_break_or_zero)
    }

    #[inline]
    fn next_is_blank(&self) -> bool {
        matches!(self.byte(0), Some(b' ' | b'\t'))
    }

    #[inline]
    fn next_is_break(&self) -> bool {
        matches!(self.byte(0), Some(b'\n' | b'\r'))
    }

    #[inline]
    fn next_is_breakz(&self) -> bool {
        matches!(self.byte(0), None | Some(b'\n' | b'\r' | 0))
    }

    #[inline]
    fn next_is_z(&self) -> bool {
        matches!(self.byte(0), None | Some(0))
    }

    fn skip_while_non_breakz(&mut self) -> usize {
        self.pass_while(is_content).0
    }

    fn skip_while_blank(&mut self) -> usize {
        self.pass_while(|character| matches!(character, ' ' | '\t')).0
    }

    fn fetch_while_is_alpha(&mut self, out: &mut String) -> usize {
        let is_word = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
        let (count, word) = self.pass_while(is_word);
        out.push_str(word);
        count
    }

    fn fetch_while_is_yaml_non_space(&mut self, out: &mut String) -> usize {
        let (count, word) =
            self.pass_while(|character| is_content(character) && !matches!(character, ' ' | '\t'));
        out.push_str(word);
        count
    }
}

/// Says whether a character is neither a line break nor one that no line may hold.
fn is_content(character: char) -> bool {
    !matches!(character, '\n' | '\r' | '\0' | '\u{feff}')
}

#[inline]
fn is_blank_or_break_or_zero(byte: u8) -> bool {
    byte <= b' ' && matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0)
}

#[cfg(test)]
mod tests {
    use saphyr_parser::Parser;

    use super::*;

    #[test]
    fn a_document_reads_as_it_does_without_our_input() {
        for text in [
            "a: 1\nb: [x,  y, {c: d}]\n\"é\": 中 # 注释\nk: |\n  t\n   u\n\n  v\nf: >-\n  a\n  b\n",
            "---\na: &x !!str b\nc: *x\n...\n# c\n---\n- \"a\\n\\u4e2d\n  b\"\n- 'it''s'\n-\t- x\n",
            "? a\n: b\n{a: b, [c]: d}",
            "a:\tb # c\r\nd: e\r\n",
            "%YAML 1.2\n---\na: b:c\n\u{feff}---\nx",
            "a: b\u{feff}c\n",
            "a\0b",
            "a: b #c\n  d",
            "x: #c",
            "[a,b]#c",
            "-a: ---\n--- x\n...\n",
            "very long plain text that goes on for more than sixteen characters: and a value of some length, too\n",
        ] {
            let mut theirs = Parser::new_from_str(text);
            let mut ours = Parser::new(Characters::new(text));
            loop {
                let (our, their) = (ours.next_event(), theirs.next_event());
                assert_eq!(our, their, "{text:?}");
                if !matches!(our, Some(Ok(_))) {
                    break;
                }
            }
        }
    }
}
