//! Time intervals as the routing file has them.

use serde::Deserialize;

/// A named time interval: it holds whenever one of its periods does.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedIntervalConfig {
    /// The name that routes and rules use.
    pub name: String,
    /// Its periods; one that holds is enough.
    #[serde(default)]
    pub time_intervals: Vec<PeriodConfig>,
}

/// A period: all of what it says must hold; of each list, one entry.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PeriodConfig {
    /// Times of the day.
    pub times: Option<Vec<TimesConfig>>,
    /// Days of the week: `monday`, `monday:friday`.
    pub weekdays: Option<Vec<String>>,
    /// Days of the month: `1`, `1:5`, `-3:-1` for the last three.
    pub days_of_month: Option<Vec<String>>,
    /// Months: `5`, `may`, `january:march`.
    pub months: Option<Vec<String>>,
    /// Years: `2026`, `2026:2028`.
    pub years: Option<Vec<String>>,
    /// The time zone, such as `Asia/Shanghai`; default UTC.
    pub location: Option<String>,
}

/// Times of the day, `HH:MM` each; the end is not part of it and may be `24:00`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimesConfig {
    /// The first minute.
    pub start_time: String,
    /// The first minute that is not part of it any more.
    pub end_time: String,
}
