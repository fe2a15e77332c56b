//! What is wrong with rules, and what a person should look at though it loads.

mod cases;
mod places;
mod query;
mod rule;

use conftrail_core::Timestamp;

use crate::cases::CaseFile;
use crate::intervals::TimeIntervals;
use crate::rules::reader::Reader;
use crate::rules::{Finding, LoadError, RuleSet, RuleSource};

/// Looks at rule files and the cases beside them; `intervals` are those of the routing file, `now` is when exceptions are looked at.
///
/// Files that cannot be loaded have their errors, and nothing else: the rest is asked of rules that can be read.
pub fn lint(
    rules: &[RuleSource<'_>],
    cases: &[RuleSource<'_>],
    intervals: &TimeIntervals,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut read = Vec::new();
    for source in cases {
        match CaseFile::load(*source) {
            Ok(file) => read.push(file),
            Err(LoadError(wrong)) => findings.extend(wrong),
        }
    }
    let set = match RuleSet::load(rules, intervals) {
        Ok(set) => set,
        Err(LoadError(mut wrong)) => {
            wrong.append(&mut findings);
            return wrong;
        }
    };
    findings.extend(set.warnings().iter().cloned());
    let tested = cases::tested(&read);
    let mut same = query::Same::default();
    for source in rules {
        let mut reader = Reader::new(source.file, source.text);
        for place in places::of(source.text) {
            let Some(rule) = set.rule(&place.set, &place.id) else { continue };
            rule::look(&mut reader, rule, &place, now);
            same.look(&mut reader, source.file, rule, &place);
            // Where the cases themselves cannot be read, nobody knows what they cover.
            if read.len() == cases.len() {
                tested.look(&mut reader, rule, &place);
            }
        }
        findings.append(&mut reader.findings);
    }
    findings.sort_by(|left, right| {
        (&left.file, left.line, left.column).cmp(&(&right.file, right.line, right.column))
    });
    findings
}
