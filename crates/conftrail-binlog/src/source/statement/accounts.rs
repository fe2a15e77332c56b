//! The accounts that GRANT, CREATE USER and their like name.

use super::super::sql::Token;
use super::names::{behind_if, find_outside};

/// An account, as a statement names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Account {
    /// `user@host`; without a host in the statement, `user@%`. Roles stand the same way.
    Named(String),
    /// That of the session.
    Current,
}

/// Returns the accounts that a statement on accounts is about; none when it does not say.
pub(super) fn accounts(all: &[Token<'_>]) -> Vec<Account> {
    let Some(verb) = all.first() else { return Vec::new() };
    let outside = |word: &str| find_outside(all, 1, |token| token.is(word));
    if verb.is("GRANT") {
        return outside("TO").map(|to| list(all, to + 1)).unwrap_or_default();
    }
    if verb.is("REVOKE") {
        return outside("FROM").map(|from| list(all, from + 1)).unwrap_or_default();
    }
    if verb.is("SET") {
        // `SET PASSWORD FOR a = …`, `SET DEFAULT ROLE r TO a`, MariaDB's `SET DEFAULT ROLE r FOR a`.
        let of_password = all.get(1).is_some_and(|token| token.is("PASSWORD"));
        let place = outside("FOR").or_else(|| outside("TO").filter(|_| !of_password));
        return place.map_or_else(|| vec![Account::Current], |place| list(all, place + 1));
    }
    // Not the plural only: `CREATE USER`, `DROP ROLE`, `RENAME USER`.
    let Some(object) = find_outside(all, 1, |token| token.is_any(&["USER", "ROLE"])) else {
        return Vec::new();
    };
    list(all, behind_if(all, object + 1))
}

/// Reads `account [options], account [options] …`; what stands behind `DEFAULT ROLE` and `WITH ROLE` are roles, and not meant.
fn list(all: &[Token<'_>], start: usize) -> Vec<Account> {
    let mut found = Vec::new();
    let mut place = Some(start);
    while let Some((account, next)) = place.and_then(|place| account_at(all, place)) {
        if !found.contains(&account) {
            found.push(account);
        }
        let goes_on = |token: &Token<'_>| token.is_sign(',') || token.is_any(&["TO", "DEFAULT", "ROLE"]);
        place = find_outside(all, next, goes_on)
            .filter(|end| all.get(*end).is_some_and(|token| token.is_sign(',') || token.is("TO")))
            .map(|end| end + 1);
    }
    found
}

fn account_at(all: &[Token<'_>], index: usize) -> Option<(Account, usize)> {
    let text = |index: usize| match all.get(index)? {
        Token::Word(text) => Some((*text).to_owned()),
        Token::Name(text) | Token::Literal { text, .. } => Some(text.to_string()),
        Token::Sign(_) => None,
    };
    let has_sign = |index: usize, sign: char| all.get(index).is_some_and(|token| token.is_sign(sign));
    let user = text(index)?;
    if !has_sign(index + 1, '@') {
        let is_call = has_sign(index + 1, '(') && has_sign(index + 2, ')');
        let is_current = all.get(index)?.is_any(&["CURRENT_USER", "CURRENT_ROLE"]) || is_call;
        let account = if is_current { Account::Current } else { Account::Named(format!("{user}@%")) };
        return Some((account, if is_call { index + 3 } else { index + 1 }));
    }
    let mut host = text(index + 2)?.to_ascii_lowercase();
    let mut end = index + 3;
    // Without quotes an address is several words.
    while has_sign(end, '.') {
        let Some(part) = text(end + 1) else { break };
        host = format!("{host}.{part}");
        end += 2;
    }
    Some((Account::Named(format!("{user}@{host}")), end))
}

#[cfg(test)]
mod tests {
    use super::super::super::sql::{Grammar, tokens};
    use super::*;
    use crate::product::Product;

    #[test]
    fn every_account_that_a_statement_is_about_is_named_and_no_other() {
        let check = |sql: &str, expected: &[&str]| {
            let grammar = Grammar { backslash_escapes: true, product: Product::Mariadb };
            let named = accounts(&tokens(sql, grammar)).into_iter().map(|account| match account {
                Account::Named(name) => name,
                Account::Current => "(current)".to_owned(),
            });
            assert_eq!(named.collect::<Vec<_>>(), expected, "{sql}");
        };
        check("CREATE USER 'a'@'%' IDENTIFIED WITH 'p' AS 'h'", &["a@%"]);
        check(
            "CREATE USER IF NOT EXISTS a IDENTIFIED BY 'x', `b`@`10.%` IDENTIFIED BY 'y'",
            &["a@%", "b@10.%"],
        );
        check(
            "CREATE OR REPLACE USER a@localhost IDENTIFIED VIA p USING PASSWORD('x') OR q",
            &["a@localhost"],
        );
        check("CREATE USER a@10.0.0.5, b@LOCALHOST ACCOUNT LOCK", &["a@10.0.0.5", "b@localhost"]);
        check("CREATE USER a DEFAULT ROLE r, s REQUIRE SSL", &["a@%"]);
        check("ALTER USER a, b DEFAULT ROLE r, s", &["a@%", "b@%"]);
        check("ALTER USER CURRENT_USER() IDENTIFIED BY 'x'", &["(current)"]);
        check("ALTER USER USER() IDENTIFIED BY 'x'", &["(current)"]);
        check("ALTER USER a COMMENT 'to b, c'", &["a@%"]);
        check("DROP USER IF EXISTS a, 'b'@'h'", &["a@%", "b@h"]);
        check("RENAME USER a TO b, 'c'@'1.%' TO 'c'@'2.%'", &["a@%", "b@%", "c@1.%", "c@2.%"]);
        check("CREATE ROLE r, s", &["r@%", "s@%"]);
        check("CREATE ROLE r WITH ADMIN a", &["r@%"]);
        check("DROP ROLE IF EXISTS r", &["r@%"]);
        check("GRANT SELECT (a, b), INSERT ON `d`.* TO 'a'@'%','b'@'%' WITH GRANT OPTION", &["a@%", "b@%"]);
        check("GRANT r, s TO a, b WITH ADMIN OPTION", &["a@%", "b@%"]);
        check("GRANT SELECT ON *.* TO a AS 'b'@'%' WITH ROLE r, s", &["a@%"]);
        check("GRANT SELECT ON *.* TO a IDENTIFIED BY 'x', b IDENTIFIED BY 'y'", &["a@%", "b@%"]);
        check("GRANT PROXY ON 'a'@'%' TO 'b'@'%'", &["b@%"]);
        check("REVOKE ALL PRIVILEGES, GRANT OPTION FROM a, b", &["a@%", "b@%"]);
        check("REVOKE IF EXISTS r FROM a IGNORE UNKNOWN USER", &["a@%"]);
        check("SET PASSWORD FOR 'a'@'%'='*HASH'", &["a@%"]);
        check("SET PASSWORD = 'x'", &["(current)"]);
        check("SET DEFAULT ROLE r, s TO a, b", &["a@%", "b@%"]);
        check("SET DEFAULT ROLE 'r' FOR 'a'@'%'", &["a@%"]);
        check("SET DEFAULT ROLE NONE", &["(current)"]);
        check("DROP USER ''@'localhost'", &["@localhost"]);
        check("GRANT", &[]);
        check("CREATE USER", &[]);
    }
}
