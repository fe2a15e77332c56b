//! Table plans: everything about a table that decoding its rows needs, worked out once per definition.

mod build;
mod cache;
mod column;
mod facts;
mod fingerprint;
mod table;

pub use cache::PlanCache;
pub use column::{ColumnPlan, LabelSet};
pub use facts::{ColumnFacts, TableFacts};
pub use table::{SchemaFrom, TablePlan};

pub(crate) use column::{Cell, Frame};
