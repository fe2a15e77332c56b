//! Cases of rules: events in, expected alerts and messages out, in `*.test.yaml` beside the rules (docs/rules.md).
//!
//! This module reads the files and compares; whoever runs a case drives the same detection and folding as production.

mod case;
mod event;
mod expected;
mod file;
mod update;

pub use case::{Case, Control, Doing, Step};
pub use expected::{Expectation, ExpectedAlert, ExpectedMessage, Fired, Told};
pub use file::{CaseFile, is_case_file};
pub use update::{Came, updated};
