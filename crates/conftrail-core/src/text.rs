//! Full text: how any text becomes tokens, the same for a database's index and for the matcher.
//!
//! - A token is a run of letters and digits of any script, lower-cased character by character (Unicode,
//!   no language's special rules); full-width forms count as their ASCII twins. Accents are kept.
//! - Chinese, Japanese and Korean characters have no spaces between words, so a run of them becomes its
//!   overlapping pairs plus its last character: 超时 → `超时 时`. Every character therefore starts a token, so
//!   one character is found as a prefix, and a longer word as the phrase of its pairs.
//! - Everything else separates. A token ends after [`LONGEST_TOKEN`] bytes; the rest of the word is left out.

use crate::query::Pattern;

/// Longest token in bytes: enough for any word, small enough for an index.
pub const LONGEST_TOKEN: usize = 96;

/// Hands every token of a text to `each`, in order.
pub fn each_token(text: &str, mut each: impl FnMut(&str)) {
    let mut tokens = Tokens::default();
    for character in text.chars() {
        fold(character, &mut |folded| tokens.take(folded, &mut each));
    }
    tokens.end_run(&mut each);
}

/// Appends the tokens of a text to `into`, each followed by a space, ready for an index that splits at spaces.
pub fn append_tokens(text: &str, into: &mut String) {
    each_token(text, |token| {
        into.push_str(token);
        into.push(' ');
    });
}

/// One place of a phrase.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// The token itself.
    Exact(String),
    /// Any token that starts so.
    Prefix(String),
    /// Any token of this shape.
    Like(Pattern),
}

impl Term {
    fn matches(&self, token: &str) -> bool {
        match self {
            Self::Exact(text) => token == text,
            Self::Prefix(start) => token.starts_with(start),
            Self::Like(pattern) => !token.is_empty() && pattern.matches(token),
        }
    }
}

/// Terms that must follow each other directly within one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    /// At least one.
    pub terms: Vec<Term>,
}

/// Turns what was searched for into phrases that must all be found.
///
/// `*` at letters or digits stands for more of the same word. Between Chinese characters, or touching nothing,
/// it separates two phrases. No phrase at all means that there is no letter or digit to search for.
pub fn phrases(searched: &Pattern) -> Vec<Phrase> {
    let mut builder = PhraseBuilder::default();
    for (index, part) in searched.parts().iter().enumerate() {
        if index > 0 {
            builder.star();
        }
        for character in part.chars() {
            fold(character, &mut |folded| builder.take(folded));
        }
    }
    builder.finish()
}

/// The tokens of many texts, in which phrases are looked up.
#[derive(Clone, Debug, Default)]
pub struct TokenIndex {
    /// An empty token stands between two texts, so that no phrase spans them.
    tokens: Vec<String>,
}

impl TokenIndex {
    /// Adds a text.
    pub fn add(&mut self, text: &str) {
        each_token(text, |token| self.tokens.push(token.to_owned()));
        self.tokens.push(String::new());
    }

    /// Says whether a phrase stands in one of the texts.
    pub fn contains(&self, phrase: &Phrase) -> bool {
        let wanted = phrase.terms.len();
        self.tokens
            .windows(wanted.max(1))
            .any(|place| phrase.terms.iter().zip(place).all(|(term, token)| term.matches(token)))
    }
}

#[derive(Default)]
struct Tokens {
    word: String,
    previous_cjk: Option<char>,
}

impl Tokens {
    fn take(&mut self, character: char, each: &mut impl FnMut(&str)) {
        if is_cjk(character) {
            self.end_word(each);
            if let Some(previous) = self.previous_cjk.replace(character) {
                each(&pair(previous, character));
            }
        } else if character.is_alphanumeric() {
            self.end_cjk(each);
            push_bounded(&mut self.word, character);
        } else {
            self.end_run(each);
        }
    }

    fn end_run(&mut self, each: &mut impl FnMut(&str)) {
        self.end_word(each);
        self.end_cjk(each);
    }

    fn end_word(&mut self, each: &mut impl FnMut(&str)) {
        if !self.word.is_empty() {
            each(&self.word);
            self.word.clear();
        }
    }

    fn end_cjk(&mut self, each: &mut impl FnMut(&str)) {
        if let Some(last) = self.previous_cjk.take() {
            each(last.encode_utf8(&mut [0; 4]));
        }
    }
}

#[derive(Default)]
struct PhraseBuilder {
    done: Vec<Phrase>,
    terms: Vec<Term>,
    /// The word so far, cut at its stars.
    word: Vec<String>,
    /// The run of characters so far; it stays open over separators, because only what follows decides its end.
    cjk: Vec<char>,
    separated: bool,
}

impl PhraseBuilder {
    fn take(&mut self, character: char) {
        if is_cjk(character) {
            self.end_word();
            if self.separated {
                self.end_cjk(false);
            }
            self.separated = false;
            self.cjk.push(character);
        } else if character.is_alphanumeric() {
            self.end_cjk(false);
            self.separated = false;
            match self.word.last_mut() {
                Some(part) => push_bounded(part, character),
                None => self.word.push(character.to_string()),
            }
        } else {
            self.end_word();
            self.separated = true;
        }
    }

    fn star(&mut self) {
        if !self.cjk.is_empty() {
            self.end_phrase();
        } else if self.word.is_empty() {
            self.word.push(String::new());
            self.word.push(String::new());
        } else {
            self.word.push(String::new());
        }
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if word.is_empty() {
            return;
        }
        if word.iter().all(String::is_empty) {
            return self.end_phrase();
        }
        let cut_short = word.len() == 1 && word.iter().any(|part| part.len() >= LONGEST_TOKEN);
        self.terms.push(match word.as_slice() {
            [exact] if !cut_short => Term::Exact(exact.clone()),
            [start] => Term::Prefix(start.clone()),
            [start, end] if end.is_empty() => Term::Prefix(start.clone()),
            _ => Term::Like(Pattern::from_parts(word)),
        });
    }

    /// A run that something follows must end where the text's run ends; the last one may go on.
    fn end_cjk(&mut self, last: bool) {
        let run = std::mem::take(&mut self.cjk);
        for two in run.windows(2) {
            if let [first, second] = two {
                self.terms.push(Term::Exact(pair(*first, *second)));
            }
        }
        match run.as_slice() {
            [] => {}
            [only] if last => self.terms.push(Term::Prefix(only.to_string())),
            [.., end] if !last => self.terms.push(Term::Exact(end.to_string())),
            _ => {}
        }
    }

    fn end_phrase(&mut self) {
        self.end_word();
        self.end_cjk(true);
        if !self.terms.is_empty() {
            self.done.push(Phrase { terms: std::mem::take(&mut self.terms) });
        }
    }

    fn finish(mut self) -> Vec<Phrase> {
        self.end_phrase();
        self.done
    }
}

fn pair(first: char, second: char) -> String {
    String::from_iter([first, second])
}

fn push_bounded(word: &mut String, character: char) {
    if word.len() < LONGEST_TOKEN {
        word.push(character);
    }
}

/// Folds case and width.
fn fold(character: char, each: &mut impl FnMut(char)) {
    let narrow = match character {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(character as u32 - 0xFEE0).unwrap_or(character),
        other => other,
    };
    if narrow.is_ascii() {
        each(narrow.to_ascii_lowercase());
    } else {
        narrow.to_lowercase().for_each(each);
    }
}

/// Says whether a character belongs to a script written without spaces between words.
pub(crate) fn is_cjk(character: char) -> bool {
    matches!(character,
        '\u{3005}' | '\u{3007}' | '\u{3041}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        each_token(text, |token| all.push(token.to_owned()));
        all
    }

    #[test]
    fn text_becomes_lower_case_words_and_pairs_of_characters() {
        let table: [(&str, &[&str]); 9] = [
            ("Feature_Flags.max-SIZE", &["feature", "flags", "max", "size"]),
            ("10.0.0.5", &["10", "0", "0", "5"]),
            ("超时", &["超时", "时"]),
            ("限流规则v2上线", &["限流", "流规", "规则", "则", "v2", "上线", "线"]),
            ("时", &["时"]),
            ("ＡＢＣ１", &["abc1"]),
            ("Größe ÉTÉ", &["größe", "été"]),
            ("。，！--", &[]),
            ("", &[]),
        ];
        for (text, expected) in table {
            assert_eq!(tokens(text), expected, "{text}");
        }
    }

    #[test]
    fn a_phrase_is_found_where_its_words_stand_together() {
        let mut index = TokenIndex::default();
        for text in ["mysql:orders-db/shop/feature_flags/42", "把支付超时时间改为30秒v2上线", "limit 42"]
        {
            index.add(text);
        }
        let table = [
            ("feature_flags", true),
            ("flags/42", true),
            ("42 limit", false),
            ("FEATURE", true),
            ("featur", false),
            ("featur*", true),
            ("*ags", true),
            ("f*t*e", true),
            ("feature-fl*", true),
            ("超时", true),
            ("支付超时时间", true),
            ("时超", false),
            ("时", true),
            ("间", true),
            ("改为30秒", true),
            ("秒v2上", true),
            ("支付*上线", true),
            ("上线*支付", true),
            ("支付*下线", false),
            ("超*时", true),
            ("为3*", true),
            ("上线。", true),
            ("支付超。", true),
            ("支付超。时间", false),
        ];
        for (searched, expected) in table {
            let pattern = crate::query::Pattern::wildcard(searched);
            let found = phrases(&pattern).iter().all(|phrase| index.contains(phrase));
            assert_eq!(found, expected, "{searched} → {:?}", phrases(&pattern));
        }
    }

    #[test]
    fn nothing_to_search_for_is_no_phrase() {
        for searched in ["", "*", "--", "-*-"] {
            assert!(phrases(&Pattern::wildcard(searched)).is_empty(), "{searched}");
        }
    }

    #[test]
    fn a_word_longer_than_a_token_is_still_found() {
        let long = "a".repeat(5000);
        let mut index = TokenIndex::default();
        index.add(&long);
        for searched in [long.clone(), long[..300].to_owned(), format!("{}*", &long[..10])] {
            assert!(phrases(&Pattern::wildcard(&searched)).iter().all(|phrase| index.contains(phrase)));
        }
    }
}
