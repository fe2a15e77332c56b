//! One matcher: a label, an operator, a value.

use conftrail_core::alerting::{LabelMatcher, Labels};
use regex::{Regex, RegexBuilder};

/// Longest regular expression in bytes.
const LONGEST_PATTERN: usize = 4096;
/// Largest compiled regular expression in bytes; counted repetitions of repetitions grow without bound.
const LARGEST_PROGRAM: usize = 1 << 20;

/// Says why a matcher cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MatcherError {
    /// Where in the text, in characters from 0.
    pub offset: usize,
    /// What is wrong and what to write.
    pub message: String,
}

/// A matcher that is ready to be asked. A label that is not there is the empty text, as in Alertmanager.
#[derive(Clone, Debug)]
pub struct Matcher {
    plain: LabelMatcher,
    /// The anchored expression of `=~` and `!~`.
    regex: Option<Regex>,
}

/// Equal when they say the same.
impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.plain == other.plain
    }
}

impl Matcher {
    /// Makes a matcher ready.
    ///
    /// # Errors
    /// A label without a name, or a regular expression that does not compile or is too large; the offset is 0.
    pub fn new(plain: LabelMatcher) -> Result<Self, MatcherError> {
        let refused = |message: String| Err(MatcherError { offset: 0, message });
        if plain.name.is_empty() {
            return refused("a matcher needs a label's name".to_owned());
        }
        if !plain.is_regex {
            return Ok(Self { plain, regex: None });
        }
        if plain.value.len() > LONGEST_PATTERN {
            return refused(format!("the regular expression is longer than {LONGEST_PATTERN} bytes"));
        }
        // By itself first: anchors around it would hide an unbalanced parenthesis.
        let alone = RegexBuilder::new(&plain.value).size_limit(LARGEST_PROGRAM).build();
        let anchored = alone.and_then(|_| {
            RegexBuilder::new(&format!("^(?:{})$", plain.value)).size_limit(LARGEST_PROGRAM).build()
        });
        match anchored {
            Ok(regex) => Ok(Self { plain, regex: Some(regex) }),
            Err(regex::Error::CompiledTooBig(_)) => {
                refused("the regular expression is too large: repeat less".to_owned())
            }
            Err(error) => refused(format!("the regular expression does not compile: {}", last_line(&error))),
        }
    }

    /// Returns what the matcher says.
    pub fn plain(&self) -> &LabelMatcher {
        &self.plain
    }

    /// Says whether labels match.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matches_value(labels.get(&self.plain.name).map_or("", String::as_str))
    }

    /// Says whether a label's value matches; a label that is not there is the empty text.
    pub fn matches_value(&self, value: &str) -> bool {
        let equal = match &self.regex {
            Some(regex) => regex.is_match(value),
            None => self.plain.value == value,
        };
        equal == self.plain.is_equal
    }
}

impl std::fmt::Display for Matcher {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.plain.fmt(formatter)
    }
}

/// The last line of the library's error says what is wrong; those before draw the expression.
fn last_line(error: &regex::Error) -> String {
    let said = error.to_string();
    let line = said.lines().last().unwrap_or_default().trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
