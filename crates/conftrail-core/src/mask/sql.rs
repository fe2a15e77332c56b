//! Masking of SQL text: literals by the column they belong to, comments and other literals by what they hold.

use super::Masker;
use super::siblings::{holds_name, holds_value, is_name};
use super::sql_readings::{Replacement, joined, readings, replaced};
use super::sql_tokens::{Kind, Reading, Token, tokens, unescape};

/// How often a statement is looked at again after a replacement.
const MAX_PASSES: usize = 4;

/// What is known about a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// No column could be found for it.
    Untied,
    /// It belongs to a column that is not secret, or names an account.
    Open,
    /// It belongs to a secret.
    Secret,
}

impl Masker {
    /// Returns a statement with its secrets replaced.
    ///
    /// Literals assigned to or compared with a secret column are masked, in `INSERT` by their place in the column
    /// list, in `IDENTIFIED BY` and its like always. Where a statement names a secret and a text literal cannot be
    /// tied to a column, every such literal is masked, as are all of an `INSERT` without a column list. All other
    /// literals and the comments are masked by what they hold.
    pub fn sql(&self, sql: &str) -> String {
        self.sql_in(sql, Some(true))
    }

    /// As [`Masker::sql`], for a session that says whether `\` escapes within literals; none where nobody knows, and the
    /// secrets of both readings are masked.
    ///
    /// What version comments (`/*!80000 … */`, MariaDB's `/*M!100000 … */`) hide is read as SQL and as a comment likewise.
    pub fn sql_in(&self, sql: &str, backslash_escapes: Option<bool>) -> String {
        self.sql_read(sql, &readings(sql, backslash_escapes, false))
    }

    /// As [`Masker::sql_in`], for the beginning of a statement that was cut: the name of a secret can stand in what is missing, so
    /// every text literal that is not tied to a column is masked, and the one that was cut.
    pub fn sql_beginning(&self, sql: &str, backslash_escapes: Option<bool>) -> String {
        self.sql_read(sql, &readings(sql, backslash_escapes, true))
    }

    fn sql_read(&self, sql: &str, readings: &[Reading]) -> String {
        let mut masked = sql.to_owned();
        for _ in 0..MAX_PASSES {
            // What was joined by a mask can show a name that was cut in two before.
            let found = readings.iter().flat_map(|reading| self.sql_secrets(&masked, *reading, false));
            let found = joined(found.collect(), |range| {
                let secret = masked.get(range).unwrap_or_default();
                format!("'{}'", self.secret_text(secret).unwrap_or_default())
            });
            let again = replaced(&masked, &found);
            if again == masked {
                break;
            }
            masked = again;
        }
        masked
    }

    /// Finds what is to be replaced where a statement is read one way, in its order.
    fn sql_secrets(&self, sql: &str, reading: Reading, is_hidden: bool) -> Vec<Replacement> {
        let all = tokens(sql, reading);
        let mut statement = Statement::new(self, sql, &all, reading);
        statement.judge();
        if reading.is_cut {
            statement.settle(statement.tokens.len().saturating_sub(1), Verdict::Secret);
        }
        statement.replacements(&all, is_hidden)
    }

    /// Masks a comment's inside; what a version comment hides from other servers is SQL, comments in it are text.
    fn sql_comment(&self, inner: &str, reading: Reading, is_hidden: bool) -> Vec<Replacement> {
        let hidden = ["!", "M!"].iter().find_map(|sign| Some((sign.len(), inner.strip_prefix(sign)?)));
        match hidden.filter(|_| !is_hidden) {
            Some((sign, hidden)) => {
                let found = self.sql_secrets(hidden, reading, true).into_iter();
                found.map(|(range, masked)| (range.start + sign..range.end + sign, masked)).collect()
            }
            None => self.open_text(inner).map(|masked| (0..inner.len(), masked)).into_iter().collect(),
        }
    }
}

/// What the name of a column says about its values.
struct Column {
    is_secret: bool,
    holds_name: bool,
    holds_value: bool,
}

struct Statement<'a> {
    masker: &'a Masker,
    sql: &'a str,
    /// The tokens that are no comments.
    tokens: Vec<&'a Token>,
    verdicts: Vec<Verdict>,
    reading: Reading,
    names_secret: bool,
    /// Whether a column that names things is given the name of a secret (`name = 'db.password'`): what columns that hold
    /// things are given is secret then.
    names_pair: bool,
    /// Where the first word stands that speaks of accounts' credentials.
    credentials_from: usize,
    /// Up to where the values of secret names were judged.
    judged_to: usize,
}

impl<'a> Statement<'a> {
    fn new(masker: &'a Masker, sql: &'a str, all: &'a [Token], reading: Reading) -> Self {
        let tokens: Vec<&Token> = all.iter().filter(|token| token.kind != Kind::Comment).collect();
        let verdicts = vec![Verdict::Untied; tokens.len()];
        let mut statement = Self {
            masker,
            sql,
            tokens,
            verdicts,
            reading,
            names_secret: false,
            names_pair: false,
            credentials_from: usize::MAX,
            judged_to: 0,
        };
        let mut places = 0..statement.tokens.len();
        statement.names_secret = reading.is_cut || places.clone().any(|at| statement.is_secret_name(at));
        statement.names_pair = statement.names_secret && places.clone().any(|at| statement.is_naming(at));
        let is_credential =
            |at: usize| statement.is_word(at, "identified") || statement.is_word(at, "password");
        statement.credentials_from = places.find(|at| is_credential(*at)).unwrap_or(usize::MAX);
        statement
    }

    fn judge(&mut self) {
        let mut starts_statement = true;
        for at in 0..self.tokens.len() {
            if starts_statement && (self.is_word(at, "insert") || self.is_word(at, "replace")) {
                self.insert(at);
            }
            if starts_statement && self.is_word(at, "set") && self.is_word(at + 1, "password") {
                self.set_password(at);
            }
            // MariaDB's `SET STATEMENT … FOR` stands before another statement.
            starts_statement = self.is_sign(at, ";") || self.is_word(at, "for");
            if self.names_account(at) {
                self.settle(at, Verdict::Open);
            } else if self.follows_credential_word(at) {
                self.settle(at, Verdict::Secret);
            }
            if let Some(value) = self.comparison(at) {
                self.assigned(at, value);
            }
        }
    }

    /// Behind the first sign of `SET PASSWORD [FOR account] = …` every literal is a credential.
    fn set_password(&mut self, start: usize) {
        let end = (start..self.tokens.len()).find(|at| self.is_sign(*at, ";")).unwrap_or(self.tokens.len());
        let Some(sign) = (start..end).find(|at| self.is_sign(*at, "=")) else { return };
        for at in sign..end {
            self.settle(at, Verdict::Secret);
        }
    }

    /// Ties the literals of `VALUES` lists to the column list.
    fn insert(&mut self, start: usize) {
        let Some(open) = (start..self.tokens.len()).find(|at| {
            self.is_sign(*at, "(")
                || self.is_word(*at, "values")
                || self.is_word(*at, "value")
                || self.is_word(*at, "select")
                || self.is_word(*at, "set")
                || self.is_sign(*at, ";")
        }) else {
            return;
        };
        let mut columns = None;
        let mut at = open;
        if self.is_sign(open, "(") {
            let close =
                (open..self.tokens.len()).find(|at| self.is_sign(*at, ")")).unwrap_or(self.tokens.len());
            let names = (open + 1..close).filter(|at| !self.is_sign(*at, ",") && !self.is_sign(*at + 1, "."));
            columns = Some(names.map(|at| self.column(at)).collect::<Vec<Column>>());
            at = close + 1;
        }
        if !(self.is_word(at, "values") || self.is_word(at, "value")) {
            return;
        }
        let mut depth = 0_u32;
        let mut values = Vec::new();
        let mut column = 0;
        for at in at + 1..self.tokens.len() {
            if self.is_sign(at, "(") {
                depth += 1;
            } else if self.is_sign(at, ")") {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    self.inserted(columns.as_deref(), &std::mem::take(&mut values));
                    column = 0;
                }
            } else if self.is_sign(at, ",") {
                column += usize::from(depth == 1);
            } else if depth == 0 {
                return;
            } else {
                values.push((at, column));
            }
        }
        self.inserted(columns.as_deref(), &values);
    }

    /// Judges what one list of `VALUES` gives to which column.
    fn inserted(&mut self, columns: Option<&[Column]>, values: &[(usize, usize)]) {
        let column_of = |column: usize| columns.and_then(|columns| columns.get(column));
        let is_pair = values.iter().any(|(at, column)| {
            column_of(*column).is_some_and(|column| column.holds_name) && self.is_name_of_secret(*at)
        });
        self.names_pair |= is_pair;
        for (at, column) in values {
            let is_secret = match (columns, column_of(*column)) {
                (None, _) => self.kind(*at) == Some(Kind::Text),
                (Some(_), None) => true,
                (Some(_), Some(column)) => column.is_secret || (is_pair && column.holds_value),
            };
            self.settle(*at, if is_secret { Verdict::Secret } else { Verdict::Open });
        }
    }

    fn column(&self, at: usize) -> Column {
        let name = self.name(at);
        Column {
            is_secret: self.is_secret_name(at),
            holds_name: holds_name(name),
            holds_value: holds_value(name),
        }
    }

    /// Says whether a column that names things is given, or compared with, the name of a secret.
    fn is_naming(&self, at: usize) -> bool {
        if !matches!(self.kind(at), Some(Kind::Word | Kind::Name)) || !holds_name(self.name(at)) {
            return false;
        }
        let Some(value) = self.comparison(at) else { return false };
        let first = value + usize::from(self.is_introducer(value));
        self.is_name_of_secret(first) || self.plain_list(value).any(|at| self.is_name_of_secret(at))
    }

    fn is_name_of_secret(&self, at: usize) -> bool {
        self.kind(at) == Some(Kind::Text) && self.is_secret_name(at)
    }

    /// Says whether this is a column that holds what another one names.
    fn is_of_pair(&self, at: usize) -> bool {
        self.names_pair
            && matches!(self.kind(at), Some(Kind::Word | Kind::Name))
            && holds_value(self.name(at))
    }

    /// Returns where the value starts when a name at `at` is assigned or compared.
    fn comparison(&self, at: usize) -> Option<usize> {
        if !matches!(self.kind(at)?, Kind::Word | Kind::Name | Kind::Text) {
            return None;
        }
        let signs = ["=", ":=", "<=>", "!=", "<>", "<", ">", "<=", ">="];
        if signs.iter().any(|sign| self.is_sign(at + 1, sign)) {
            return Some(at + 2);
        }
        let after = at + 1 + usize::from(self.is_word(at + 1, "not"));
        let words = ["like", "in", "regexp", "rlike", "between"];
        words.iter().any(|word| self.is_word(after, word)).then_some(after + 1)
    }

    /// Judges the literals of an assignment or comparison.
    fn assigned(&mut self, name: usize, value: usize) {
        if !self.is_secret_name(name) && !self.is_of_pair(name) {
            // Only a literal that stands alone is surely this column's and nothing else's.
            if self.kind(name) != Some(Kind::Text) {
                let first = value + usize::from(self.is_introducer(value));
                self.settle(first, Verdict::Open);
                for at in self.plain_list(value) {
                    self.settle(at, Verdict::Open);
                }
            }
            return;
        }
        // A name within the value of another: all of it is secret already.
        if name < self.judged_to {
            return;
        }
        let mut depth = 0_u32;
        for at in value..self.tokens.len() {
            self.judged_to = at;
            if self.is_sign(at, "(") {
                depth += 1;
            } else if self.is_sign(at, ")") {
                let Some(outer) = depth.checked_sub(1) else { return };
                depth = outer;
            } else if depth == 0 && (self.is_sign(at, ",") || self.is_sign(at, ";") || self.ends_value(at)) {
                return;
            } else {
                self.settle(at, Verdict::Secret);
            }
        }
    }

    /// Returns the places within `(literal, literal, …)`; nothing for any other parenthesis.
    fn plain_list(&self, open: usize) -> std::ops::Range<usize> {
        let is_plain =
            |at: usize| matches!(self.kind(at), Some(Kind::Text | Kind::Number)) || self.is_sign(at, ",");
        let end = (open + 1..self.tokens.len()).find(|at| !is_plain(*at)).unwrap_or(self.tokens.len());
        if self.is_sign(open, "(") && self.is_sign(end, ")") { open + 1..end } else { 0..0 }
    }

    fn ends_value(&self, at: usize) -> bool {
        ["where", "and", "or", "order", "group", "limit", "having", "on"]
            .iter()
            .any(|word| self.is_word(at, word))
    }

    /// Says whether a literal is a user or host of an account, `'app'@'10.%'`.
    fn names_account(&self, at: usize) -> bool {
        self.is_sign(at + 1, "@") || (at > 0 && self.is_sign(at - 1, "@"))
    }

    /// Says whether a literal follows `BY`, `AS`, `PASSWORD` or their like in a statement about accounts.
    fn follows_credential_word(&self, at: usize) -> bool {
        let is_literal = match self.kind(at) {
            Some(Kind::Text) => true,
            Some(Kind::Number) => self.text(at).starts_with("0x") || self.text(at).starts_with("0X"),
            _ => false,
        };
        let Some(mut before) = at.checked_sub(1).filter(|_| is_literal && self.credentials_from < at) else {
            return false;
        };
        if self.is_introducer(before) || self.is_sign(before, "(") {
            before = before.saturating_sub(1);
        }
        ["by", "as", "password", "using", "replace", "old_password"]
            .iter()
            .any(|word| self.is_word(before, word))
    }

    /// Records a verdict; a secret stays one.
    fn settle(&mut self, at: usize, verdict: Verdict) {
        let is_literal = matches!(self.kind(at), Some(Kind::Text | Kind::Number));
        if let Some(known) = self.verdicts.get_mut(at)
            && is_literal
            && *known != Verdict::Secret
        {
            *known = verdict;
        }
    }

    fn is_secret_name(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return false };
        let inner = self.sql.get(token.inner.clone()).unwrap_or_default();
        match token.kind {
            Kind::Word | Kind::Name => inner.len() <= 256 && self.masker.names().may_be_secret_column(inner),
            Kind::Text => is_name(inner) && self.masker.names().may_be_secret_column(inner),
            _ => false,
        }
    }

    fn replacements(&self, all: &[Token], is_hidden: bool) -> Vec<Replacement> {
        let mut verdicts = self.verdicts.iter();
        let mut replacements = Vec::new();
        for token in all {
            let Some(inner) = self.sql.get(token.inner.clone()) else { continue };
            if token.kind == Kind::Comment {
                let found = self.masker.sql_comment(inner, self.reading, is_hidden).into_iter();
                let start = token.inner.start;
                replacements
                    .extend(found.map(|(range, masked)| (range.start + start..range.end + start, masked)));
                continue;
            }
            let verdict = verdicts.next().copied().unwrap_or(Verdict::Untied);
            let masked = match token.kind {
                Kind::Text => self.literal(inner, verdict),
                Kind::Number if verdict == Verdict::Secret => self.masker.secret_text(inner),
                _ => None,
            };
            if let Some(masked) = masked {
                replacements.push((token.range.clone(), format!("'{masked}'")));
            }
        }
        replacements
    }

    /// Returns the new content of a text literal; none when it stays.
    fn literal(&self, inner: &str, verdict: Verdict) -> Option<String> {
        let value = unescape(inner, self.reading);
        // A JSON path names a place and holds nothing.
        let is_json_path = value.starts_with("$.") && is_name(&value);
        match verdict {
            Verdict::Secret => self.masker.secret_text(&value),
            Verdict::Untied if self.names_secret && !is_json_path => self.masker.secret_text(&value),
            _ => self.masker.open_text(&value).map(|masked| self.quoted(&masked)),
        }
    }

    fn quoted(&self, value: &str) -> String {
        let doubled = value.replace('\'', "''");
        if self.reading.backslash_escapes { doubled.replace('\\', "\\\\") } else { doubled }
    }

    /// Returns a token without its quotes.
    fn name(&self, at: usize) -> &str {
        self.tokens.get(at).and_then(|token| self.sql.get(token.inner.clone())).unwrap_or_default()
    }

    fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).and_then(|token| self.sql.get(token.range.clone())).unwrap_or_default()
    }

    fn is_sign(&self, at: usize, sign: &str) -> bool {
        self.kind(at) == Some(Kind::Sign) && self.text(at) == sign
    }

    fn is_word(&self, at: usize, word: &str) -> bool {
        self.kind(at) == Some(Kind::Word) && self.text(at).eq_ignore_ascii_case(word)
    }

    /// Says whether a word is a charset introducer, `_utf8mb4'x'`.
    fn is_introducer(&self, at: usize) -> bool {
        self.kind(at) == Some(Kind::Word) && self.text(at).starts_with('_')
    }
}
