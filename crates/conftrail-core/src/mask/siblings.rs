//! Entries that speak of their neighbours: `{name: DB_PASSWORD, value: x}`, rows of a key-value table,
//! Kubernetes secrets.

use super::Masker;
use super::memo::KeyFacts;

/// Says whether an entry of a map holds a secret name, so that its value entries are secret.
pub(crate) fn names_secret<'a>(
    entries: impl Iterator<Item = (KeyFacts, Option<&'a str>)>,
    masker: &Masker,
) -> bool {
    let (mut holds_value, mut names_secret) = (false, false);
    for (key, text) in entries {
        holds_value |= key.holds_value;
        names_secret |= key.holds_name && text.is_some_and(|name| masker.is_secret_neighbour(name));
    }
    holds_value && names_secret
}

/// Says whether an entry of this key names something: `name`, `config_key`, `paramName`.
pub(crate) fn holds_name(key: &str) -> bool {
    ends_with_word(
        key,
        &[
            "name",
            "key",
            "k",
            "id",
            "item",
            "property",
            "param",
            "parameter",
            "option",
            "setting",
            "variable",
            "var",
            "field",
        ],
    )
}

/// Says whether an entry of this key holds what a neighbour names: `value`, `config_value`, `newValue`.
pub(crate) fn holds_value(key: &str) -> bool {
    ends_with_word(key, &["value", "val", "v", "content", "data", "text", "default"])
}

/// Says whether a text of a list is an option whose value is the next text: `["--password", "x"]`.
pub(crate) fn takes_secret(text: &str, masker: &Masker) -> bool {
    text.strip_prefix('-').is_some_and(|option| {
        let name = option.trim_start_matches('-');
        !name.contains('=') && is_name(name) && masker.is_secret_name(name)
    })
}

/// Says whether a text behind such an option is its value and no option itself.
pub(crate) fn is_value(text: &str) -> bool {
    !text.starts_with("--")
}

/// Says whether a text can be a name at all: names are short and hold no white space.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= 256 && !text.contains(char::is_whitespace)
}

/// Says whether a map is a Kubernetes Secret.
pub(crate) fn is_kubernetes_secret<'a>(
    mut entries: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> bool {
    entries.any(|(key, text)| holds_kind(key) && text.is_some_and(is_secret_kind))
}

/// Says whether an entry of this key tells what kind of Kubernetes object a map is.
pub(crate) fn holds_kind(key: &str) -> bool {
    key == "kind"
}

/// Says whether this is the kind of a Kubernetes Secret.
pub(crate) fn is_secret_kind(kind: &str) -> bool {
    kind == "Secret"
}

/// Says whether an entry of a Kubernetes Secret holds the secret values.
pub(crate) fn is_kubernetes_data(key: &str) -> bool {
    matches!(key, "data" | "stringData")
}

/// Says whether a key is one of the words or ends with one: `item_key`, `item-key`, `item.key`, `itemKey`.
fn ends_with_word(key: &str, words: &[&str]) -> bool {
    let last = key.bytes().last().map(|last| last.to_ascii_lowercase());
    words.iter().any(|word| {
        // Most keys are done with here.
        if word.bytes().last() != last {
            return false;
        }
        let Some(at) = key.len().checked_sub(word.len()) else { return false };
        let (Some(head), Some(tail)) = (key.get(..at), key.get(at..)) else { return false };
        if !tail.eq_ignore_ascii_case(word) {
            return false;
        }
        let starts_word = tail.starts_with(|first: char| first.is_ascii_uppercase())
            && head.ends_with(|last: char| last.is_ascii_lowercase() || last.is_ascii_digit());
        head.is_empty() || head.ends_with(['_', '-', '.']) || starts_word
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_name_and_keys_that_hold_are_told_from_others() {
        assert!(holds_name("name") && holds_name("config_key") && holds_name("itemKey") && holds_name("KEY"));
        assert!(holds_value("value") && holds_value("new_value") && holds_value("itemValue"));
        assert!(!holds_name("monkey") && !holds_value("interval") && !holds_name("hostname"));
    }
}
