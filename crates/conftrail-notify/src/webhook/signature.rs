//! Signatures as the Standard Webhooks specification has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How a secret begins; what follows is base64.
const PREFIX: &str = "whsec_";
/// How long a key is, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
/// Secrets that sign one message: more than the old and the new one is a mistake.
const MOST: usize = 8;

/// The keys of a secret file.
pub(crate) struct Keys(Vec<Vec<u8>>);

/// Why a secret file cannot be used. Nothing of it is repeated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidKeys {
    /// There is none.
    #[error("it holds no secret: one a line, as `whsec_` and base64")]
    Empty,
    /// One is no base64 or has a wrong length.
    #[error("line {0} is no secret: `whsec_` and the base64 of 24 to 64 bytes")]
    Wrong(usize),
    /// There are more than anybody changes at a time.
    #[error("it holds more than {MOST} secrets")]
    TooMany,
}

impl Keys {
    /// Reads secrets, one a line; empty lines and lines that begin with `#` are none.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidKeys> {
        let mut keys = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let encoded = line.strip_prefix(PREFIX).unwrap_or(line);
            let key = STANDARD.decode(encoded).map_err(|_| InvalidKeys::Wrong(number))?;
            if !LENGTHS.contains(&key.len()) {
                return Err(InvalidKeys::Wrong(number));
            }
            keys.push(key);
        }
        match keys.len() {
            0 => Err(InvalidKeys::Empty),
            1..=MOST => Ok(Self(keys)),
            _ => Err(InvalidKeys::TooMany),
        }
    }

    /// Signs: one signature for each key, so that a receiver that knows any of them believes it.
    pub(crate) fn sign(&self, id: &str, seconds: u64, body: &[u8]) -> String {
        let signed: Vec<String> = self.0.iter().map(|key| sign(key, id, seconds, body)).collect();
        signed.join(" ")
    }
}

fn sign(key: &[u8], id: &str, seconds: u64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    /// The vector of the specification's own libraries.
    #[test]
    fn the_published_vector_is_signed_as_published() {
        for text in [format!("whsec_{SECRET}"), SECRET.to_owned(), format!("# now\n\n whsec_{SECRET} \r\n")] {
            let keys = Keys::parse(&text).expect("a secret");
            let signature =
                keys.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
            assert_eq!(signature, SIGNED);
        }
    }

    #[test]
    fn while_a_secret_is_changed_both_sign() {
        let other = STANDARD.encode([7; 32]);
        let keys = Keys::parse(&format!("whsec_{other}\nwhsec_{SECRET}\n")).expect("two secrets");
        let signature = keys.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        let parts: Vec<&str> = signature.split(' ').collect();
        assert_eq!((parts.len(), parts[1]), (2, SIGNED));
        assert!(parts[0].starts_with("v1,") && parts[0] != parts[1]);
    }

    #[test]
    fn what_is_no_secret_is_named_by_its_line_alone() {
        let short = STANDARD.encode([1; 8]);
        let table = [
            (String::new(), InvalidKeys::Empty),
            ("# nothing\n".to_owned(), InvalidKeys::Empty),
            (format!("whsec_{SECRET}\nwhsec_***\n"), InvalidKeys::Wrong(2)),
            (format!("whsec_{short}"), InvalidKeys::Wrong(1)),
            (format!("{SECRET}\n").repeat(9), InvalidKeys::TooMany),
        ];
        for (text, expected) in table {
            assert_eq!(Keys::parse(&text).err(), Some(expected), "{text}");
        }
    }
}
