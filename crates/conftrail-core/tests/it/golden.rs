//! Documents with what masking and comparing must make of them, kept in files that are reviewed like code.
//!
//! `CONFTRAIL_WRITE_GOLDEN=1` writes the files anew.

use std::path::{Path, PathBuf};

use conftrail_core::diff;
use conftrail_core::document::{Document, MaskedDocument};
use serde_json::json;

use super::masker;

#[test]
fn golden_documents_are_masked_and_compared_as_their_files_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&root)
        .expect("the golden files of this crate are readable")
        .map(|entry| entry.expect("the golden files of this crate are readable").path())
        .collect();
    cases.retain(|case| case.join("after.yaml").exists() || side(case, "after").is_some());
    cases.sort();
    assert!(cases.len() >= 8);
    for case in cases {
        let (before, after) = (side(&case, "before"), side(&case, "after"));
        let changes = diff::documents(before.as_ref(), after.as_ref());
        let lines = match (&before, &after) {
            (Some(before), Some(after)) => diff::unified(&before.text, &after.text, 0),
            _ => String::new(),
        };
        let found = json!({
            "before": before.as_ref().map(shown),
            "after": after.as_ref().map(shown),
            "changes": changes.changes,
            "lines": lines.lines().collect::<Vec<_>>(),
        });
        let expected = case.join("expected.json");
        if std::env::var_os("CONFTRAIL_WRITE_GOLDEN").is_some() {
            std::fs::write(
                &expected,
                serde_json::to_string_pretty(&found).expect("the golden files of this crate are readable")
                    + "\n",
            )
            .expect("the golden files of this crate are readable");
        }
        let text = std::fs::read_to_string(&expected).expect("the golden files of this crate are readable");
        let expected: serde_json::Value =
            serde_json::from_str(&text).expect("the golden files of this crate are readable");
        assert_eq!(found, expected, "{}", case.display());
    }
}

/// Reads and masks one side of a case; the extension is the document's.
fn side(case: &Path, stem: &str) -> Option<MaskedDocument> {
    let entries = std::fs::read_dir(case)
        .expect("the golden files of this crate are readable")
        .map(|entry| entry.expect("the golden files of this crate are readable").path());
    let file = entries.into_iter().find(|path| path.file_stem().is_some_and(|name| name == stem))?;
    let text = std::fs::read_to_string(&file).expect("the golden files of this crate are readable");
    Some(
        Document::named(file.to_str().expect("the golden files of this crate are readable"), &text)
            .mask(&masker()),
    )
}

fn shown(document: &MaskedDocument) -> serde_json::Value {
    json!({
        "format": document.format.as_str(),
        "text": document.text.lines().collect::<Vec<_>>(),
        "tree": document.tree,
        "masked": document.masked,
        "unparsed": document.unparsed,
    })
}
