//! Reading matchers: `name="value"`, several separated by commas, optionally in braces.

use conftrail_core::alerting::LabelMatcher;

use super::lexer::{Kind, Token, tokens};
use super::{Matcher, MatcherError};

/// The most matchers of one text; nobody writes more, and each may hold a regular expression.
const MOST: usize = 64;

/// Reads one matcher or several: all of them must match.
///
/// # Errors
/// The first mistake, with its place in the text.
pub fn parse(text: &str) -> Result<Vec<Matcher>, MatcherError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, end: text.chars().count() };
    let matchers = parser.matchers()?;
    if matchers.is_empty() {
        return Err(parser.error("a matcher is needed, such as severity=\"critical\"".to_owned()));
    }
    Ok(matchers)
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    /// Where the text ends, in characters.
    end: usize,
}

impl<'t> Parser<'t> {
    fn matchers(&mut self) -> Result<Vec<Matcher>, MatcherError> {
        let in_braces = self.take(&Kind::Open);
        let mut matchers = Vec::new();
        while !self.is_at_end() && self.peek() != Some(&Kind::Close) {
            matchers.push(self.matcher()?);
            if matchers.len() > MOST {
                return Err(self.error(format!("these are more than {MOST} matchers")));
            }
            if !self.take(&Kind::Comma) {
                break;
            }
        }
        let closed = self.take(&Kind::Close);
        match (in_braces, closed, self.is_at_end()) {
            (true, false, true) => Err(self.error("`}` is missing".to_owned())),
            (false, true, _) => {
                self.at -= 1;
                Err(self.error("there is no `{` for this `}`".to_owned()))
            }
            (_, _, false) => Err(self.unexpected("`,` or the end")),
            _ => Ok(matchers),
        }
    }

    fn matcher(&mut self) -> Result<Matcher, MatcherError> {
        let start = self.place();
        let name = self.word("a label's name")?;
        let Some(Kind::Operator { is_equal, is_regex }) = self.peek().cloned() else {
            return Err(self.unexpected("one of = != =~ !~"));
        };
        self.at += 1;
        let value_at = self.place();
        let value = self.word("a value, such as \"critical\"")?;
        let offset = if name.is_empty() { start } else { value_at };
        Matcher::new(LabelMatcher { name, value, is_regex, is_equal })
            .map_err(|error| MatcherError { offset, ..error })
    }

    fn word(&mut self, wanted: &str) -> Result<String, MatcherError> {
        match self.peek() {
            Some(Kind::Word(word)) => {
                let word = word.clone();
                self.at += 1;
                Ok(word)
            }
            _ => Err(self.unexpected(wanted)),
        }
    }

    fn take(&mut self, kind: &Kind) -> bool {
        let is_next = self.peek() == Some(kind);
        self.at += usize::from(is_next);
        is_next
    }

    fn peek(&self) -> Option<&'t Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Where the next token begins, in characters.
    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |token| token.at)
    }

    fn unexpected(&self, wanted: &str) -> MatcherError {
        let found = self.peek().map_or_else(|| "the end".to_owned(), Kind::shown);
        self.error(format!("expected {wanted}, found {found}"))
    }

    fn error(&self, message: String) -> MatcherError {
        MatcherError { offset: self.place(), message }
    }
}

#[cfg(test)]
mod tests {
    use conftrail_core::alerting::Labels;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn matchers_are_read_as_alertmanager_reads_them() {
        // Texts of Alertmanager's own tests of this grammar, with what they stand for.
        let table = [
            (r#"{foo="bar"}"#, vec![r#"foo="bar""#]),
            (r#"{foo="bar",}"#, vec![r#"foo="bar""#]),
            (r#"{foo="bar" , bar="baz"}"#, vec![r#"foo="bar""#, r#"bar="baz""#]),
            (r#"foo!=bar"#, vec![r#"foo!="bar""#]),
            (r#"foo=~[a-z]+"#, vec![r#"foo=~"[a-z]+""#]),
            (r#"foo!~bar,"#, vec![r#"foo!~"bar""#]),
            (r#"foo=bar🙂"#, vec![r#"foo="bar🙂""#]),
            (r#""值班🙂"="b\"ar""#, vec![r#"值班🙂="b\"ar""#]),
            (r#"  foo  =  "b ar"  "#, vec![r#"foo="b ar""#]),
            (r#"foo="""#, vec![r#"foo="""#]),
            (r#"foo="\u00e9\n\\""#, vec![r#"foo="é\n\\""#]),
            (r#""a b"="c""#, vec![r#""a b"="c""#]),
        ];
        for (text, expected) in table {
            let read: Vec<String> = parse(text).unwrap().iter().map(ToString::to_string).collect();
            assert_eq!(read, expected, "{text}");
            for one in &read {
                assert_eq!(parse(one).unwrap()[0].to_string(), *one, "what is printed reads as itself");
            }
        }
    }

    #[test]
    fn what_is_no_matcher_is_refused_at_its_place() {
        let table = [
            ("", 0, "a matcher is needed"),
            ("{}", 2, "a matcher is needed"),
            ("foo", 3, "expected one of = != =~ !~, found the end"),
            ("foo=", 4, "expected a value"),
            ("=bar", 0, "expected a label's name, found `=`"),
            ("{foo=bar", 8, "`}` is missing"),
            ("foo=bar}", 7, "there is no `{`"),
            ("foo=bar baz=qux", 8, "expected `,` or the end, found `baz`"),
            ("foo=\"bar", 4, "no closing"),
            ("foo=\"b\\qar\"", 6, "no escape"),
            ("foo='bar'", 4, "`'` must stand in double quotes"),
            ("foo!bar", 3, "after `!` comes"),
            ("值=~\"a(b\"", 3, "the regular expression does not compile"),
            ("a=~\"a)(b\"", 3, "the regular expression does not compile"),
            ("a=~\"((a{99}){99}){99}\"", 3, "too large"),
            ("\"\"=x", 0, "needs a label's name"),
        ];
        for (text, offset, said) in table {
            let error = parse(text).unwrap_err();
            assert!(error.message.contains(said), "{text}: {error}");
            assert_eq!(error.offset, offset, "{text}: {error}");
        }
        assert!(parse(&"a=b,".repeat(65)).is_err());
        assert!(parse(&format!("a=~\"{}\"", "x".repeat(5000))).is_err());
    }

    #[test]
    fn expressions_match_the_whole_value_and_an_absent_label_is_empty() {
        let labels = labels(&[("severity", "critical"), ("team", "pay")]);
        let table = [
            ("severity=critical", true),
            ("severity=~crit", false),
            ("severity=~crit.*", true),
            ("severity=~\"a|critical\"", true),
            ("severity!~crit", true),
            ("severity!=critical", false),
            ("env=\"\"", true),
            ("env!=\"\"", false),
            ("env=~\".*\"", true),
            ("env=~\".+\"", false),
            ("env!=prod", true),
            ("team=pay,severity=info", false),
        ];
        for (text, expected) in table {
            let matched = parse(text).unwrap().iter().all(|matcher| matcher.matches(&labels));
            assert_eq!(matched, expected, "{text}");
        }
    }
}
