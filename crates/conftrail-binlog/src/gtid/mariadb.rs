//! MariaDB's GTIDs: `domain-server-sequence`, numbers that count within a domain.
//!
//! A domain is one stream: whoever has read up to a transaction has read all before it. So what was read is one GTID for each
//! domain (`@@gtid_binlog_pos`). What a server can continue from is the last GTID of each server in each domain
//! (`@@gtid_binlog_state`).

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::GtidError;

/// The identity of one transaction of MariaDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MariadbGtid {
    /// The stream that it belongs to.
    pub domain: u32,
    /// The server that first committed it.
    pub server_id: u32,
    /// Its number within the domain, from 1.
    pub sequence: u64,
}

impl fmt::Display for MariadbGtid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}-{}", self.domain, self.server_id, self.sequence)
    }
}

impl FromStr for MariadbGtid {
    type Err = GtidError;

    fn from_str(text: &str) -> Result<Self, GtidError> {
        let parts: Vec<&str> = text.split('-').map(str::trim).collect();
        let [domain, server_id, sequence] = parts[..] else { return Err(GtidError::Mariadb) };
        let read = || {
            Some(Self { domain: number(domain)?, server_id: number(server_id)?, sequence: number(sequence)? })
        };
        read().ok_or(GtidError::Mariadb)
    }
}

/// Reads digits only: no sign.
fn number<T: FromStr>(text: &str) -> Option<T> {
    text.starts_with(|first: char| first.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Reads a list; white space and empty parts do not matter.
fn list(text: &str) -> impl Iterator<Item = Result<MariadbGtid, GtidError>> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::parse)
}

/// Holds how far each domain was read: all of its transactions up to one.
///
/// `Display` and `FromStr` speak MariaDB's text (`@@gtid_binlog_pos`, `@slave_connect_state`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GtidPosition {
    of_domain: BTreeMap<u32, MariadbGtid>,
}

impl GtidPosition {
    /// Says whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.of_domain.is_empty()
    }

    /// Moves a domain on to a transaction. The stream decides what comes after what, not the number.
    pub fn add(&mut self, gtid: MariadbGtid) {
        self.of_domain.insert(gtid.domain, gtid);
    }

    /// Returns the last transaction of a domain.
    pub fn last(&self, domain: u32) -> Option<MariadbGtid> {
        self.of_domain.get(&domain).copied()
    }

    /// Returns the last transaction of each domain.
    pub fn iter(&self) -> impl Iterator<Item = MariadbGtid> + '_ {
        self.of_domain.values().copied()
    }

    /// Returns what lies between this position and a later one that a server begins with: for each domain the first and the
    /// last number that are missing.
    pub fn missing_before(&self, begin: &Self) -> Vec<MissingRange> {
        let mut missing = Vec::new();
        for first_kept in begin.iter() {
            let read = self.last(first_kept.domain).map_or(0, |last| last.sequence);
            if read < first_kept.sequence {
                missing.push(MissingRange {
                    domain: first_kept.domain,
                    first: read + 1,
                    last: first_kept.sequence,
                });
            }
        }
        missing
    }

    /// Moves every domain on that another position is ahead in.
    pub fn raise_to(&mut self, other: &Self) {
        for gtid in other.iter() {
            if self.last(gtid.domain).is_none_or(|last| last.sequence < gtid.sequence) {
                self.add(gtid);
            }
        }
    }
}

impl fmt::Display for GtidPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, gtid) in self.of_domain.values().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(formatter, "{comma}{gtid}")?;
        }
        Ok(())
    }
}

impl FromStr for GtidPosition {
    type Err = GtidError;

    /// Reads one GTID for each domain; two of one domain are refused, as by the server.
    fn from_str(text: &str) -> Result<Self, GtidError> {
        let mut position = Self::default();
        for gtid in list(text) {
            let gtid = gtid?;
            if position.of_domain.insert(gtid.domain, gtid).is_some() {
                return Err(GtidError::Mariadb);
            }
        }
        Ok(position)
    }
}

/// Transactions of one domain that are gone; prints as `domain:first-last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingRange {
    /// The domain.
    pub domain: u32,
    /// The first number that is missing.
    pub first: u64,
    /// The last number that is missing.
    pub last: u64,
}

impl fmt::Display for MissingRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}-{}", self.domain, self.first, self.last)
    }
}

/// Holds what a server has logged: the last number of each server in each domain (`@@gtid_binlog_state`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GtidState {
    last: BTreeMap<(u32, u32), u64>,
}

impl GtidState {
    /// Says whether the server has logged a transaction.
    pub fn holds(&self, gtid: &MariadbGtid) -> bool {
        self.last.get(&(gtid.domain, gtid.server_id)).is_some_and(|last| gtid.sequence <= *last)
    }

    /// Compares with a position: how far back the two agree, and what of the position the server has not logged.
    ///
    /// A domain agrees up to the last transaction there that the server has of the same origin. Where it has none, the domain is
    /// read from its beginning: what others wrote before may have come to it alone. What it wrote itself (`own`) came after they
    /// parted.
    pub fn compare(&self, position: &GtidPosition, own: u32) -> (GtidPosition, Vec<MissingRange>) {
        let (mut common, mut lost) = (position.clone(), Vec::new());
        for gtid in position.iter().filter(|gtid| !self.holds(gtid)) {
            let MariadbGtid { domain, server_id, sequence } = gtid;
            let known = self.last.get(&(domain, server_id)).copied();
            match known {
                Some(sequence) => common.add(MariadbGtid { sequence, ..gtid }),
                None => drop(common.of_domain.remove(&domain)),
            }
            let in_domain = self.last.iter().filter(|((of, origin), _)| *of == domain && *origin != own);
            let before = in_domain.map(|(_, last)| *last).filter(|last| *last < sequence).max();
            let first = known.or(before).map_or(1, |last| last + 1);
            // Number 0 stands for a domain of which nothing was read.
            if first <= sequence {
                lost.push(MissingRange { domain, first, last: sequence });
            }
        }
        (common, lost)
    }
}

impl FromStr for GtidState {
    type Err = GtidError;

    fn from_str(text: &str) -> Result<Self, GtidError> {
        let mut state = Self::default();
        for gtid in list(text) {
            let gtid = gtid?;
            let last = state.last.entry((gtid.domain, gtid.server_id)).or_default();
            *last = gtid.sequence.max(*last);
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::{GtidPosition, GtidState, MariadbGtid};

    fn position(text: &str) -> GtidPosition {
        text.parse().expect("a position")
    }

    #[test]
    fn a_position_reads_back_as_it_prints() {
        for text in ["", "0-1-5", "0-33010-5,4294967295-1-18446744073709551615"] {
            assert_eq!(position(text).to_string(), text);
        }
        assert_eq!(position(" 1-2-3,\n0-1-5, ").to_string(), "0-1-5,1-2-3");
    }

    #[test]
    fn what_is_no_position_is_refused() {
        for text in ["0", "0-1", "0-1-5-6", "a-1-5", "0--5", "0-1-+5", "4294967296-1-1", "0-1-5,0-2-6", "x:1"]
        {
            assert!(text.parse::<GtidPosition>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_domain_goes_on_from_server_to_server() {
        let mut read = position("0-1-5,1-7-2");
        read.add("0-2-6".parse().expect("a gtid"));
        assert_eq!(read.to_string(), "0-2-6,1-7-2");
        assert_eq!(read.last(1).map(|gtid| gtid.sequence), Some(2));
    }

    #[test]
    fn what_was_purged_is_told_by_domain() {
        let missing = |read: &str, begin: &str| -> Vec<String> {
            position(read).missing_before(&position(begin)).iter().map(ToString::to_string).collect()
        };
        assert_eq!(missing("0-1-5", "0-1-9,3-1-2"), ["0:6-9", "3:1-2"]);
        assert_eq!(missing("0-1-9,3-1-2", "0-1-9,3-1-2"), Vec::<String>::new());
        assert_eq!(missing("0-1-9", ""), Vec::<String>::new());
        let mut read = position("0-1-5,4-1-8");
        read.raise_to(&position("0-2-9,4-1-7"));
        assert_eq!(read.to_string(), "0-2-9,4-1-8");
    }

    #[test]
    fn a_server_that_never_logged_a_transaction_lacks_it() {
        let state: GtidState = "0-1-5,0-2-9,1-1-3".parse().expect("a state");
        let check = |text: &str, common: &str, lost: &[&str]| {
            let (found, missing) = state.compare(&position(text), 2);
            let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
            assert_eq!(
                (found.to_string().as_str(), missing),
                (common, lost.iter().map(ToString::to_string).collect())
            );
        };
        check("0-1-5,1-1-3", "0-1-5,1-1-3", &[]);
        check("0-2-7", "0-2-7", &[]);
        // The number is there, and it is another server's.
        check("0-1-8,1-1-3", "0-1-5,1-1-3", &["0:6-8"]);
        check("0-3-8,1-1-3", "1-1-3", &["0:6-8"]);
        check("0-1-5,2-1-4", "0-1-5", &["2:1-4"]);
        // Nothing was read there, so that nothing is lost.
        check("0-3-0,1-1-3", "1-1-3", &[]);
        assert!(!GtidState::default().holds(&MariadbGtid { domain: 0, server_id: 1, sequence: 1 }));
    }
}
