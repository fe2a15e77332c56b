//! Time intervals: what they contain, over changes of clocks, and what is refused.

use conftrail_engine::intervals::{NamedIntervalConfig, PeriodConfig, TimesConfig};
use conftrail_engine::routing::RoutingProblem;
use conftrail_engine::{Routing, TimeIntervals};

use crate::time;

/// Reads one interval from the text of a routing file.
fn interval(periods: &str) -> Result<TimeIntervals, String> {
    let text = format!(
        "route: {{ receiver: ops }}\nreceivers: [ {{ name: ops }} ]\ntime_intervals:\n  - name: tested\n    time_intervals: {periods}\n"
    );
    let routing = Routing::load("routing.yaml", &text).map_err(|error| error.to_string())?;
    Ok(routing.intervals().clone())
}

#[track_caller]
fn assert_contains(periods: &str, table: &[(&str, bool)]) {
    let intervals = interval(periods).unwrap_or_else(|error| panic!("{periods}: {error}"));
    let tested = intervals.get("tested").expect("the interval has this name");
    for (at, expected) in table {
        assert_eq!(tested.contains(time(at)), *expected, "{periods} at {at}");
    }
}

#[test]
fn an_end_of_a_time_is_not_part_of_it() {
    assert_contains(
        "[ { times: [ { start_time: '09:00', end_time: '17:00' }, { start_time: 22:30, end_time: 24:00 } ] } ]",
        &[
            ("2026-11-20T08:59:59.999999Z", false),
            ("2026-11-20T09:00:00Z", true),
            ("2026-11-20T16:59:59.999999Z", true),
            ("2026-11-20T17:00:00Z", false),
            ("2026-11-20T22:30:00Z", true),
            ("2026-11-20T23:59:59Z", true),
            ("2026-11-21T00:00:00Z", false),
        ],
    );
}

#[test]
fn fields_must_all_hold_and_of_each_one_entry() {
    // The examples of Alertmanager's documentation and of its own tests: office hours, month ends, years.
    assert_contains(
        "[ { weekdays: ['monday:friday', 'Sunday'], months: ['january:march', '12'], years: ['2026:2027'] } ]",
        &[
            ("2026-02-02T12:00:00Z", true),
            ("2026-02-07T12:00:00Z", false),
            ("2026-02-08T12:00:00Z", true),
            ("2026-04-06T12:00:00Z", false),
            ("2027-12-31T12:00:00Z", true),
            ("2028-02-07T12:00:00Z", false),
        ],
    );
    assert_contains(
        "[ { days_of_month: ['1:2', '-1', '15'] } ]",
        &[
            ("2026-02-01T00:00:00Z", true),
            ("2026-02-03T00:00:00Z", false),
            ("2026-02-15T00:00:00Z", true),
            ("2026-02-28T23:59:00Z", true),
            ("2028-02-28T12:00:00Z", false),
            ("2028-02-29T12:00:00Z", true),
        ],
    );
    // Periods are alternatives; a period that says nothing always holds, and none at all never does.
    assert_contains(
        "[ { weekdays: [saturday] }, { months: [5] } ]",
        &[("2026-11-21T00:00:00Z", true), ("2026-05-06T00:00:00Z", true), ("2026-11-20T00:00:00Z", false)],
    );
    assert_contains("[ {} ]", &[("2026-11-20T00:00:00Z", true)]);
    assert_contains("[]", &[("2026-11-20T00:00:00Z", false)]);
}

#[test]
fn days_and_times_are_those_of_the_zone() {
    assert_contains(
        "[ { weekdays: ['monday:friday'], times: [ { start_time: '09:00', end_time: '19:00' } ], location: Asia/Shanghai } ]",
        &[
            ("2026-11-20T00:59:59Z", false),
            ("2026-11-20T01:00:00Z", true),
            ("2026-11-20T10:59:59Z", true),
            ("2026-11-20T11:00:00Z", false),
            // Saturday morning in Shanghai is Friday night in UTC.
            ("2026-11-21T02:00:00Z", false),
        ],
    );
    assert_contains(
        "[ { years: ['2027'], location: Asia/Shanghai } ]",
        &[("2026-12-31T15:59:59Z", false), ("2026-12-31T16:00:00Z", true)],
    );
}

/// On 2026-03-29 in Berlin 01:59:59+01:00 is followed by 03:00:00+02:00.
#[test]
fn a_time_that_the_clocks_skip_never_comes() {
    let skipped = "[ { times: [ { start_time: '02:00', end_time: '03:00' } ], days_of_month: ['29'], months: ['3'], years: ['2026'], location: Europe/Berlin } ]";
    let mut at = time("2026-03-28T00:00:00Z");
    let intervals = interval(skipped).unwrap();
    while at < time("2026-03-31T00:00:00Z") {
        assert!(!intervals.get("tested").unwrap().contains(at), "{at}");
        at = at.plus(std::time::Duration::from_secs(60));
    }
    assert_contains(
        "[ { times: [ { start_time: '01:30', end_time: '03:30' } ], location: Europe/Berlin } ]",
        &[
            ("2026-03-29T00:29:59Z", false),
            ("2026-03-29T00:30:00Z", true),
            ("2026-03-29T00:59:59Z", true),
            ("2026-03-29T01:00:00Z", true),
            ("2026-03-29T01:29:59Z", true),
            ("2026-03-29T01:30:00Z", false),
        ],
    );
}

/// On 2026-10-25 in Berlin 02:59:59+02:00 is followed by 02:00:00+01:00; on 2026-11-01 in New York 01:59:59 by 01:00:00.
#[test]
fn a_time_that_comes_twice_is_contained_both_times() {
    assert_contains(
        "[ { times: [ { start_time: '02:15', end_time: '02:45' } ], location: Europe/Berlin } ]",
        &[
            ("2026-10-25T00:14:59Z", false),
            ("2026-10-25T00:15:00Z", true),
            ("2026-10-25T00:45:00Z", false),
            ("2026-10-25T01:14:59Z", false),
            ("2026-10-25T01:15:00Z", true),
            ("2026-10-25T01:45:00Z", false),
        ],
    );
    assert_contains(
        "[ { times: [ { start_time: '01:00', end_time: '02:00' } ], location: America/New_York } ]",
        &[
            ("2026-11-01T04:59:59Z", false),
            ("2026-11-01T05:00:00Z", true),
            ("2026-11-01T06:59:59Z", true),
            ("2026-11-01T07:00:00Z", false),
        ],
    );
}

#[test]
fn what_cannot_be_meant_is_refused_at_its_place() {
    let table = [
        ("[ { weekdays: [§mondy] } ]", "weekdays[0]: `mondy` is no day: did you mean `monday`?"),
        ("[ { weekdays: [§'friday:monday'] } ]", "weekdays[0]: the last day is before the first"),
        ("[ { weekdays: [§mon] } ]", "weekdays[0]: `mon` is no day"),
        (
            "[ { times: [ { start_time: §9:00, end_time: '17:00' } ] } ]",
            "times[0].start_time: `9:00` is no time of day",
        ),
        (
            "[ { times: [ { start_time: '09:00', end_time: §24:01 } ] } ]",
            "times[0].end_time: `24:01` is no time of day",
        ),
        (
            "[ { times: [ { start_time: '22:00', end_time: §'06:00' } ] } ]",
            "times[0].end_time: the end must be after the start; a time over midnight is two",
        ),
        ("[ { days_of_month: [§'0'] } ]", "days_of_month[0]: `0` is no day of a month"),
        ("[ { days_of_month: ['1', §'32'] } ]", "days_of_month[1]: `32` is no day of a month"),
        (
            "[ { days_of_month: [§'-3:5'] } ]",
            "days_of_month[0]: a range that begins from the month's end must end there",
        ),
        ("[ { days_of_month: [§'20:10'] } ]", "days_of_month[0]: the last day is always before the first"),
        ("[ { days_of_month: [§'31:-2'] } ]", "days_of_month[0]: the last day is always before the first"),
        ("[ { months: [§'13'] } ]", "months[0]: `13` is no month"),
        ("[ { months: [§augst] } ]", "months[0]: `augst` is no month: did you mean `august`?"),
        ("[ { months: [§'may:march'] } ]", "months[0]: the last month is before the first"),
        ("[ { years: [§'26a'] } ]", "years[0]: `26a` is no year"),
        (
            "[ { location: §Asia/Shangai } ]",
            "location: no time zone is named `Asia/Shangai`; did you mean `Asia/Shanghai`?",
        ),
        ("[ { location: §Local } ]", "location: no time zone is named `Local`"),
        ("[ { §weekdays: [] } ]", "weekdays: an empty list never holds"),
    ];
    for (periods, said) in table {
        let before = periods.split('§').next().unwrap();
        let column = "    time_intervals: ".chars().count() + before.chars().count() + 1;
        let error = interval(&periods.replace('§', "")).expect_err(periods);
        let place = format!("routing.yaml:5:{column}: time_intervals[0].time_intervals[0].{said}");
        assert!(error.starts_with(&place), "{periods}: {error}");
    }
}

#[test]
fn intervals_are_known_by_their_names() {
    let named = |name: &str| NamedIntervalConfig {
        name: name.to_owned(),
        time_intervals: vec![PeriodConfig {
            times: Some(vec![TimesConfig { start_time: "00:00".to_owned(), end_time: "24:00".to_owned() }]),
            ..PeriodConfig::default()
        }],
    };
    let read = TimeIntervals::read(&[named("夜间"), named("days")]).unwrap();
    assert_eq!(read.names().collect::<Vec<_>>(), ["days", "夜间"]);
    assert!(read.get("夜间").unwrap().contains(time("2026-11-20T00:00:00Z")));
    assert!(read.get("nights").is_none());
    let twice = TimeIntervals::read(&[named("a"), named("a"), named("")]).unwrap_err();
    let expected = [
        RoutingProblem::new("time_intervals[1].name", "`a` is taken"),
        RoutingProblem::new("time_intervals[2].name", "a name is needed"),
    ];
    assert_eq!(twice, expected);
}
