//! What a QUERY event's statement is: a mark of a transaction, or a change that left no rows.

use super::sql::{Token, tokens};

/// A table or another object, as the statement names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ObjectName {
    /// The database, where the statement names it.
    pub(super) schema: Option<String>,
    /// The object.
    pub(super) name: String,
}

/// What a statement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// A transaction's rows follow.
    Begin,
    /// A transaction of tables without transactions ends.
    Commit,
    /// What stands before it in the transaction was taken back, as far as its tables can.
    Rollback,
    /// A savepoint was set or released: nothing changes.
    Savepoint,
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
    /// A table was emptied.
    Truncate(ObjectName),
    /// Rows were changed by statement; the table is the first one it writes to.
    Dml(Option<ObjectName>),
    /// The shape of tables and their like changed.
    Schema(Vec<ObjectName>),
    /// A database was made, changed or dropped.
    Database(String),
    /// Accounts or rights changed.
    Access,
    /// Nothing that is captured.
    Harmless,
    /// A statement this version does not know.
    Unknown,
}

/// Reads a statement.
pub(super) fn classify(sql: &str) -> Statement {
    match sql {
        "BEGIN" => return Statement::Begin,
        "COMMIT" => return Statement::Commit,
        "ROLLBACK" => return Statement::Rollback,
        _ => {}
    }
    of_tokens(sql, &tokens(sql))
}

fn of_tokens(sql: &str, all: &[Token]) -> Statement {
    let word = |index: usize, text: &str| all.get(index).is_some_and(|token| token.is(text));
    let Some(Token::Word(verb)) = all.first() else { return Statement::Unknown };
    match verb.to_ascii_uppercase().as_str() {
        "BEGIN" => Statement::Begin,
        "START" if word(1, "TRANSACTION") => Statement::Begin,
        "COMMIT" => Statement::Commit,
        "ROLLBACK" if word(1, "TO") || word(2, "TO") => Statement::Savepoint,
        "ROLLBACK" => Statement::Rollback,
        "SAVEPOINT" | "RELEASE" => Statement::Savepoint,
        "XA" => xa(sql, all),
        "TRUNCATE" => match name_at(all, if word(1, "TABLE") { 2 } else { 1 }) {
            Some((name, _)) => Statement::Truncate(name),
            None => Statement::Unknown,
        },
        "INSERT" | "REPLACE" | "UPDATE" | "DELETE" | "LOAD" | "WITH" => Statement::Dml(written_to(all)),
        "CREATE" | "ALTER" | "DROP" | "RENAME" => definition(all),
        "GRANT" | "REVOKE" => Statement::Access,
        // MariaDB: settings for the one statement behind FOR.
        "SET" if word(1, "STATEMENT") => {
            let behind = all.iter().position(|token| token.is("FOR")).and_then(|place| all.get(place + 1..));
            behind.map_or(Statement::Unknown, |inner| of_tokens(sql, inner))
        }
        "SET" if word(1, "PASSWORD") || word(1, "DEFAULT") => Statement::Access,
        "SET" | "ANALYZE" | "OPTIMIZE" | "REPAIR" | "CHECK" | "CHECKSUM" | "FLUSH" | "INSTALL"
        | "UNINSTALL" | "CACHE" | "RESET" => Statement::Harmless,
        _ => Statement::Unknown,
    }
}

/// `XA START|END|PREPARE|COMMIT|ROLLBACK xid`: the id is kept as the server writes it.
fn xa(sql: &str, all: &[Token]) -> Statement {
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

/// The first table that an INSERT, UPDATE, DELETE, REPLACE or LOAD writes to.
fn written_to(all: &[Token]) -> Option<ObjectName> {
    const MODIFIERS: [&str; 9] = [
        "LOW_PRIORITY",
        "DELAYED",
        "HIGH_PRIORITY",
        "QUICK",
        "IGNORE",
        "INTO",
        "FROM",
        "CONCURRENT",
        "HISTORY",
    ];
    let verb = all.iter().position(|token| {
        ["INSERT", "REPLACE", "UPDATE", "DELETE", "LOAD"].iter().any(|verb| token.is(verb))
    })?;
    if all.get(verb).is_some_and(|token| token.is("LOAD")) {
        let table = (verb..all.len()).find(|index| {
            all.get(*index).is_some_and(|token| token.is("INTO"))
                && all.get(*index + 1).is_some_and(|token| token.is("TABLE"))
        })?;
        return name_at(all, table + 2).map(|(name, _)| name);
    }
    let mut index = verb + 1;
    while all.get(index).is_some_and(|token| MODIFIERS.iter().any(|modifier| token.is(modifier))) {
        index += 1;
    }
    name_at(all, index).map(|(name, _)| name)
}

/// `CREATE`, `ALTER`, `DROP` and `RENAME` of all kinds of objects.
fn definition(all: &[Token]) -> Statement {
    const OBJECTS: [&str; 21] = [
        "TABLE",
        "TABLES",
        "INDEX",
        "TRIGGER",
        "DATABASE",
        "SCHEMA",
        "VIEW",
        "PROCEDURE",
        "FUNCTION",
        "EVENT",
        "USER",
        "ROLE",
        "SERVER",
        "TABLESPACE",
        "LOGFILE",
        "RESOURCE",
        "INSTANCE",
        "REFERENCE",
        "LIBRARY",
        "SEQUENCE",
        "PACKAGE",
    ];
    let object = all.iter().enumerate().skip(1).find_map(|(index, token)| {
        OBJECTS.iter().find(|object| token.is(object)).map(|object| (index, *object))
    });
    let Some((index, object)) = object else { return Statement::Unknown };
    let is_temporary = all.iter().take(index).any(|token| token.is("TEMPORARY"));
    match object {
        "TABLE" | "TABLES" if is_temporary => Statement::Harmless,
        "TABLE" | "TABLES" | "VIEW" => named(tables(all, index + 1)),
        "INDEX" | "TRIGGER" => {
            let on = all.iter().skip(index).position(|token| token.is("ON")).map(|place| index + place + 1);
            let own = name_behind_if(all, index + 1);
            named(on.and_then(|on| name_at(all, on)).or(own).map(|(name, _)| name).into_iter().collect())
        }
        "PROCEDURE" | "FUNCTION" | "EVENT" | "SEQUENCE" => {
            named(name_behind_if(all, index + 1).map(|(name, _)| name).into_iter().collect())
        }
        // `CREATE PACKAGE BODY name` is one more word.
        "PACKAGE" => {
            let name =
                if all.get(index + 1).is_some_and(|token| token.is("BODY")) { index + 2 } else { index + 1 };
            named(name_behind_if(all, name).map(|(name, _)| name).into_iter().collect())
        }
        "DATABASE" | "SCHEMA" => match name_behind_if(all, index + 1) {
            Some((name, _)) => Statement::Database(name.name),
            None => Statement::Unknown,
        },
        "USER" | "ROLE" => Statement::Access,
        _ => Statement::Harmless,
    }
}

fn named(names: Vec<ObjectName>) -> Statement {
    if names.is_empty() { Statement::Unknown } else { Statement::Schema(names) }
}

/// The tables of `a, b` and of `a TO b, c TO d`, and of `ALTER TABLE a … RENAME TO b`.
fn tables(all: &[Token], start: usize) -> Vec<ObjectName> {
    let mut names = Vec::new();
    let Some((first, mut index)) = name_behind_if(all, start) else { return names };
    names.push(first);
    while let Some(token) = all.get(index) {
        let lists = token.is_sign(',') || token.is("TO");
        let Some((name, next)) = lists.then(|| name_at(all, index + 1)).flatten() else { break };
        names.push(name);
        index = next;
    }
    if all.first().is_some_and(|verb| verb.is("ALTER")) {
        for place in index..all.len() {
            let renames = all.get(place).is_some_and(|token| token.is("RENAME"));
            let to = all.get(place + 1).is_some_and(|token| token.is("TO") || token.is("AS"));
            if renames && to {
                names.extend(name_at(all, place + 2).map(|(name, _)| name));
            }
        }
    }
    names
}

/// A name behind `IF [NOT] EXISTS`.
fn name_behind_if(all: &[Token], mut index: usize) -> Option<(ObjectName, usize)> {
    while all.get(index).is_some_and(|token| token.is("IF") || token.is("NOT") || token.is("EXISTS")) {
        index += 1;
    }
    name_at(all, index)
}

/// `name` or `schema.name` at a place, and the place behind it.
fn name_at(all: &[Token], index: usize) -> Option<(ObjectName, usize)> {
    let text = |index: usize| match all.get(index) {
        Some(Token::Word(text) | Token::Name(text)) => Some(text.clone()),
        _ => None,
    };
    let first = text(index)?;
    if all.get(index + 1).is_some_and(|token| token.is_sign('.')) {
        let name = text(index + 2)?;
        return Some((ObjectName { schema: Some(first), name }, index + 3));
    }
    Some((ObjectName { schema: None, name: first }, index + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(classify(sql), Statement::Schema(names), "{sql}");
        };
        check("create table if not exists `shop`.`flags` (id int)", &["shop.flags"]);
        check("/* x */ CREATE TABLE t (c enum('drop table y'))", &["t"]);
        check("alter table a add column b int, rename to c.d", &["a", "c.d"]);
        check("ALTER TABLE a RENAME COLUMN x TO y", &["a"]);
        check("DROP TABLE IF EXISTS `a`,`s`.`b` /* generated by server */", &["a", "s.b"]);
        check("RENAME TABLE a TO b, s.c TO s.d", &["a", "b", "s.c", "s.d"]);
        check("create unique index i on s.t (c)", &["s.t"]);
        check("drop index i on t", &["t"]);
        check(
            "CREATE DEFINER=`root`@`localhost` TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET new.a=1",
            &["t"],
        );
        check("DROP TRIGGER IF EXISTS s.g", &["s.g"]);
        check("CREATE OR REPLACE ALGORITHM=MERGE VIEW s.v AS select 1", &["s.v"]);
        check("create procedure s.p() begin end", &["s.p"]);
        check("CREATE OR REPLACE SEQUENCE s.q START WITH 5", &["s.q"]);
        check("create package body s.p as end", &["s.p"]);
        check("SET STATEMENT max_statement_time=1 FOR ALTER TABLE s.t ADD COLUMN c INT", &["s.t"]);
        check("CREATE TABLE IF NOT EXISTS s.t (id INT) WITH SYSTEM VERSIONING", &["s.t"]);
    }

    #[test]
    fn statements_that_change_rows_name_the_table() {
        let check = |sql: &str, expected: &str| {
            assert_eq!(classify(sql), Statement::Dml(Some(name(expected))), "{sql}");
        };
        check("update t set m=3", "t");
        check("UPDATE LOW_PRIORITY IGNORE `s`.`t` SET a = 1", "s.t");
        check("insert into s.t values (1)", "s.t");
        check("replace t values (1)", "t");
        check("delete from t where a = 'x'", "t");
        check("LOAD DATA INFILE 'f' INTO TABLE s.t", "s.t");
        check("with c as (select 1) update t set a = 1", "t");
        check("SET STATEMENT sql_mode='' FOR update s.t set a = 1", "s.t");
        check("DELETE HISTORY FROM s.t", "s.t");
        assert_eq!(classify("TRUNCATE TABLE s.t"), Statement::Truncate(name("s.t")));
        assert_eq!(classify("truncate t"), Statement::Truncate(name("t")));
    }

    #[test]
    fn marks_of_transactions_and_the_rest_are_told_apart() {
        let check = |sql: &str, expected: Statement| assert_eq!(classify(sql), expected, "{sql}");
        check("BEGIN", Statement::Begin);
        check("COMMIT", Statement::Commit);
        check("ROLLBACK", Statement::Rollback);
        check("SAVEPOINT `s1`", Statement::Savepoint);
        check("ROLLBACK TO `s1`", Statement::Savepoint);
        check("XA START X'71',X'',1", Statement::XaStart("X'71',X'',1".into()));
        check("XA END X'71',X'',1", Statement::XaEnd);
        check(
            "XA ROLLBACK X'71',X'',1",
            Statement::XaOutcome { xid: "X'71',X'',1".into(), committed: false },
        );
        check("DROP DATABASE IF EXISTS shop", Statement::Database("shop".into()));
        check("CREATE USER 'a'@'%' IDENTIFIED BY 'x'", Statement::Access);
        check("GRANT SELECT ON shop.* TO a", Statement::Access);
        check("ALTER USER a ACCOUNT LOCK", Statement::Access);
        check("SET PASSWORD FOR a = 'x'", Statement::Access);
        check("CREATE TEMPORARY TABLE t (a int)", Statement::Harmless);
        check("FLUSH PRIVILEGES", Statement::Harmless);
        check("CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h')", Statement::Harmless);
        check("CALL something()", Statement::Unknown);
        check("", Statement::Unknown);
    }

    #[test]
    fn no_text_panics() {
        for sql in
            ["`", "'", "/*", "/*!", "--", "create", "alter table", "drop table if", "xa", "update .", "表"]
        {
            let _any_outcome = classify(sql);
        }
    }
}
