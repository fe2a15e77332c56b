//! A document before and after masking.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::edits::Applied;
use super::format::Format;
use super::tree::{Tree, Unparsed};
use super::walk::Looked;
use super::{json, mask_paths, properties, toml, walk, xml, yaml};
use crate::mask::{Masker, holds_mask};
use crate::{Map, Value};

/// How often a document is looked at again: replacing one thing can show another (a secret in a folded block).
const MAX_PASSES: usize = 6;

/// A document as it was read, in clear.
#[derive(Clone, Copy)]
pub struct Document<'a> {
    format: Format,
    text: &'a str,
}

/// A document whose secrets are replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskedDocument {
    /// The text, with comments and layout as they were.
    pub text: String,
    /// The format.
    pub format: Format,
    /// What the masked text says; none for plain text and for documents that do not parse.
    pub tree: Option<Value>,
    /// How many documents the tree is of: the tree of a YAML text with several is the list of them.
    pub documents: usize,
    /// Paths of values and keys that hold masks; `comments` where comments do, `text` where there are no paths.
    pub masked: Vec<String>,
    /// Whether the text is not what its format says, or beyond the limits, so that lines are all that is known.
    pub unparsed: bool,
}

impl<'a> Document<'a> {
    /// Takes a text of a known format.
    pub fn new(format: Format, text: &'a str) -> Self {
        Self { format, text }
    }

    /// Takes a text and finds its format by its name, or by its content where the name says nothing.
    pub fn named(name: &str, text: &'a str) -> Self {
        Self::new(Format::detect(name, text), text)
    }

    /// Replaces what is secret: values beneath secret names, secrets in values, keys and comments. A document that
    /// does not parse is masked line by line. Masking twice changes nothing more.
    pub fn mask(&self, masker: &Masker) -> MaskedDocument {
        if let Some((text, tree, value)) = masked_in_place(masker, self.format, self.text) {
            return match self.beyond_places(masker, &text) {
                None => MaskedDocument::parsed(self.format, text, &tree, value),
                Some(text) => match masked_in_place(masker, self.format, &text) {
                    Some((text, tree, value)) => MaskedDocument::parsed(self.format, text, &tree, value),
                    None => MaskedDocument::lines(self.format, text),
                },
            };
        }
        let lines = match self.format {
            Format::Toml => toml_lines(masker, self.text),
            _ => masker.text(self.text).into_owned(),
        };
        // Without its secrets the text may parse, and places then show what lines did not.
        let text = match masked_in_place(masker, self.format, &lines) {
            Some((text, ..)) => text,
            None => lines,
        };
        MaskedDocument::lines(self.format, text)
    }

    /// Masks what only the order of elements tells: XML has many ways to write a name and its value side by side
    /// (`<key>Password</key><string>x</string>`), of which the places know few.
    fn beyond_places(&self, masker: &Masker, masked: &str) -> Option<String> {
        if self.format == Format::Xml { masker.paired_elements(masked) } else { None }
    }
}

/// Document content never prints: it may be in clear.
impl std::fmt::Debug for Document<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Document({}, {} bytes)", self.format.as_str(), self.text.len())
    }
}

impl MaskedDocument {
    /// Takes a text that was masked before, such as one from a checkpoint.
    pub fn of_masked(format: Format, text: String) -> Self {
        let Ok(tree) = parse(format, &text) else { return Self::lines(format, text) };
        match tree.value() {
            Ok(value) => Self::parsed(format, text, &tree, value),
            Err(_) => Self::lines(format, text),
        }
    }

    /// Returns what the masked text says, where it parses.
    pub fn tree(&self) -> Option<&Value> {
        self.tree.as_ref()
    }

    /// Returns the document as an event's `before` or `after` holds it. `fingerprint` and `bytes` are those of the
    /// clear content; the digest is over the masked text.
    pub fn side(&self, fingerprint: &str, bytes: u64) -> Value {
        let mut map = Map::default();
        map.insert("text", self.text.as_str());
        map.insert("digest", self.digest());
        map.insert("fingerprint", fingerprint);
        map.insert("bytes", bytes);
        Value::Map(map)
    }

    /// Returns `sha256:<64 hex>` of the masked text.
    pub fn digest(&self) -> String {
        let digest = Sha256::digest(self.text.as_bytes());
        digest.iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
    }

    fn parsed(format: Format, text: String, tree: &Tree, value: Value) -> Self {
        let mut masked = mask_paths::of(tree);
        let in_comments = |gap: std::ops::Range<usize>| text.get(gap).is_some_and(holds_mask);
        if holds_mask(&text) && walk::gaps(&text, tree).into_iter().any(in_comments) {
            masked.push("comments".to_owned());
        }
        Self { text, format, tree: Some(value), documents: tree.roots.len(), masked, unparsed: false }
    }

    fn lines(format: Format, text: String) -> Self {
        let masked = if holds_mask(&text) { vec!["text".to_owned()] } else { Vec::new() };
        Self { text, format, tree: None, documents: 0, masked, unparsed: format != Format::Text }
    }
}

fn parse(format: Format, text: &str) -> Result<Tree, Unparsed> {
    match format {
        Format::Yaml => yaml::parse(text),
        Format::Json => json::parse(text),
        Format::Properties => properties::parse(text),
        Format::Toml => toml::parse(text),
        Format::Xml => xml::parse(text),
        Format::Text => Err(Unparsed),
    }
}

/// Masks the lines of a TOML text that does not parse, until nothing is left to mask: without a secret, a line beneath a secret
/// header can read otherwise.
fn toml_lines(masker: &Masker, clear: &str) -> String {
    let mut lines = clear.to_owned();
    for _ in 0..MAX_PASSES {
        let masked = masker.text(&toml::mask_secret_tables(masker, &lines)).into_owned();
        if masked == lines {
            break;
        }
        lines = masked;
    }
    lines
}

/// Masks by place until nothing is left to mask; none where that is not possible.
fn masked_in_place(masker: &Masker, format: Format, clear: &str) -> Option<(String, Tree, Value)> {
    let mut text = Cow::Borrowed(clear);
    let mut tree = parse(format, clear).ok()?;
    let mut looked = Looked::default();
    // What the document said before a replacement whose place only the parser can judge.
    let mut trusted: Option<Value> = None;
    for _ in 0..MAX_PASSES {
        let found = walk::find(masker, format, &text, &tree, &mut looked);
        if found.edits.is_empty() {
            let value = tree.value().ok()?;
            // Whatever a parser's places may have got wrong, nothing but secrets may differ.
            let is_sound = trusted.is_none_or(|trusted| differs_in_masks_only(&trusted, &value));
            return is_sound.then(|| (text.into_owned(), tree, value));
        }
        let Applied { text: masked, keeps_tree } = found.edits.apply(&text, &mut tree);
        let repeated = repeats(masker, &masked, &found.secrets);
        if keeps_tree && repeated.is_none() {
            debug_assert!(reads_as(format, &masked, &tree), "a tree must be what its text reads as");
            text = Cow::Owned(masked);
            continue;
        }
        if trusted.is_none() {
            trusted = Some(tree.value().ok()?);
        }
        text = Cow::Owned(repeated.unwrap_or(masked));
        tree = parse(format, &text).ok()?;
        looked.forget_places();
    }
    None
}

/// Says whether a text reads as a tree that was brought along with its replacements.
fn reads_as(format: Format, text: &str, tree: &Tree) -> bool {
    match (parse(format, text).and_then(|read| read.value()), tree.value()) {
        (Ok(read), Ok(kept)) => read == kept,
        (_, Err(_)) => true,
        (Err(_), Ok(_)) => false,
    }
}

/// Masks secrets wherever else the text repeats them; none where it does not.
fn repeats(masker: &Masker, text: &str, secrets: &[String]) -> Option<String> {
    if secrets.is_empty() {
        return None;
    }
    let repeated = masker.repeats(text.to_owned(), secrets);
    (repeated != text).then_some(repeated)
}

fn differs_in_masks_only(clear: &Value, masked: &Value) -> bool {
    match (clear, masked) {
        (Value::Map(clear), Value::Map(masked)) => {
            let is_same_name = |a: &str, b: &str| a == b || holds_mask(b);
            clear.len() == masked.len()
                && clear.iter().zip(masked.iter()).all(|((clear_name, clear), (name, masked))| {
                    is_same_name(clear_name, name) && differs_in_masks_only(clear, masked)
                })
        }
        (Value::List(clear), Value::List(masked)) => {
            clear.len() == masked.len()
                && clear.iter().zip(masked.iter()).all(|(clear, masked)| differs_in_masks_only(clear, masked))
        }
        (_, Value::Text(masked)) if holds_mask(masked) => true,
        (clear, masked) => clear == masked,
    }
}
