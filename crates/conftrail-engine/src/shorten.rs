//! Cuts texts to a length that a message can carry.

use std::borrow::Cow;

/// Returns at most `most` characters of a text; `…` says that there is more.
pub(crate) fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// Returns a text as one line: white space and control characters become single spaces.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(shorten("超时时间", 2), "超时…");
        assert_eq!(shorten("超时", 2), "超时");
        assert_eq!(shorten("", 0), "");
    }

    #[test]
    fn a_line_stays_a_line() {
        assert_eq!(one_line(" a\r\nBcc: x\u{85}\u{0}b  "), "a Bcc: x b");
    }
}
