//! What an expression can name beside the event's fields: lists, macros and time intervals.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cel::node::Listed;
use crate::cel::tree::Tree;
use crate::intervals::TimeIntervals;

/// A macro of a rule file.
#[derive(Debug)]
pub(crate) struct Macro {
    pub(crate) text: Arc<str>,
    /// None if it could not be parsed.
    pub(crate) tree: Option<Tree>,
    /// Its own text has a mistake, which is told there and not wherever it is used.
    pub(crate) broken: bool,
}

/// The names of a rule file.
#[derive(Debug)]
pub(crate) struct Names<'i> {
    pub(crate) lists: BTreeMap<String, Arc<Listed>>,
    pub(crate) macros: BTreeMap<String, Macro>,
    pub(crate) intervals: &'i TimeIntervals,
}

impl<'i> Names<'i> {
    /// Makes names without lists and macros.
    pub(crate) fn new(intervals: &'i TimeIntervals) -> Self {
        Self { lists: BTreeMap::new(), macros: BTreeMap::new(), intervals }
    }
}
