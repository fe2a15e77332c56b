//! The full-text side: what is indexed of an event, and how searches become FTS5 expressions.
//!
//! An event's texts stand one after the other as tokens of core's `text`, each text followed by a token that no
//! search has, so that no phrase is found across two texts. A text that stands within an earlier one is left out:
//! whatever finds it finds the other.

use conftrail_core::query::{Pattern, each_text};
use conftrail_core::text::{Phrase, Term, append_tokens, each_token, phrases};
use conftrail_core::{Event, Value};

/// Ends a text. Private use characters are no letters, so that no token holds one.
const END: &str = "\u{E000} ";
/// Stands in events with content that is in none of their texts.
const HIDDEN: &str = "\u{E001}";
/// Texts are compared with what is there already up to this many bytes.
const COMPARED: usize = 16 << 10;
/// The members of a document's side; their values are no text to search for.
const DOCUMENT: [&str; 4] = ["text", "digest", "fingerprint", "bytes"];

/// Returns an event's tokens, ready for the index.
pub(super) fn of_event(event: &Event) -> String {
    let mut index = String::with_capacity(1024);
    index.push_str(END);
    let mut tokens = String::new();
    each_text(event, &mut |text| {
        tokens.clear();
        // The space tells a whole token from the end of a longer one.
        tokens.push(' ');
        append_tokens(&text, &mut tokens);
        let known = tokens.len() == 1 || (index.len() < COMPARED && index.contains(&tokens));
        if !known {
            index.push_str(&tokens[1..]);
            index.push_str(END);
        }
    });
    if [&event.before, &event.after].into_iter().flatten().any(|side| is_hidden(event, side)) {
        index.push_str(HIDDEN);
    }
    index
}

/// Says whether a side holds members that `each_text` does not show, beyond those of a document.
fn is_hidden(event: &Event, side: &Value) -> bool {
    let Some(members) = side.as_map() else { return false };
    let whole_content = matches!(event.format.as_deref(), None | Some("row" | "text"));
    let only_text = members.get("digest").is_some() && members.get("text").is_some();
    let shown = whole_content && !only_text;
    !shown && members.iter().any(|(name, _)| !DOCUMENT.contains(&&**name))
}

/// Deepest nesting of an expression; FTS5's parser stands about three times this.
const DEEPEST: usize = 12;
/// Most phrases in an expression.
const MOST_PHRASES: usize = 500;

/// An FTS5 expression, and whether it finds exactly what was asked for or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) expression: String,
    pub(super) exact: bool,
    depth: usize,
    phrases: usize,
}

impl Match {
    fn phrase(expression: String, exact: bool) -> Self {
        Self { expression, exact, depth: 0, phrases: 1 }
    }

    /// Says whether parts are little enough for FTS5 to be joined.
    pub(super) fn fit(parts: &[Self]) -> bool {
        let phrases: usize = parts.iter().map(|part| part.phrases).sum();
        phrases <= MOST_PHRASES && parts.iter().all(|part| part.depth < DEEPEST)
    }

    /// Joins expressions that must all hold. What would be too much for FTS5 is left out, so that more is found.
    pub(super) fn all(parts: Vec<Self>) -> Option<Self> {
        if Self::fit(&parts) {
            return Self::joined(parts, " AND ");
        }
        let mut phrases = 0;
        let mut kept = parts;
        kept.retain(|part| {
            phrases += part.phrases;
            phrases <= MOST_PHRASES && part.depth < DEEPEST
        });
        Self::joined(kept, " AND ").map(|found| found.exact_if(false))
    }

    /// Joins expressions of which one must hold; none when that would be too much for FTS5.
    pub(super) fn any(parts: Vec<Self>) -> Option<Self> {
        if Self::fit(&parts) { Self::joined(parts, " OR ") } else { None }
    }

    fn joined(mut parts: Vec<Self>, between: &str) -> Option<Self> {
        if parts.len() < 2 {
            return parts.pop();
        }
        let exact = parts.iter().all(|part| part.exact);
        let phrases = parts.iter().map(|part| part.phrases).sum();
        let depth = parts.iter().map(|part| part.depth + 1).max().unwrap_or_default();
        let expressions: Vec<String> = parts.into_iter().map(|part| part.expression).collect();
        Some(Self { expression: format!("({})", expressions.join(between)), exact, depth, phrases })
    }

    /// Says that the expression may find more unless `exact` holds, too.
    pub(super) fn exact_if(self, exact: bool) -> Self {
        Self { exact: self.exact && exact, ..self }
    }

    fn or_hidden(self) -> Option<Self> {
        Self::any(vec![self, Self::phrase(format!("\"{HIDDEN}\""), false)])
    }
}

/// Returns the expression for phrases that must all be found; none when the index cannot narrow them down.
pub(super) fn of_phrases(phrases: &[Phrase]) -> Option<Match> {
    let mut parts = Vec::new();
    let mut exact = true;
    for phrase in phrases {
        let found = of_phrase(phrase, &mut parts);
        exact &= found;
    }
    Match::all(parts).map(|found| found.exact_if(exact))
}

/// Returns an expression that holds for every event that has `pattern` as one of its texts.
pub(super) fn of_value(pattern: &Pattern) -> Option<Match> {
    let [_, rest @ ..] = pattern.parts() else { return None };
    // A star within or before the value may stand for several words, which no phrase says.
    let plain = rest.is_empty() || matches!(rest, [last] if last.is_empty());
    if !plain {
        return None;
    }
    of_phrases(&phrases(pattern)).map(|found| found.exact_if(false))
}

/// Returns an expression that holds for every event with content at `path` of before, after or detail, and with
/// this value there if one is given.
pub(super) fn of_content(path: &str, value: Option<&Pattern>) -> Option<Match> {
    if DOCUMENT.iter().any(|member| path.starts_with(member)) {
        return None;
    }
    let mut parts = Vec::new();
    each_token(path, |token| {
        // Places in lists are numbers and stand in no text.
        if !token.bytes().all(|byte| byte.is_ascii_digit()) {
            parts.push(Match::phrase(format!("\"{token}\""), false));
        }
    });
    let is_null = value.and_then(Pattern::as_literal) == Some("null");
    parts.extend(value.filter(|_| !is_null).and_then(of_value));
    Match::all(parts).and_then(Match::or_hidden)
}

/// Adds the expressions of one phrase; FTS5 knows beginnings of words only at a phrase's end, and no other shapes,
/// so that such a phrase is cut into pieces that must all be found. Says whether nothing was lost by that.
fn of_phrase(phrase: &Phrase, parts: &mut Vec<Match>) -> bool {
    let mut run: Vec<&str> = Vec::new();
    let mut exact = true;
    let last = phrase.terms.len().saturating_sub(1);
    for (index, term) in phrase.terms.iter().enumerate() {
        match term {
            Term::Exact(token) => run.push(token),
            Term::Prefix(start) => {
                run.push(start);
                parts.push(piece(&run, true));
                run.clear();
                exact &= index == last;
            }
            Term::Like(shape) => {
                exact = false;
                if !shape.prefix().is_empty() {
                    run.push(shape.prefix());
                    parts.push(piece(&run, true));
                } else if !run.is_empty() {
                    parts.push(piece(&run, false));
                }
                run.clear();
            }
        }
    }
    if !run.is_empty() {
        parts.push(piece(&run, false));
    }
    exact
}

fn piece(run: &[&str], prefix: bool) -> Match {
    let star = if prefix { " *" } else { "" };
    Match::phrase(format!("\"{}\"{star}", run.join(" ")), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_become_expressions() {
        let table = [
            ("limit", r#""limit""#, true),
            ("feature_flags", r#""feature flags""#, true),
            ("flag*", r#""flag" *"#, true),
            ("限流规则", r#""限流 流规 规则""#, true),
            ("时", r#""时" *"#, true),
            ("支付*30秒", r#"("支付" AND "30 秒" *)"#, true),
            ("a_max*mum", r#""a max" *"#, false),
            ("x*-y", r#"("x" * AND "y")"#, false),
        ];
        for (searched, expression, exact) in table {
            let found = of_phrases(&phrases(&Pattern::wildcard(searched)));
            let found = found.map(|found| (found.expression, found.exact));
            assert_eq!(found, Some((expression.to_owned(), exact)), "{searched}");
        }
        assert_eq!(of_phrases(&phrases(&Pattern::wildcard("*ternal"))), None);
    }

    #[test]
    fn values_and_paths_narrow_down_without_being_exact() {
        let value = |text: &str| of_value(&Pattern::wildcard(text)).map(|found| found.expression);
        assert_eq!(value("mysql:orders-db/*").as_deref(), Some(r#""mysql orders db""#));
        assert_eq!(value("*rules"), None);
        assert_eq!(value("a*b"), None);
        let content = of_content("a.b[2].c", Some(&Pattern::literal("x"))).unwrap();
        assert_eq!(content.expression, "((\"a\" AND \"b\" AND \"c\" AND \"x\") OR \"\u{E001}\")");
        assert_eq!(of_content("text", None), None);
    }
}
