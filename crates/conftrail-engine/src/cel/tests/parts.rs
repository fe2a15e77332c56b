//! Explanations, and what an index may go by.

use super::{full_event, program};
use crate::cel::Program;

fn told(text: &str) -> Vec<String> {
    let event = full_event();
    let explanation = program(text).explain(&event, None);
    let line = |part: &crate::cel::Part| {
        let within = part.within.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        let element = part.element.as_ref().map(|element| format!(" [{element}]")).unwrap_or_default();
        let value = part.value.clone().unwrap_or_else(|failure| format!("failed: {failure}"));
        format!("{}{within}{}{element} = {value}", "  ".repeat(part.depth), part.text)
    };
    explanation.parts.iter().map(line).collect()
}

#[test]
fn each_part_has_its_text_and_its_value() {
    assert_eq!(
        told("resource.env == 'prod' && (pct_change(before.limit, after.limit) <= -50.0 || !has_ticket)"),
        [
            "resource.env == 'prod' && (pct_change(before.limit, after.limit) <= -50.0 || !has_ticket) = true",
            "  resource.env == 'prod' = true",
            "    resource.env = \"prod\"",
            "  pct_change(before.limit, after.limit) <= -50.0 || !has_ticket = true",
            "    pct_change(before.limit, after.limit) <= -50.0 = true",
            "      pct_change(before.limit, after.limit) = -50.0",
            "        before.limit = 100",
            "        after.limit = 50",
            "    !has_ticket = false",
            "      has_ticket = true",
            "        has_ticket: reason.ticket = \"CHG-12\"",
        ]
    );
}

#[test]
fn a_loop_is_told_element_by_element_and_a_failure_where_it_happened() {
    assert_eq!(
        told("changes.filter(c, c.sensitive).exists(c, c.after > 5)"),
        [
            "changes.filter(c, c.sensitive).exists(c, c.after > 5) = failed: `c.after > 5`: `>` met a text and a number; \
             num(…) reads the number of a text",
            "  changes.filter(c, c.sensitive) = [password (replace)]",
            "    changes = 4 changes",
            "    c.sensitive [c = limit (replace)] = false",
            "    c.sensitive [c = spring.datasource.url (add)] = false",
            "    c.sensitive [c = gone (replace)] = false",
            "    c.sensitive [c = password (replace)] = true",
            "  c.after > 5 [c = password (replace)] = failed: `c.after > 5`: `>` met a text and a number; \
             num(…) reads the number of a text",
            "    c.after [c = password (replace)] = \"***\"",
        ]
    );
}

#[test]
fn values_of_an_explanation_are_cut() {
    let mut event = full_event();
    event.resource.name = "名".repeat(5000).into();
    let explanation = program("resource.name == 'x'").explain(&event, None);
    let longest = explanation
        .parts
        .iter()
        .filter_map(|part| part.value.as_ref().ok())
        .map(|value| value.chars().count())
        .max();
    assert_eq!(longest, Some(200));
}

#[test]
fn an_index_goes_by_what_every_match_needs() {
    let table = [
        ("source.kind == 'mysql' && resource.group == 'users' && changes.exists(c, c.sensitive)", "2"),
        ("'prod' == resource.env", "1"),
        ("resource.env == 'prod' || resource.env == 'test'", "1"),
        ("resource.env == 'prod' || has_ticket", "0"),
        ("resource.env in ['prod', 'test'] && actor.name in lists.dba", "2"),
        ("resource.env != 'prod'", "0"),
        ("!(resource.env == 'prod')", "0"),
        ("tx.seq == 3", "0"),
        ("action == 'update'", "1"),
        ("after.limit == 50", "0"),
        ("actor.client == null", "0"),
    ];
    for (text, expected) in table {
        assert_eq!(program(text).filter().equalities().len().to_string(), expected, "{text}");
    }
}

#[test]
fn conditions_of_equal_text_differ_by_what_they_name() {
    let names = super::names();
    let identity =
        |text: &str, names: &crate::cel::Names<'_>| Program::compile(text, names, false).unwrap().identity();
    let mut others = super::names();
    others.lists.insert("dba".to_owned(), std::sync::Arc::new(crate::cel::Listed::new(vec!["carol".into()])));
    let text = "actor.name in lists.dba";
    assert_ne!(identity(text, &names), identity(text, &others));
    assert_eq!(identity("has_ticket", &names), identity("has_ticket", &others));
}
