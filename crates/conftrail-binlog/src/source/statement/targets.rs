//! The tables that INSERT, UPDATE, DELETE and their like write to.
//!
//! Several tables can stand in one UPDATE or DELETE, under other names (`DELETE a FROM t AS a JOIN …`). Where it cannot be told
//! which of them are written, all are: rather one report too many.

use super::super::sql::Token;
use super::names::{ObjectName, behind_parenthesis, find_outside, name_at};

const VERBS: [&str; 5] = ["INSERT", "REPLACE", "UPDATE", "DELETE", "LOAD"];
const MODIFIERS: [&str; 8] =
    ["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "QUICK", "IGNORE", "INTO", "CONCURRENT", "HISTORY"];

/// A table that takes part, and what the statement calls it.
struct Participant {
    table: ObjectName,
    alias: String,
}

/// Returns the tables that a statement writes to; none when that cannot be told.
pub(super) fn targets(all: &[Token<'_>]) -> Vec<ObjectName> {
    let Some(verb) = find_outside(all, 0, |token| token.is_any(&VERBS)) else { return Vec::new() };
    let common = common_tables(all.get(..verb).unwrap_or_default());
    let token = |index: usize| all.get(index);
    let mut start = verb + 1;
    while token(start).is_some_and(|token| token.is_any(&MODIFIERS)) {
        start += 1;
    }
    match token(verb) {
        Some(word) if word.is("LOAD") => {
            let place = find_outside(all, start, |token| token.is("TABLE"));
            place.and_then(|place| name_at(all, place + 1)).map(|(name, _)| name).into_iter().collect()
        }
        Some(word) if word.is("UPDATE") => {
            let set = find_outside(all, start, |token| token.is("SET")).unwrap_or(all.len());
            let taking_part = participants(all.get(start..set).unwrap_or_default(), &common);
            assigned(all, set + 1, taking_part)
        }
        Some(word) if word.is("DELETE") => deleted_from(all, start, &common),
        _ => name_at(all, start).map(|(name, _)| name).into_iter().collect(),
    }
}

/// `DELETE FROM t …`, `DELETE a, b FROM t AS a JOIN …`, `DELETE FROM a, b USING t AS a JOIN …`.
fn deleted_from(all: &[Token<'_>], start: usize, common: &[String]) -> Vec<ObjectName> {
    let is_word = |index: usize, word: &str| all.get(index).is_some_and(|token| token.is(word));
    let (list, separator) = if is_word(start, "FROM") { (start + 1, "USING") } else { (start, "FROM") };
    let mut named = Vec::new();
    let mut place = list;
    while let Some((name, next)) = name_at(all, place) {
        named.push(name);
        place = next + 1;
        if !all.get(next).is_some_and(|token| token.is_sign(',')) {
            place = next;
            break;
        }
    }
    if !is_word(place, separator) {
        // Of one table, perhaps under another name.
        named.truncate(1);
        return named;
    }
    let end = find_outside(all, place + 1, |token| token.is("WHERE")).unwrap_or(all.len());
    let taking_part = participants(all.get(place + 1..end).unwrap_or_default(), common);
    let table_of = |name: ObjectName| {
        let known = taking_part.iter().find(|participant| is_called(participant, &name));
        known.map_or(name, |participant| participant.table.clone())
    };
    without_repeats(named.into_iter().map(table_of))
}

/// The tables that assignments write to, as far as each column says whose it is; otherwise all.
fn assigned(all: &[Token<'_>], start: usize, taking_part: Vec<Participant>) -> Vec<ObjectName> {
    let everything = |taking_part: Vec<Participant>| {
        without_repeats(taking_part.into_iter().map(|participant| participant.table))
    };
    if taking_part.len() < 2 {
        return everything(taking_part);
    }
    let mut written = Vec::new();
    let mut place = start;
    loop {
        let equals = find_outside(all, place, |token| token.is_sign('=')).unwrap_or(all.len());
        let parts: Vec<&str> = all
            .get(place..equals)
            .unwrap_or_default()
            .iter()
            .filter_map(|token| if token.is_sign('.') { None } else { token.as_name() })
            .collect();
        let owner = match parts.as_slice() {
            [alias, _column] => ObjectName { schema: None, name: (*alias).to_owned() },
            [schema, table, _column] => {
                ObjectName { schema: Some((*schema).to_owned()), name: (*table).to_owned() }
            }
            _ => return everything(taking_part),
        };
        let Some(found) = taking_part.iter().find(|participant| is_called(participant, &owner)) else {
            return everything(taking_part);
        };
        written.push(found.table.clone());
        let ends = |token: &Token<'_>| token.is_sign(',') || token.is_any(&["WHERE", "ORDER", "LIMIT"]);
        match find_outside(all, equals, ends) {
            Some(comma) if all.get(comma).is_some_and(|token| token.is_sign(',')) => place = comma + 1,
            _ => return without_repeats(written.into_iter()),
        }
    }
}

fn is_called(participant: &Participant, name: &ObjectName) -> bool {
    match &name.schema {
        Some(_) => participant.table == *name,
        None => participant.alias.eq_ignore_ascii_case(&name.name),
    }
}

/// Reads table references: `t AS a JOIN (u, v) ON … , (SELECT …) AS w`. Derived and common tables are left out.
fn participants(all: &[Token<'_>], common: &[String]) -> Vec<Participant> {
    let mut found = Vec::new();
    let mut is_expected = true;
    let mut index = 0;
    while let Some(token) = all.get(index) {
        if token.is_sign(',') || token.is_any(&["JOIN", "STRAIGHT_JOIN"]) {
            is_expected = true;
            index += 1;
        } else if token.is_sign('(') {
            let inside = all.get(index + 1);
            let is_derived = inside.is_some_and(|token| token.is_any(&["SELECT", "WITH", "VALUES", "TABLE"]));
            if is_expected && !is_derived {
                index += 1;
            } else {
                is_expected = false;
                index = behind_parenthesis(all, index);
            }
        } else if !is_expected || token.is("LATERAL") {
            index += 1;
        } else if let Some((table, next)) = name_at(all, index) {
            is_expected = false;
            index = next;
            let is_function = all.get(next).is_some_and(|token| token.is_sign('('));
            let is_common = table.schema.is_none()
                && common.iter().any(|common| common.eq_ignore_ascii_case(&table.name));
            if !is_function && !is_common {
                let alias = alias_at(all, next).unwrap_or_else(|| table.name.clone());
                found.push(Participant { table, alias });
            }
        } else {
            index += 1;
        }
    }
    found
}

fn alias_at(all: &[Token<'_>], index: usize) -> Option<String> {
    const NO_ALIAS: [&str; 15] = [
        "JOIN",
        "INNER",
        "CROSS",
        "LEFT",
        "RIGHT",
        "NATURAL",
        "STRAIGHT_JOIN",
        "ON",
        "USING",
        "USE",
        "FORCE",
        "IGNORE",
        "PARTITION",
        "FOR",
        "SET",
    ];
    let token = all.get(index)?;
    if token.is("AS") {
        return all.get(index + 1)?.as_name().map(str::to_owned);
    }
    if token.is_any(&NO_ALIAS) { None } else { token.as_name().map(str::to_owned) }
}

/// The names that `WITH a AS (…), b (x) AS (…)` gives to queries.
fn common_tables(before: &[Token<'_>]) -> Vec<String> {
    let introduces = |token: &Token<'_>| token.is_sign(',') || token.is_any(&["WITH", "RECURSIVE"]);
    let mut names = Vec::new();
    let mut place = 0;
    while let Some(introduced) = find_outside(before, place, introduces) {
        place = introduced + 1;
        let name = before.get(place).filter(|token| !token.is("RECURSIVE")).and_then(Token::as_name);
        names.extend(name.map(str::to_owned));
    }
    names
}

fn without_repeats(names: impl Iterator<Item = ObjectName>) -> Vec<ObjectName> {
    let mut kept: Vec<ObjectName> = Vec::new();
    for name in names {
        if !kept.contains(&name) {
            kept.push(name);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::super::super::sql::{Grammar, tokens};
    use super::*;
    use crate::product::Product;

    fn check(sql: &str, expected: &[&str]) {
        let grammar = Grammar { backslash_escapes: true, product: Product::Mysql };
        let written: Vec<String> = targets(&tokens(sql, grammar))
            .into_iter()
            .map(|name| match name.schema {
                Some(schema) => format!("{schema}.{}", name.name),
                None => name.name,
            })
            .collect();
        assert_eq!(written, expected, "{sql}");
    }

    #[test]
    fn a_statement_on_one_table_writes_to_it() {
        check("update t set m=3", &["t"]);
        check("UPDATE LOW_PRIORITY IGNORE `s`.`t` AS x SET x.a = 1, b = 2", &["s.t"]);
        check("UPDATE t SET a = (SELECT max(b) FROM u)", &["t"]);
        check("UPDATE \"t\" SET a = 1", &["t"]);
        check("insert into s.t values (1)", &["s.t"]);
        check("INSERT INTO t SELECT * FROM u", &["t"]);
        check("INSERT t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = 2", &["t"]);
        check("replace t values (1)", &["t"]);
        check("delete from t where a = 'x'", &["t"]);
        check("DELETE FROM t AS x WHERE x.a IN (SELECT a FROM u)", &["t"]);
        check("DELETE QUICK FROM s.t PARTITION (p0) LIMIT 1", &["s.t"]);
        check("DELETE HISTORY FROM s.t", &["s.t"]);
        check("LOAD DATA LOCAL INFILE 'f' REPLACE INTO TABLE s.t FIELDS TERMINATED BY ','", &["s.t"]);
        check("LOAD XML INFILE 'f' INTO TABLE t", &["t"]);
        check("with c as (select replace(a, 'x', 'y') from u) update t set a = 1", &["t"]);
        check("CALL p()", &[]);
        check("update", &[]);
    }

    #[test]
    fn of_several_tables_those_are_meant_that_are_written() {
        check("UPDATE t, m SET t.v = 4, m.v = 4 WHERE t.id = m.id", &["t", "m"]);
        check("UPDATE t AS a JOIN m AS b ON a.id = b.id SET b.v = 5", &["m"]);
        check("UPDATE t a, s.m b SET b.v = a.v, b.w = IF(a.x, 1, 2) WHERE a.id = 1", &["s.m"]);
        check("UPDATE t JOIN s.m USING (id, k) SET s.m.v = 1", &["s.m"]);
        check("UPDATE t LEFT JOIN m ON f(t.a, m.b) = 1 SET v = 1", &["t", "m"]);
        check("UPDATE (t, m) SET t.v = 1", &["t"]);
        check("UPDATE t, (SELECT id FROM x, y) AS d SET v = 1", &["t"]);
        check("WITH c AS (SELECT 1 AS x), e AS (SELECT 2) UPDATE t, c, e SET v = c.x", &["t"]);
        check("WITH RECURSIVE c (m, n) AS (SELECT 1, 2) UPDATE n, c SET v = c.m", &["n"]);
        check("UPDATE t, JSON_TABLE(t.doc, '$' COLUMNS (a INT PATH '$.a')) AS j SET v = j.a", &["t"]);
    }

    #[test]
    fn a_deletion_by_another_name_is_the_tables() {
        check("DELETE a FROM t AS a JOIN m ON a.id = m.id", &["t"]);
        check("DELETE FROM a USING t AS a JOIN m ON a.id = m.id WHERE a.id = 77", &["t"]);
        check("DELETE t.*, b.* FROM s.t, m AS b WHERE t.id = b.id", &["s.t", "m"]);
        check("DELETE s.t FROM s.t JOIN m ON 1", &["s.t"]);
        check("DELETE LOW_PRIORITY IGNORE t FROM t, m", &["t"]);
    }
}
