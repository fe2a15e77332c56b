//! A text with the places of its line breaks, found once: names ask for their lines again and again, and a text of
//! one long line must not cost its length for each.

use std::borrow::Cow;
use std::ops::Range;

/// Longest value, and longest rest of a sentence behind it, in bytes, that are told apart.
const LONGEST_PHRASE: usize = 400;

/// A text and where its lines and XML comments end.
pub(crate) struct Lines<'a> {
    pub(crate) text: &'a str,
    breaks: Vec<usize>,
    /// What stands between `<!--` and `-->`.
    comments: Vec<Range<usize>>,
}

impl<'a> Lines<'a> {
    /// Finds the line breaks.
    pub(crate) fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'\n' | b'\r'));
        Self { text, breaks: breaks.map(|(at, _)| at).collect(), comments: comments(text) }
    }

    /// Returns where the line around a place starts.
    pub(crate) fn start(&self, at: usize) -> usize {
        let before = self.breaks.partition_point(|line_break| *line_break < at);
        before.checked_sub(1).and_then(|last| self.breaks.get(last)).map_or(0, |line_break| line_break + 1)
    }

    /// Returns where the line around a place ends, before its line break.
    pub(crate) fn end(&self, at: usize) -> usize {
        let next = self.breaks.partition_point(|line_break| *line_break < at);
        self.breaks.get(next).copied().unwrap_or(self.text.len())
    }

    /// Returns where a value ends that fills its line: at the line's end, or where the XML comment or the first part of
    /// the Chinese sentence around it ends. What could still be the secret's own is never left out.
    pub(crate) fn value_end(&self, at: usize) -> usize {
        let end = self.comment_end(at).unwrap_or_else(|| self.end(at));
        at + phrase(self.text.get(at..end).unwrap_or_default())
    }

    /// Returns where the comment around a place ends, if that is on its line and no word goes on behind it.
    fn comment_end(&self, at: usize) -> Option<usize> {
        let next = self.comments.partition_point(|comment| comment.end < at);
        let comment = self.comments.get(next).filter(|comment| comment.start <= at)?;
        let after = self.text.get(comment.end..self.end(at))?.strip_prefix("-->")?;
        (after.is_empty() || after.starts_with(['<', ' ', '\t'])).then_some(comment.end)
    }

    /// Returns the rest of the line from a place on.
    pub(crate) fn rest(&self, at: usize) -> &'a str {
        self.text.get(at..self.end(at)).unwrap_or_default()
    }

    /// Returns at most `reach` bytes from a place on, lines and all.
    pub(crate) fn reach(&self, at: usize, reach: usize) -> &'a str {
        self.text.get(at..floor(self.text, at.saturating_add(reach))).unwrap_or_default()
    }
}

fn comments(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("<!--")) {
        let start = from + at + "<!--".len();
        let Some(length) = text.get(start..).and_then(|rest| rest.find("-->")) else { break };
        found.push(start..start + length);
        from = start + length;
    }
    found
}

/// Returns the length of a value before the rest of its sentence, `hunter2，请尽快修改`: the value holds no Chinese, and the
/// rest nothing else, so that no part of a secret stays.
fn phrase(line: &str) -> usize {
    let whole = line.len();
    let mark = |character: char| "，。；".contains(character);
    let near = line.get(..floor(line, LONGEST_PHRASE)).unwrap_or_default();
    let Some(at) = near.find(mark) else { return whole };
    let (value, rest) = line.split_at(at);
    let is_value = !value.trim().is_empty() && !value.chars().any(is_chinese);
    let is_sentence = rest.len() <= LONGEST_PHRASE
        && rest.chars().any(is_chinese)
        && rest.chars().all(|character| is_chinese(character) || is_mark(character));
    if is_value && is_sentence { at } else { whole }
}

fn is_chinese(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}')
}

fn is_mark(character: char) -> bool {
    character == ' ' || "，。；：、！？（）「」《》“”‘’".contains(character)
}

/// Returns a private key without the indentation of its lines: the same key has one mask, however deep it stands.
pub(crate) fn unindented(clear: &str) -> Cow<'_, str> {
    let is_block = clear.contains('\n') && clear.trim_start().starts_with("-----BEGIN ");
    if !is_block {
        return Cow::Borrowed(clear);
    }
    let lines: Vec<&str> = clear.trim().lines().map(str::trim).collect();
    Cow::Owned(lines.join("\n"))
}

/// Returns the nearest character boundary at or before a place.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_start_after_a_break_and_end_before_one() {
        let lines = Lines::new("ab\r\n\ncd");
        let bounds: Vec<(usize, usize)> = (0..=7).map(|at| (lines.start(at), lines.end(at))).collect();
        assert_eq!(bounds, [(0, 2), (0, 2), (0, 2), (3, 3), (4, 4), (5, 7), (5, 7), (5, 7)]);
        assert_eq!((lines.rest(1), lines.rest(9), lines.reach(5, 1)), ("b", "", "c"));
    }

    #[test]
    fn a_value_ends_with_its_comment_or_with_its_part_of_a_sentence() {
        let table = [
            ("<!-- password: §abc --> <x a=\"1\"/>", "abc "),
            ("<!-- note\npassword: §abc -->\n<x/>", "abc "),
            ("<!-- password: §abc--><x/>", "abc"),
            // No comment is open, or the word goes on.
            ("<!-- a --> password: §ab--> c", "ab--> c"),
            ("password: §ab--> c", "ab--> c"),
            ("<!-- password: §ab-->cd", "ab-->cd"),
            ("<!-- password: §ab\ncd -->", "ab"),
            ("密码：§hunter2，请尽快修改。", "hunter2"),
            ("密码：§hunter2；勿外传", "hunter2"),
            ("密码：§hunter2。", "hunter2。"),
            ("密码：§hunter2，改为 hunter3", "hunter2，改为 hunter3"),
            ("密码：§甲乙，丙丁", "甲乙，丙丁"),
            ("密码：§ab，cd", "ab，cd"),
        ];
        for (sample, expected) in table {
            let at = sample.find('§').unwrap();
            let text = sample.replace('§', "");
            assert_eq!(&text[at..Lines::new(&text).value_end(at)], expected, "{sample}");
        }
    }

    #[test]
    fn a_private_key_is_the_same_at_any_depth() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----";
        assert_eq!(unindented(&key.replace('\n', "\r\n    ")), key);
        assert_eq!(unindented(&format!("{key}\n")), key);
        assert_eq!(unindented("a\n  b"), "a\n  b");
    }
}
