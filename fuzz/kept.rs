//! Runs what the fuzzer learned through the function that its target calls. Part of the unit tests of each crate that has one.
//!
//! `fuzz/kept/TARGET.txt` holds an input per line: printable ASCII as it is, a backslash as `\\`, the ends of lines and tabs as `\n`,
//! `\r` and `\t`, another byte as `\xNN`, and several of them as `\x{NNNN…}`. `fuzz/kept.py` writes it. `fuzz/found/TARGET/` holds, as
//! files, inputs that once broke the target.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz");

/// Runs every input of a target.
///
/// # Panics
/// When one of them breaks the target, naming it, or when there are fewer than `least`.
pub(crate) fn replay(target: &str, least: usize, entry: impl Fn(&[u8])) {
    let inputs = inputs(target);
    assert!(inputs.len() >= least, "{target}: {} inputs, expected {least} at least", inputs.len());
    let breaks = |input: &[u8]| catch_unwind(AssertUnwindSafe(|| entry(input))).is_err();
    let broken: Vec<&str> =
        inputs.iter().filter(|(_, input)| breaks(input)).map(|(name, _)| name.as_str()).collect();
    assert!(broken.is_empty(), "the target {target} breaks at {}", broken.join(", "));
}

/// The inputs of a target, each with the place where it stands.
fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let kept = Path::new(FOLDER).join(format!("kept/{target}.txt"));
    let text = std::fs::read_to_string(&kept).expect("each target has a file of kept inputs");
    let mut inputs: Vec<_> = text
        .lines()
        .enumerate()
        .map(|(place, line)| (format!("fuzz/kept/{target}.txt:{}", place + 1), unescaped(line)))
        .collect();
    // Most targets have no such folder.
    for file in std::fs::read_dir(Path::new(FOLDER).join("found").join(target)).into_iter().flatten() {
        let file = file.expect("its entries can be read").path();
        inputs.push((file.display().to_string(), std::fs::read(&file).expect("they are files")));
    }
    inputs
}

fn unescaped(line: &str) -> Vec<u8> {
    let mut input = Vec::with_capacity(line.len());
    let mut rest = line.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            input.push(byte);
            continue;
        }
        match rest.next().expect("something stands behind a backslash") {
            b'n' => input.push(b'\n'),
            b'r' => input.push(b'\r'),
            b't' => input.push(b'\t'),
            b'\\' => input.push(b'\\'),
            b'x' if rest.next_if_eq(&b'{').is_some() => {
                while rest.next_if_eq(&b'}').is_none() {
                    input.push(hexadecimal(&mut rest));
                }
            }
            b'x' => input.push(hexadecimal(&mut rest)),
            other => panic!("unknown escape: {}", other.escape_ascii()),
        }
    }
    input
}

fn hexadecimal(rest: &mut impl Iterator<Item = u8>) -> u8 {
    let mut digit = || {
        let digit = char::from(rest.next()?).to_digit(16)?;
        u8::try_from(digit).ok()
    };
    digit().zip(digit()).map(|(high, low)| high << 4 | low).expect("two hexadecimal digits")
}

#[test]
fn a_line_of_kept_inputs_is_read_as_it_was_written() {
    assert_eq!(unescaped(r"a\\b\n\r\t\x00c\x{ff00}'{}"), b"a\\b\n\r\t\0c\xff\0'{}");
    assert_eq!(unescaped(""), b"");
}
