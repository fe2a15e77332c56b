//! What expressions mean.

use super::{event, full_event, names, program};
use crate::cel::Program;

fn check(table: &[(&str, bool)]) {
    let event = full_event();
    for (text, expected) in table {
        assert_eq!(program(text).holds(&event, None), Ok(*expected), "{text}");
    }
}

#[test]
fn fields_are_those_of_the_event() {
    check(&[
        ("action == 'update'", true),
        ("source.kind == 'mysql' && source.name == 'orders-db' && source.channel == 'binlog'", true),
        ("resource.env == 'prod' && resource.namespace == 'shop' && resource.group == 'users'", true),
        ("resource.kind == 'row' && resource.name == '42' && resource.id.endsWith('/42')", true),
        ("actor.name == 'alice' && actor.kind == 'human' && actor.ip == '10.0.0.5'", true),
        ("actor.binding == 'exact' && actor.authority == 'asserted' && actor.login == 'app@10.0.0.5'", true),
        ("reason.ticket == 'CHG-12' && reason.approver == 'bob' && reason.authority == 'claimed'", true),
        ("'late' in flags && !('backfill' in flags)", true),
        ("labels.region == 'eu' && labels['team.name'] == 'pay' && labels.nothing == null", true),
        ("'region' in labels && !('zone' in labels)", true),
        ("tx.seq == 3 && tx.id == 'u:1' && tx.statement < 1", true),
        ("size(changes) == 4 && flags.size() == 2 && size('限流') == 2", true),
        ("before.limit == 100 && after.limit == 50", true),
        ("after.doc['a.b'] == null && get(after, 'doc.a.b') == 2 && after.doc.list[0].x == 'z'", true),
        (
            "after['limit'] == 50 && get(before, 'doc.list[0].x') == 'y' && get(after, 'a' + 'b') == null",
            true,
        ),
        ("after.limit.deeper.still == null", true),
        ("flags[0] == 'late' && flags[9] == null", true),
        ("lists.dba[0] == 'alice' && size(lists.empty) == 0", true),
    ]);
}

#[test]
fn a_path_means_in_a_condition_what_it_means_in_a_match() {
    let document = event(serde_json::json!({
        "format": "yaml",
        "before": { "text": "…", "digest": "d" }, "after": { "text": "…", "digest": "e", "bytes": 7 },
        "changes": [ { "path": "spring.datasource.url", "op": "replace", "before": "a", "after": "b" } ],
    }));
    for (text, query) in [
        ("after.spring.datasource.url == 'b'", "after.spring.datasource.url:b"),
        ("get(before, 'spring.datasource.url') == 'a'", "before.spring.datasource.url:a"),
        ("after.bytes == 7", "after.bytes:7"),
        ("has(after.nothing)", "after.nothing:*"),
    ] {
        let view = conftrail_core::query::EventView::new(&document, document.time);
        let query = conftrail_core::query::Query::parse(query).unwrap();
        let found = conftrail_core::query::matches(&query, &view);
        assert_eq!(program(text).holds(&document, None), Ok(found), "{text}");
    }
}

#[test]
fn operators_do_what_they_do_elsewhere() {
    check(&[
        ("true && !false || false", true),
        ("1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 % 4 == 3 && -(2 - 5) == 3", true),
        ("10 / 50 == 0.2 && 50 / 10 == 5 && 7.5 / 2 == 3.75", true),
        ("'a' + 'b' == 'ab' && size([1] + [2, 3]) == 3", true),
        ("'a' < 'b' && 'b' >= 'b' && time <= time", true),
        ("2 in [1, 2] && !(3 in [1, 2]) && 2.0 in [1, 2]", true),
        ("(after.limit > 40 ? 'high' : 'low') == 'high'", true),
        ("[1, 2] == [1, 2.0] && [1] != [2] && [] == []", true),
        ("after.tags == ['a', '限流']", true),
        ("r'\\d' == '\\\\d' && \"\"\"a\nb\"\"\".contains('\\n')", true),
        ("0x10 == 16 && 1e3 == 1000", true),
        // comments are none of it
        ("true // && false", true),
    ]);
}

#[test]
fn numbers_compare_as_numbers_and_large_ones_exactly() {
    check(&[
        ("after.limit == 50.0 && after.limit < 50.5 && after.limit >= 50", true),
        ("after.big > before.big && after.big - before.big == 1", true),
        ("after.big == 18446744073709551615u && after.big > 9223372036854775807", true),
        ("after.ratio == 0.25 && after.ratio < 1", true),
        ("after.price == 12.5", false),
        ("num(after.price) == 12.5 && num(after.price) > num(before.price)", true),
    ]);
}

#[test]
fn what_is_missing_is_null_and_null_is_no_failure() {
    check(&[
        ("actor.client == null && actor.claimed == null && actor.claimed.name == null", true),
        ("has(reason.ticket) && !has(actor.client) && !has(after.nothing) && has(before.gone)", true),
        // Set to NULL and absent are told apart by the change alone.
        ("!has(after.gone) && after.gone == null", true),
        ("null == null && actor.client == null && actor.client != 'x' && !(actor.client == 'x')", true),
        ("actor.client != null", false),
        ("actor.client < 'x'", false),
        ("actor.client >= 'x'", false),
        ("after.nothing > 1", false),
        ("!(after.nothing > 1)", true),
        ("after.nothing + 1 == null && -after.nothing == null && after.nothing * 2 > 1 || true", true),
        ("after.nothing == before.nothing", true),
        ("re(actor.client, '.*')", false),
        ("glob(actor.client, '*')", false),
        ("actor.client.startsWith('') || actor.client.contains('') || actor.client.endsWith('')", false),
        ("actor.client in ['a'] || actor.client in lists.dba", false),
        ("'a' in after.nothing", false),
        ("after.nothing.exists(x, true)", false),
        ("after.nothing.all(x, false)", true),
        ("size(after.nothing) == null && size(after.nothing) > 0 == false", true),
        ("num(actor.client) == null && dur(actor.client) == null && bytes(actor.client) == null", true),
        ("is_num(actor.client)", false),
        ("pct_change(actor.client, 5) == null", true),
    ]);
}

#[test]
fn loops_look_at_each_element() {
    check(&[
        ("changes.exists(c, c.sensitive)", true),
        ("changes.exists(c, c.path.startsWith('spring.datasource'))", true),
        ("changes.all(c, c.op == 'replace')", false),
        ("changes.exists_one(c, c.op == 'add')", true),
        ("changes.exists_one(c, c.op == 'replace')", false),
        ("changes.filter(c, c.op == 'replace').size() == 3", true),
        ("changes.map(c, c.path) == ['limit', 'spring.datasource.url', 'gone', 'password']", true),
        ("changes.map(c, c.sensitive, c.path) == ['password']", true),
        ("changes.filter(c, is_num(c.before)).exists(d, d.before > 50)", true),
        ("changes.exists(c, flags.exists(f, f == 'late' && c.path == 'limit'))", true),
        ("changes.exists(c, c.before == 1 && c.after == null)", true),
        ("lists.dba.exists(name, name == actor.name)", true),
        ("labels.exists(name, name == 'region')", true),
        ("[1, 2, 3].exists(x, x > 2) && ![].exists(x, true) && [].all(x, false)", true),
        ("changes[0].path == 'limit' && changes[9].path == null", true),
    ]);
}

#[test]
fn functions_over_texts_see_scalars_as_they_are_printed_and_lists_by_element() {
    check(&[
        ("re(reason.ticket, '^(CHG|OPS)-[0-9]+$')", true),
        ("re(after.limit, '^[0-9]+$') && re(after.on, 'false')", true),
        ("after.tags.contains('流') && after.tags.startsWith('a') && !after.tags.endsWith('b')", true),
        ("glob(resource.namespace, 'sh*') && glob(resource.name, '42') && !glob(resource.name, '4')", true),
        ("after.doc.contains('x')", false),
        ("re(resource.env, '(?i)PROD')", true),
    ]);
}

#[test]
fn lists_of_the_file_hold_scalars_as_they_are_printed() {
    check(&[
        ("actor.name in lists.dba", true),
        ("actor.login in lists.dba", false),
        ("80 in lists.ports && !(81 in lists.ports) && '443' in lists.ports", true),
        ("actor.name in lists.dba + ['carol'] && 'carol' in lists.dba + ['carol']", true),
    ]);
}

#[test]
fn numbers_sizes_durations_and_changes_in_percent_are_read() {
    check(&[
        ("is_num(after.limit) && is_num(after.price) && !is_num(after.tags) && !is_num('x')", true),
        ("pct_change(before.limit, after.limit) == -50.0", true),
        ("pct_change(before.price, after.price) > 25 && pct_change('50', '10') <= -50.0", true),
        ("pct_change(0, 5) == null && pct_change('x', 5) == null && pct_change(-10, -5) == 50", true),
        ("bytes('512MB') < bytes('1GB') && bytes('1k') == 1024 && bytes('x') == null", true),
        ("dur('90s') > dur('1m') && dur('1h30m') == dur('90m') && dur('x') == null", true),
        ("num('x') == null && num('-1.5') == -1.5", true),
    ]);
}

#[test]
fn what_one_side_decides_a_failure_of_the_other_does_not_undo() {
    check(&[
        ("false && after.price > 5", false),
        ("after.price > 5 && false", false),
        ("true || after.price > 5", true),
        ("after.price > 5 || true", true),
        ("changes.exists(c, c.after > 1)", true),
        ("!changes.all(c, c.after > 60)", true),
    ]);
}

#[test]
fn failures_name_the_part_and_no_value() {
    let table = [
        (
            "after.price > 5",
            "`after.price > 5`: `>` met a text and a number; num(…) reads the number of a text",
        ),
        ("1 == 1 && (after.tags < 3)", "`after.tags < 3`: `<` met a list and a number"),
        (
            "after.limit / (after.limit - 50) > 1",
            "`after.limit / (after.limit - 50)`: a number is divided by zero",
        ),
        ("after.limit % 0 == 1", "`after.limit % 0`: a number is divided by zero"),
        ("after.big + 1 > 0", "`after.big + 1`: a number is too large"),
        ("after.big * after.big > 0", "`after.big * after.big`: a number is too large"),
        ("-after.price == 1", "`-after.price`: `-` met a text; num(…) reads the number of a text"),
        (
            "after.price + 1 > 2",
            "`after.price + 1`: `+` met a text and a number; num(…) reads the number of a text",
        ),
        ("'x' in after.limit", "`'x' in after.limit`: `in` met a number"),
        ("after.limit.exists(x, true)", "`after.limit`: `loop` met a number"),
        ("size(after.limit) > 1", "`size(after.limit)`: `size` met a number"),
        (
            "changes.exists(c, c.path.contains(after.doc))",
            "`c.path.contains(after.doc)`: `contains` met a group of values",
        ),
    ];
    let event = full_event();
    for (text, expected) in table {
        let failure = program(text).holds(&event, None).unwrap_err();
        assert_eq!(failure.to_string(), expected, "{text}");
    }
}

#[test]
fn macros_are_written_out_as_trees() {
    check(&[
        ("has_ticket", true),
        ("!has_ticket", false),
        ("approved && resource.env == 'prod'", true),
        ("changes.exists(x, has_ticket && x.path == 'limit')", true),
    ]);
    let exploded = Program::compile("of_change && c.op == 'replace'", &names(), true).unwrap();
    let event = full_event();
    let found: Vec<bool> =
        event.changes.iter().map(|change| exploded.holds(&event, Some(change)).unwrap()).collect();
    assert_eq!(found, [true, false, false, false]);
}

#[test]
fn a_row_that_came_is_not_listed_for_its_columns_to_be_looked_at() {
    let event = event(serde_json::json!({ "format": "row", "after": { "a": 1 }, "changes": [] }));
    assert_eq!(program("after.a == 1 && after.b == null && before.a == null").holds(&event, None), Ok(true));
}
