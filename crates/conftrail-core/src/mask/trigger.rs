//! One pass over a text that tells what could stand in it, so that ordinary texts cost nothing more.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// The kinds of closer looks, as bits.
pub(crate) mod look {
    pub(crate) const NAME: u16 = 1;
    pub(crate) const PEM: u16 = 1 << 1;
    pub(crate) const JWT: u16 = 1 << 2;
    pub(crate) const AUTH: u16 = 1 << 3;
    pub(crate) const TOKEN: u16 = 1 << 4;
    pub(crate) const URL: u16 = 1 << 5;
    pub(crate) const COMMAND: u16 = 1 << 6;
    pub(crate) const CRYPT: u16 = 1 << 7;
    pub(crate) const IDENTIFIED: u16 = 1 << 8;
}

/// Words that make a detector look closer.
const WORDS: &[(u16, &[&str])] = &[
    (look::PEM, &["-----begin"]),
    (look::JWT, &["eyj"]),
    (look::AUTH, &["bearer ", "basic ", "digest ", "authorization"]),
    (
        look::TOKEN,
        &[
            "akia",
            "asia",
            "ltai",
            "akid",
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "glpat-",
            "gldt-",
            "glrt-",
            "glcbt-",
            "glptt-",
            "glft-",
            "glsoat-",
            "xox",
            "xapp-",
            "hooks.slack.com",
            "_live_",
            "_test_",
            "whsec_",
            "sk-",
            "aiza",
            "ya29.",
            "gocspx-",
            "npm_",
            "pypi-",
            "sg.",
            "dop_v1_",
            "hvs.",
            "shpat_",
            "dckr_pat_",
            "sq0csp-",
            "lin_api_",
            "age-secret-key-",
            "hf_",
            "bot/v2/hook/",
            "glagent-",
        ],
    ),
    (look::URL, &["://", "jdbc:oracle", "@tcp(", "@unix(", "@("]),
    (look::COMMAND, &[" -p", " -u", " --user", " -a "]),
    (
        look::CRYPT,
        &["$1$", "$5$", "$6$", "$y$", "$2a$", "$2b$", "$2y$", "$apr1$", "$argon2", "{ssha}", "{sha}"],
    ),
    (look::IDENTIFIED, &["identified"]),
];

/// What a text holds that deserves a closer look.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    looks: u16,
    /// Where words of secret names stand, in order of their ends.
    pub(crate) names: Vec<Range<usize>>,
}

impl Hits {
    /// Says whether a kind of look is due.
    pub(crate) fn has(&self, look: u16) -> bool {
        self.looks & look != 0
    }
}

/// Finds all words of all kinds at once.
#[derive(Clone, Debug)]
pub(crate) struct Trigger {
    automaton: AhoCorasick,
    looks: Vec<u16>,
    starts: Starts,
    /// Whether a text of numbers and times can be passed by: no word consists of their characters alone.
    skips_numbers: bool,
}

/// Longer texts than this are no numbers or times worth telling from others, in bytes.
const LONGEST_NUMBER: usize = 32;

/// Says whether a text is a number or a time by its characters.
#[inline]
fn is_numeric(text: &str) -> bool {
    let first = text.as_bytes().first();
    text.len() <= LONGEST_NUMBER
        && first.is_some_and(|first| first.is_ascii_digit() || *first == b'-')
        // To look at every byte takes less than to stop early.
        && text.bytes().fold(true, |all, byte| all & is_of_numbers(byte))
}

/// Says whether numbers and times are written with this byte.
#[inline]
fn is_of_numbers(byte: u8) -> bool {
    matches!(byte, b'0'..=b':' | b'-' | b'.' | b' ' | b'T' | b'Z')
}

impl Trigger {
    /// Builds the automaton over the detectors' words and the words of secret names.
    pub(crate) fn new(name_words: &[String]) -> Self {
        let mut words: Vec<&str> = Vec::new();
        let mut looks = Vec::new();
        for (look, group) in WORDS {
            words.extend(*group);
            looks.extend(group.iter().map(|_| *look));
        }
        words.extend(name_words.iter().map(String::as_str));
        looks.resize(words.len(), look::NAME);
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&words)
            .or_else(|_| AhoCorasick::builder().ascii_case_insensitive(true).build(&words))
            .expect("an automaton over a configuration's words stays below its size limit");
        let skips_numbers = !words.iter().any(|word| word.to_ascii_uppercase().bytes().all(is_of_numbers));
        let starts = Starts::of(&words);
        Self { automaton, looks, starts, skips_numbers }
    }

    /// Says whether a text of numbers and times can be passed by.
    pub(crate) fn skips_numbers(&self) -> bool {
        self.skips_numbers
    }

    /// Says whether a text holds any word, so that it deserves a closer look.
    pub(crate) fn is_pulled(&self, text: &str) -> bool {
        !(self.skips_numbers && is_numeric(text))
            && self.starts.may_stand_in(text)
            && self.automaton.is_match(text)
    }

    /// Returns what to look at, or none for an ordinary text.
    pub(crate) fn scan(&self, text: &str) -> Option<Hits> {
        self.is_pulled(text).then(|| self.hits(text))
    }

    /// Returns what to look at in a text that holds a word.
    fn hits(&self, text: &str) -> Hits {
        let mut hits = Hits::default();
        for found in self.automaton.find_overlapping_iter(text) {
            let look = self.looks.get(found.pattern().as_usize()).copied().unwrap_or_default();
            hits.looks |= look;
            if look == look::NAME {
                hits.names.push(found.start()..found.end());
            }
        }
        hits.names.sort_by_key(|range| (range.start, range.end));
        hits
    }
}

/// The first three bytes of all words. Most texts hold none of them, which takes less to see than to walk the automaton,
/// where each step waits for the one before.
#[derive(Clone, Debug)]
struct Starts {
    /// One bit for each value of [`Starts::add_byte`].
    bits: Box<[u64; WORDS_OF_BITS]>,
}

/// Five bits of a byte, in which letters of either case are the same.
const BYTE_BITS: usize = 5;
/// The words of 64 bits that three bytes take.
const WORDS_OF_BITS: usize = (1 << (3 * BYTE_BITS)) / 64;

impl Starts {
    fn of(words: &[&str]) -> Self {
        let mut starts = Self { bits: Box::new([0; WORDS_OF_BITS]) };
        for word in words {
            starts.add(0, word.as_bytes(), 3);
        }
        starts
    }

    /// Adds what a word begins with, followed by anything where it is shorter than that.
    fn add(&mut self, place: usize, word: &[u8], left: usize) {
        if left == 0 {
            self.bits[place / 64] |= 1 << (place % 64);
        } else if let Some((byte, rest)) = word.split_first() {
            self.add(Self::add_byte(place, *byte), rest, left - 1);
        } else {
            (0..1 << BYTE_BITS).for_each(|byte| self.add(Self::add_byte(place, byte), &[], left - 1));
        }
    }

    /// Moves on to the three bytes that end with this one.
    #[inline]
    fn add_byte(place: usize, byte: u8) -> usize {
        let folded = usize::from(byte) % (1 << BYTE_BITS);
        (place << BYTE_BITS | folded) % (1 << (3 * BYTE_BITS))
    }

    fn may_stand_in(&self, text: &str) -> bool {
        let mut place = 0;
        let mut is_start = |byte| {
            place = Self::add_byte(place, byte);
            self.bits[place / 64 % WORDS_OF_BITS] >> (place % 64) & 1 != 0
        };
        // Behind the end, for words that are shorter than three bytes.
        text.bytes().any(&mut is_start) || is_start(0) || is_start(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_pulls_wherever_it_stands_and_however_it_is_written() {
        let trigger = Trigger::new(&["pin".to_owned(), "=".to_owned(), "密码".to_owned()]);
        let words = WORDS.iter().flat_map(|(_, words)| words.iter().copied()).chain(["pin", "=", "密码"]);
        for word in words {
            for (before, behind) in
                [("", ""), ("x", ""), ("", "x"), ("ab", "cd"), ("the ", " is\n"), ("é", "é")]
            {
                for text in
                    [format!("{before}{word}{behind}"), format!("{before}{}{behind}", word.to_uppercase())]
                {
                    assert!(trigger.is_pulled(&text), "{text}");
                }
            }
        }
        assert!(
            !trigger.starts.may_stand_in("a note of some length about 17"),
            "the filter would be of no use"
        );
    }

    #[test]
    fn numbers_and_short_texts_are_passed_by_unless_a_word_could_stand_in_them() {
        let pulls = |names: &[&str], text: &str| {
            Trigger::new(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).is_pulled(text)
        };
        for text in ["", "7", "-1.25", "2026-11-20T10:00:00.123456Z", "10:00", "a"] {
            assert!(!pulls(&["pin"], text), "{text}");
        }
        assert!(pulls(&[], "@(") && pulls(&["pin"], "my PIN"));
        // Configured names may be made of what numbers and times are made of, or of one letter.
        assert!(pulls(&[":"], "10:00") && pulls(&["10.0"], "10.0.0.1") && pulls(&["t1"], "2026-11-20T10:00"));
        assert!(pulls(&["="], "=") && pulls(&["00"], &"0".repeat(100)));
    }
}
