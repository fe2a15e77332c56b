//! Documents by which the fuzzer once broke something, `fuzz/found/documents/`, checked as its target checks them.

#[path = "../../../../fuzz/src/planted.rs"]
mod planted;

use std::path::Path;

use super::masker;

const SECRET: &str = "x8Kq2mPz91Lw";

#[test]
fn what_the_fuzzer_found_stays_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/found/documents");
    let mut seen = 0;
    for file in std::fs::read_dir(&folder).expect("the folder is part of the repository") {
        let file = file.expect("its entries can be read").path();
        let text = std::fs::read_to_string(&file).expect("they are text");
        planted::check_all(&masker(), &text, SECRET);
        seen += 1;
    }
    assert!(seen > 0);
}
