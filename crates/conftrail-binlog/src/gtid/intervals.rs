//! Sorted, disjoint intervals of transaction numbers.

/// Holds the numbers from `start` to before `end`; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) start: u64,
    pub(super) end: u64,
}

/// Holds intervals in ascending order with a gap between any two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Intervals(Vec<Interval>);

impl Intervals {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = Interval> + '_ {
        self.0.iter().copied()
    }

    pub(super) fn count(&self) -> u64 {
        self.0.iter().map(|interval| interval.end - interval.start).sum()
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        let behind = self.0.partition_point(|interval| interval.end <= number);
        self.0.get(behind).is_some_and(|interval| interval.start <= number)
    }

    /// Says whether all numbers of `other` are here: each of its intervals lies within one of ours.
    pub(super) fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|wanted| {
            let behind = self.0.partition_point(|interval| interval.end < wanted.end);
            self.0.get(behind).is_some_and(|interval| interval.start <= wanted.start)
        })
    }

    /// Adds `start` to before `end`, joining what then touches; an empty interval changes nothing.
    pub(super) fn add(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        // The next transaction of the same server: the common case.
        if let Some(last) = self.0.last_mut()
            && last.end == start
        {
            last.end = end;
            return;
        }
        let first = self.0.partition_point(|interval| interval.end < start);
        let behind = self.0.partition_point(|interval| interval.start <= end);
        let mut joined = Interval { start, end };
        for touched in self.0.get(first..behind).unwrap_or_default() {
            joined.start = joined.start.min(touched.start);
            joined.end = joined.end.max(touched.end);
        }
        self.0.splice(first..behind.max(first), [joined]);
    }

    /// Removes `start` to before `end`, splitting what sticks out on either side.
    pub(super) fn remove(&mut self, start: u64, end: u64) {
        if start >= end {
            return;
        }
        let first = self.0.partition_point(|interval| interval.end <= start);
        let behind = self.0.partition_point(|interval| interval.start < end);
        let mut left = Vec::with_capacity(2);
        for touched in self.0.get(first..behind).unwrap_or_default() {
            if touched.start < start {
                left.push(Interval { start: touched.start, end: start });
            }
            if touched.end > end {
                left.push(Interval { start: end, end: touched.end });
            }
        }
        self.0.splice(first..behind.max(first), left);
    }
}
