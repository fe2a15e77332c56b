//! Time intervals by name, in Alertmanager's syntax and meaning: when routes are muted or active, and what
//! `in_window` of a rule asks.
//!
//! Format: `time_intervals` of <https://prometheus.io/docs/alerting/latest/configuration/>.

mod config;
mod interval;
mod ranges;
mod read;

pub use config::{NamedIntervalConfig, PeriodConfig, TimesConfig};
pub(crate) use interval::next_minute;
pub use interval::{TimeInterval, TimeIntervals};
