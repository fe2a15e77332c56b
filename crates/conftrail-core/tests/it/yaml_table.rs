//! YAML as people write it: a table of documents before and after, what must be told of the change, and what is masked.
//!
//! `tests/yaml/*.txt` hold the cases, which say how they are read in `tests/yaml/README.md`.

use std::path::Path;

use conftrail_core::diff;
use conftrail_core::document::{Document, Format, MaskedDocument};
use conftrail_core::mask::Masker;

use super::masker;

/// What stands between the number of a secret and nothing else in the cases.
const MARK: &str = "Kq2mPz91Lw";

struct Case<'a> {
    name: &'a str,
    before: String,
    after: String,
    expected: Vec<&'a str>,
}

#[test]
fn yaml_is_masked_and_compared_as_the_table_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/yaml");
    let mut wrong = Vec::new();
    let mut seen = 0;
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder is part of the repository")
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("cases are text");
        for case in cases(&text) {
            seen += 1;
            let found = told(&case);
            if found != case.expected {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                wrong.push(format!("{name}: {}\n{}\n", case.name, found.join("\n")));
            }
        }
    }
    assert!(seen >= 50, "{seen} cases");
    assert!(wrong.is_empty(), "{} of {seen} cases tell something else:\n{}", wrong.len(), wrong.join("\n"));
}

/// Reads the cases of a file.
fn cases(text: &str) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for block in text.split("@@ case ").skip(1) {
        let (name, rest) = block.split_once('\n').expect("a case has a name");
        let (before, rest) = rest.split_once("@@ becomes\n").expect("a case has two sides");
        let (after, expected) = rest.split_once("@@ told\n").expect("a case says what is told");
        let expected = expected.lines().filter(|line| !line.is_empty()).collect();
        cases.push(Case { name, before: planted(before), after: planted(after), expected });
    }
    cases
}

/// Writes secrets for `§1` to `§9`, and the signs for what editors do not show.
fn planted(text: &str) -> String {
    let text = text.replace("<CR>", "\r").replace("<TAB>", "\t").replace("<BOM>", "\u{feff}");
    (1..=9).fold(text, |text, number| text.replace(&format!("§{number}"), &secret(number)))
}

fn secret(number: usize) -> String {
    format!("x{number}{MARK}")
}

/// Returns what masking and comparing say of a case, line by line.
fn told(case: &Case<'_>) -> Vec<String> {
    let masker = masker();
    let [before, after] = [&case.before, &case.after].map(|text| masked(&masker, text, case.name));
    let changes = diff::documents(Some(&before), Some(&after)).changes;
    let mut told: Vec<String> = Vec::new();
    for change in &changes {
        let sides = [&change.before, &change.after].into_iter().flatten();
        let sides: Vec<String> = sides.map(|side| serde_json::to_string(side).expect("it prints")).collect();
        told.push(format!("{} {}: {}", change.op.as_str(), change.path, sides.join(" → ")));
    }
    for (side, document) in [("before", &before), ("after", &after)] {
        told.extend(document.masked.iter().map(|path| format!("masked {side} {path}")));
        if document.unparsed {
            told.push(format!("unparsed {side}"));
        }
    }
    told.into_iter().map(|line| readable(&masker, line)).collect()
}

/// Masks a document and checks what holds for each.
fn masked(masker: &Masker, clear: &str, name: &str) -> MaskedDocument {
    let masked = Document::new(Format::Yaml, clear).mask(masker);
    assert!(!masked.text.contains(MARK), "left in clear: {name}\n{}", masked.text);
    let tree = serde_json::to_string(&masked.tree).expect("a tree can be written");
    assert!(!tree.contains(MARK), "left in clear in the tree: {name}\n{tree}");
    let again = Document::new(Format::Yaml, &masked.text).mask(masker);
    assert_eq!(again, masked, "masking again changed: {name}");
    assert_eq!(MaskedDocument::of_masked(Format::Yaml, masked.text.clone()), masked, "{name}");
    masked
}

/// Writes the masks of single secrets as the secrets are written in the cases, and others as `***`.
fn readable(masker: &Masker, line: String) -> String {
    let known = |line: String, number| {
        let mask = masker.hash(&secret(number));
        line.replace(&format!("\"{mask}\""), &format!("§{number}")).replace(&mask, &format!("§{number}"))
    };
    let mut line = (1..=9).fold(line, known);
    while let Some(at) = line.find("hmac-sha256:") {
        let length = masker.hash("x").len();
        line.replace_range(at..at + length, "***");
    }
    line
}

#[test]
fn a_block_keeps_its_header_and_lines_whatever_stands_before_or_in_it() {
    let masker = masker();
    let mask = |number| masker.hash(&secret(number));
    for (clear, expected) in [
        ("token: !!str |\n  §1\nb: 1\n", format!("token: !!str |\n  {}\nb: 1\n", mask(1))),
        ("token: &a >-\n  §1\nb: *a\n", format!("token: &a >-\n  {}\nb: *a\n", mask(1))),
        (
            "c: !x &a |2 # d\n  token=§1\n   y: 1\n",
            format!("c: !x &a |2 # d\n  token={}\n   y: 1\n", mask(1)),
        ),
        ("token: |\n  !§1\nb: 1\n", format!("token: |\n  {}\nb: 1\n", masker.hash(&planted("!§1")))),
        ("token: |\n  & §1\nb: 1\n", format!("token: |\n  {}\nb: 1\n", masker.hash(&planted("& §1")))),
    ] {
        assert_eq!(masked(&masker, &planted(clear), clear).text, expected);
    }
}
