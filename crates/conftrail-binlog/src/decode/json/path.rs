//! Paths of JSON differences: `$.member."any name"[0]`.
//!
//! Source of the form: MySQL, `sql-common/json_path.cc`. Names that are identifiers stand bare, others quoted as JSON strings. A
//! difference has one place, so that its path has no wildcards.

use std::borrow::Cow;

/// As deep as MySQL lets a document be.
const MOST_LEGS: usize = 100;

/// One step into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Leg<'a> {
    /// To the member of an object.
    Member(Cow<'a, str>),
    /// To the element of an array, from 0.
    Element(usize),
    /// To the element of an array, from its last one, which is 0.
    FromLast(usize),
}

/// Splits a path into its steps; `None` when it is none, or deeper than a document may be.
pub(super) fn legs(path: &str) -> Option<Vec<Leg<'_>>> {
    let mut rest = path.strip_prefix('$')?;
    let mut legs = Vec::new();
    while !rest.is_empty() {
        let (leg, behind) = match rest.split_at_checked(1)? {
            (".", name) => member(name)?,
            ("[", index) => element(index)?,
            _ => return None,
        };
        if legs.len() == MOST_LEGS {
            return None;
        }
        legs.push(leg);
        rest = behind;
    }
    Some(legs)
}

fn member(text: &str) -> Option<(Leg<'_>, &str)> {
    if text.starts_with('"') {
        let (quoted, behind) = text.split_at_checked(quoted_length(text)?)?;
        let name: String = serde_json::from_str(quoted).ok()?;
        return Some((Leg::Member(name.into()), behind));
    }
    let (name, behind) = text.split_at(text.find(['.', '[']).unwrap_or(text.len()));
    let is_name = !name.is_empty() && !name.contains(['*', '"', ' ', ']']);
    is_name.then_some((Leg::Member(name.into()), behind))
}

/// Finds the end of a string that begins with a quote; a quote behind a backslash is part of it.
fn quoted_length(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (place, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !is_escaped => return Some(place + 1),
            b'\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    None
}

fn element(text: &str) -> Option<(Leg<'_>, &str)> {
    let (index, behind) = text.split_once(']')?;
    let leg = match index.strip_prefix("last") {
        None => Leg::Element(number(index)?),
        Some("") => Leg::FromLast(0),
        Some(back) => Leg::FromLast(number(back.strip_prefix('-')?)?),
    };
    Some((leg, behind))
}

fn number(digits: &str) -> Option<usize> {
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::{Leg, MOST_LEGS, legs};

    fn member(name: &str) -> Leg<'_> {
        Leg::Member(name.into())
    }

    #[test]
    fn a_path_is_split_into_members_and_elements() {
        let check = |path: &str, expected: &[Leg<'_>]| {
            assert_eq!(legs(path).as_deref(), Some(expected), "{path}");
        };
        check("$", &[]);
        check("$.a", &[member("a")]);
        check(
            "$.a.bc[2][10].ü$_1",
            &[member("a"), member("bc"), Leg::Element(2), Leg::Element(10), member("ü$_1")],
        );
        check(r#"$."a.b"."c[0]".d"#, &[member("a.b"), member("c[0]"), member("d")]);
        check(r#"$."say \"hi\" \\"[0]"#, &[member(r#"say "hi" \"#), Leg::Element(0)]);
        check(r#"$."".x"#, &[member(""), member("x")]);
        check(r#"$."line\nbreak""#, &[member("line\nbreak")]);
        check("$[last].a[last-2]", &[Leg::FromLast(0), member("a"), Leg::FromLast(2)]);
    }

    #[test]
    fn what_is_no_single_place_is_refused() {
        for path in [
            "",
            "a",
            ".a",
            "$a",
            "$.",
            "$..a",
            "$.*",
            "$[*]",
            "$**.a",
            "$[",
            "$[]",
            "$[-1]",
            "$[+1]",
            "$[1 to 2]",
            "$[last+1]",
            "$[last-]",
            "$.\"a",
            "$.\"a\\\"",
            "$.a b",
            "$[99999999999999999999999]",
            "$.a]",
        ] {
            assert_eq!(legs(path), None, "{path}");
        }
        assert!(legs(&format!("${}", "[0]".repeat(MOST_LEGS))).is_some());
        assert!(legs(&format!("${}", "[0]".repeat(MOST_LEGS + 1))).is_none());
    }
}
