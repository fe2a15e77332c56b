//! Expressions that are made to hurt: the process lives, the refusal has a place, and nothing takes long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use conftrail_core::Event;
use conftrail_core::query::{EventView, matches};

use super::{event, full_event, mistakes_of, names};
use crate::cel::failure::Cause;
use crate::cel::{Macro, Names, Program, check_macros, parse};

/// No single expression may take longer, in whatever build the tests run.
const LONGEST: Duration = Duration::from_secs(10);

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    assert!(started.elapsed() < LONGEST, "{what} took {:?}", started.elapsed());
    result
}

#[test]
fn deep_chains_and_brackets_are_refused_with_a_place() {
    let corpus = [
        ("additions", format!("1{} > 0", "+1".repeat(490))),
        ("additions, too many", format!("1{}", "+1".repeat(5000))),
        ("calls", format!("after{}", ".f()".repeat(240))),
        ("members", format!("after{} == 1", ".x".repeat(490))),
        ("elements", format!("after.x{} == 1", "[0]".repeat(300))),
        ("negations", format!("{}true", "!".repeat(990))),
        ("minus signs", format!("{}1 > 0", "-".repeat(990))),
        ("brackets", format!("{}true{}", "(".repeat(400), ")".repeat(400))),
        ("open brackets", "(".repeat(4000)),
        ("lists in lists", format!("{}1{} == 1", "[".repeat(60), "]".repeat(60))),
        ("choices", format!("{}true", "true ? true : ".repeat(240))),
        ("a long list", format!("1 in [{}]", "1,".repeat(499))),
        ("a longer list", format!("1 in [{}]", "1,".repeat(100_000))),
        ("or", format!("true{}", " || true".repeat(480))),
        ("texts", format!("'{}' == ''", "x".repeat(4000))),
        ("quotes", "'".repeat(4000)),
        ("backslashes", "\\".repeat(4000)),
        ("braces", "{".repeat(4000)),
        ("dots", ".".repeat(4000)),
        ("questions", "a?".repeat(450)),
        ("nothing", String::new()),
        ("zeros", format!("0 == 0{}", "0".repeat(4000))),
        ("unicode", "限".repeat(1300)),
        ("nul", "\0".repeat(100)),
    ];
    for (what, text) in &corpus {
        let found = timed(what, || Program::compile(text, &names(), false));
        if let Err(complaints) = found {
            assert!(!complaints.is_empty(), "{what}");
            for complaint in complaints {
                assert!(
                    complaint.span.start <= text.len() && !complaint.message.is_empty(),
                    "{what}: {complaint:?}"
                );
            }
        }
    }
    assert!(mistakes_of(&corpus[0].1)[0].ends_with("expressions nest at most 64 deep"));
    assert!(mistakes_of(&corpus[2].1)[0].ends_with("expressions nest at most 64 deep"));
    assert!(mistakes_of(&corpus[7].1)[0].starts_with("1:65 brackets nest"));
}

#[test]
fn regular_expressions_that_would_be_large_are_refused() {
    for pattern in ["(a{1000}){1000}", "((a{100}){100}){100}", "\\\\w{900}{900}", "(?:x{1,500}){1,500}y"] {
        let text = format!("re(actor.name, '{pattern}')");
        let found = timed(pattern, || mistakes_of(&text));
        assert!(found[0].starts_with("1:16 the regular expression is too large"), "{found:?}");
    }
    let nested = format!("re(actor.name, '{}a{}')", "(".repeat(900), ")".repeat(900));
    assert!(timed("groups", || mistakes_of(&nested))[0].starts_with("1:16 the regular expression is"));
}

#[test]
fn nested_loops_end_with_their_budget() {
    let list = format!("[{}]", vec!["1"; 200].join(","));
    let text = format!("{list}.all(a, {list}.all(b, a == b))");
    let event = full_event();
    let program = super::program(&text);
    let failure = timed("loops", || program.holds(&event, None)).unwrap_err();
    assert_eq!(failure.cause, Cause::Rounds);
    // What has no budget left decides nothing.
    let program = super::program(&format!("{text} || true"));
    assert_eq!(program.holds(&event, None).unwrap_err().cause, Cause::Rounds);
    for inside in ["filter(b, true)", "map(b, b + 1)"] {
        let program = super::program(&format!("size({list}.map(a, {list}.{inside})) > 0"));
        assert_eq!(timed(inside, || program.holds(&event, None)).unwrap_err().cause, Cause::Rounds);
    }
}

#[test]
fn long_texts_and_much_of_them_end_the_evaluation() {
    let long =
        event(serde_json::json!({ "format": "row", "after": { "text": "a".repeat(70_000) }, "changes": [] }));
    let program = super::program("after.text.contains('b')");
    assert_eq!(program.holds(&long, None).unwrap_err().cause, Cause::LongText);
    assert_eq!(super::program("size(after.text) == 70000 && after.text != 'b'").holds(&long, None), Ok(true));

    let changes: Vec<_> = (0..1000)
        .map(|n| serde_json::json!({ "path": format!("p{n}"), "op": "add", "after": "a".repeat(60_000) }))
        .collect();
    let wide = event(serde_json::json!({ "format": "yaml", "changes": changes }));
    let program =
        super::program("changes.exists(c, re(c.after, '(a*)*b') || re(c.after, '(?:a?){40}a{40}b'))");
    assert_eq!(timed("texts", || program.holds(&wide, None)).unwrap_err().cause, Cause::Work);
    // What rules look at is well within it.
    assert_eq!(super::program("changes.exists(c, c.sensitive)").holds(&wide, None), Ok(false));
}

#[test]
fn macros_that_double_themselves_are_refused() {
    let mut names = Names::new(&super::NO_INTERVALS);
    let mut add = |name: String, text: String| {
        let tree = Some(parse(&text).unwrap());
        names.macros.insert(name, Macro { text: Arc::from(text), tree, broken: false });
    };
    add("m0".to_owned(), "true".to_owned());
    for level in 1..40 {
        add(format!("m{level}"), format!("m{0} && m{0}", level - 1));
    }
    let found = timed("macros", || check_macros(&mut names));
    assert!(found.iter().any(|(_, complaint)| complaint.message.contains("at most 2000 parts")), "{found:?}");
    assert!(found.len() < 200);
}

#[test]
fn macros_that_need_themselves_are_refused() {
    let mut names = Names::new(&super::NO_INTERVALS);
    for (name, text) in [("a", "b && true"), ("b", "!a"), ("itself", "itself"), ("user", "a")] {
        let tree = Some(parse(text).unwrap());
        names.macros.insert(name.to_owned(), Macro { text: text.into(), tree, broken: false });
    }
    let found: Vec<String> = check_macros(&mut names)
        .iter()
        .map(|(name, complaint)| format!("{name}@{} {}", complaint.span.start, complaint.message))
        .collect();
    assert_eq!(
        found,
        [
            "b@1 the macro `a` needs itself: a → b → a",
            "a@0 the macro `b` needs itself: b → a → b",
            "itself@0 the macro `itself` needs itself: itself → itself",
        ]
    );
    assert!(names.macros.values().all(|known| known.broken));
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }

    fn of<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[self.roll(words.len())]
    }

    /// Fills a form: `C` stands for a condition, `V` for a value, `L` for a list.
    fn filled(&mut self, form: &str, depth: usize) -> String {
        let mut text = String::new();
        for letter in form.chars() {
            match letter {
                'C' => text.push_str(&self.condition(depth)),
                'V' => text.push_str(&self.value(depth)),
                'L' => text.push_str(&self.list(depth)),
                other => text.push(other),
            }
        }
        text
    }

    fn condition(&mut self, depth: usize) -> String {
        let plain =
            ["true", "false", "has_ticket", "approved", "c.sensitive", "V == V", "V != null", "has(V)"];
        let forms = [
            "!(C)",
            "(C) && (C)",
            "(C) || (C)",
            "V == V",
            "V != V",
            "V < V",
            "V >= V",
            "V in L",
            "L.exists(x, C)",
            "L.all(y, C)",
            "L.exists_one(x, x == V)",
            "re(V, 'a')",
            "V.contains(V)",
            "glob(V, 'p*')",
            "is_num(V)",
            "(C ? C : C)",
            "C",
        ];
        let form = if depth == 0 { self.of(&plain) } else { self.of(&forms) };
        self.filled(form, depth.saturating_sub(1))
    }

    fn value(&mut self, depth: usize) -> String {
        let plain = [
            "null",
            "1",
            "0.5",
            "-1",
            "'prod'",
            "'limit'",
            "action",
            "actor.name",
            "after.limit",
            "before.price",
            "after.big",
            "labels.region",
            "tx.seq",
            "resource.env",
            "c.path",
            "c.after",
            "c.before",
            "x",
            "get(after, 'doc.list')",
            "time",
        ];
        let forms = [
            "V",
            "num(V)",
            "(V + V)",
            "(V / V)",
            "(V * V)",
            "(C ? V : V)",
            "size(L)",
            "get(after, V)",
            "pct_change(V, V)",
            "bytes(V)",
            "dur(V)",
            "-(V)",
            "L[V]",
            "after[V]",
        ];
        let form = if depth == 0 { return self.of(&plain).to_owned() } else { self.of(&forms) };
        self.filled(form, depth - 1)
    }

    fn list(&mut self, depth: usize) -> String {
        let plain = ["changes", "flags", "labels", "lists.dba", "lists.ports", "after.tags", "after"];
        let forms = ["[V, V]", "L.filter(x, C)", "L.map(y, V)", "L + L", "L"];
        let form = if depth == 0 { return self.of(&plain).to_owned() } else { self.of(&forms) };
        self.filled(form, depth - 1)
    }
}

/// None may panic, explanations agree, and what the index leaves out is false.
#[test]
fn random_expressions_are_refused_or_run() {
    let events: Vec<Event> = vec![
        full_event(),
        event(serde_json::json!({})),
        serde_json::from_str(include_str!("../../../../../fuzz/events/document.json")).unwrap(),
    ];
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let names = names();
    let (mut ran, mut failed) = (0, 0);
    for round in 0..3000 {
        let text = dice.condition(round % 4);
        let Ok(program) = Program::compile(&text, &names, true) else { continue };
        ran += 1;
        for event in &events {
            let holds = program.holds(event, event.changes.first());
            failed += usize::from(holds.is_err());
            assert_eq!(program.explain(event, event.changes.first()).holds, holds, "{text}");
            let view = EventView::new(event, event.time);
            assert!(
                holds == Ok(false) || matches(&program.filter(), &view),
                "{text} is left out and {holds:?}"
            );
        }
    }
    assert!(ran > 500 && failed > 20, "{ran} expressions were right, {failed} evaluations failed");
}
