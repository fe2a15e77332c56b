//! Ranges of numbers that stand for minutes, days, months and years.

/// A range of whole numbers, both ends part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Range {
    pub(super) fn contains(self, value: i64) -> bool {
        (self.first..=self.last).contains(&value)
    }
}

/// A range of days of a month; negative ones count from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DayRange(pub(super) Range);

impl DayRange {
    /// Says whether a day of a month of so many days is within. A range that begins after the month's end has no
    /// day in it, and one that reaches beyond it is cut, as Alertmanager does.
    pub(super) fn contains(self, day: i64, length: i64) -> bool {
        let counted = |number: i64| if number < 0 { length + number + 1 } else { number };
        let (first, last) = (counted(self.0.first), counted(self.0.last));
        first <= length && Range { first: first.max(1), last: last.min(length) }.contains(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_both_ends_and_are_cut_at_the_months_end() {
        let within = |first, last, day, length| DayRange(Range { first, last }).contains(day, length);
        let table = [
            ((1, 5), 28, vec![1, 2, 3, 4, 5]),
            ((-3, -1), 28, vec![26, 27, 28]),
            ((-3, -1), 31, vec![29, 30, 31]),
            ((30, 31), 28, vec![]),
            ((27, 31), 28, vec![27, 28]),
            ((-31, 2), 28, vec![1, 2]),
            ((29, -1), 28, vec![]),
            ((28, -1), 30, vec![28, 29, 30]),
        ];
        for ((first, last), length, expected) in table {
            let days: Vec<i64> = (1..=length).filter(|day| within(first, last, *day, length)).collect();
            assert_eq!(days, expected, "{first}:{last} of {length}");
        }
    }
}
