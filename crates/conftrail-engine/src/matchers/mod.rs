//! Matchers on labels, in Alertmanager's UTF-8 grammar, strictly: what routes and silences say of alerts.
//!
//! Grammar: <https://prometheus.io/docs/alerting/latest/configuration/#label-matchers>.

mod lexer;
mod matcher;
mod parse;

pub use matcher::{Matcher, MatcherError};
pub use parse::parse;
