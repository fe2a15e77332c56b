//! CREATE, ALTER, DROP and RENAME of all kinds of objects.

use super::super::sql::Token;
use super::accounts::accounts;
use super::classify::Statement;
use super::names::{ObjectName, behind_if, name_at, name_behind_if};

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

/// Reads a definition.
pub(super) fn definition(all: &[Token<'_>]) -> Statement {
    let object = all.iter().enumerate().skip(1).find_map(|(index, token)| {
        OBJECTS.iter().find(|object| token.is(object)).map(|object| (index, *object))
    });
    let Some((index, object)) = object else { return Statement::Unknown };
    let is_temporary = all.iter().take(index).any(|token| token.is("TEMPORARY"));
    match object {
        "TABLE" | "TABLES" | "SEQUENCE" if is_temporary => Statement::Harmless,
        "TABLE" | "TABLES" => of_tables(all, index + 1),
        "VIEW" | "SEQUENCE" => named(tables(all, index + 1)),
        "INDEX" | "TRIGGER" => {
            let on = all.iter().skip(index).position(|token| token.is("ON")).map(|place| index + place + 1);
            match on.and_then(|on| name_at(all, on)) {
                Some((table, _)) => Statement::Schema(vec![table]),
                None => program(all, index + 1),
            }
        }
        // A function of a library belongs to no database.
        "FUNCTION" if all.iter().skip(index).any(|token| token.is("SONAME")) => Statement::ServerWide,
        "PROCEDURE" | "FUNCTION" | "EVENT" | "LIBRARY" => program(all, index + 1),
        // `CREATE PACKAGE BODY name` is one more word.
        "PACKAGE" => {
            let has_body = all.get(index + 1).is_some_and(|token| token.is("BODY"));
            program(all, index + 1 + usize::from(has_body))
        }
        "DATABASE" | "SCHEMA" => database(all, index + 1),
        "USER" | "ROLE" => Statement::Access(accounts(all)),
        // It holds the login to another server.
        "SERVER" => Statement::Access(Vec::new()),
        _ => Statement::ServerWide,
    }
}

fn of_tables(all: &[Token<'_>], start: usize) -> Statement {
    let verb = |word: &str| all.first().is_some_and(|token| token.is(word));
    let names = tables(all, start);
    let Some(first) = names.first() else { return Statement::Unknown };
    if verb("CREATE") && is_filled(all, start) {
        return Statement::Filled(first.clone());
    }
    if verb("ALTER") && has_pair(all, start, &["TRUNCATE"], &["PARTITION"]) {
        return Statement::Truncate(first.clone());
    }
    Statement::Schema(names)
}

/// Says whether CREATE TABLE fills the table from a query of its own. As rows are logged, its server logs the columns instead.
fn is_filled(all: &[Token<'_>], start: usize) -> bool {
    all.iter().skip(start).any(|token| token.is("SELECT"))
        || has_pair(all, start, &["AS"], &["TABLE", "VALUES", "WITH"])
}

fn has_pair(all: &[Token<'_>], start: usize, first: &[&str], second: &[&str]) -> bool {
    let following = all.iter().skip(start + 1);
    all.iter().skip(start).zip(following).any(|(one, next)| one.is_any(first) && next.is_any(second))
}

fn program(all: &[Token<'_>], name: usize) -> Statement {
    name_behind_if(all, name).map_or(Statement::Unknown, |(name, _)| Statement::Program(name))
}

fn named(names: Vec<ObjectName>) -> Statement {
    if names.is_empty() { Statement::Unknown } else { Statement::Schema(names) }
}

/// `DATABASE name …`; without a name the session's own is meant.
fn database(all: &[Token<'_>], start: usize) -> Statement {
    const OPTIONS: [&str; 5] = ["DEFAULT", "CHARACTER", "COLLATE", "READ", "UPGRADE"];
    let start = behind_if(all, start);
    match all.get(start) {
        None => Statement::Database(None),
        Some(token) if token.is_any(&OPTIONS) => Statement::Database(None),
        Some(token) => {
            token.as_name().map_or(Statement::Unknown, |name| Statement::Database(Some(name.to_owned())))
        }
    }
}

/// The tables of `a, b`, of `a TO b, c TO d`, and those that ALTER TABLE names besides its own. Each stands once.
fn tables(all: &[Token<'_>], start: usize) -> Vec<ObjectName> {
    let mut names: Vec<ObjectName> = Vec::new();
    let mut add = |name: ObjectName| {
        if !names.contains(&name) {
            names.push(name);
        }
    };
    let Some((first, mut index)) = name_behind_if(all, start) else { return names };
    add(first);
    let is_rename = all.first().is_some_and(|verb| verb.is("RENAME"));
    while let Some(token) = all.get(index) {
        // MariaDB: `RENAME TABLE a WAIT 5 TO b`.
        if is_rename && token.is_any(&["WAIT", "NOWAIT"]) {
            index += if token.is("WAIT") { 2 } else { 1 };
            continue;
        }
        let lists = token.is_sign(',') || (is_rename && token.is("TO"));
        let Some((name, next)) = lists.then(|| name_behind_if(all, index + 1)).flatten() else { break };
        add(name);
        index = next;
    }
    if all.first().is_some_and(|verb| verb.is("ALTER")) {
        for place in index..all.len() {
            if let Some((name, _)) = also_altered(all, place) {
                add(name);
            }
        }
    }
    names
}

/// `RENAME [TO | AS | =] b`, `EXCHANGE PARTITION p WITH TABLE b`, `CONVERT PARTITION p TO TABLE b`, `CONVERT TABLE b TO …`.
fn also_altered(all: &[Token<'_>], place: usize) -> Option<(ObjectName, usize)> {
    let token = all.get(place)?;
    if token.is("TABLE") {
        return name_at(all, place + 1);
    }
    if !token.is("RENAME") {
        return None;
    }
    let next = all.get(place + 1)?;
    if next.is_any(&["TO", "AS"]) || next.is_sign('=') {
        return name_at(all, place + 2);
    }
    if next.is_any(&["COLUMN", "INDEX", "KEY", "CONSTRAINT"]) { None } else { name_at(all, place + 1) }
}
