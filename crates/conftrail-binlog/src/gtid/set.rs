//! Sets of GTIDs.

use std::collections::BTreeMap;

use super::intervals::Intervals;
use super::{Gtid, Tsid};

/// Holds an exact set of GTIDs.
///
/// `Display` and `FromStr` speak MySQL's text (`@@gtid_executed`); [`GtidSet::encode`] its binary form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GtidSet {
    /// No entry is empty.
    pub(super) of_tsid: BTreeMap<Tsid, Intervals>,
}

impl GtidSet {
    /// Says whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.of_tsid.is_empty()
    }

    /// Returns how many transactions it holds.
    pub fn count(&self) -> u64 {
        self.of_tsid.values().fold(0, |sum, intervals| sum.saturating_add(intervals.count()))
    }

    /// Says whether any of its transactions has a tag, which servers before 8.3 do not understand.
    pub fn has_tags(&self) -> bool {
        self.of_tsid.keys().any(|tsid| tsid.tag.is_some())
    }

    /// Says whether it holds a transaction.
    pub fn contains(&self, gtid: &Gtid) -> bool {
        self.of_tsid.get(&gtid.tsid).is_some_and(|intervals| intervals.contains(gtid.gno))
    }

    /// Says whether all of its transactions are in `other`; MySQL's `GTID_SUBSET(self, other)`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.of_tsid
            .iter()
            .all(|(tsid, mine)| other.of_tsid.get(tsid).is_some_and(|theirs| theirs.covers(mine)))
    }

    /// Adds a transaction.
    pub fn add(&mut self, gtid: &Gtid) {
        self.add_interval(&gtid.tsid, gtid.gno, gtid.gno.saturating_add(1));
    }

    /// Adds all of `other`.
    pub fn union(&mut self, other: &Self) {
        for (tsid, intervals) in &other.of_tsid {
            for interval in intervals.iter() {
                self.add_interval(tsid, interval.start, interval.end);
            }
        }
    }

    /// Removes all of `other`; MySQL's `GTID_SUBTRACT(self, other)`.
    pub fn subtract(&mut self, other: &Self) {
        for (tsid, intervals) in &other.of_tsid {
            let Some(mine) = self.of_tsid.get_mut(tsid) else {
                continue;
            };
            for interval in intervals.iter() {
                mine.remove(interval.start, interval.end);
            }
            if mine.is_empty() {
                self.of_tsid.remove(tsid);
            }
        }
    }

    /// Returns what is in both.
    pub fn intersection(&self, other: &Self) -> Self {
        let mut only_mine = self.clone();
        only_mine.subtract(other);
        let mut both = self.clone();
        both.subtract(&only_mine);
        both
    }

    /// Adds the numbers from `start` to before `end`; none when `start >= end`.
    pub(super) fn add_interval(&mut self, tsid: &Tsid, start: u64, end: u64) {
        if start >= end {
            return;
        }
        match self.of_tsid.get_mut(tsid) {
            Some(intervals) => intervals.add(start, end),
            None => self.of_tsid.entry(tsid.clone()).or_default().add(start, end),
        }
    }
}

impl FromIterator<Gtid> for GtidSet {
    fn from_iter<I: IntoIterator<Item = Gtid>>(gtids: I) -> Self {
        let mut set = Self::default();
        for gtid in gtids {
            set.add(&gtid);
        }
        set
    }
}
