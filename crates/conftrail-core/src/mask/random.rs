//! Tells words that look drawn at random from words that people write.

use std::ops::Range;

/// The shortest word that is judged; shorter ones are left to names and separators.
const MIN_LEN: usize = 8;

/// Says whether a word looks like a generated secret. Used only where a text speaks of secrets anyway.
pub(crate) fn looks_random(word: &str) -> bool {
    word.len() >= MIN_LEN
        && word
            .split(|character: char| {
                !(character.is_ascii_alphanumeric() || "+/=_-!@#$%^&*~".contains(character))
            })
            .any(|piece| piece.len() >= MIN_LEN && piece_is_random(piece))
}

fn piece_is_random(piece: &str) -> bool {
    let mut digit_turns = 0;
    let mut turns = 0;
    let mut letters_and_digits = 0_usize;
    let mut has_digit = false;
    let mut last = None;
    for class in piece.bytes().filter_map(class_of) {
        letters_and_digits += 1;
        has_digit |= class == Class::Digit;
        if let Some(last) = last
            && last != class
        {
            turns += 1;
            digit_turns += usize::from(last == Class::Digit || class == Class::Digit);
        }
        last = Some(class);
    }
    let separated = piece.split(['-', '_', '/']).all(|part| {
        part.bytes().all(|byte| byte.is_ascii_digit()) || part.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    if separated && !piece.contains(['+', '=']) {
        // Dates, paths and compound words; a run of letters alone must change case as no writer does.
        return letters_and_digits >= 12
            && !piece.contains(['-', '_', '/'])
            && turns * 3 > letters_and_digits;
    }
    // `utf8mb4_general_ci`: names of things hold digits too, but they are lower case and change seldom.
    let is_compound = piece.contains(['-', '_']) && !piece.bytes().any(|byte| byte.is_ascii_uppercase());
    if is_compound { digit_turns >= 5 } else { digit_turns >= 2 || (has_digit && turns >= 3) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
}

fn class_of(byte: u8) -> Option<Class> {
    match byte {
        b'a'..=b'z' => Some(Class::Lower),
        b'A'..=b'Z' => Some(Class::Upper),
        b'0'..=b'9' => Some(Class::Digit),
        _ => None,
    }
}

/// Returns the words of a piece of text that look random, as places in the whole text.
pub(crate) fn random_words(text: &str, within: Range<usize>, found: &mut Vec<Range<usize>>) {
    let Some(piece) = text.get(within.clone()) else { return };
    let ends = |character: char| {
        character.is_whitespace() || !character.is_ascii() || "\"'`<>()[]{},;&?|\\".contains(character)
    };
    let mut start = 0;
    for (at, character) in piece.char_indices().chain([(piece.len(), ' ')]) {
        if !ends(character) {
            continue;
        }
        let word = piece.get(start..at).unwrap_or_default();
        // `name=value`: the name is not part of the secret.
        let skip = word.find(['=', ':']).map_or(0, |sign| sign + 1);
        let value = word.get(skip..).filter(|value| looks_random(value));
        let value = value.or_else(|| Some(word).filter(|_| skip > 0).filter(|word| looks_random(word)));
        if let Some(value) = value {
            let end = within.start + at;
            found.push(end - value.len()..end);
        }
        start = at + character.len_utf8();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_secrets_look_random_and_words_do_not() {
        for random in
            ["x8Kq2mPz91Lw", "3f2a9b1c77de", "Zm9vYmFyMTIz==", "aB3$kL9!pQ2x", "hunter2x7y9z", "qWeRtYuIoPaS"]
        {
            assert!(looks_random(random), "{random}");
        }
        for word in [
            "production",
            "2026-11-20",
            "shop-db-01.internal",
            "utf8mb4_general_ci",
            "getUserName",
            "10.0.0.12:3306",
            "/etc/app/conf.d",
            "rotation",
            "v1.28.3",
            "short1",
        ] {
            assert!(!looks_random(word), "{word}");
        }
    }
}
