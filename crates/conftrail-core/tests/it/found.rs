//! Documents by which the fuzzer once broke something, `fuzz/found/documents/`, checked as its target checks them.

use std::path::Path;

use conftrail_core::document::{Document, Format, MaskedDocument};

use super::masker;

const SECRET: &str = "x8Kq2mPz91Lw";

#[test]
fn what_the_fuzzer_found_stays_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/found/documents");
    let mut seen = 0;
    for file in std::fs::read_dir(&folder).expect("the folder is part of the repository") {
        let file = file.expect("its entries can be read").path();
        let text = std::fs::read_to_string(&file).expect("they are text");
        for (format, line) in [
            (Format::Yaml, "zz_password: §"),
            (Format::Json, "\"zz_password\": \"§\","),
            (Format::Properties, "zz.password=§"),
            (Format::Toml, "zz_password = \"§\""),
            (Format::Xml, "<zz_password>§</zz_password>"),
            (Format::Xml, "<zz name=\"zz.password\" value=\"§\"/>"),
            (Format::Text, "zz_password = §"),
        ] {
            check(format, &text);
            let masked = check(format, &plant(&text, &line.replace('§', SECRET)));
            assert!(!masked.text.contains(SECRET), "{}: {}", file.display(), masked.text);
        }
        seen += 1;
    }
    assert!(seen > 0);
}

fn check(format: Format, text: &str) -> MaskedDocument {
    let masked = Document::new(format, text).mask(&masker());
    let again = Document::new(format, &masked.text).mask(&masker());
    assert_eq!(again.text, masked.text, "{}: masking again changed it", format.as_str());
    if !masked.unparsed {
        assert_eq!(again, masked);
        assert_eq!(MaskedDocument::of_masked(format, masked.text.clone()), masked);
    }
    masked
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
