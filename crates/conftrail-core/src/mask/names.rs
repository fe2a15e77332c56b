//! Which names are secret, and the literal words by which such names are found in free text.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use globset::{GlobSet, GlobSetBuilder};

use super::rules::{MaskRules, compile};

/// Judges names of keys and columns.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// Finds a literal of each glob of `secret`: a name without any is not secret. None when a glob has no literal.
    suspicious: Option<AhoCorasick>,
    secret: GlobSet,
    except: GlobSet,
    columns: GlobSet,
    column_tails: GlobSet,
}

impl Names {
    /// Compiles rules; globs that do not compile are the caller's to refuse (`MaskRules::validate`).
    pub(crate) fn new(rules: &MaskRules) -> Self {
        let tails: Vec<String> =
            rules.columns.iter().map(|glob| glob.rsplit('.').next().unwrap_or(glob).to_owned()).collect();
        let literals: Option<Vec<&str>> = rules.names.iter().map(|glob| longest_literal(glob)).collect();
        let suspicious = literals.and_then(|literals| {
            AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .kind(Some(AhoCorasickKind::DFA))
                .build(literals)
                .ok()
        });
        Self {
            suspicious,
            secret: set(&rules.names),
            except: set(&rules.except),
            columns: set(&rules.columns),
            column_tails: set(&tails),
        }
    }

    /// Says whether a key or column of this name holds a secret.
    pub(crate) fn is_secret(&self, name: &str) -> bool {
        if self.suspicious.as_ref().is_some_and(|literals| !literals.is_match(name)) {
            return false;
        }
        if self.secret.is_match(name) {
            return !self.except.is_match(name);
        }
        // `spring.mail.pass`, `$.db.pass`: a path is as secret as its last part.
        match name.rsplit(['.', '/', ':']).next() {
            Some(last) if last.len() < name.len() => {
                self.secret.is_match(last) && !self.except.is_match(last)
            }
            _ => false,
        }
    }

    /// Says whether a table's column holds a secret.
    pub(crate) fn is_secret_column(&self, schema: &str, table: &str, column: &str) -> bool {
        self.is_secret(column)
            || (!self.columns.is_empty() && self.columns.is_match(format!("{schema}.{table}.{column}")))
    }

    /// Says whether a column of this name is secret in any table: for statements whose table is not known.
    pub(crate) fn may_be_secret_column(&self, column: &str) -> bool {
        self.is_secret(column) || self.column_tails.is_match(column)
    }
}

fn set(globs: &[String]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in globs.iter().filter_map(|glob| compile(glob).ok()) {
        builder.add(glob);
    }
    builder.build().unwrap_or_else(|_| GlobSet::empty())
}

/// Returns the words to look for in free text so that no name of the rules is missed; the flag says that the
/// word alone stands for names of any text and that nothing can be left out.
pub(crate) fn words(rules: &MaskRules) -> Vec<String> {
    let mut words = Vec::new();
    for glob in &rules.names {
        let Some(word) = longest_literal(glob) else {
            // A glob without a literal can match any name: every separator is then a reason to look closer.
            words.extend(["=", ":"].map(str::to_owned));
            continue;
        };
        if word.len() < 4 && glob.ends_with(word) {
            // Two letters stand in too many words: here only with what ends a name.
            let ends = ["=", ":", "\"", "'", " =", " :", ">", "："];
            words.extend(ends.iter().map(|end| format!("{word}{end}")));
        } else {
            words.push(word.to_owned());
        }
    }
    words.sort();
    words.dedup();
    words
}

/// Returns the first of the longest pieces of a glob that stand for themselves.
fn longest_literal(glob: &str) -> Option<&str> {
    if glob.contains("**") {
        // `**/x` is `x` as well.
        return None;
    }
    let mut best: Option<&str> = None;
    let mut depth = 0_u32;
    let mut start = 0;
    for (at, character) in glob.char_indices().chain([(glob.len(), '*')]) {
        let special = matches!(character, '*' | '?' | '[' | ']' | '{' | '}');
        if !special && depth == 0 {
            continue;
        }
        if depth == 0 {
            let piece = glob.get(start..at).unwrap_or_default();
            if !piece.is_empty() && best.is_none_or(|known| piece.len() > known.len()) {
                best = Some(piece);
            }
        }
        match character {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        start = at + character.len_utf8();
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_names_cover_what_people_call_secrets() {
        let names = Names::new(&MaskRules::default());
        for secret in [
            "password",
            "DB_PASSWORD",
            "spring.datasource.password",
            "userPasswd",
            "pwd",
            "clientSecret",
            "TOKEN",
            "access_token",
            "aws_secret_access_key",
            "privateKey",
            "api-key",
            "apiKey",
            "X-API-Key",
            "smtp_pass",
            "spring.mail.pass",
            "app.sk",
            "oss_ak",
            "数据库密码",
            "密钥",
            "AccountKey",
            "Set-Cookie",
            "$.db.pass",
        ] {
            assert!(names.is_secret(secret), "{secret}");
        }
        for open in
            ["user", "limit", "bypass", "compass", "task", "make", "keyboard", "url", "primary_key", "名称"]
        {
            assert!(!names.is_secret(open), "{open}");
        }
    }

    #[test]
    fn exceptions_and_columns_are_kept() {
        let rules = MaskRules {
            except: vec!["*max_tokens*".into()],
            columns: vec!["shop.users.phone".into(), "*.id_card".into()],
            ..MaskRules::default()
        };
        let names = Names::new(&rules);
        assert!(!names.is_secret("max_tokens"));
        assert!(names.is_secret_column("SHOP", "users", "phone"));
        assert!(!names.is_secret_column("shop", "orders", "phone"));
        assert!(names.may_be_secret_column("phone"));
        assert!(names.is_secret_column("a", "b", "id_card"));
    }

    #[test]
    fn words_leave_no_glob_out() {
        assert_eq!(longest_literal("*private*key*"), Some("private"));
        assert_eq!(longest_literal("*[_.-]pass"), Some("pass"));
        assert_eq!(longest_literal("{a,b}"), None);
        assert_eq!(longest_literal("**/pass"), None);
        assert_eq!(longest_literal("*密码*"), Some("密码"));
        let rules = MaskRules { names: vec!["sk".into()], ..MaskRules::default() };
        assert!(words(&rules).contains(&"sk=".to_owned()));
    }
}
