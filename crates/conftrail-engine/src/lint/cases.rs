//! Which rules have a case in which they fire, and one in which they do not.

use std::collections::BTreeSet;

use crate::cases::CaseFile;
use crate::rules::reader::Reader;
use crate::rules::{Code, Mode, Rule};

use super::places::RulePlace;

/// The rules that cases expect to fire, and not to fire, as the cases name them.
#[derive(Default)]
pub(super) struct Tested {
    fires: BTreeSet<String>,
    rests: BTreeSet<String>,
}

/// Gathers what cases say of rules.
pub(super) fn tested(files: &[CaseFile]) -> Tested {
    let mut tested = Tested::default();
    for expectation in files.iter().flat_map(|file| &file.cases).flat_map(|case| &case.expect) {
        let into = if expectation.alerts.is_empty() { &mut tested.rests } else { &mut tested.fires };
        into.insert(expectation.rule.clone());
    }
    tested
}

impl Tested {
    /// Says of a rule what no case says.
    pub(super) fn look(&self, reader: &mut Reader<'_>, rule: &Rule, place: &RulePlace) {
        if rule.mode == Mode::Off {
            return;
        }
        let (name, id) = (rule.name(), rule.reference.id.as_str());
        let is_among = |rules: &BTreeSet<String>| rules.contains(id) || rules.contains(&name);
        let lacking = match (is_among(&self.fires), is_among(&self.rests)) {
            (true, true) => return,
            (false, true) => "no case in which it fires",
            (true, false) => "no case in which it does not fire (`alerts: []`)",
            (false, false) => "no case: one in which it fires, and one in which it does not",
        };
        let way_out = "write it in a *.test.yaml beside the rules, or begin with `conftrail rules new`";
        reader.advise(place.at, Code::NoCase, format!("the rule {id} has {lacking}; {way_out}"));
    }
}
