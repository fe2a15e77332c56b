//! From what a source saw to an event: masked, compared, named and identified.
//!
//! The stage `collect` ends here. Clear values come in and never go out.

mod draft;
mod row;

pub use draft::{Draft, Payload};
pub use row::Table;
