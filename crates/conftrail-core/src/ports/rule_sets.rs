//! The published rule set: what every worker goes by, kept where a broken file cannot touch it.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::alerting::derived_id;
use crate::own::Act;
use crate::{PortResult, Timestamp};

/// A file of a rule set, as it was when the set was published.
///
/// A routing file may hold a password in clear: the text is kept, and printed nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSetFile {
    /// The file's name as findings print it.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl std::fmt::Debug for RuleSetFile {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} ({} bytes)", self.name, self.text.len())
    }
}

/// The texts that the rules and routes in force are made of: all of one moment, checked together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSetFiles {
    /// The rule files, by name.
    pub rules: Vec<RuleSetFile>,
    /// The routing file; without one nobody is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<RuleSetFile>,
}

impl RuleSetFiles {
    /// Returns what tells these texts from any others: 32 hex digits over names and texts.
    pub fn digest(&self) -> String {
        let mut parts = Vec::with_capacity(self.rules.len() * 2 + 3);
        for file in &self.rules {
            parts.extend([file.name.as_str(), file.text.as_str()]);
        }
        if let Some(routing) = &self.routing {
            parts.extend(["routing", routing.name.as_str(), routing.text.as_str()]);
        }
        derived_id(&parts)
    }
}

/// A set of files that was checked without an error, and is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedRules {
    /// [`RuleSetFiles::digest`] of the files.
    pub digest: String,
    /// When it was published.
    pub published: Timestamp,
    /// The files.
    pub files: RuleSetFiles,
}

/// Keeps the last rule set that had no error. All instances run it; it outlives the files that it was read from.
#[async_trait]
pub trait RuleSets: Send + Sync {
    /// Returns the set that was published last.
    async fn published_rules(&self) -> PortResult<Option<PublishedRules>>;

    /// Returns the digest of the set that was published last: what a look at the store costs as a rule.
    async fn published_digest(&self) -> PortResult<Option<String>>;

    /// Replaces the published set and stores the act, in one transaction. May repeat: a set whose digest is published
    /// already changes nothing, and leaves no act. Returns whether it was another one.
    async fn publish_rules(&self, set: &PublishedRules, act: &Act) -> PortResult<bool>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> RuleSetFile {
        RuleSetFile { name: name.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_digest_tells_which_text_stands_in_which_file() {
        let rules = vec![file("a.yaml", "x"), file("b.yaml", "y")];
        let set = RuleSetFiles { rules: rules.clone(), routing: None };
        let others = [
            RuleSetFiles { rules: vec![file("a.yaml", "y"), file("b.yaml", "x")], routing: None },
            RuleSetFiles { rules: rules[..1].to_vec(), routing: Some(file("b.yaml", "y")) },
            RuleSetFiles { rules: rules[..1].to_vec(), routing: None },
        ];
        for other in others {
            assert_ne!(set.digest(), other.digest(), "{other:?}");
        }
        assert_eq!(set.digest(), RuleSetFiles { rules, routing: None }.digest());
    }

    #[test]
    fn the_text_of_a_file_is_in_no_debug_output() {
        assert_eq!(format!("{:?}", file("routing.yaml", "password: hunter2")), "routing.yaml (17 bytes)");
    }
}
