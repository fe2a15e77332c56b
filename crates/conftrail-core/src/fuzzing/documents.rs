//! Documents of every format: masking a second time changes nothing, what is masked reads back as it was, a secret that is planted
//! beside its name is gone, whatever stands around it, and what two versions differ by follows from the two.

use std::sync::LazyLock;

use crate::diff;
use crate::document::{Document, Format, MaskedDocument};
use crate::mask::{MaskKey, MaskRules, Masker};

/// Stands for a secret: nothing else contains it.
const SECRET: &str = "x8Kq2mPz91Lw";

/// Lines that hold a secret, `§`, beside its name.
const LINES: [(Format, &str); 7] = [
    (Format::Yaml, "zz_password: §"),
    (Format::Json, "\"zz_password\": \"§\","),
    (Format::Properties, "zz.password=§"),
    (Format::Toml, "zz_password = \"§\""),
    (Format::Xml, "<zz_password>§</zz_password>"),
    (Format::Xml, "<zz name=\"zz.password\" value=\"§\"/>"),
    (Format::Text, "zz_password = §"),
];

/// The built-in rules and a fixed key.
static MASKER: LazyLock<Masker> = LazyLock::new(|| {
    Masker::new(MaskKey::new([7; 32]), &MaskRules::default()).expect("the built-in rules are valid")
});

/// Checks a text as a document of every format, bare and with a secret planted, and as a statement.
///
/// # Panics
/// When something that must hold of every document does not.
pub fn documents(input: &[u8]) {
    let text = super::text(input);
    for (format, line) in LINES {
        let bare = masked(format, text);
        let planted = plant(text, &line.replace('§', SECRET));
        let masked = masked(format, &planted);
        // Where the text around it holds the same letters there is no telling them apart.
        if !text.contains(SECRET) {
            assert!(
                !masked.text.contains(SECRET),
                "{}: {planted:?} became {:?}",
                format.as_str(),
                masked.text
            );
            let changes = format!("{:?}", diff::documents(Some(&bare), Some(&masked)));
            assert!(!changes.contains(SECRET), "{}: {planted:?} changed by {changes}", format.as_str());
        }
        compare(&bare, &masked);
    }
    let _guess = Format::of_content(text);
    let statement = MASKER.sql(text);
    assert_eq!(MASKER.sql(&statement), statement, "masking a statement again changed it");
}

fn masked(format: Format, text: &str) -> MaskedDocument {
    let masked = Document::new(format, text).mask(&MASKER);
    let again = Document::new(format, &masked.text).mask(&MASKER);
    assert_eq!(again.text, masked.text, "{}: masking again changed it", format.as_str());
    if !masked.unparsed {
        assert_eq!(again, masked, "{}", format.as_str());
        assert_eq!(MaskedDocument::of_masked(format, masked.text.clone()), masked, "{}", format.as_str());
    }
    masked
}

/// Two versions differ in one direction when they do in the other, and a version does not differ from itself.
fn compare(one: &MaskedDocument, other: &MaskedDocument) {
    for document in [one, other] {
        let changes = diff::documents(Some(document), Some(document)).changes;
        assert!(changes.is_empty(), "{:?} differs from itself: {changes:?}", document.text);
    }
    let there = diff::documents(Some(one), Some(other)).changes;
    let back = diff::documents(Some(other), Some(one)).changes;
    assert_eq!(there.is_empty(), back.is_empty(), "{:?} and {:?}", one.text, other.text);
    for change in &there {
        assert_ne!(change.before, change.after, "{:?} and {:?}", one.text, other.text);
    }
}

/// Puts a line between two lines in the middle.
fn plant(text: &str, line: &str) -> String {
    let middle = text.len() / 2;
    let at = text
        .bytes()
        .skip(middle)
        .position(|byte| byte == b'\n')
        .map_or(text.len(), |after| middle + after + 1);
    let (before, after) = text.split_at(at);
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    format!("{before}{end}{line}\n{after}")
}
