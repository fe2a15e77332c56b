//! What a change says about who and why: in its statement's comment, sqlcommenter's `/*user='alice',ticket='CHG-1'*/` and its kin,
//! or in a row of the context table.

use conftrail_core::{Map, SmolStr, Value};

use super::Escapes;
use super::comment::comments;

/// Longer values are no names or tickets; they are not taken.
const LONGEST_VALUE: usize = 1024;
/// One word for each thing that can be claimed.
const KEYS: [&str; 9] =
    ["user", "kind", "ticket", "reason", "approver", "ip", "client", "audit_id", "traceparent"];

/// Where a claim stood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClaimVia {
    /// In the statement's comment.
    #[default]
    Comment,
    /// In a row of the context table, in the same transaction.
    Context,
}

impl ClaimVia {
    /// Returns the word of `actor.via`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Context => "context",
        }
    }
}

/// Holds what a comment or a context row claims; nobody has checked it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Where the name stood, or all of it where there is none.
    pub via: ClaimVia,
    /// The person or program: `user`, `actor`.
    pub name: Option<SmolStr>,
    /// What the name is, `human` or `service`: `kind`.
    pub kind: Option<SmolStr>,
    /// The ticket: `ticket`.
    pub ticket: Option<SmolStr>,
    /// Free text: `reason`.
    pub reason: Option<SmolStr>,
    /// Who approved: `approver`.
    pub approver: Option<SmolStr>,
    /// Where the person was: `ip`.
    pub ip: Option<SmolStr>,
    /// The program: `client`, `application`.
    pub client: Option<SmolStr>,
    /// The id of an audit record elsewhere: `audit_id`.
    pub audit_id: Option<SmolStr>,
    /// The W3C trace context: `traceparent`.
    pub traceparent: Option<SmolStr>,
}

impl Claim {
    /// Reads the claim of a statement: its last comment that has known keys, be it in front or at the end.
    ///
    /// The statement is text as [`statement_text`](super::statement_text) makes it.
    pub fn of_statement(statement: &str, escapes: Escapes) -> Option<Self> {
        if !statement.contains("/*") {
            return None;
        }
        let read = |backslash_escapes| {
            comments(statement, backslash_escapes).into_iter().rev().find_map(Self::of_comment)
        };
        match escapes {
            Escapes::Backslash => read(true),
            Escapes::None => read(false),
            Escapes::Unknown => {
                let claim = read(true);
                (claim == read(false)).then_some(claim).flatten()
            }
        }
    }

    /// Reads a row of the context table: a column for each key, or one for the key (`k`) and one for its value (`v`). Rows of the first
    /// form replace what was `said` before, those of the second add to it. `None` when nothing is said.
    pub fn of_row(row: &Map, said: Option<Self>) -> Option<Self> {
        let text = |wanted: &str| {
            let (_, value) = row.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
            value.as_text()
        };
        if let Some(key) = text("k") {
            let mut claim = said.unwrap_or_default();
            claim.via = ClaimVia::Context;
            if let Some(slot) = claim.slot(&key.to_ascii_lowercase()) {
                *slot = text("v").and_then(plain);
            }
            return claim.checked();
        }
        let mut claim = Self { via: ClaimVia::Context, ..Self::default() };
        for (name, value) in row.iter() {
            if let (Some(slot), Value::Text(text)) = (claim.slot(&name.to_ascii_lowercase()), value)
                && slot.is_none()
            {
                *slot = plain(text);
            }
        }
        claim.checked()
    }

    /// Fills what this claim leaves open with what another says.
    #[must_use]
    pub fn or(mut self, mut other: Self) -> Self {
        if self.name.is_none() && other.name.is_some() {
            self.via = other.via;
        }
        for key in KEYS {
            if let (Some(slot), Some(told)) = (self.slot(key), other.slot(key))
                && slot.is_none()
            {
                *slot = told.take();
            }
        }
        self
    }

    /// Drops what cannot be true; `None` when nothing is left.
    fn checked(mut self) -> Option<Self> {
        if self.kind.as_deref().is_some_and(|kind| kind != "human" && kind != "service") {
            self.kind = None;
        }
        if self.traceparent.as_deref().is_some_and(|trace| !is_traceparent(trace)) {
            self.traceparent = None;
        }
        (self != Self { via: self.via, ..Self::default() }).then_some(self)
    }

    /// Reads `key='value'` pairs; `None` when no key is known.
    fn of_comment(comment: &str) -> Option<Self> {
        let mut claim = Self::default();
        for pair in pairs(comment) {
            let Some((key, value)) = pair.split_once('=') else {
                continue;
            };
            let key = percent_decoded(key.trim()).to_ascii_lowercase();
            if let (Some(slot), Some(value)) = (claim.slot(&key), clean(value)) {
                // A key given twice says what it said first.
                slot.get_or_insert(value);
            }
        }
        claim.checked()
    }

    fn slot(&mut self, key: &str) -> Option<&mut Option<SmolStr>> {
        match key {
            "user" | "actor" => Some(&mut self.name),
            "kind" => Some(&mut self.kind),
            "ticket" => Some(&mut self.ticket),
            "reason" => Some(&mut self.reason),
            "approver" => Some(&mut self.approver),
            "ip" => Some(&mut self.ip),
            "client" | "application" => Some(&mut self.client),
            "audit_id" => Some(&mut self.audit_id),
            "traceparent" => Some(&mut self.traceparent),
            _ => None,
        }
    }
}

/// Splits at commas outside of quotes.
fn pairs(comment: &str) -> Vec<&str> {
    let mut pairs = Vec::new();
    let mut quoted = false;
    let mut escaped = false;
    let mut start = 0;
    for (place, character) in comment.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => quoted = !quoted,
            ',' if !quoted => {
                pairs.push(comment.get(start..place).unwrap_or_default());
                start = place + 1;
            }
            _ => {}
        }
    }
    pairs.push(comment.get(start..).unwrap_or_default());
    pairs
}

/// Takes off quotes and both encodings; `None` for nothing and for too much.
fn clean(value: &str) -> Option<SmolStr> {
    let value = value.trim();
    let bare = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(value);
    plain(&percent_decoded(&bare.replace("\\'", "'")))
}

/// Returns a value as it goes into terminals and mail headers: control characters become spaces. `None` for nothing and for too
/// much.
fn plain(text: &str) -> Option<SmolStr> {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let plain = plain.trim();
    (!plain.is_empty() && plain.len() <= LONGEST_VALUE).then(|| plain.into())
}

/// Decodes `%41`; what is no such escape, or no UTF-8 afterwards, stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped = match (first, behind) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn hex(digit: u8) -> Option<u8> {
    // A hex digit fits a byte.
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

/// `00-<32 hex>-<16 hex>-<2 hex>`; W3C Trace Context, version 00.
fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [2, 32, 16, 2] && parts.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::{Claim, ClaimVia, Escapes};
    use conftrail_core::{Map, SmolStr};

    fn claim(statement: &str) -> Option<Claim> {
        Claim::of_statement(statement, Escapes::Backslash)
    }

    fn name(statement: &str) -> Option<SmolStr> {
        claim(statement).and_then(|claim| claim.name)
    }

    #[test]
    fn all_known_keys_are_read() {
        let statement = "update t set v=1 /*actor='alice',approver='bob',audit_id='a-1',client='console',\
            ip='10.0.0.5',kind='human',reason='raise%20the%20limit',ticket='CHG-1',\
            traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',framework='x'*/";
        let read = claim(statement).expect("a claim");
        let some = |text: &str| Some(SmolStr::new(text));
        let expected = Claim {
            via: ClaimVia::Comment,
            name: some("alice"),
            kind: some("human"),
            ticket: some("CHG-1"),
            reason: some("raise the limit"),
            approver: some("bob"),
            ip: some("10.0.0.5"),
            client: some("console"),
            audit_id: some("a-1"),
            traceparent: some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn a_context_row_says_the_same_by_its_columns_or_key_by_key() {
        let row = |pairs: &[(&str, &str)]| {
            let mut row = Map::default();
            pairs.iter().for_each(|(name, value)| row.insert(*name, *value));
            row
        };
        let wide = row(&[
            ("id", "1"),
            ("Actor", "al%41\n"),
            ("ticket", "'CHG-1'"),
            ("kind", "robot"),
            ("reason", ""),
        ]);
        let said = Claim::of_row(&wide, None).expect("a claim");
        let expected = Claim {
            via: ClaimVia::Context,
            name: Some("al%41".into()),
            ticket: Some("'CHG-1'".into()),
            ..Claim::default()
        };
        assert_eq!(said, expected, "nothing is decoded: it is no comment");
        let next = Claim::of_row(&row(&[("actor", "bob")]), Some(said)).expect("a claim");
        assert_eq!((next.name.as_deref(), next.ticket.as_deref()), (Some("bob"), None), "another operation");
        let added = Claim::of_row(&row(&[("k", "Ticket"), ("v", "CHG-2")]), Some(next)).expect("a claim");
        assert_eq!((added.name.as_deref(), added.ticket.as_deref()), (Some("bob"), Some("CHG-2")));
        assert_eq!(Claim::of_row(&row(&[("id", "1")]), None), None);
    }

    #[test]
    fn a_comment_is_nearer_than_the_context_and_is_filled_up_by_it() {
        let context = Claim {
            via: ClaimVia::Context,
            name: Some("alice".into()),
            ticket: Some("CHG-1".into()),
            ..Claim::default()
        };
        let both = |statement: &str| {
            let both = claim(statement).expect("a claim").or(context.clone());
            (both.name, both.ticket, both.via.as_str())
        };
        let some = |text: &str| Some(SmolStr::new(text));
        assert_eq!(both("update t /*user='bob'*/"), (some("bob"), some("CHG-1"), "comment"));
        assert_eq!(both("update t /*ticket='CHG-2'*/"), (some("alice"), some("CHG-2"), "context"));
    }

    #[test]
    fn quotes_escapes_commas_and_bare_values_are_read() {
        let check =
            |comment: &str, expected: &str| assert_eq!(name(comment).as_deref(), Some(expected), "{comment}");
        check(r"/*user='o\'neil'*/", "o'neil");
        check("/*user='o%27neil'*/", "o'neil");
        check("/* user=alice, ticket=CHG-1 */", "alice");
        check("/* user = 'a,b' , ticket='x' */", "a,b");
        check("/*ticket='x',USER='%E4%B8%AD'*/", "中");
        check("/*user='100%'*/", "100%");
        check("/*user='%ff'*/", "%ff");
        check("/*user='a%0d%0aBcc: b'*/", "a  Bcc: b");
        check("/*user='first',user='second'*/", "first");
    }

    #[test]
    fn the_last_comment_with_known_keys_counts() {
        assert_eq!(name("/* user='lead' */ update t set v=1").as_deref(), Some("lead"));
        assert_eq!(name("/* user='lead' */ update t set v=1 /* user='trail' */").as_deref(), Some("trail"));
        assert_eq!(
            name("/* user='lead' */ update t set v=1 /* generated by server */").as_deref(),
            Some("lead")
        );
        assert_eq!(name("/*! user='x' */ /*+ user='y' */ update t set v=1"), None);
        assert_eq!(name("update t set v='/* user=''x'' */'"), None);
        assert_eq!(claim("update t set v=1 /* a=1, just prose */"), None);
    }

    #[test]
    fn without_a_known_sql_mode_both_readings_must_agree() {
        let forged = r"update t set v='\'' /* user='root' */' where id=1";
        assert_eq!(Claim::of_statement(forged, Escapes::Unknown), None);
        let plain = "update t set v='x' /* user='alice' */";
        assert!(Claim::of_statement(plain, Escapes::Unknown).is_some());
    }

    #[test]
    fn what_cannot_be_true_is_not_taken() {
        assert_eq!(claim("/*user=''*/"), None);
        assert_eq!(claim(&format!("/*user='{}'*/", "x".repeat(2_000))), None);
        assert_eq!(claim("/*kind='robot'*/"), None);
        assert_eq!(claim("/*traceparent='00-xyz'*/"), None);
    }
}
