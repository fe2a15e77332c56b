//! Signed notes (C2SP signed-note): a text, an empty line, and signature lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{SigningKey, VerifyingKey};

/// What a signature line begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";
/// A note larger than this is none of ours.
const LARGEST: usize = 64 << 10;

/// A note whose signatures have not been checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Signature {
    name: String,
    id: u32,
    bytes: Vec<u8>,
}

/// Says why a note cannot be trusted.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidNote {
    /// Not a text with signatures.
    #[error("not a signed note")]
    Form,
    /// No key that was named has signed it.
    #[error("signed by none of the keys that were named, but by {0}")]
    UnknownKey(String),
    /// A known key is said to have signed it, and has not.
    #[error("the signature of key {0} is wrong")]
    Forged(String),
}

impl Note {
    /// Takes a note apart; nothing is checked.
    ///
    /// # Errors
    /// [`InvalidNote::Form`] when it is no signed note.
    pub fn parse(note: &str) -> Result<Self, InvalidNote> {
        let odd = |character: char| character < ' ' && character != '\n';
        if note.len() > LARGEST || note.contains(odd) {
            return Err(InvalidNote::Form);
        }
        let (text, lines) = note.rsplit_once("\n\n").ok_or(InvalidNote::Form)?;
        let lines = lines.strip_suffix('\n').ok_or(InvalidNote::Form)?;
        let signatures: Option<Vec<Signature>> = lines.split('\n').map(signature).collect();
        Ok(Self { text: format!("{text}\n"), signatures: signatures.ok_or(InvalidNote::Form)? })
    }

    /// Returns the text if one of the keys has signed it, and the key.
    ///
    /// # Errors
    /// None of them has; or one is said to have, and has not.
    pub fn open<'k>(&self, keys: &'k [VerifyingKey]) -> Result<(&str, &'k VerifyingKey), InvalidNote> {
        let mut signer = None;
        for signature in &self.signatures {
            let known = keys.iter().find(|key| key.name() == signature.name && key.id() == signature.id);
            let Some(key) = known else { continue };
            if !key.verifies(self.text.as_bytes(), &signature.bytes) {
                return Err(InvalidNote::Forged(key.id_text()));
            }
            signer = signer.or(Some(key));
        }
        match signer {
            Some(key) => Ok((&self.text, key)),
            None => Err(InvalidNote::UnknownKey(self.signers().join(", "))),
        }
    }

    /// Returns the text without asking who has signed it.
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// Returns the ids of the keys that are said to have signed.
    pub fn signers(&self) -> Vec<String> {
        self.signatures.iter().map(|signature| format!("{:08x}", signature.id)).collect()
    }
}

/// Returns a note: a text that ends in a newline, and its signature.
pub fn sign_note(text: &str, key: &SigningKey) -> String {
    let public = key.verifying_key();
    let mut signature = public.id().to_be_bytes().to_vec();
    signature.extend(key.sign(text.as_bytes()));
    format!("{text}\n{DASH}{} {}\n", public.name(), STANDARD.encode(signature))
}

fn signature(line: &str) -> Option<Signature> {
    let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
    let decoded = STANDARD.decode(encoded).ok()?;
    let (id, bytes) = decoded.split_first_chunk::<4>()?;
    Some(Signature { name: name.to_owned(), id: u32::from_be_bytes(*id), bytes: bytes.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the documentation of golang.org/x/mod/sumdb/note.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const PETERS_SECRET: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n";
    const PETERS_LINE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const ENOCHS_LINE: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

    #[test]
    fn a_known_note_is_opened_and_made() {
        let peter = [VerifyingKey::parse(PETER).unwrap()];
        for lines in [PETERS_LINE.to_owned(), format!("{ENOCHS_LINE}{PETERS_LINE}")] {
            let note = Note::parse(&format!("{TEXT}\n{lines}")).unwrap();
            assert_eq!(note.open(&peter), Ok((TEXT, &peter[0])));
        }
        let secret = SigningKey::parse(PETERS_SECRET).unwrap();
        assert_eq!(sign_note(TEXT, &secret), format!("{TEXT}\n{PETERS_LINE}"));
    }

    #[test]
    fn a_note_of_another_key_or_with_another_text_is_not_opened() {
        let peter = [VerifyingKey::parse(PETER).unwrap()];
        let note = Note::parse(&format!("{TEXT}\n{ENOCHS_LINE}")).unwrap();
        assert_eq!(note.open(&peter), Err(InvalidNote::UnknownKey("af0cfe78".to_owned())));
        let note = Note::parse(&format!("{TEXT}more\n\n{PETERS_LINE}")).unwrap();
        assert_eq!(note.open(&peter), Err(InvalidNote::Forged("c74f20a3".to_owned())));
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let cut = &PETERS_LINE[..PETERS_LINE.len() - 1];
        for note in [
            "".to_owned(),
            TEXT.to_owned(),
            format!("{TEXT}\n"),
            format!("{TEXT}\n{cut}"),
            format!("{TEXT}\n- x y\n"),
            format!("{TEXT}\n— x AAAA\n\u{1}"),
            format!("{TEXT}\n— x AA==\n"),
        ] {
            assert_eq!(Note::parse(&note), Err(InvalidNote::Form), "{note:?}");
        }
    }
}
