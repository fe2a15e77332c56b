//! Where the first reading starts, before there is a checkpoint.

use std::fmt;
use std::str::FromStr;

use conftrail_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gtid::Executed;
use crate::product::Product;

/// Where the first reading starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Start {
    /// At the end of the binlog.
    #[default]
    Latest,
    /// At the oldest transaction that the server still has.
    Earliest,
    /// After a set of transactions, or MariaDB's last one of each domain.
    Gtid(Executed),
    /// At an event boundary of a file.
    File {
        /// The file's name.
        name: String,
        /// The offset.
        position: u64,
    },
    /// At the first transaction committed at or after a time.
    Timestamp(Timestamp),
}

/// Says what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected latest, earliest, gtid:SET, file:NAME:OFFSET or timestamp:TIME, such as file:binlog.000003:4 or \
     timestamp:2026-11-20T10:00:00Z"
)]
pub struct InvalidStart;

impl FromStr for Start {
    type Err = InvalidStart;

    fn from_str(text: &str) -> Result<Self, InvalidStart> {
        match text.split_once(':') {
            None if text == "latest" => Ok(Self::Latest),
            None if text == "earliest" => Ok(Self::Earliest),
            Some(("gtid", set)) => Executed::parse(Product::Mysql, set)
                .or_else(|_| Executed::parse(Product::Mariadb, set))
                .map(Self::Gtid)
                .map_err(|_| InvalidStart),
            Some(("file", place)) => {
                let (name, position) = place.rsplit_once(':').ok_or(InvalidStart)?;
                let position: u64 = position.parse().map_err(|_| InvalidStart)?;
                if name.is_empty() || position < 4 {
                    return Err(InvalidStart);
                }
                Ok(Self::File { name: name.to_owned(), position })
            }
            Some(("timestamp", time)) => {
                Timestamp::parse(time).map(Self::Timestamp).map_err(|_| InvalidStart)
            }
            _ => Err(InvalidStart),
        }
    }
}

impl fmt::Display for Start {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => formatter.write_str("latest"),
            Self::Earliest => formatter.write_str("earliest"),
            Self::Gtid(set) => write!(formatter, "gtid:{set}"),
            Self::File { name, position } => write!(formatter, "file:{name}:{position}"),
            Self::Timestamp(time) => write!(formatter, "timestamp:{time}"),
        }
    }
}

impl From<Start> for String {
    fn from(start: Start) -> Self {
        start.to_string()
    }
}

impl TryFrom<String> for Start {
    type Error = InvalidStart;

    fn try_from(text: String) -> Result<Self, InvalidStart> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidStart, Start};

    #[test]
    fn every_form_reads_back_as_it_prints() {
        for text in [
            "latest",
            "earliest",
            "gtid:c9f06a51-0000-0000-0000-000000000000:1-7:9-10",
            "gtid:0-33010-5,1-2-3",
            "file:binlog.000003:4",
            "timestamp:2026-11-20T10:00:00Z",
        ] {
            assert_eq!(text.parse::<Start>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "now", "gtid:x", "file:binlog.000003", "file::4", "file:b:3", "timestamp:yesterday"]
        {
            assert_eq!(text.parse::<Start>(), Err(InvalidStart), "{text}");
        }
    }
}
