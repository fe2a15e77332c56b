//! What holds of every document, and a secret planted into one. Part of the fuzz target `documents`, and of the test of
//! conftrail-core that replays what it found.

use conftrail_core::document::{Document, Format, MaskedDocument};
use conftrail_core::mask::Masker;

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

/// Checks a text as a document of every format, bare and with `secret` planted.
pub(crate) fn check_all(masker: &Masker, text: &str, secret: &str) {
    for (format, line) in LINES {
        check(masker, format, text);
        let planted = plant(text, &line.replace('§', secret));
        let masked = check(masker, format, &planted);
        // Where the text around it holds the same letters there is no telling them apart.
        let is_gone = text.contains(secret) || !masked.text.contains(secret);
        assert!(is_gone, "{}: {planted:?} became {:?}", format.as_str(), masked.text);
    }
}

fn check(masker: &Masker, format: Format, text: &str) -> MaskedDocument {
    let masked = Document::new(format, text).mask(masker);
    let again = Document::new(format, &masked.text).mask(masker);
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
