//! Keeps a message within bounds: how many changes it shows, how long each text is, and that a text is one line.

use conftrail_engine::message::{Line, Message, Section};
use conftrail_engine::shorten;

/// Longest subject in characters, the severity not counted.
const LONGEST_SUBJECT: usize = 160;

/// How much a message shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    events: usize,
    changes: usize,
    /// Labels, annotations, facts and notes, each.
    pairs: usize,
    /// Characters of one text.
    characters: usize,
}

impl Bounds {
    /// From what fits nearly always to what fits whatever the content is; the first that fits is taken.
    pub(crate) const LADDER: [Self; 4] = [
        Self { events: 20, changes: 20, pairs: 30, characters: 600 },
        Self { events: 20, changes: 20, pairs: 20, characters: 120 },
        Self { events: 10, changes: 10, pairs: 10, characters: 80 },
        Self { events: 3, changes: 5, pairs: 5, characters: 60 },
    ];

    /// Cuts a message down; what is left out is counted in it.
    pub(crate) fn apply(&self, mut message: Message) -> Message {
        let left_out = message.events.len().saturating_sub(self.events);
        message.events.truncate(self.events);
        message.more = message.more.saturating_add(left_out as u64);
        message.events.iter_mut().for_each(|section| self.section(section));
        message.title = line(&message.title, LONGEST_SUBJECT);
        for text in [&mut message.summary, &mut message.alert, &mut message.rule] {
            self.text(text);
        }
        for text in [&mut message.owner, &mut message.runbook, &mut message.instead].into_iter().flatten() {
            self.text(text);
        }
        let left_out = message.groups.len().saturating_sub(2 * self.pairs);
        message.groups.truncate(2 * self.pairs);
        message.more_groups = message.more_groups.saturating_add(left_out as u64);
        message.groups.iter_mut().for_each(|text| self.text(text));
        self.pairs(&mut message.labels);
        self.pairs(&mut message.annotations);
        message
    }

    fn section(&self, section: &mut Section) {
        let left_out = section.changes.len().saturating_sub(self.changes);
        section.changes.truncate(self.changes);
        section.put_back.truncate(self.changes);
        section.more_changes = section.more_changes.saturating_add(left_out as u64);
        section.notes.truncate(self.pairs);
        for text in [
            &mut section.what,
            &mut section.resource,
            &mut section.place,
            &mut section.who,
            &mut section.known,
        ] {
            self.text(text);
        }
        let optional = [
            &mut section.claim,
            &mut section.login,
            &mut section.ip,
            &mut section.client,
            &mut section.ticket,
            &mut section.approver,
            &mut section.reason,
        ];
        optional.into_iter().flatten().for_each(|text| self.text(text));
        section.put_back.iter_mut().chain(&mut section.notes).for_each(|text| self.text(text));
        section.changes.iter_mut().for_each(|change| self.change(change));
        self.pairs(&mut section.detail);
    }

    fn change(&self, change: &mut Line) {
        change.fit(self.characters);
        change.path = printed(&change.path);
        change.text = printed(&change.text);
        for text in [&mut change.before, &mut change.after].into_iter().flatten() {
            *text = printed(text);
        }
    }

    fn pairs(&self, pairs: &mut Vec<(String, String)>) {
        pairs.truncate(self.pairs);
        for (name, value) in pairs {
            self.text(name);
            self.text(value);
        }
    }

    fn text(&self, text: &mut String) {
        *text = line(text, self.characters);
    }
}

/// Returns a text in one line of at most `most` characters, before control characters are written out.
fn line(text: &str, most: usize) -> String {
    printed(&shorten(text, most))
}

/// Returns a text in one line: line breaks and other control characters are written out (`\n`), and so are characters that
/// turn the reading direction, which could make a value look like another.
fn printed(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        let turns =
            matches!(character, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || turns {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_stays_one_line() {
        assert_eq!(line("超时时间", 2), "超时…");
        assert_eq!(line("超时", 2), "超时");
        assert_eq!(line("a\r\nBcc: x", 20), "a\\r\\nBcc: x");
        assert_eq!(line("a\u{202e}b\u{7}", 20), "a\\u{202e}b\\u{7}");
        assert_eq!(line("", 0), "");
    }
}
