//! Documents of every format: masking panics never, a second time changes nothing, reads back as it was, and a secret that
//! is planted beside its name is gone, whatever stands around it.
#![no_main]

#[path = "../src/planted.rs"]
mod planted;

use conftrail_core::document::Format;
use conftrail_fuzz::{MASKER, SECRET};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    planted::check_all(&MASKER, text, SECRET);
    let _guess = Format::of_content(text);
    let statement = MASKER.sql(text);
    assert_eq!(MASKER.sql(&statement), statement, "masking a statement again changed it");
});
