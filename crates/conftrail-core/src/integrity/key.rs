//! Keys of signed notes: Ed25519, in the text forms of C2SP signed-note and Go's `sumdb/note`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use crate::Secret;

/// The signature type of plain Ed25519.
const TYPE: u8 = 1;
const PRIVATE: &str = "PRIVATE+KEY+";

/// Says why a text is no key; the text itself is left out.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidKey {
    /// Not `name+id+base64`, or `PRIVATE+KEY+name+id+base64`.
    #[error("not of the form name+id+base64")]
    Form,
    /// Not Ed25519.
    #[error("of another type than Ed25519")]
    Type,
    /// The id is not the one of name and key.
    #[error("the id does not belong to name and key")]
    Id,
    /// The name is empty or has a space or a plus sign.
    #[error("the name is empty, or has a space or a plus sign")]
    Name,
}

/// Checks signatures of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    name: String,
    id: u32,
    key: [u8; 32],
}

impl VerifyingKey {
    fn new(name: &str, key: [u8; 32]) -> Result<Self, InvalidKey> {
        if name.is_empty() || name.contains(|character: char| character.is_whitespace() || character == '+') {
            return Err(InvalidKey::Name);
        }
        let hash = Sha256::new().chain_update(name).chain_update([b'\n', TYPE]).chain_update(key).finalize();
        let id = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
        Ok(Self { name: name.to_owned(), id, key })
    }

    /// Reads the form of [`std::fmt::Display`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let (name, id, key) = parts(text)?;
        let read = Self::new(name, key)?;
        if read.id == id { Ok(read) } else { Err(InvalidKey::Id) }
    }

    /// Returns the name under which the key signs.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number that signatures name the key by; it identifies, it does not authenticate.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Returns the id as it is printed: eight digits of hex.
    pub fn id_text(&self) -> String {
        format!("{:08x}", self.id)
    }

    /// Says whether a signature over `message` is this key's.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.key).verify(message, signature).is_ok()
    }
}

/// Prints the key as `name+id+base64`, the form that other tools for signed notes read.
impl std::fmt::Display for VerifyingKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}+{:08x}+{}", self.name, self.id, typed(&self.key))
    }
}

/// Signs notes.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    seed: Secret<[u8; 32]>,
    public: VerifyingKey,
}

impl SigningKey {
    /// Makes a key of 32 random bytes.
    ///
    /// # Errors
    /// The name cannot be one.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, InvalidKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| InvalidKey::Form)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| InvalidKey::Form)?;
        Ok(Self { public: VerifyingKey::new(name, public)?, pair, seed: Secret::new(seed) })
    }

    /// Reads the form of [`Self::to_text`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let (name, id, seed) = parts(text.strip_prefix(PRIVATE).ok_or(InvalidKey::Form)?)?;
        let read = Self::from_seed(name, seed)?;
        if read.public.id == id { Ok(read) } else { Err(InvalidKey::Id) }
    }

    /// Returns the key as text, for a file that only its owner can read.
    pub fn to_text(&self) -> String {
        format!("{PRIVATE}{}+{:08x}+{}", self.public.name, self.public.id, typed(self.seed.expose()))
    }

    /// Returns the half that checks.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    /// Returns the signature over a message.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("SigningKey").field(&self.public).finish()
    }
}

fn typed(key: &[u8; 32]) -> String {
    let mut bytes = vec![TYPE];
    bytes.extend_from_slice(key);
    STANDARD.encode(bytes)
}

/// Takes `name+id+base64` apart; base64 may hold plus signs itself.
fn parts(text: &str) -> Result<(&str, u32, [u8; 32]), InvalidKey> {
    let mut fields = text.trim_end().splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (fields.next(), fields.next(), fields.next()) else {
        return Err(InvalidKey::Form);
    };
    let id = Some(id).filter(|id| id.len() == 8).and_then(|id| u32::from_str_radix(id, 16).ok());
    let bytes = STANDARD.decode(key).map_err(|_| InvalidKey::Form)?;
    let (&kind, key) = bytes.split_first().ok_or(InvalidKey::Form)?;
    if kind != TYPE {
        return Err(InvalidKey::Type);
    }
    Ok((name, id.ok_or(InvalidKey::Form)?, key.try_into().map_err(|_| InvalidKey::Form)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the documentation of golang.org/x/mod/sumdb/note.
    const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

    #[test]
    fn known_keys_are_read_and_printed() {
        let secret = SigningKey::parse(SECRET).unwrap();
        assert_eq!(secret.to_text(), SECRET);
        assert_eq!(secret.verifying_key().to_string(), PUBLIC);
        assert_eq!(VerifyingKey::parse(PUBLIC).as_ref(), Ok(secret.verifying_key()));
        assert_eq!(VerifyingKey::parse(PUBLIC).unwrap().id_text(), "c74f20a3");
        assert!(!format!("{secret:?}").contains("AYEKFALVFGyN"));
    }

    #[test]
    fn what_is_no_key_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", InvalidKey::Form),
            ("PeterNeumann+c74f20a3", InvalidKey::Form),
            ("PeterNeumann+c74f20a3+", InvalidKey::Form),
            ("PeterNeumann+c74f20a3+ARpc", InvalidKey::Form),
            ("PeterNeumann+c74f20a+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", InvalidKey::Form),
            ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", InvalidKey::Id),
            ("PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", InvalidKey::Id),
            ("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", InvalidKey::Name),
            ("PeterNeumann+c74f20a3+AhpcvQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", InvalidKey::Type),
        ] {
            assert_eq!(VerifyingKey::parse(text).err(), Some(reason), "{text}");
        }
        assert!(SigningKey::parse(PUBLIC).is_err());
        assert!(SigningKey::from_seed("a b", [0; 32]).is_err());
    }
}
