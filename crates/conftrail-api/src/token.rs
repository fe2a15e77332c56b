//! Token secrets: drawn, shown once, kept as a hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// How every secret starts, so that scanners and people know one when they see it.
const PREFIX: &str = "ct_";

/// Says that the system has no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("draw random bytes from the system: {0}")]
pub struct NoRandomness(getrandom::Error);

/// Draws a secret: `ct_` and 32 random bytes in base64url. The caller shows it once and stores its
/// [`token_hash`] only.
///
/// # Errors
/// [`NoRandomness`].
pub fn new_token_secret() -> Result<String, NoRandomness> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// Returns what a token store keeps of a secret: SHA-256 in hex. A secret of 256 random bits needs no slow hash.
pub fn token_hash(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_differ_and_fit_a_header() {
        let (one, other) = (new_token_secret().unwrap(), new_token_secret().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 3 + 43);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }

    #[test]
    fn the_hash_is_sha_256_in_hex() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(token_hash("abc"), known);
    }
}
