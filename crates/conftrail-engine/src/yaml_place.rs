//! Where a YAML file says what it says, for problems that are found after it was read; and the line at fault with a caret.

use std::fmt;
use std::sync::LazyLock;

use conftrail_core::mask::{MaskKey, MaskRules, Masker};
use unicode_width::UnicodeWidthChar;

use crate::rules::yaml::{self, Content, Node, Place};

/// Longest part of a line that is shown, in characters.
const LONGEST_EXCERPT: usize = 120;
/// Longest line in bytes that is looked at; whoever writes longer ones has no use for a caret.
const LONGEST_LINE: usize = 16 * 1024;

/// The places of all keys and values of a file.
#[derive(Clone, Default)]
pub struct YamlPlaces {
    /// None when the file is empty or no YAML.
    root: Option<Node>,
}

impl YamlPlaces {
    /// Reads a file's text; one that cannot be read has its start as its only place.
    pub fn of(text: &str) -> Self {
        Self { root: yaml::parse(text).ok() }
    }

    /// Returns line and column, from 1, of the value at a path such as `receivers[0].name`: of the value itself where it
    /// is a scalar, of its key where it is a list or a mapping, and where the file does not say it, of the innermost
    /// part around it that the file has.
    pub fn place(&self, path: &str) -> (usize, usize) {
        self.within(path, 0)
    }

    /// Returns the place of a character within the text at a path, counted from 0.
    pub fn within(&self, path: &str, character: usize) -> (usize, usize) {
        let Some(root) = &self.root else { return (1, 1) };
        let mut node = root;
        let mut at = root.at;
        for step in steps(path) {
            let Some((place, next)) = enter(node, step) else { return pair(at) };
            (at, node) = (place, next);
        }
        match &node.content {
            Content::Text(text) if character == 0 => pair(text.at),
            Content::Text(text) => pair(text.place(1, character + 1)),
            _ => pair(at),
        }
    }
}

/// A file may hold passwords: nothing of it is printed.
impl fmt::Debug for YamlPlaces {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("YamlPlaces")
    }
}

/// Splits `a[2].b` into `a`, `2`, `b`.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split(['.', '[', ']']).filter(|step| !step.is_empty())
}

/// Returns a child and the place of its key; an item of a list has only its own.
fn enter<'n>(node: &'n Node, step: &str) -> Option<(Place, &'n Node)> {
    match &node.content {
        Content::Map(entries) => {
            let (key, value) = entries.iter().find(|(key, _)| key.name == step)?;
            Some((key.at, value))
        }
        Content::List(items) => {
            let item = items.get(step.parse::<usize>().ok()?)?;
            Some((item.at, item))
        }
        _ => None,
    }
}

fn pair(place: Place) -> (usize, usize) {
    (place.line, place.column)
}

/// Knows by the built-in names what could be secret; its key is thrown away, and what it makes is never shown.
static MASKER: LazyLock<Option<Masker>> =
    LazyLock::new(|| Masker::new(MaskKey::new([0; 32]), &MaskRules::default()).ok());

/// Returns a line of a text with a caret beneath the column, both from 1: for people at a terminal. A line that holds what
/// could be secret is not shown.
pub fn excerpt(text: &str, line: usize, column: usize) -> Option<String> {
    let whole = text.lines().nth(line.checked_sub(1)?)?.trim_end();
    let before = column.checked_sub(1)?;
    let fits = (1..=LONGEST_LINE).contains(&whole.len());
    if !fits || before > whole.chars().count() || holds_secret(whole) {
        return None;
    }
    let skipped =
        if whole.chars().count() <= LONGEST_EXCERPT { 0 } else { before.saturating_sub(LONGEST_EXCERPT / 2) };
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let shown: String = whole.chars().skip(skipped).take(LONGEST_EXCERPT).map(printable).collect();
    let indent: usize = shown.chars().take(before - skipped).filter_map(UnicodeWidthChar::width).sum();
    Some(format!("{shown}\n{}^", " ".repeat(indent)))
}

fn holds_secret(line: &str) -> bool {
    MASKER.as_ref().is_none_or(|masker| masker.text(line) != line) || holds_hook(line)
}

/// Says whether a line has a `url` with a path or a query: of webhooks that is often the secret.
fn holds_hook(line: &str) -> bool {
    let of_url = line.match_indices("url:").filter(|(at, _)| {
        let before = line.get(..*at).and_then(|before| before.chars().next_back());
        before.is_none_or(|c| !(c.is_alphanumeric() || "_-".contains(c)))
    });
    of_url.filter_map(|(at, _)| line.get(at..)?.split_once("://")).any(|(_, rest)| {
        let behind_host = rest.trim_start_matches(|c: char| !"/?#'\" ,}".contains(c));
        let mut path = behind_host.chars();
        matches!((path.next(), path.next()), (Some('/' | '?' | '#'), Some(next)) if !"'\" ,}".contains(next))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_values_of_keys_and_of_what_is_around() {
        let places = YamlPlaces::of(
            "a: { b: x, c: [1, 22] }\nlist:\n  - name: one\n    tls:\n      mode: y\n  - name: 'a, b'\n",
        );
        let table = [
            ("a.b", (1, 9)),
            ("a.c[1]", (1, 19)),
            ("a.c", (1, 12)),
            ("a.missing", (1, 1)),
            ("list[0].name", (3, 11)),
            ("list[0].tls.mode", (5, 13)),
            ("list[0].tls.ca_file", (4, 5)),
            ("list[1].url", (6, 5)),
            ("list[7].url", (2, 1)),
            ("nothing", (1, 1)),
        ];
        for (path, expected) in table {
            assert_eq!(places.place(path), expected, "{path}");
        }
        assert_eq!(places.within("list[1].name", 3), (6, 15));
        assert_eq!(YamlPlaces::of("a: [").place("a"), (1, 1));
        assert_eq!(format!("{places:?}"), "YamlPlaces");
    }

    #[test]
    fn a_caret_counts_cells_and_a_secret_is_not_shown() {
        assert_eq!(excerpt("x: 1\nname: 超时, b", 2, 9).as_deref(), Some("name: 超时, b\n          ^"));
        assert_eq!(excerpt("\ta: b", 1, 2).as_deref(), Some(" a: b\n ^"));
        for secret in [
            "auth_password: hunter2",
            "url: mysql://cdc:hunter2@db1",
            "{ to: x, auth_password: y1 }",
            "- url: https://hooks.example/services/T0/x",
            "{ url: 'https://h.example?t=1', max_alerts: x }",
        ] {
            assert_eq!(excerpt(secret, 1, 1), None, "{secret}");
        }
        for open in [
            "api_url: https://a.example/cgi-bin/",
            "{ url: 'https://a.example/', x: 1 }",
            "url: https://a.example",
        ] {
            assert!(excerpt(open, 1, 1).is_some(), "{open}");
        }
        assert_eq!((excerpt("a", 2, 1), excerpt("a", 1, 9), excerpt("", 1, 1)), (None, None, None));
        let long = format!("a: {}", "x".repeat(5000));
        assert!(excerpt(&long, 1, 4000).unwrap().len() < 400);
    }
}
