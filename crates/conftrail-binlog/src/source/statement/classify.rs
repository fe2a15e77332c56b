//! What a QUERY event's statement is: a mark of a transaction, or a change that left no rows.

use super::super::sql::{Grammar, Token, tokens};
use super::accounts::{Account, accounts};
use super::definition::definition;
use super::names::{ObjectName, name_at};
use super::targets::targets;

/// What a statement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Statement {
    /// A transaction's rows follow.
    Begin,
    /// A transaction of tables without transactions ends.
    Commit,
    /// What stands before it in the transaction was taken back, as far as its tables can.
    Rollback,
    /// A savepoint was set; nothing changes.
    Savepoint(String),
    /// A savepoint is gone; nothing changes.
    Released,
    /// What stands behind the savepoint was taken back, as far as its tables can.
    RollbackTo(String),
    /// The rows of an XA transaction follow.
    XaStart(String),
    /// They end here.
    XaEnd,
    /// What became of an XA transaction.
    XaOutcome {
        /// Its id, as written.
        xid: String,
        /// Committed, or rolled back.
        committed: bool,
    },
    /// A table, or a partition of it, was emptied.
    Truncate(ObjectName),
    /// Rows of these tables were changed by statement; none when it does not say which.
    Dml(Vec<ObjectName>),
    /// The shape of tables and their like changed.
    Schema(Vec<ObjectName>),
    /// A table was made and filled by statement.
    Filled(ObjectName),
    /// A routine, an event, or a trigger whose table is not named.
    Program(ObjectName),
    /// A database was made, changed or dropped; none is the session's own.
    Database(Option<String>),
    /// Something changed that belongs to no database.
    ServerWide,
    /// Accounts or rights changed.
    Access(Vec<Account>),
    /// Nothing that is captured.
    Harmless,
    /// A statement this version does not know.
    Unknown,
}

/// Reads a statement.
pub(in super::super) fn classify(sql: &str, grammar: Grammar) -> Statement {
    match sql {
        "BEGIN" => return Statement::Begin,
        "COMMIT" => return Statement::Commit,
        "ROLLBACK" => return Statement::Rollback,
        _ => {}
    }
    of_tokens(sql, &tokens(sql, grammar))
}

fn of_tokens(sql: &str, all: &[Token<'_>]) -> Statement {
    let word = |index: usize, text: &str| all.get(index).is_some_and(|token| token.is(text));
    let Some(Token::Word(verb)) = all.first() else { return Statement::Unknown };
    match verb.to_ascii_uppercase().as_str() {
        "BEGIN" => Statement::Begin,
        "START" if word(1, "TRANSACTION") => Statement::Begin,
        "COMMIT" => Statement::Commit,
        "ROLLBACK" => rollback(all),
        "SAVEPOINT" => last_name(all).map_or(Statement::Released, Statement::Savepoint),
        "RELEASE" => Statement::Released,
        "XA" => xa(sql, all),
        "TRUNCATE" => match name_at(all, if word(1, "TABLE") { 2 } else { 1 }) {
            Some((name, _)) => Statement::Truncate(name),
            None => Statement::Unknown,
        },
        "INSERT" | "REPLACE" | "UPDATE" | "DELETE" | "LOAD" | "WITH" => Statement::Dml(targets(all)),
        "CREATE" | "ALTER" | "DROP" | "RENAME" => definition(all),
        "GRANT" | "REVOKE" => Statement::Access(accounts(all)),
        // MariaDB: settings for the one statement behind FOR.
        "SET" if word(1, "STATEMENT") => {
            let behind = all.iter().position(|token| token.is("FOR")).and_then(|place| all.get(place + 1..));
            behind.map_or(Statement::Unknown, |inner| of_tokens(sql, inner))
        }
        "SET" if word(1, "PASSWORD") || word(1, "DEFAULT") => Statement::Access(accounts(all)),
        "SET" | "ANALYZE" | "OPTIMIZE" | "REPAIR" | "CHECK" | "CHECKSUM" | "FLUSH" | "CACHE" | "RESET" => {
            Statement::Harmless
        }
        "INSTALL" | "UNINSTALL" => Statement::ServerWide,
        _ => Statement::Unknown,
    }
}

/// `ROLLBACK [WORK]`, and `ROLLBACK [WORK] TO [SAVEPOINT] name`.
fn rollback(all: &[Token<'_>]) -> Statement {
    let is_partial = all.iter().take(3).any(|token| token.is("TO"));
    match last_name(all).filter(|_| is_partial) {
        Some(savepoint) => Statement::RollbackTo(savepoint),
        None => Statement::Rollback,
    }
}

fn last_name(all: &[Token<'_>]) -> Option<String> {
    all.last().filter(|_| all.len() > 1).and_then(Token::as_name).map(str::to_owned)
}

/// `XA START|END|PREPARE|COMMIT|ROLLBACK xid`: the id is kept as the server writes it.
fn xa(sql: &str, all: &[Token<'_>]) -> Statement {
    let mut words = sql.split_ascii_whitespace().skip(2);
    let xid = words.next().unwrap_or_default().to_owned();
    match all.get(1) {
        Some(verb) if verb.is("START") || verb.is("BEGIN") => Statement::XaStart(xid),
        Some(verb) if verb.is("COMMIT") => Statement::XaOutcome { xid, committed: true },
        Some(verb) if verb.is("ROLLBACK") => Statement::XaOutcome { xid, committed: false },
        Some(verb) if verb.is("END") || verb.is("PREPARE") => Statement::XaEnd,
        _ => Statement::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::Product;

    fn read(sql: &str) -> Statement {
        classify(sql, Grammar { backslash_escapes: true, product: Product::Mariadb })
    }

    fn name(text: &str) -> ObjectName {
        match text.split_once('.') {
            Some((schema, name)) => ObjectName { schema: Some(schema.into()), name: name.into() },
            None => ObjectName { schema: None, name: text.into() },
        }
    }

    #[test]
    fn definitions_name_the_tables_they_concern() {
        let check = |sql: &str, expected: &[&str]| {
            let names = expected.iter().map(|text| name(text)).collect();
            assert_eq!(read(sql), Statement::Schema(names), "{sql}");
        };
        check("create table if not exists `shop`.`flags` (id int)", &["shop.flags"]);
        check("/* x */ CREATE TABLE t (c enum('drop table y'))", &["t"]);
        check("alter table a add column b int, rename to c.d", &["a", "c.d"]);
        check("ALTER TABLE a RENAME COLUMN x TO y, RENAME KEY k TO l", &["a"]);
        check("ALTER TABLE a RENAME b, ADD c INT", &["a", "b"]);
        check("ALTER TABLE a EXCHANGE PARTITION p WITH TABLE s.b", &["a", "s.b"]);
        check("ALTER TABLE a CONVERT PARTITION p TO TABLE b", &["a", "b"]);
        check("DROP TABLE IF EXISTS `a`,`s`.`b` /* generated by server */", &["a", "s.b"]);
        check("RENAME TABLE a TO b, s.c TO s.d", &["a", "b", "s.c", "s.d"]);
        check("RENAME TABLE IF EXISTS a WAIT 5 TO b, b TO a", &["a", "b"]);
        check("create unique index i on s.t (c)", &["s.t"]);
        check("drop index i on t", &["t"]);
        check(
            "CREATE DEFINER=`root`@`localhost` TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET new.a=1",
            &["t"],
        );
        check("CREATE OR REPLACE ALGORITHM=MERGE VIEW s.v AS select 1", &["s.v"]);
        check("CREATE OR REPLACE SEQUENCE s.q START WITH 5", &["s.q"]);
        check("SET STATEMENT max_statement_time=1 FOR ALTER TABLE s.t ADD COLUMN c INT", &["s.t"]);
        check("CREATE TABLE IF NOT EXISTS s.t (id INT) WITH SYSTEM VERSIONING", &["s.t"]);
    }

    #[test]
    fn statements_that_change_rows_name_the_table() {
        let check = |sql: &str, expected: &str| {
            assert_eq!(read(sql), Statement::Dml(vec![name(expected)]), "{sql}");
        };
        check("update t set m=3", "t");
        check("with c as (select 1) update t set a = 1", "t");
        check("SET STATEMENT sql_mode='' FOR update s.t set a = 1", "s.t");
        assert_eq!(read("insert"), Statement::Dml(Vec::new()));
        assert_eq!(read("TRUNCATE TABLE s.t"), Statement::Truncate(name("s.t")));
        assert_eq!(read("truncate t"), Statement::Truncate(name("t")));
        assert_eq!(read("ALTER TABLE s.t TRUNCATE PARTITION p0"), Statement::Truncate(name("s.t")));
    }

    #[test]
    fn a_table_that_is_made_of_a_query_is_filled_by_statement() {
        let check = |sql: &str| assert_eq!(read(sql), Statement::Filled(name("s.t")), "{sql}");
        check("CREATE TABLE s.t AS SELECT * FROM u");
        check("CREATE TABLE IF NOT EXISTS s.t (id INT PRIMARY KEY) SELECT 1 AS id");
        check("CREATE OR REPLACE TABLE s.t (SELECT 1 AS id)");
        check("CREATE TABLE s.t AS TABLE u");
        check("CREATE TABLE s.t AS VALUES ROW(1)");
        let plain = Statement::Schema(vec![name("s.t")]);
        assert_eq!(read("CREATE TABLE s.t (`select` INT, b INT AS (a + 1)) START TRANSACTION"), plain);
        assert_eq!(
            read("CREATE TABLE s.t (a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (5))"),
            plain
        );
    }

    #[test]
    fn marks_of_transactions_and_the_rest_are_told_apart() {
        let check = |sql: &str, expected: Statement| assert_eq!(read(sql), expected, "{sql}");
        check("BEGIN", Statement::Begin);
        check("COMMIT", Statement::Commit);
        check("ROLLBACK", Statement::Rollback);
        check("SAVEPOINT `s1`", Statement::Savepoint("s1".into()));
        check("RELEASE SAVEPOINT s1", Statement::Released);
        check("ROLLBACK TO `s1`", Statement::RollbackTo("s1".into()));
        check("ROLLBACK WORK TO SAVEPOINT s1", Statement::RollbackTo("s1".into()));
        check("ROLLBACK WORK", Statement::Rollback);
        check("XA START X'71',X'',1", Statement::XaStart("X'71',X'',1".into()));
        check("XA END X'71',X'',1", Statement::XaEnd);
        check(
            "XA ROLLBACK X'71',X'',1",
            Statement::XaOutcome { xid: "X'71',X'',1".into(), committed: false },
        );
        check("DROP DATABASE IF EXISTS shop", Statement::Database(Some("shop".into())));
        check("ALTER DATABASE CHARACTER SET latin1", Statement::Database(None));
        check(
            "ALTER SCHEMA `odd-name``x` COLLATE utf8mb4_bin",
            Statement::Database(Some("odd-name`x".into())),
        );
        for sql in
            ["CREATE USER a IDENTIFIED BY 'x'", "GRANT SELECT ON shop.* TO a", "SET PASSWORD FOR a = 'x'"]
        {
            check(sql, Statement::Access(vec![Account::Named("a@%".into())]));
        }
        check("CREATE TEMPORARY TABLE t (a int)", Statement::Harmless);
        check("FLUSH PRIVILEGES", Statement::Harmless);
        check("CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h')", Statement::Access(Vec::new()));
        check("CREATE TABLESPACE s ADD DATAFILE 's.ibd'", Statement::ServerWide);
        check("CREATE FUNCTION f RETURNS STRING SONAME 'f.so'", Statement::ServerWide);
        check("CALL something()", Statement::Unknown);
        check("", Statement::Unknown);
    }

    #[test]
    fn programs_are_named_whatever_stands_in_them() {
        for sql in [
            "DROP TRIGGER IF EXISTS s.p",
            "create procedure s.p() begin drop table x; end",
            "CREATE DEFINER=`root`@`%` FUNCTION `s`.`p`() RETURNS int RETURN 1",
            "create package body s.p as end",
            "CREATE EVENT s.p ON SCHEDULE EVERY 1 DAY DO DELETE FROM t",
        ] {
            assert_eq!(read(sql), Statement::Program(name("s.p")), "{sql}");
        }
    }

    #[test]
    fn no_text_panics() {
        for sql in
            ["`", "'", "/*", "/*!", "--", "create", "alter table", "drop table if", "xa", "update .", "表"]
        {
            let _any_outcome = read(sql);
        }
    }
}
