//! What is wrong is told with its place and the way out, all of it at once.

use super::mistakes_of;

#[test]
fn each_mistake_has_its_place_and_a_way_out() {
    let table: [(&str, &[&str]); 61] = [
        ("actor.nmae == 'x'", &["1:7 `actor` has no `nmae`; did you mean `name`?"]),
        ("acto.name == 'x'", &["1:1 there is no `acto`; did you mean `actor`?"]),
        ("env == 'prod'", &["1:1 there is no `env` here; write `resource.env`"]),
        ("detail.cause == 'x'", &["1:1 there is no `detail`"]),
        ("id == 'x'", &["1:1 `id` is no part of conditions; ask for it in `match`"]),
        ("actor.claimed.nam == 'x'", &["1:15 `actor.claimed` has no `nam`; did you mean `name`?"]),
        ("lists.dbas == ['x']", &["1:7 there is no list `dbas`; did you mean `dba`?"]),
        ("actor.name in lists", &["1:15 a list is named: lists.name"]),
        ("has_tickets", &["1:1 there is no `has_tickets`; did you mean `has_ticket`?"]),
        ("c.sensitive", &["1:1 `c` is one change: write `explode: changes`, or changes.exists(c, …)"]),
        ("changes.path == 'x'", &["1:9 `changes` is a list; write changes.exists(c, c.path …)"]),
        ("changes.exists(c, c.pth == 'x')", &["1:21 a change has no `pth`; did you mean `path`?"]),
        ("action.x == 1", &["1:8 a text has no `x`"]),
        ("action == 'udpate'", &["1:11 no value of this is \"udpate\"; did you mean `update`?"]),
        (
            "'trusted' == actor.authority",
            &["1:1 no value of this is \"trusted\"; there are none, claimed, asserted, authenticated"],
        ),
        (
            "actor.binding in ['exact', 'corelated']",
            &["1:28 no value of this is \"corelated\"; did you mean `correlated`?"],
        ),
        (
            "changes.exists(c, c.op == 'replaced')",
            &["1:27 no value of this is \"replaced\"; did you mean `replace`?"],
        ),
        (
            "tx.seq == '5'",
            &["1:8 `==`: a number is never equal to a text; num(…) reads the number of a text"],
        ),
        ("flags == 'late'", &["1:7 `==`: a list is never equal to a text; write `value in list`"]),
        ("actor == 'alice'", &["1:7 `==`: the whole of `actor` is never equal to a text"]),
        ("tx.seq > 'a'", &["1:8 `>` compares values of one kind, not a number and a text"]),
        ("flags > 1", &["1:7 `>` compares numbers, texts, times or durations, not a list"]),
        ("tx.seq > null", &["1:8 nothing is `>` null; whether a value is there, `!= null` asks"]),
        ("'a' in 'abc'", &["1:5 `in` looks into a list, not into a text; write text.contains(\"part\")"]),
        ("5 in flags", &["1:3 `in`: a number is never equal to a text; num(…) reads the number of a text"]),
        ("true + 1 == 2", &["1:6 `+` is for numbers, not for true or false"]),
        ("-action == 'x'", &["1:1 `-` is for numbers, not for a text"]),
        ("!actor.name", &["1:2 `!` wants true or false, this is a text"]),
        (
            "after.on",
            &["1:1 a condition wants true or false, this may be anything; compare it, as in `== true`"],
        ),
        (
            "after.on && true",
            &["1:1 `&&` wants true or false, this may be anything; compare it, as in `== true`"],
        ),
        ("size(changes)", &["1:1 a condition wants true or false, this is a number"]),
        ("actor.name.matches('a')", &["1:12 there is no function `matches`; use re(text, \"pattern\")"]),
        ("actor.name.startWith('a')", &["1:12 there is no function `startWith`; did you mean `startsWith`?"]),
        ("int(after.x) > 1", &["1:1 there is no function `int`; use num(value)"]),
        ("startsWith(actor.name, 'a')", &["1:1 `startsWith` is used as text.startsWith(\"part\")"]),
        ("actor.name.re('a')", &["1:12 `re` is used as re(text, \"pattern\")"]),
        ("re(actor.name)", &["1:1 `re` is used as re(text, \"pattern\")"]),
        (
            "re(actor.name, reason.ticket)",
            &["1:16 the pattern of `re` is a text in quotes, nothing computed"],
        ),
        ("re(actor.name, '(')", &["1:16 the regular expression is wrong: unclosed group"]),
        (
            "re(actor.name, '(?=x)')",
            &[
                "1:16 the regular expression is wrong: look-around, including look-ahead and look-behind, is not supported",
            ],
        ),
        ("re(flags, 'a')", &["1:4 `re` looks at a text, not at a list; write \"word\" in list"]),
        ("tx.seq.contains('1')", &["1:1 `contains` looks at a text, not at a number"]),
        ("size(time) > 1", &["1:6 `size` is of texts, lists and maps, not of a time"]),
        ("num(flags) > 1", &["1:5 `num` reads texts and numbers, not a list"]),
        (
            "get(actor, 'x') == 1",
            &["1:5 `get` looks into `before`, `after` or a value of them, not into the whole of `actor`"],
        ),
        ("has('x')", &["1:5 `has` asks whether a field is there, as in has(reason.ticket)"]),
        ("in_window('night', time)", &["1:11 the routing file has no time interval `night`"]),
        (
            "in_window('night', 5)",
            &[
                "1:20 `in_window` asks about `time`, not about a number",
                "1:11 the routing file has no time interval `night`",
            ],
        ),
        ("action.exists(x, true)", &["1:8 `exists` goes over a list, not over a text"]),
        ("flags.exists(true)", &["1:7 `exists` is used as list.exists(x, condition)"]),
        (
            "flags.exists('x', true)",
            &["1:14 the first argument of `exists` names the element: list.exists(x, condition)"],
        ),
        ("flags.exists(actor, true)", &["1:14 `actor` is the event's; name the element otherwise"]),
        ("flags.all(f, f)", &["1:14 `all` wants true or false, this is a text"]),
        ("flags.all(a, flags.all(b, flags.all(d, true)))", &["1:33 loops nest at most 2 deep"]),
        ("{'a': 1} == 1", &["1:1 maps are no part of conditions"]),
        ("b'x' == 'x'", &["1:1 there are texts, and no bytes"]),
        ("actor.name == 'a' and true", &["1:19 write `&&` for `and`"]),
        (
            "not (actor.name == 'a' && true) && x",
            &["1:1 there is no function `not`; write `!`", "1:36 there is no `x`; did you mean `tx`?"],
        ),
        ("env:prod", &["1:4 `field:value` is the language of `match`; here it is field == \"value\""]),
        ("dur(c.after) > 5m", &["1:17 a number has no unit; write dur(\"5m\") or bytes(\"5m\")"]),
        ("actor.name ==", &["1:13 the expression ends where more is expected"]),
    ];
    for (text, expected) in table {
        assert_eq!(mistakes_of(text), expected, "{text}");
    }
}

#[test]
fn all_mistakes_of_an_expression_are_told() {
    let text = "actor.nmae == 'x' &&\n  action == 'udpate' &&\n  re(reason.ticket, '(')";
    assert_eq!(
        mistakes_of(text),
        [
            "1:7 `actor` has no `nmae`; did you mean `name`?",
            "2:13 no value of this is \"udpate\"; did you mean `update`?",
            "3:21 the regular expression is wrong: unclosed group",
        ]
    );
}

#[test]
fn a_macro_that_needs_a_change_says_so_where_it_is_used_without_one() {
    assert_eq!(
        mistakes_of("of_change && true"),
        ["1:1 in of_change `c` is one change: write `explode: changes`, or changes.exists(c, …)"]
    );
}
