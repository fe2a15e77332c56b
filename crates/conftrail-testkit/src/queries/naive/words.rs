//! Words and phrases: a text is a row of words and of single Chinese characters, and a phrase stands in it where its own row
//! does.

/// One place of a text or a phrase.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    /// A word in lower case, or one character; of a phrase's word the pieces between its stars.
    pieces: Vec<String>,
    is_character: bool,
    /// Whether the character before it touches it.
    touches: bool,
}

/// Says whether all phrases of what was searched for stand in one of the texts each.
pub(super) fn stand_in(searched: &[String], texts: &[String]) -> bool {
    let texts: Vec<Vec<Place>> = texts.iter().map(|text| places(&folded(text))).collect();
    phrases(searched).iter().all(|phrase| texts.iter().any(|text| stands(phrase, text)))
}

fn stands(phrase: &[Place], text: &[Place]) -> bool {
    text.windows(phrase.len()).any(|window| {
        phrase.iter().zip(window).enumerate().all(|(index, (wanted, found))| {
            // Between two characters it matters whether they touch; a word is always by itself.
            let both = wanted.is_character && index > 0 && phrase[index - 1].is_character;
            wanted.is_character == found.is_character
                && (!both || wanted.touches == found.touches)
                && super::has_shape(&found.pieces[0], &wanted.pieces)
        })
    })
}

/// Cuts what was searched for into phrases: a star within a word belongs to it, one beside a character or alone parts two.
fn phrases(searched: &[String]) -> Vec<Vec<Place>> {
    let mut phrases: Vec<Vec<Place>> = vec![Vec::new()];
    for (index, piece) in searched.iter().enumerate() {
        let mut found = places(&folded(piece));
        let starred = |text: &str| text.chars().next().is_some_and(is_of_word);
        let before = searched.get(index.wrapping_sub(1)).and_then(|piece| folded(piece).chars().next_back());
        if index > 0 {
            let goes_on = starred(&folded(piece));
            let completes = before.is_some_and(is_of_word);
            let current = phrases.last_mut().expect("there is always one");
            if completes {
                // `flag*`, `max*mum`: more of the same word.
                let word = current.last_mut().expect("the word before the star");
                if goes_on && !found.is_empty() {
                    word.pieces.extend(found.remove(0).pieces);
                } else {
                    word.pieces.push(String::new());
                }
            } else if before.is_some_and(is_character) {
                phrases.push(Vec::new());
            } else if goes_on && !found.is_empty() {
                // `*ternal`: the end of a word.
                found[0].pieces.insert(0, String::new());
            } else {
                phrases.push(Vec::new());
            }
        }
        phrases.last_mut().expect("there is always one").extend(found);
    }
    phrases.retain(|phrase| !phrase.is_empty());
    phrases
}

fn places(text: &str) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    let mut previous = ' ';
    for character in text.chars() {
        if is_character(character) {
            let touches = is_character(previous);
            places.push(Place { pieces: vec![character.to_string()], is_character: true, touches });
        } else if is_of_word(character) {
            if is_of_word(previous) {
                let word = places.last_mut().expect("the word's first character made it");
                word.pieces[0].push(character);
            } else {
                let pieces = vec![character.to_string()];
                places.push(Place { pieces, is_character: false, touches: false });
            }
        }
        previous = character;
    }
    places
}

/// Lower case, and full-width forms as their narrow twins.
fn folded(text: &str) -> String {
    let narrow = text.chars().map(|c| match u32::from(c) {
        wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(c),
        _ => c,
    });
    narrow.flat_map(char::to_lowercase).collect()
}

fn is_character(c: char) -> bool {
    matches!(u32::from(c), 0x3005 | 0x3007 | 0x3041..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() && !is_character(c)
}
