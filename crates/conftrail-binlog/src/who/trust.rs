//! The logins whose word about people is taken: `actor.trust` in the configuration.

use super::Login;

/// Says that a pattern of the trust list cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// A pattern has no text.
    #[error("read trust list: entry {place} is empty")]
    Empty {
        /// The entry's place, from 1.
        place: usize,
    },
}

/// Holds patterns `user@host`, in which `%` and `*` stand for any text; without `@` the host does not matter.
///
/// The one pattern `*` is the operator's word for the whole server: it holds for changes whose login is not known too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustList {
    patterns: Vec<Pattern>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    user: String,
    /// In lower case: hosts have no case.
    host: String,
}

impl Pattern {
    fn is_everyone(&self) -> bool {
        is_any(&self.user) && is_any(&self.host)
    }
}

fn is_any(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.chars().all(|character| matches!(character, '%' | '*'))
}

impl TrustList {
    /// Reads the patterns.
    ///
    /// # Errors
    /// For the first pattern without text.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, TrustError> {
        let mut list = Self::default();
        for (index, text) in patterns.iter().enumerate() {
            let text = text.as_ref().trim();
            // A user's name may hold an @, a host cannot.
            let (user, host) = text.rsplit_once('@').unwrap_or((text, "*"));
            if user.is_empty() || host.is_empty() {
                return Err(TrustError::Empty { place: index + 1 });
            }
            list.patterns.push(Pattern { user: user.to_owned(), host: host.to_ascii_lowercase() });
        }
        Ok(list)
    }

    /// Says whether the operator trusts the whole server, known logins or not.
    pub fn trusts_everyone(&self) -> bool {
        self.patterns.iter().any(Pattern::is_everyone)
    }

    /// Says whether a login is trusted to speak for people.
    pub fn trusts(&self, login: &Login) -> bool {
        let host = login.host.to_ascii_lowercase();
        self.patterns
            .iter()
            .any(|pattern| matches(&pattern.user, &login.user) && matches(&pattern.host, &host))
    }

    /// Says whether a pattern narrower than `*` names this login: it is an application by the operator's own word.
    pub(super) fn names(&self, login: &Login) -> bool {
        let host = login.host.to_ascii_lowercase();
        self.patterns
            .iter()
            .filter(|pattern| !is_any(&pattern.user))
            .any(|pattern| matches(&pattern.user, &login.user) && matches(&pattern.host, &host))
    }
}

/// Compares with wildcards by going back to the last one, which takes no more than the product of both lengths.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut place) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while place < text.len() {
        match pattern.get(at) {
            Some(b'%' | b'*') => {
                retry = Some((at + 1, place));
                at += 1;
            }
            Some(byte) if Some(byte) == text.get(place) => {
                at += 1;
                place += 1;
            }
            _ => {
                let Some((behind, taken)) = retry else {
                    return false;
                };
                retry = Some((behind, taken + 1));
                at = behind;
                place = taken + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| matches!(byte, b'%' | b'*'))
}

#[cfg(test)]
mod tests {
    use super::{Login, TrustError, TrustList, matches};

    fn login(user: &str, host: &str) -> Login {
        Login { user: user.to_owned(), host: host.to_owned(), program: None }
    }

    #[test]
    fn user_and_host_must_both_match() {
        let list = TrustList::new(&["app@10.0.0.%", "svc_*@*.example.com", "batch"]).expect("a list");
        let check = |user: &str, host: &str, expected| {
            assert_eq!(list.trusts(&login(user, host)), expected, "{user}@{host}");
        };
        check("app", "10.0.0.5", true);
        check("app", "10.0.1.5", false);
        check("App", "10.0.0.5", false);
        check("app2", "10.0.0.5", false);
        check("svc_orders", "A.Example.com", true);
        check("svcXorders", "a.example.com", false);
        check("batch", "anywhere", true);
        check("", "", false);
    }

    #[test]
    fn only_the_bare_wildcard_speaks_for_the_whole_server() {
        let everyone = |patterns: &[&str]| TrustList::new(patterns).expect("a list").trusts_everyone();
        assert!(everyone(&["*"]));
        assert!(everyone(&["app", "%@%"]));
        assert!(!everyone(&["*@10.%", "app@*"]));
        assert!(!everyone(&[]));
    }

    #[test]
    fn an_entry_without_user_or_host_is_refused_with_its_place() {
        assert_eq!(TrustList::new(&["app", " "]), Err(TrustError::Empty { place: 2 }));
        assert_eq!(TrustList::new(&["app@"]), Err(TrustError::Empty { place: 1 }));
    }

    #[test]
    fn wildcards_match_any_text_and_many_of_them_stay_fast() {
        assert!(matches("a%c*", "abbbc"));
        assert!(!matches("a%c", "abbb"));
        assert!(matches("**", ""));
        assert!(!matches("", "a"));
        assert!(!matches(&"*a".repeat(50), &"a".repeat(49)));
        assert!(!matches(&format!("{}b", "*a".repeat(200)), &"a".repeat(5_000)));
    }
}
