//! One case: what happens, when, and what must come of it.

use std::time::Duration;

use conftrail_core::{Event, Timestamp};

use super::{Expectation, ExpectedMessage};

/// One case of a file.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name, a sentence.
    pub name: String,
    /// The line of its name.
    pub line: usize,
    /// The rules it is about, by id or `<set>/<id>`; without it a rule that fires and is not expected fails the case.
    pub watch: Option<Vec<String>>,
    /// When it begins.
    pub start: Timestamp,
    /// What happens, in the order of time.
    pub steps: Vec<Step>,
    /// Which alerts there must be.
    pub expect: Vec<Expectation>,
    /// Which messages there must be; an empty list is none at all.
    pub messages: Option<Vec<ExpectedMessage>>,
    /// When it ends, counted from the start: late enough for what groups wait for.
    pub end: Duration,
    /// The lines of `expect`, from its key up to what comes after it; none when the case says nothing.
    pub expect_lines: Option<std::ops::Range<usize>>,
    /// The column of the case's keys, for what is written into the file.
    pub indent: usize,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub struct Step {
    /// When, counted from the case's start.
    pub at: Duration,
    /// The line it stands in.
    pub line: usize,
    /// What.
    pub doing: Doing,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Doing {
    /// A change is made at the source.
    Change(Box<Event>),
    /// Something is done to conftrail or its surroundings.
    Control(Control),
}

/// What is done to conftrail or its surroundings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// The process ends between an effect and its position, and starts again: the last changes are read again.
    CrashAndRestart,
    /// Nothing is read for a while; what is changed meanwhile is read at the end.
    SourceStopped(Duration),
    /// Receivers refuse for a while: the named one, or all.
    ReceiverDown {
        /// How long.
        lasts: Duration,
        /// Which one; all when none is named.
        receiver: Option<String>,
    },
    /// The same files are put in force again.
    Reload,
}

impl Case {
    /// Says whether a rule that fires may go unmentioned: the case names what it is about, and this is not of it.
    pub fn may_ignore(&self, rule: &str) -> bool {
        self.watch.as_ref().is_some_and(|watched| !watched.iter().any(|one| is_named(rule, one)))
    }
}

/// Says whether `<set>/<id>` is what a name means: the whole, or the id alone.
pub(super) fn is_named(rule: &str, name: &str) -> bool {
    rule == name || rule.split_once('/').is_some_and(|(_, id)| id == name)
}
