//! Documents of every format: masking panics never, a second time changes nothing, reads back as it was, and a secret that
//! is planted beside its name is gone, whatever stands around it.
#![no_main]

use conftrail_core::document::{Document, Format, MaskedDocument};
use conftrail_fuzz::{MASKER, SECRET};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for (format, line) in [
        (Format::Yaml, "zz_password: §"),
        (Format::Json, "\"zz_password\": \"§\","),
        (Format::Properties, "zz.password=§"),
        (Format::Toml, "zz_password = \"§\""),
        (Format::Xml, "<zz_password>§</zz_password>"),
        (Format::Xml, "<zz name=\"zz.password\" value=\"§\"/>"),
        (Format::Text, "zz_password = §"),
    ] {
        check(format, text);
        let planted = plant(text, &line.replace('§', SECRET));
        let masked = check(format, &planted);
        // Where the text around it holds the same letters there is no telling them apart.
        if !text.contains(SECRET) {
            assert!(
                !masked.text.contains(SECRET),
                "{}: {planted:?} became {:?}",
                format.as_str(),
                masked.text
            );
        }
    }
    let _guess = Format::of_content(text);
    let statement = MASKER.sql(text);
    assert_eq!(MASKER.sql(&statement), statement, "masking a statement again changed it");
});

fn check(format: Format, text: &str) -> MaskedDocument {
    let masked = Document::new(format, text).mask(&MASKER);
    let again = Document::new(format, &masked.text).mask(&MASKER);
    assert_eq!(again.text, masked.text, "{}: masking again changed it", format.as_str());
    if !masked.unparsed {
        assert_eq!(again, masked, "{}", format.as_str());
        assert_eq!(MaskedDocument::of_masked(format, masked.text.clone()), masked, "{}", format.as_str());
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
