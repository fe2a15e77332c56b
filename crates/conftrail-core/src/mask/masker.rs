//! The masker: one key and one set of rules, applied to names, texts and values.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::key::{Fingerprinter, MaskKey};
use super::memo::KeyMemo;
use super::names::{self, Names};
use super::random::looks_random;
use super::rules::{MaskRules, RuleProblem};
use super::token::{is_mask, masks};
use super::trigger::{Hits, Trigger, look};
use super::{credentials, detect, pairs, xml};

/// How often a text is looked at again after a replacement. Each pass leaves less; the second finds nothing in
/// all but contrived texts.
const MAX_PASSES: usize = 8;

/// The longest secret in bytes that is looked for in the rest of its text.
const LONGEST_REPEATED: usize = 256;

/// Replaces what is secret by keyed hashes. Cheap to share behind an `Arc`.
#[derive(Clone, Debug)]
pub struct Masker {
    key: MaskKey,
    names: Names,
    trigger: Trigger,
    pub(super) memo: Arc<Mutex<KeyMemo>>,
}

impl Masker {
    /// Compiles the rules.
    ///
    /// # Errors
    /// Returns every problem of the rules, as [`MaskRules::validate`] does.
    pub fn new(key: MaskKey, rules: &MaskRules) -> Result<Self, Vec<RuleProblem>> {
        let problems = rules.validate();
        if !problems.is_empty() {
            return Err(problems);
        }
        let (names, trigger) = (Names::new(rules), Trigger::new(&names::words(rules)));
        Ok(Self { key, names, trigger, memo: Arc::default() })
    }

    /// Returns the same masker with a memory of its own: threads that share one get in each other's way.
    pub fn for_another_thread(&self) -> Self {
        Self { memo: Arc::default(), ..self.clone() }
    }

    /// Returns the public name of the key that masks are made with, 8 hexadecimal digits.
    pub fn key_id(&self) -> &str {
        self.key.id()
    }

    /// Returns the mask of a value, `hmac-sha256:<key id>:<12 hex>`; a mask, of whatever key, stays itself.
    pub fn hash(&self, clear: &str) -> String {
        if is_mask(clear) { clear.to_owned() } else { self.key.mask(clear) }
    }

    /// Returns the keyed fingerprint of clear bytes, `hmac:<key id>:<32 hex>`: equal for equal bytes, and no help
    /// to whoever guesses at them.
    pub fn fingerprint(&self, clear: &[u8]) -> String {
        let mut fingerprinter = self.fingerprinter();
        fingerprinter.update(clear);
        fingerprinter.finish()
    }

    /// Starts the fingerprint of content that is read in pieces.
    pub fn fingerprinter(&self) -> Fingerprinter {
        self.key.fingerprinter()
    }

    /// Says whether a key or column of this name holds a secret in any place.
    pub fn is_secret_name(&self, name: &str) -> bool {
        self.names.is_secret(name)
    }

    /// Says whether a table's column holds a secret, by its name or by the column rules.
    pub fn is_secret_column(&self, schema: &str, table: &str, column: &str) -> bool {
        self.names.is_secret_column(schema, table, column)
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    /// Returns a text with its secrets replaced: values of secret names in any notation, tokens, keys,
    /// credentials. A text without any is borrowed and costs one pass. Masking twice changes nothing more.
    pub fn text<'a>(&self, clear: &'a str) -> Cow<'a, str> {
        self.open_text(clear).map_or(Cow::Borrowed(clear), Cow::Owned)
    }

    /// Returns a text with the secrets in it replaced; none when there are none.
    pub(crate) fn open_text(&self, clear: &str) -> Option<String> {
        let mut masked = self.pass(clear, &self.trigger.scan(clear)?)?;
        for _ in 1..MAX_PASSES {
            let Some(hits) = self.trigger.scan(&masked) else { break };
            match self.pass(&masked, &hits) {
                Some(next) => masked = next,
                None => break,
            }
        }
        Some(masked)
    }

    /// Says whether [`Masker::text`] would look closer at a text.
    pub(super) fn may_hold_secret(&self, text: &str) -> bool {
        self.trigger.is_pulled(text)
    }

    /// Says whether texts of numbers and times alone are never secret.
    pub(super) fn passes_numbers_by(&self) -> bool {
        self.trigger.skips_numbers()
    }

    /// Masks once; none when nothing is secret.
    fn pass(&self, clear: &str, hits: &Hits) -> Option<String> {
        let mut found = Vec::new();
        detect::find(clear, hits, &mut found);
        if hits.has(look::URL) {
            credentials::find(clear, &mut found);
        }
        if hits.has(look::NAME) {
            pairs::find(clear, &hits.names, &self.names, &mut found);
            pairs::kubernetes(clear, &mut found);
        }
        let secrets = merge(found, &masks(clear));
        if secrets.is_empty() {
            return None;
        }
        let mut masked = String::with_capacity(clear.len() + secrets.len() * 16);
        let mut at = 0;
        let mut repeated = Vec::new();
        for secret in secrets {
            let word = clear.get(secret.clone())?;
            masked.push_str(clear.get(at..secret.start)?);
            masked.push_str(&self.hash(word));
            if self.is_unmistakable(word) {
                repeated.push(word.to_owned());
            }
            at = secret.end;
        }
        masked.push_str(clear.get(at..)?);
        Some(self.repeats(masked, &repeated))
    }

    /// Returns an XML text with the values masked that stand beside their secret names; none when there are none.
    pub(crate) fn paired_elements(&self, clear: &str) -> Option<String> {
        let found = merge(xml::paired_elements(clear, &self.names), &masks(clear));
        if found.is_empty() {
            return None;
        }
        let mut masked = clear.to_owned();
        for value in found.into_iter().rev() {
            let mask = self.hash(clear.get(value.clone())?);
            masked.replace_range(value, &mask);
        }
        Some(masked)
    }

    /// Says whether a secret is one to look for in the rest of its text: a word that nobody writes by accident.
    pub(crate) fn is_unmistakable(&self, secret: &str) -> bool {
        let is_word = secret.len() <= LONGEST_REPEATED && !secret.contains(char::is_whitespace);
        is_word && looks_random(secret) && !is_mask(secret) && !self.key.id().contains(secret)
    }

    /// Masks secrets that are known by now wherever else they stand.
    pub(crate) fn repeats(&self, masked: String, secrets: &[String]) -> String {
        if secrets.is_empty() {
            return masked;
        }
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .build(secrets);
        let Ok(finder) = finder else { return masked };
        let masks: Vec<String> = secrets.iter().map(|secret| self.hash(secret)).collect();
        finder.replace_all(&masked, &masks)
    }

    /// Returns the mask of a text that is secret by its place; none for what stays.
    pub(crate) fn secret_text(&self, clear: &str) -> Option<String> {
        (!clear.trim().is_empty() && !is_mask(clear.trim())).then(|| self.key.mask(clear))
    }

    /// Returns the replacement of a key that is itself a secret: by its shape, or, beneath a secret name, because
    /// it looks random (`tokens: {3f2a…: alice}`).
    pub(crate) fn secret_key(&self, name: &str, beneath_secret: bool) -> Option<String> {
        if beneath_secret && looks_random(name) && !is_mask(name) {
            return Some(self.key.mask(name));
        }
        self.open_text(name)
    }
}

/// Sorts places, joins those that overlap, and leaves out what lies within or across an existing mask.
fn merge(mut found: Vec<Range<usize>>, kept: &[Range<usize>]) -> Vec<Range<usize>> {
    found.retain(|range| !range.is_empty());
    found.sort_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for range in found {
        match joined.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined.retain(|range| {
        let first = kept.partition_point(|mask| mask.end <= range.start);
        let across = kept.get(first..).unwrap_or_default().iter().take_while(|mask| mask.start < range.end);
        across
            .into_iter()
            .all(|mask| range.start <= mask.start && mask.end <= range.end && range.len() > mask.len())
    });
    joined
}
