//! Tests of parsing and printing; what queries find is tested by the suite that every engine runs.

use super::*;

fn place(text: &str) -> String {
    Query::parse(text).unwrap_err().to_string()
}

#[test]
fn queries_print_in_one_form() {
    let table = [
        ("*", "*"),
        ("env:prod", "resource.env:prod"),
        ("env:prod actor:alice", "resource.env:prod and actor.name:alice"),
        ("a and b or c", "(a and b) or c"),
        ("a AND (b OR c)", "a and (b or c)"),
        ("not a not(b)", "not a and not b"),
        ("not not a", "not not a"),
        ("a or (b or c)", "a or b or c"),
        ("((a))", "a"),
        ("action:(create or update)", "action:create or action:update"),
        ("action:(create)", "action:create"),
        ("x env: prod", "x and resource.env:prod"),
        ("res:mysql:orders-db/shop/*", "resource.id:mysql\\:orders-db/shop/*"),
        ("res:\"mysql:a b\"", "resource.id:\"mysql:a b\""),
        ("name:a\\*b", "resource.name:\"a*b\""),
        ("name:a\\*b*", "resource.name:a\\*b*"),
        ("ticket:*", "reason.ticket:*"),
        ("ticket:\"\"", "reason.ticket:\"\""),
        ("after.limit>=0500.0", "after.limit>=500"),
        ("after.limit > 5", "after.limit>5"),
        ("time>now-7d", "time>now-7d"),
        ("time:2026-11-20", "time:2026-11-20"),
        ("time<2026-11-20T18:00:00+08:00", "time<2026-11-20T10:00:00Z"),
        ("actor>bob", "actor.name>bob"),
        ("\"or\" \\and", "\"or\" and \"and\""),
        ("after.a\\:b:c", "after.a\\:b:c"),
        ("detail.\\=x*", "detail.\\=x*"),
        ("限流 规则*", "限流 and 规则*"),
        ("\"支付 限流\"", "\"支付 限流\""),
    ];
    for (text, printed) in table {
        let query = Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(query.to_string(), printed, "{text}");
        assert_eq!(Query::parse(printed), Ok(query), "{text}");
    }
}

#[test]
fn what_is_no_query_gets_its_place_and_a_way_out() {
    let table = [
        ("", "line 1 column 1: expected a word"),
        ("   ", "line 1 column 4: expected a word"),
        ("enw:prod", "line 1 column 1: unknown field `enw`; did you mean env?"),
        (
            "a and\n  resource.nmae:x",
            "line 2 column 3: unknown field `resource.nmae`; did you mean resource.name?",
        ),
        ("after:500", "line 1 column 1: unknown field `after`; did you mean after.<path>?"),
        ("mysql:orders-db/x", "line 1 column 1: unknown field `mysql`; quote the text to search for it"),
        ("env:", "line 1 column 5: expected a value"),
        ("env: and b", "line 1 column 6: expected a value; quote `and`"),
        (":x", "line 1 column 1: expected a field name"),
        ("(a or b", "line 1 column 1: this parenthesis is never closed"),
        ("a)", "line 1 column 2: this parenthesis was never opened"),
        ("a or", "line 1 column 5: expected a word"),
        ("or a", "line 1 column 1: `or` needs something before it"),
        ("a and and b", "line 1 column 7: `and` needs something before it"),
        ("()", "line 1 column 2: expected a word"),
        ("action:(create update)", "line 1 column 16: expected `or` or `)`"),
        ("action:(create or", "line 1 column 18: expected a value"),
        ("action:(create", "line 1 column 8: this parenthesis is never closed"),
        ("\"open", "line 1 column 1: this quote is never closed"),
        ("a\\", "line 1 column 2: a \\ needs a character after it"),
        ("en*:prod", "line 1 column 1: a field name has no wildcards"),
        ("\"env\":prod", "line 1 column 1: a field name is not quoted"),
        ("env=prod", "line 1 column 1: write env:value, with a colon"),
        ("after.limit:>5", "line 1 column 13: write after.limit and the comparison without the colon"),
        ("after.limit>5*", "line 1 column 13: a comparison has no wildcards"),
        ("time:yesterday", "line 1 column 6: a time is RFC 3339"),
        ("time>2026-11*", "line 1 column 6: a time is RFC 3339"),
        ("超时 --", "line 1 column 4: there is no letter or digit"),
        ("f(x)", "line 1 column 2: put a space before this"),
        ("\"a\"b", "line 1 column 4: put a space after the closing quote"),
    ];
    for (text, expected) in table {
        let said = place(text);
        assert!(said.starts_with(expected), "{text}: {said}");
    }
}

#[test]
fn hostile_queries_end_in_an_error_with_a_place() {
    let deep = DEEPEST_NESTING + 1;
    for nested in ["(".repeat(10_000), "not ".repeat(10_000), "(not ".repeat(10_000)] {
        assert!(place(&nested).ends_with("nested deeper than 64 levels"), "{}", place(&nested));
    }
    assert_eq!(place(&"(".repeat(deep)), "line 1 column 65: nested deeper than 64 levels");
    let within = format!("{}a{}", "(".repeat(DEEPEST_NESTING), ")".repeat(DEEPEST_NESTING));
    assert!(Query::parse(&within).is_ok());
    assert!(place(&"a ".repeat(MOST_LEAVES + 1)).ends_with("more than 4096 words and values"));
    assert!(place(&"a".repeat(LONGEST_QUERY + 1)).ends_with("longer than 65536 bytes"));
    let alternating = "(a or (b ".repeat(31);
    assert!(Query::parse(&alternating).is_err());
}

/// A small generator of pseudo-random numbers, so that a failure is the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn text(&mut self) -> String {
        const PIECES: [&str; 24] = [
            "a",
            "Z",
            "0",
            "限",
            "流",
            "é",
            " ",
            "\n",
            ":",
            "(",
            ")",
            "\"",
            "\\",
            "*",
            "<",
            ">",
            "=",
            "and",
            "or",
            "not",
            "now-1d",
            "-",
            "𠀀",
            "2026-11-20",
        ];
        (0..self.below(6)).map(|_| PIECES[self.below(24) as usize]).collect()
    }

    fn pattern(&mut self) -> Pattern {
        if self.below(2) == 0 {
            return Pattern::literal(self.text());
        }
        let parts = (0..2 + self.below(2)).map(|_| self.text()).collect();
        Pattern::from_parts(parts)
    }

    fn field(&mut self) -> Field {
        match self.below(5) {
            0 => Field::After(format!("x{}", self.text())),
            1 => Field::Label(format!("{}y", self.text())),
            2 => Field::ActorName,
            3 => Field::Flags,
            _ => Field::ResourceId,
        }
    }

    fn date(&mut self) -> Date {
        match self.below(3) {
            0 => Date::parse("2026-11-20").unwrap(),
            1 => Date::Now { ago: self.below(9) as u32, unit: Unit::Hour },
            _ => Date::Instant(crate::Timestamp::from_micros(1_795_168_800_000_000 + self.below(10) as i64)),
        }
    }

    fn leaf(&mut self) -> Query {
        let comparison =
            [Comparison::Less, Comparison::LessOrEqual, Comparison::Greater, Comparison::GreaterOrEqual]
                [self.below(4) as usize];
        let leaf = match self.below(6) {
            0 => Leaf::Present(self.field()),
            1 => Leaf::During(Field::Time, self.date()),
            2 => Leaf::Compare(self.field(), comparison, Operand::Number(Number::from(self.below(1000)))),
            3 => Leaf::Compare(Field::Observed, comparison, Operand::Date(self.date())),
            4 => match Words::new(self.pattern()) {
                Some(words) => Leaf::Text(words),
                None => return Query::All,
            },
            _ => {
                let pattern = self.pattern();
                if pattern.is_any() { Leaf::Present(self.field()) } else { Leaf::Is(self.field(), pattern) }
            }
        };
        Query::Leaf(leaf)
    }

    fn query(&mut self, depth: u64) -> Query {
        if depth == 0 {
            return self.leaf();
        }
        match self.below(4) {
            0 => Query::and((0..2 + self.below(2)).map(|_| self.query(depth - 1)).collect()),
            1 => Query::or((0..2 + self.below(2)).map(|_| self.query(depth - 1)).collect()),
            2 => Query::Not(Box::new(self.query(depth - 1))),
            _ => self.leaf(),
        }
    }
}

#[test]
fn a_printed_query_parses_to_the_same_tree() {
    let mut random = Random(7);
    for _ in 0..20_000 {
        let query = random.query(4);
        let printed = query.to_string();
        let parsed = Query::parse(&printed).unwrap_or_else(|error| panic!("{printed}\n{error}\n{query:?}"));
        assert_eq!(parsed, query, "{printed}");
    }
}

#[test]
fn any_text_parses_or_fails_with_a_place_within_it() {
    let mut random = Random(11);
    for _ in 0..20_000 {
        let text: String = (0..4).map(|_| random.text()).collect();
        match Query::parse(&text) {
            Ok(query) => assert_eq!(Query::parse(&query.to_string()), Ok(query), "{text}"),
            Err(error) => {
                assert!(text.get(error.span()).is_some(), "{text}: {:?}", error.span());
                assert!(error.caret().contains('^'));
            }
        }
    }
}
