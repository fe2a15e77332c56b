//! One GTID: the server that first committed, perhaps a tag, and a number.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::GtidError;

/// The largest number of a transaction; MySQL stops before it.
pub(super) const MOST_GNO: u64 = i64::MAX as u64 - 1;

/// A server's UUID.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerUuid(pub [u8; 16]);

impl fmt::Display for ServerUuid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                formatter.write_str("-")?;
            }
            write!(formatter, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ServerUuid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for ServerUuid {
    type Err = GtidError;

    /// Reads 32 hex digits with hyphens at the four usual places, or with none.
    fn from_str(text: &str) -> Result<Self, GtidError> {
        let mut bytes = [0; 16];
        let mut digits = 0_usize;
        let hyphens = text.len() == 36;
        for (place, character) in text.chars().enumerate() {
            if hyphens && matches!(place, 8 | 13 | 18 | 23) {
                if character != '-' {
                    return Err(GtidError::Uuid);
                }
                continue;
            }
            let digit = character.to_digit(16).ok_or(GtidError::Uuid)?;
            let byte = bytes.get_mut(digits / 2).ok_or(GtidError::Uuid)?;
            // A hex digit fits four bits.
            *byte = *byte << 4 | digit as u8;
            digits += 1;
        }
        if digits == 32 { Ok(Self(bytes)) } else { Err(GtidError::Uuid) }
    }
}

/// A tag of MySQL 8.3 and later: up to 32 lower-case letters, digits and underscores, no digit first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(Arc<str>);

impl Tag {
    const LONGEST: usize = 32;

    /// Checks a tag; capitals become small, as on the server.
    ///
    /// # Errors
    /// When it is empty, too long or has other characters.
    pub fn new(text: &str) -> Result<Self, GtidError> {
        let lower = text.to_ascii_lowercase();
        let first_fits = lower.starts_with(|first: char| first == '_' || first.is_ascii_lowercase());
        let rest_fits = lower.chars().all(|c| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit());
        if first_fits && rest_fits && lower.len() <= Self::LONGEST {
            Ok(Self(Arc::from(lower)))
        } else {
            Err(GtidError::Tag)
        }
    }

    /// Returns its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What numbers count within: a server, and a tag where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tsid {
    /// The server that first committed.
    pub uuid: ServerUuid,
    /// The tag; untagged sorts first.
    pub tag: Option<Tag>,
}

impl fmt::Display for Tsid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tag {
            Some(tag) => write!(formatter, "{}:{}", self.uuid, tag.as_str()),
            None => write!(formatter, "{}", self.uuid),
        }
    }
}

/// The identity of one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gtid {
    /// What its number counts within.
    pub tsid: Tsid,
    /// Its number, from 1.
    pub gno: u64,
}

impl fmt::Display for Gtid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.tsid, self.gno)
    }
}

impl FromStr for Gtid {
    type Err = GtidError;

    fn from_str(text: &str) -> Result<Self, GtidError> {
        let mut parts = text.split(':');
        let uuid = parts.next().unwrap_or_default().parse()?;
        let (tag, gno) = match (parts.next(), parts.next(), parts.next()) {
            (Some(gno), None, None) => (None, gno),
            (Some(tag), Some(gno), None) => (Some(Tag::new(tag)?), gno),
            _ => return Err(GtidError::Interval),
        };
        let gno = gno.parse().ok().filter(|gno| (1..=MOST_GNO).contains(gno)).ok_or(GtidError::Interval)?;
        Ok(Self { tsid: Tsid { uuid, tag }, gno })
    }
}

#[cfg(test)]
mod tests {
    use super::{Gtid, ServerUuid, Tag};

    #[test]
    fn a_gtid_is_read_and_written_alike() {
        for text in
            ["c9f06a51-0000-0000-0000-00000000000a:60233", "c9f06a51-0000-0000-0000-00000000000a:_t1:1"]
        {
            assert_eq!(text.parse::<Gtid>().map(|gtid| gtid.to_string()).as_deref(), Ok(text));
        }
        let bare: ServerUuid = "C9F06A51000000000000000000000000".parse().expect("a uuid");
        assert_eq!(bare.to_string(), "c9f06a51-0000-0000-0000-000000000000");
    }

    #[test]
    fn what_is_no_gtid_is_refused() {
        let uuid = "c9f06a51-0000-0000-0000-00000000000a";
        for rest in ["", ":", ":0", ":x", ":9223372036854775807", ":1:2", ":a:b:1", ":-1", ":1-2"] {
            assert!(format!("{uuid}{rest}").parse::<Gtid>().is_err(), "{rest}");
        }
        for uuid in
            ["", "c9f06a51", "c9f06a510-000-0000-0000-00000000000a", "zzf06a51-0000-0000-0000-00000000000a"]
        {
            assert!(uuid.parse::<ServerUuid>().is_err(), "{uuid}");
        }
        for tag in ["", "1a", "a-b", "é", &"a".repeat(33)] {
            assert!(Tag::new(tag).is_err(), "{tag}");
        }
        assert_eq!(Tag::new("Ab_1").as_ref().map(Tag::as_str), Ok("ab_1"));
    }
}
