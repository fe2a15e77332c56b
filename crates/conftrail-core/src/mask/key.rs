//! The installation's mask key and the two keyed hashes made with it.

use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::lines::unindented;
use super::token::PREFIX;

/// Keeps the three uses of one key apart: a hash made for one can never stand for another.
const ID_DOMAIN: &[u8] = b"conftrail mask key id v1\0";
const VALUE_DOMAIN: &[u8] = b"conftrail mask value v1\0";
const FINGERPRINT_DOMAIN: &[u8] = b"conftrail fingerprint v1\0";

/// Holds the 32 bytes that every mask and fingerprint of an installation is made with; never printed.
#[derive(Clone)]
pub struct MaskKey {
    bytes: [u8; 32],
    id: String,
    value: Hmac<Sha256>,
    fingerprint: Hmac<Sha256>,
}

/// A text that is no mask key; the text is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mask key is 32 bytes, written as 64 hexadecimal digits or as base64")]
pub struct InvalidMaskKey;

impl MaskKey {
    /// Makes a key of 32 random bytes that the caller drew.
    pub fn new(bytes: [u8; 32]) -> Self {
        let digest = Sha256::new().chain_update(ID_DOMAIN).chain_update(bytes).finalize();
        Self {
            bytes,
            id: hex(digest.get(..4).unwrap_or_default()),
            value: keyed(&bytes, VALUE_DOMAIN),
            fingerprint: keyed(&bytes, FINGERPRINT_DOMAIN),
        }
    }

    /// Reads a key file's content: 64 hexadecimal digits or base64, white space around it ignored.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse(text: &str) -> Result<Self, InvalidMaskKey> {
        let text = text.trim();
        let bytes = match unhex(text) {
            Some(bytes) => bytes,
            None => base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| InvalidMaskKey)?,
        };
        bytes.try_into().map(Self::new).map_err(|_| InvalidMaskKey)
    }

    /// Writes the key as a key file holds it, 64 hexadecimal digits. The caller takes over its care.
    pub fn expose(&self) -> String {
        hex(&self.bytes)
    }

    /// Returns the key's public name, 8 hexadecimal digits of a hash over it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns `hmac-sha256:<key id>:<12 hex>`. Line breaks at the end do not count, so that a value from a file
    /// or a block scalar equals the same value typed; nor does the indentation of a private key.
    pub(crate) fn mask(&self, clear: &str) -> String {
        let unindented = unindented(clear);
        let clear = unindented.trim_end_matches(['\n', '\r']);
        let digest = self.value.clone().chain_update(clear.as_bytes()).finalize().into_bytes();
        let mut mask = String::with_capacity(PREFIX.len() + 21);
        mask.push_str(PREFIX);
        mask.push_str(&self.id);
        mask.push(':');
        mask.push_str(&hex(digest.get(..6).unwrap_or_default()));
        mask
    }

    /// Starts a fingerprint over bytes that come in pieces.
    pub(crate) fn fingerprinter(&self) -> Fingerprinter {
        Fingerprinter { id: self.id.clone(), mac: self.fingerprint.clone() }
    }
}

/// Makes the keyed fingerprint of content that is read in pieces.
pub struct Fingerprinter {
    id: String,
    mac: Hmac<Sha256>,
}

impl Fingerprinter {
    /// Adds the next piece of the clear content.
    pub fn update(&mut self, clear: &[u8]) {
        self.mac.update(clear);
    }

    /// Returns `hmac:<key id>:<32 hex>`.
    pub fn finish(self) -> String {
        let digest = self.mac.finalize().into_bytes();
        format!("hmac:{}:{}", self.id, hex(digest.get(..16).unwrap_or_default()))
    }
}

impl std::fmt::Debug for MaskKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "MaskKey({})", self.id)
    }
}

fn keyed(key: &[u8; 32], domain: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length").chain_update(domain)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    (0..32).map(|at| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_hex_or_base64_and_nothing_else() {
        let key = MaskKey::new([7; 32]);
        assert_eq!(MaskKey::parse(&format!("{}\n", key.expose())).unwrap().id(), key.id());
        let base64 = base64::engine::general_purpose::STANDARD.encode([7; 32]);
        assert_eq!(MaskKey::parse(&base64).unwrap().id(), key.id());
        for wrong in ["", "abc", &"0".repeat(63), &"é".repeat(32)] {
            assert!(MaskKey::parse(wrong).is_err());
        }
    }

    #[test]
    fn masks_and_fingerprints_name_their_key_and_differ_by_use() {
        let key = MaskKey::new([7; 32]);
        let mask = key.mask("hunter2");
        assert!(super::super::is_mask(&mask), "{mask}");
        assert_eq!(mask, key.mask("hunter2\n"));
        assert_ne!(mask, key.mask("hunter3"));
        assert_ne!(mask, MaskKey::new([8; 32]).mask("hunter2"));
        let mut pieces = key.fingerprinter();
        pieces.update(b"hunt");
        pieces.update(b"er2");
        let fingerprint = pieces.finish();
        assert!(fingerprint.starts_with(&format!("hmac:{}:", key.id())), "{fingerprint}");
        assert!(!fingerprint.contains(mask.rsplit(':').next().unwrap()));
        assert_eq!(format!("{key:?}"), format!("MaskKey({})", key.id()));
    }
}
