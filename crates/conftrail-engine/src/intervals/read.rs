//! Reading time intervals strictly: what Alertmanager refuses is refused, and what it would never match.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono_tz::{TZ_VARIANTS, Tz};
use conftrail_core::nearest;

use super::interval::{Period, TimeInterval};
use super::ranges::{DayRange, Range};
use super::{NamedIntervalConfig, PeriodConfig, TimesConfig};
use crate::routing::RoutingProblem;

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// Minutes of a day.
const DAY: i64 = 24 * 60;

type Problems = Vec<RoutingProblem>;

/// Reads all intervals.
pub(super) fn intervals(configs: &[NamedIntervalConfig]) -> Result<BTreeMap<String, TimeInterval>, Problems> {
    let mut problems = Problems::new();
    let mut by_name = BTreeMap::new();
    for (index, config) in configs.iter().enumerate() {
        let place = format!("time_intervals[{index}]");
        let mut periods = Vec::with_capacity(config.time_intervals.len());
        for (number, period) in config.time_intervals.iter().enumerate() {
            let place = format!("{place}.time_intervals[{number}]");
            periods.extend(read_period(&place, period, &mut problems));
        }
        if config.name.is_empty() {
            problems.push(RoutingProblem::new(format!("{place}.name"), "a name is needed"));
        } else if by_name.insert(config.name.clone(), TimeInterval { periods }).is_some() {
            problems
                .push(RoutingProblem::new(format!("{place}.name"), format!("`{}` is taken", config.name)));
        }
    }
    if problems.is_empty() { Ok(by_name) } else { Err(problems) }
}

fn read_period(place: &str, config: &PeriodConfig, problems: &mut Problems) -> Option<Period> {
    let before = problems.len();
    let period = Period {
        times: list(place, "times", &config.times, times, problems),
        weekdays: list(place, "weekdays", &config.weekdays, |text| weekdays(text), problems),
        days_of_month: list(place, "days_of_month", &config.days_of_month, |text| days(text), problems),
        months: list(place, "months", &config.months, |text| months(text), problems),
        years: list(place, "years", &config.years, |text| years(text), problems),
        zone: zone(place, config.location.as_deref(), problems),
    };
    (problems.len() == before).then_some(period)
}

/// Reads each entry of a list; an empty list would never hold, which nobody can mean.
fn list<T, R>(
    place: &str,
    key: &str,
    entries: &Option<Vec<T>>,
    read: impl Fn(&T) -> Result<R, (&'static str, String)>,
    problems: &mut Problems,
) -> Option<Vec<R>> {
    let entries = entries.as_ref()?;
    let place = format!("{place}.{key}");
    if entries.is_empty() {
        problems.push(RoutingProblem::new(place.clone(), "an empty list never holds: leave the key out"));
    }
    let mut ranges = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        match read(entry) {
            Ok(range) => ranges.push(range),
            Err((key, said)) => problems.push(RoutingProblem::new(format!("{place}[{index}]{key}"), said)),
        }
    }
    Some(ranges)
}

/// An error of a list's entry: the key within it, and what is wrong.
type Refused = (&'static str, String);

fn times(config: &TimesConfig) -> Result<Range, Refused> {
    let start = minute(&config.start_time).ok_or_else(|| (".start_time", wrong_time(&config.start_time)))?;
    let end = minute(&config.end_time).ok_or_else(|| (".end_time", wrong_time(&config.end_time)))?;
    if start >= end {
        let said =
            "the end must be after the start; a time over midnight is two: until 24:00, and from 00:00";
        return Err((".end_time", said.to_owned()));
    }
    Ok(Range { first: start, last: end - 1 })
}

fn wrong_time(text: &str) -> String {
    format!("`{text}` is no time of day: write HH:MM, such as 09:00, at most 24:00")
}

/// Returns the minute of the day of `HH:MM`.
fn minute(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |part: &str| (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then_some(());
    two(hours).and(two(minutes))?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= DAY).then_some(minute)
}

fn weekdays(text: &str) -> Result<Range, Refused> {
    let day = |word: &str| {
        named(word, &WEEKDAYS).ok_or_else(|| {
            let meant = nearest(&word.to_lowercase(), WEEKDAYS).map(|day| format!("did you mean `{day}`?"));
            format!(
                "`{word}` is no day: {}",
                meant.unwrap_or_else(|| "write `monday` to `sunday`".to_owned())
            )
        })
    };
    let range = range(text, day)?;
    if range.first > range.last {
        let said = "the last day is before the first: a week begins with sunday, so write two entries";
        return Err(("", said.to_owned()));
    }
    Ok(range)
}

fn months(text: &str) -> Result<Range, Refused> {
    let month = |word: &str| {
        let number = named(word, &MONTHS).map(|index| index + 1).or_else(|| whole(word));
        number.filter(|number| (1..=12).contains(number)).ok_or_else(|| {
            let meant = nearest(&word.to_lowercase(), MONTHS).map(|month| format!("did you mean `{month}`?"));
            format!("`{word}` is no month: {}", meant.unwrap_or_else(|| "write 1 to 12 or a name".to_owned()))
        })
    };
    ordered(range(text, month)?, "the last month is before the first: write two entries")
}

fn years(text: &str) -> Result<Range, Refused> {
    let year = |word: &str| {
        whole(word).filter(|year| (1..=9999).contains(year)).ok_or_else(|| format!("`{word}` is no year"))
    };
    ordered(range(text, year)?, "the last year is before the first")
}

fn days(text: &str) -> Result<DayRange, Refused> {
    let day = |word: &str| {
        whole(word)
            .filter(|day| (1..=31).contains(&day.abs()))
            .ok_or_else(|| format!("`{word}` is no day of a month: write 1 to 31, or -31 to -1 from its end"))
    };
    let range = range(text, day)?;
    if range.first < 0 && range.last > 0 {
        let said = "a range that begins from the month's end must end there too: both negative";
        return Err(("", said.to_owned()));
    }
    // Of a month of 31 days: what is out of order even there never holds.
    let counted = |number: i64| if number < 0 { 32 + number } else { number };
    if counted(range.first) > counted(range.last) {
        return Err(("", "the last day is always before the first".to_owned()));
    }
    Ok(DayRange(range))
}

fn ordered(range: Range, said: &str) -> Result<Range, Refused> {
    if range.first > range.last { Err(("", said.to_owned())) } else { Ok(range) }
}

/// Reads `a` or `a:b`.
fn range(text: &str, one: impl Fn(&str) -> Result<i64, String>) -> Result<Range, Refused> {
    let read = |word: &str| one(word.trim()).map_err(|said| ("", said));
    match text.split_once(':') {
        Some((first, last)) => Ok(Range { first: read(first)?, last: read(last)? }),
        None => read(text).map(|number| Range { first: number, last: number }),
    }
}

fn named(word: &str, names: &[&str]) -> Option<i64> {
    let word = word.to_lowercase();
    let index = names.iter().position(|name| *name == word)?;
    i64::try_from(index).ok()
}

/// Reads a whole number without a plus sign.
fn whole(word: &str) -> Option<i64> {
    if word.starts_with('+') { None } else { word.parse().ok() }
}

fn zone(place: &str, name: Option<&str>, problems: &mut Problems) -> Tz {
    let Some(name) = name else { return Tz::UTC };
    Tz::from_str(name).unwrap_or_else(|_| {
        let said = match nearest(name, TZ_VARIANTS.iter().map(|zone| zone.name())) {
            Some(meant) => format!("no time zone is named `{name}`; did you mean `{meant}`?"),
            None => format!("no time zone is named `{name}`: write one such as Asia/Shanghai, or UTC"),
        };
        problems.push(RoutingProblem::new(format!("{place}.location"), said));
        Tz::UTC
    })
}
