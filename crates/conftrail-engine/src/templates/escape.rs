//! How each channel keeps a value from being anything but text.

use super::Channel;

impl Channel {
    /// Makes a value text in this channel, whatever it holds: no markup, no mention, no line of its own.
    pub fn escape(self, value: &str) -> String {
        let printable = printable(value);
        match self {
            Self::Plain => printable,
            Self::Html => handlebars::html_escape(&printable),
            Self::Json => json(&printable),
            Self::WecomText => wecom(&printable, false),
            Self::WecomMarkdown => wecom(&printable, true),
        }
    }
}

/// Drops control characters and what nobody sees: they could end a header line, hide text, turn it around, or command a
/// terminal. What joins emojis to one sign stays between emojis.
fn printable(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let joins = c == '\u{200D}'
            && kept.chars().next_back().is_some_and(is_emoji)
            && characters.peek().copied().is_some_and(is_emoji);
        if joins || matches!(c, '\n' | '\t') || !(c.is_control() || hides(c)) {
            kept.push(c);
        }
    }
    kept
}

/// Says whether a character is not seen itself: of no width, a mark of direction, a separator, an invisible operator, a tag.
fn hides(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Says whether a character is part of an emoji: pictographs, skin tones and the sign that asks for colour.
fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1F000}'..='\u{1FAFF}' | '\u{2190}'..='\u{2BFF}' | '\u{FE0F}')
}

/// The inside of a JSON string.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

/// WeCom's markdown and text know no escapes: what has a meaning there is replaced by its wide twin, which has none and
/// looks the same. `<` begins tags and mentions (also `<a>` in text), `@` mentions, `://` what is made a link.
fn wecom(text: &str, is_markdown: bool) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut at_start = true;
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        let wide = match c {
            // A value never begins a line: it could look like one of ours, or be a heading.
            '\n' | '\t' => ' ',
            '<' => '＜',
            '>' => '＞',
            '@' => '＠',
            ':' if next == Some('/') => '：',
            '&' if next.is_some_and(|c| c.is_ascii_alphabetic() || c == '#') => '＆',
            '[' if is_markdown => '［',
            ']' if is_markdown => '］',
            '`' if is_markdown => '｀',
            '*' if is_markdown => '＊',
            '~' if is_markdown => '～',
            '#' if is_markdown && at_start => '＃',
            other => other,
        };
        at_start &= matches!(wide, ' ' | '＃');
        made.push(wide);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_text_is_dropped_and_what_joins_emojis_is_kept() {
        assert_eq!(printable("a\u{200d}b\u{202e}c\u{200b}\u{2060}\u{ad}\u{e0041}"), "abc");
        for emoji in ["👩‍👩‍👧", "🏳️‍🌈", "👩🏽‍💻", "🇨🇳"] {
            assert_eq!(printable(&format!("超{emoji}时")), format!("超{emoji}时"));
        }
    }

    #[test]
    fn each_channel_takes_the_meaning_of_its_own_signs() {
        let hostile = "<@all> [x](https://e.example) `c` **b** &lt;\r\n# h\" \\";
        let table = [
            (Channel::Plain, "<@all> [x](https://e.example) `c` **b** &lt;\n# h\" \\"),
            (Channel::Json, r#"<@all> [x](https://e.example) `c` **b** &lt;\n# h\" \\"#),
            (Channel::WecomText, "＜＠all＞ [x](https：//e.example) `c` **b** ＆lt; # h\" \\"),
            (Channel::WecomMarkdown, "＜＠all＞ ［x］(https：//e.example) ｀c｀ ＊＊b＊＊ ＆lt; # h\" \\"),
        ];
        for (channel, expected) in table {
            assert_eq!(channel.escape(hostile), expected, "{channel:?}");
        }
        assert!(!Channel::Html.escape(hostile).contains('<'));
        assert_eq!(Channel::WecomMarkdown.escape(" ## heading"), " ＃＃ heading");
        assert_eq!(Channel::WecomText.escape("10.0.0.1:3306 a@b.c"), "10.0.0.1:3306 a＠b.c");
    }
}
