//! Runs cases of rules on a virtual clock, through the detection, folding and control store of production.

mod bench;
mod files;
mod junit;
mod run;

pub(crate) use files::{Suite, suites};
pub(crate) use junit::write as write_junit;
pub(crate) use run::{Outcome, run};
