//! What the operator declares to be secret.

use serde::{Deserialize, Serialize};

/// Names of keys and columns that hold secrets unless the configuration says otherwise.
///
/// The last ones are the Chinese words for password, key, token and credential.
const DEFAULT_NAMES: &[&str] = &[
    "*password*",
    "*passwd*",
    "*pwd*",
    "*passphrase*",
    "*passcode*",
    "pass",
    "*[_.-]pass",
    "pass[_.-]*",
    "requirepass",
    "masterauth",
    "*secret*",
    "*token*",
    "*credential*",
    "*private*key*",
    "*api*key*",
    "*access*key*",
    "*account*key*",
    "*shared*key*",
    "*secure*key*",
    "*encrypt*key*",
    "*sign*key*",
    "*master*key*",
    "*aes*key*",
    "*rsa*key*",
    "*ssh*key*",
    "*license*key*",
    "ak",
    "sk",
    "*[_.-]ak",
    "*[_.-]sk",
    "*aksk*",
    "*authorization*",
    "*cookie*",
    "*jwt*",
    "*密码*",
    "*口令*",
    "*密钥*",
    "*秘钥*",
    "*私钥*",
    "*令牌*",
    "*凭证*",
    "*凭据*",
];

/// Configures what is secret: part `mask` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MaskRules {
    /// Globs on key and column names, without regard to case. They replace the built-in list when given.
    pub names: Vec<String>,
    /// Globs on names that are never secret by their name, though `names` match (`max_tokens`). Value detectors
    /// still apply.
    pub except: Vec<String>,
    /// Globs on `schema.table.column`, without regard to case.
    pub columns: Vec<String>,
}

impl Default for MaskRules {
    fn default() -> Self {
        Self {
            names: DEFAULT_NAMES.iter().map(|name| (*name).to_owned()).collect(),
            except: Vec::new(),
            columns: Vec::new(),
        }
    }
}

/// One thing that is wrong with the rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct RuleProblem {
    /// Where, below `mask`: `names[3]`.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl MaskRules {
    /// Returns every problem; an empty list means that [`super::Masker::new`] accepts the rules.
    pub fn validate(&self) -> Vec<RuleProblem> {
        let mut problems = Vec::new();
        for (list, globs) in [("names", &self.names), ("except", &self.except), ("columns", &self.columns)] {
            for (index, glob) in globs.iter().enumerate() {
                let path = format!("{list}[{index}]");
                if let Err(error) = compile(glob) {
                    problems.push(RuleProblem { path, message: format!("invalid glob: {}", error.kind()) });
                } else if glob.trim_matches('*').is_empty() {
                    let message = "matches everything; name what is secret".to_owned();
                    problems.push(RuleProblem { path, message });
                } else if list == "columns" && glob.split('.').count() < 3 && !glob.contains('*') {
                    let message = "expected schema.table.column".to_owned();
                    problems.push(RuleProblem { path, message });
                }
            }
        }
        problems
    }
}

/// Compiles one glob as both lists mean it: without case, `*` crossing every character, no escapes.
pub(crate) fn compile(glob: &str) -> Result<globset::Glob, globset::Error> {
    globset::GlobBuilder::new(glob)
        .case_insensitive(true)
        .literal_separator(false)
        .backslash_escape(false)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_reported_with_its_place() {
        let rules = MaskRules {
            names: vec!["*ok*".into(), "[".into(), "**".into()],
            except: Vec::new(),
            columns: vec!["shop.users.phone".into(), "phone".into(), "*.phone".into()],
        };
        let paths: Vec<String> = rules.validate().into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["names[1]", "names[2]", "columns[1]"]);
        assert!(MaskRules::default().validate().is_empty());
    }

    #[test]
    fn unknown_keys_are_refused_and_given_names_replace_the_defaults() {
        assert!(serde_json::from_str::<MaskRules>(r#"{"name": []}"#).is_err());
        let rules: MaskRules = serde_json::from_str(r#"{"names": ["*pin*"]}"#).unwrap();
        assert_eq!(rules.names, ["*pin*"]);
    }
}
