//! Checkpoints (C2SP tlog-checkpoint): what a log says of itself when it signs.

use super::{InvalidNote, Note, SigningKey, TreeHash, VerifyingKey, sign_note};
use crate::Timestamp;

/// What the line with the time begins with.
const TIME: &str = "time ";

/// A statement of one moment: so many leaves, with this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the log; two logs never share it.
    pub origin: String,
    /// How many leaves it has.
    pub size: u64,
    /// The root over them.
    pub root: TreeHash,
    /// When this was said, by the clock of who said it.
    pub time: Option<Timestamp>,
}

/// Says why a note is not a checkpoint to be trusted.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidCheckpoint {
    /// The note cannot be trusted.
    #[error(transparent)]
    Note(#[from] InvalidNote),
    /// The note says something else.
    #[error("not a checkpoint")]
    Form,
}

impl Checkpoint {
    /// Returns the checkpoint as a signed note.
    pub fn sign(&self, key: &SigningKey) -> String {
        sign_note(&self.text(), key)
    }

    /// Returns what a note says if one of the keys has signed it, and the key.
    ///
    /// # Errors
    /// The note cannot be trusted, or is no checkpoint.
    pub fn open<'k>(
        note: &str,
        keys: &'k [VerifyingKey],
    ) -> Result<(Self, &'k VerifyingKey), InvalidCheckpoint> {
        let note = Note::parse(note)?;
        let (text, key) = note.open(keys)?;
        Ok((Self::parse(text).ok_or(InvalidCheckpoint::Form)?, key))
    }

    /// Returns what a note says, whoever signed it; none when it is no checkpoint.
    pub fn unverified(note: &str) -> Option<Self> {
        Self::parse(Note::parse(note).ok()?.unverified_text())
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, self.root);
        if let Some(time) = self.time {
            text.push_str(&format!("{TIME}{time}\n"));
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty())?.to_owned();
        let size = lines.next()?;
        let plain = size == "0" || size.starts_with(|first: char| first.is_ascii_digit() && first != '0');
        let size = size.parse().ok().filter(|_| plain)?;
        let root = TreeHash::parse(lines.next()?)?;
        // Lines after these three are extensions, which other logs may have too.
        let time = lines.find_map(|line| line.strip_prefix(TIME));
        Some(Self { origin, size, root, time: time.and_then(|time| Timestamp::parse(time).ok()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: "conftrail/trail/0123456789abcdef".to_owned(),
            size: 20_852_163,
            root: TreeHash::parse("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=").unwrap(),
            time: Some(Timestamp::from_seconds(1_795_168_800)),
        }
    }

    #[test]
    fn what_was_signed_is_opened() {
        let key = SigningKey::from_seed("conftrail/trail/0123456789abcdef", [7; 32]).unwrap();
        let note = checkpoint().sign(&key);
        assert!(note.starts_with(
            "conftrail/trail/0123456789abcdef\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
             time 2026-11-20T10:00:00Z\n\n\u{2014} conftrail/trail/0123456789abcdef "
        ));
        let keys = [key.verifying_key().clone()];
        assert_eq!(Checkpoint::open(&note, &keys), Ok((checkpoint(), &keys[0])));
        assert_eq!(Checkpoint::unverified(&note), Some(checkpoint()));
        let more = note.replacen("20852163", "20852164", 1);
        let forged = InvalidCheckpoint::Note(InvalidNote::Forged(keys[0].id_text()));
        assert_eq!(Checkpoint::open(&more, &keys), Err(forged));
    }

    #[test]
    fn the_checkpoint_of_the_specification_is_read() {
        // Of C2SP tlog-checkpoint.
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let read = Checkpoint::parse(text).unwrap();
        assert_eq!((read.size, read.time), (20_852_163, None));
        assert_eq!(read.text(), text);
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        for text in [
            "",
            "a\n",
            "a\n1\n",
            "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "a\n+1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "a\n1\nCsUYapGG\n",
            "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        ] {
            assert_eq!(Checkpoint::parse(text), None, "{text:?}");
        }
    }
}
