//! Text with `*` wildcards.

/// Holds a text in which `*` stands for any characters, also none.
///
/// Matching is exact, case included; what folds case folds both sides first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// What stands between the stars: one part is a plain text, `["", ""]` is `*`.
    parts: Vec<String>,
}

impl Pattern {
    /// Makes a pattern that only the text itself matches.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { parts: vec![text.into()] }
    }

    /// Makes a pattern from a text whose every `*` is a wildcard.
    pub fn wildcard(text: &str) -> Self {
        Self::from_parts(text.split('*').map(str::to_owned).collect())
    }

    /// Makes a pattern from what stands between its stars; neighbouring stars become one.
    pub(crate) fn from_parts(parts: Vec<String>) -> Self {
        let last = parts.len().saturating_sub(1);
        let mut kept: Vec<String> = Vec::with_capacity(parts.len());
        for (index, part) in parts.into_iter().enumerate() {
            if index == 0 || index == last || !part.is_empty() {
                kept.push(part);
            }
        }
        Self { parts: kept }
    }

    /// Returns what stands between the stars: at least one part.
    pub fn parts(&self) -> &[String] {
        &self.parts
    }

    /// Returns the text if there is no wildcard.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [text] => Some(text),
            _ => None,
        }
    }

    /// Returns what every match starts with; for a range in an index.
    pub fn prefix(&self) -> &str {
        self.parts.first().map_or("", String::as_str)
    }

    /// Says whether this is `*` alone.
    pub fn is_any(&self) -> bool {
        self.parts.len() > 1 && self.parts.iter().all(String::is_empty)
    }

    /// Says whether a text matches. Linear in the text for every part: without alternatives, the leftmost place
    /// of a part is always as good as any.
    pub fn matches(&self, text: &str) -> bool {
        let (Some((first, rest)), Some(last)) = (self.parts.split_first(), self.parts.last()) else {
            return false;
        };
        if rest.is_empty() {
            return text == first;
        }
        let Some(mut remaining) = text.strip_prefix(first.as_str()) else { return false };
        for middle in &rest[..rest.len() - 1] {
            let Some(at) = remaining.find(middle.as_str()) else { return false };
            remaining = &remaining[at + middle.len()..];
        }
        remaining.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        let table = [
            ("shop", "shop", true),
            ("shop", "shops", false),
            ("sh*", "shop", true),
            ("*op", "shop", true),
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("aa*aa", "aaa", false),
            ("a**b", "ab", true),
            ("*流*", "限流规则", true),
            ("Shop", "shop", false),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(Pattern::wildcard(pattern).matches(text), expected, "{pattern} {text}");
        }
        assert!(Pattern::literal("a*").matches("a*") && !Pattern::literal("a*").matches("ab"));
    }

    #[test]
    fn many_stars_cost_no_more_than_a_walk() {
        let pattern = Pattern::wildcard(&"*a".repeat(2000));
        assert!(!pattern.matches(&"ab".repeat(20_000)));
    }
}
