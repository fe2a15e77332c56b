//! Events in Maxwell's JSON, for its consumers and to compare the two captures value by value; docs/maxwell.md says what is
//! kept and what an event cannot give.
//!
//! Source of the format: Maxwell's documentation, "Data Format", and its `RowMap.toJSON`.

mod definition;
mod line;
mod value;

#[cfg(test)]
mod golden;

pub(crate) use line::MaxwellLine;
