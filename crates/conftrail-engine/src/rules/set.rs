//! The set of rules that events are judged by.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use conftrail_core::alerting::derived_id;
use conftrail_core::nearest;
use conftrail_core::query::Query;

use crate::Timing;
use crate::intervals::TimeIntervals;
use crate::rules::file::{Override, RuleFile, read};
use crate::rules::index::Index;
use crate::rules::reader::Reader;
use crate::rules::yaml::{self, Place};
use crate::rules::{Code, Finding, Level, LoadError, Mode, Rule};

/// The name of the compiled-in set.
pub const BUILT_IN: &str = "conftrail";

const BUILT_IN_TEXT: &str = include_str!("builtin.yaml");

static BUILT_IN_RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let source = RuleSource { file: "conftrail.yaml (built in)", text: BUILT_IN_TEXT };
    let mut reader = Reader::new(source.file, source.text);
    let rules = read_file(&mut reader, source, &TimeIntervals::default(), true)
        .rules
        .into_iter()
        .map(|(_, rule)| rule)
        .collect();
    debug_assert!(reader.findings.is_empty(), "{:?}", reader.findings);
    rules
});

/// Longest rule file in bytes.
const LONGEST_FILE: usize = 4 * 1024 * 1024;

/// A rule file's name, as findings print it, and its text.
#[derive(Clone, Copy, Debug)]
pub struct RuleSource<'t> {
    /// The name.
    pub file: &'t str,
    /// The text.
    pub text: &'t str,
}

/// All rules in force: the built-in ones and those of the files. Immutable: another set replaces it whole.
#[derive(Clone, Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    index: Index,
    digest: String,
    warnings: Vec<Finding>,
    late_after: Duration,
}

impl RuleSet {
    /// Makes the set of the built-in rules alone.
    pub fn built_in() -> Self {
        Self::of(BUILT_IN_RULES.clone(), Vec::new())
    }

    /// Loads rule files on top of the built-in rules; `intervals` are those that `in_window` asks about.
    ///
    /// # Errors
    /// [`LoadError`] with every error of every file; then nothing is loaded.
    pub fn load(sources: &[RuleSource<'_>], intervals: &TimeIntervals) -> Result<Self, LoadError> {
        let mut rules = BUILT_IN_RULES.clone();
        let mut places: HashMap<String, String> = HashMap::new();
        let mut findings = Vec::new();
        for source in sources {
            let mut reader = Reader::new(source.file, source.text);
            let file = read_file(&mut reader, *source, intervals, false);
            for (place, change) in file.overrides {
                apply(&mut reader, &mut rules, place, change);
            }
            for (place, rule) in file.rules {
                let name = rule.name();
                let here = format!("{}:{}", source.file, place.line);
                match places.get(&name) {
                    Some(other) => {
                        let said = format!("the rule {name} is there already, at {other}");
                        reader.refuse(place, Code::Duplicate, said);
                    }
                    None => {
                        places.insert(name, here);
                        rules.push(rule);
                    }
                }
            }
            reader.findings.sort_by_key(|finding| (finding.line, finding.column));
            findings.append(&mut reader.findings);
        }
        if findings.iter().any(|finding| finding.level == Level::Error) {
            return Err(LoadError(findings));
        }
        Ok(Self::of(rules, findings))
    }

    fn of(rules: Vec<Rule>, warnings: Vec<Finding>) -> Self {
        let mut parts: Vec<String> = Vec::with_capacity(rules.len() * 2);
        for rule in &rules {
            parts.extend([rule.name(), rule.reference.revision.clone()]);
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let digest = derived_id(&parts);
        let active = rules.iter().enumerate().filter(|(_, rule)| rule.mode != Mode::Off);
        let filters: Vec<(usize, Query)> = active.map(|(number, rule)| (number, rule.filter())).collect();
        let index = Index::build(filters.iter().map(|(number, filter)| (*number, filter)));
        Self { rules, index, digest, warnings, late_after: Timing::default().late_after.0 }
    }

    /// Sets how long after an event its detection is late.
    #[must_use]
    pub fn with_timing(mut self, timing: &Timing) -> Self {
        self.late_after = timing.late_after.0;
        self
    }

    /// Returns how long after an event its detection is late.
    pub fn late_after(&self) -> Duration {
        self.late_after
    }

    /// Returns the rules: the built-in ones, then those of the files in their order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Returns a rule.
    pub fn rule(&self, set: &str, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.reference.set == set && rule.reference.id == id)
    }

    /// Returns what tells this set from any other: 32 hex digits over all that its rules say.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Returns what a person should look at.
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }
}

/// Says whether a file of the rules directory holds rules: `*.yaml` but tests and routing.
pub fn is_rule_file(name: &str) -> bool {
    name.ends_with(".yaml")
        && !name.ends_with(".test.yaml")
        && name != "routing.yaml"
        && !name.starts_with('.')
}

fn read_file(
    reader: &mut Reader<'_>,
    source: RuleSource<'_>,
    intervals: &TimeIntervals,
    built_in: bool,
) -> RuleFile {
    if source.text.len() > LONGEST_FILE {
        reader.refuse(Place::START, Code::Limit, format!("the file is longer than {LONGEST_FILE} bytes"));
        return RuleFile::default();
    }
    match yaml::parse(source.text) {
        Ok(root) => read(reader, &root, intervals, built_in),
        Err((place, message)) => {
            reader.error(place, message);
            RuleFile::default()
        }
    }
}

fn apply(reader: &mut Reader<'_>, rules: &mut [Rule], place: Place, change: Override) {
    let ids: Vec<String> = rules.iter().map(|rule| rule.reference.id.clone()).collect();
    let built_in = |rule: &&mut Rule| rule.reference.set == BUILT_IN && rule.reference.id == change.id;
    let Some(rule) = rules.iter_mut().find(built_in) else {
        let meant = nearest(&change.id, ids.iter().map(String::as_str));
        let meant = meant.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default();
        return reader.error(place, format!("there is no built-in rule `{}`{meant}", change.id));
    };
    if let Some(taken) =
        change.labels.keys().find(|name| rule.group_by.iter().any(|group| group.label == **name))
    {
        return reader.error(place, format!("the label `{taken}` comes from the rule's `group_by`"));
    }
    if let Some(severity) = change.severity {
        rule.severity = severity;
        rule.labels.insert("severity".to_owned(), severity.as_str().to_owned());
    }
    rule.labels.extend(change.labels);
    rule.revise();
}
