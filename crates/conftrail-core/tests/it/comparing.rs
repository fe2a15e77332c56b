//! Comparing of documents: what changed has its path, also where one thing became several.

use conftrail_core::diff;
use conftrail_core::document::{Document, Format};

use super::masker;

fn check(format: Format, before: &str, after: &str, expected: &[&str]) {
    let masker = masker();
    let sides = [before, after].map(|text| Document::new(format, text).mask(&masker));
    assert!(sides.iter().all(|side| !side.unparsed), "{before} {after}");
    for (from, to, op) in [(0, 1, ""), (1, 0, "back: ")] {
        let changes = diff::documents(sides.get(from), sides.get(to)).changes;
        let found: Vec<String> =
            changes.iter().map(|change| format!("{op}{} {}", change.op.as_str(), change.path)).collect();
        let expected: Vec<&str> =
            expected.iter().filter(|line| line.starts_with("back: ") != op.is_empty()).copied().collect();
        assert_eq!(found, expected, "{before} → {after}");
    }
}

#[test]
fn a_file_that_grows_to_several_documents_is_compared_document_by_document() {
    check(
        Format::Yaml,
        "a: 1\nb: 2\n",
        "a: 1\nb: 3\n---\nc: 4\n",
        &["replace [0].b", "add [1]", "back: replace [0].b", "back: remove [1]"],
    );
    check(Format::Yaml, "a: 1\n", "c: 4\n---\na: 1\n", &["add [0]", "back: remove [0]"]);
    check(Format::Yaml, "- a\n- b\n", "- a\n- b\n---\n- c\n", &["add [1]", "back: remove [1]"]);
    check(
        Format::Yaml,
        "",
        "a: 1\n---\nb: 2\n",
        &["add [0]", "add [1]", "back: remove [0]", "back: remove [1]"],
    );
    // A document that becomes a list is none of several.
    check(Format::Yaml, "a: 1\n", "- a: 1\n", &["replace ", "back: replace "]);
}

#[test]
fn an_element_that_gets_a_second_of_its_name_is_compared_in_order() {
    check(
        Format::Xml,
        "<a><server port=\"1\"><host>x</host></server><b>5</b></a>",
        "<a><server port=\"2\"><host>x</host></server><server port=\"3\"/><b>5</b></a>",
        &[
            "replace a.server[0].@port",
            "add a.server[1]",
            "back: replace a.server[0].@port",
            "back: remove a.server[1]",
        ],
    );
    check(
        Format::Xml,
        "<a><b>1</b><c><d>x</d></c></a>",
        "<a><c><d>w</d><d>x</d></c><b>1</b><b>2</b></a>",
        &["add a.c.d[0]", "add a.b[1]", "back: remove a.b[1]", "back: remove a.c.d[0]"],
    );
    check(Format::Xml, "<a><b/></a>", "<a><b/></a>", &[]);
}

#[test]
fn merged_maps_are_compared_where_programs_read_them() {
    let base = "base: &base\n  timeout: 1\n  retries: 2\n";
    check(
        Format::Yaml,
        &format!("{base}prod:\n  <<: *base\n  retries: 3\n"),
        &format!("{}prod:\n  <<: *base\n  retries: 3\n", base.replace('1', "5")),
        &[
            "replace base.timeout",
            "replace prod.timeout",
            "back: replace base.timeout",
            "back: replace prod.timeout",
        ],
    );
    // What the map overrides does not change with what it merges, and writing it out changes nothing.
    check(
        Format::Yaml,
        &format!("{base}prod:\n  retries: 3\n  <<: *base\n"),
        &format!("{}prod:\n  retries: 3\n  <<: *base\n", base.replace('2', "9")),
        &["replace base.retries", "back: replace base.retries"],
    );
    check(
        Format::Yaml,
        &format!("{base}prod:\n  <<: *base\n"),
        &format!("{base}prod:\n  timeout: 1\n  retries: 2\n"),
        &[],
    );
    // Of several maps the first wins; they merge others themselves.
    check(
        Format::Yaml,
        &format!("{base}mid: &mid {{<<: *base, retries: 7}}\nprod: {{<<: [*mid, *base, {{x: 1}}]}}\n"),
        &format!("{base}mid: &mid {{<<: *base, retries: 7}}\nprod: {{timeout: 1, retries: 7, x: 1}}\n"),
        &[],
    );
    // What no program merges stays as it is written.
    check(Format::Yaml, "'<<': {a: 1}\n", "'<<': {a: 2}\n", &["replace <<.a", "back: replace <<.a"]);
    check(Format::Yaml, "<<: [1]\n", "<<: [2]\n", &["replace <<[0]", "back: replace <<[0]"]);
}

#[test]
fn a_secret_that_is_merged_has_its_path_where_it_is_read() {
    let text = "base: &b {password: x8Kq2mPz91Lw}\nprod:\n  <<: [*b, {token: x8Kq2mPz91Lz}]\n  token: null\n";
    let masked = Document::new(Format::Yaml, text).mask(&masker());
    assert_eq!(masked.masked, ["base.password", "prod.password", "prod.token"]);
    let bomb = (1..40).fold("a0: &a0 {x: 1}\n".to_owned(), |text, level| {
        let below = level - 1;
        text + &format!("a{level}: &a{level} {{<<: [*a{below}, *a{below}]}}\n")
    });
    assert!(Document::new(Format::Yaml, &bomb).mask(&masker()).unparsed);
}
