//! Reads one rule file.

use std::collections::BTreeMap;

use conftrail_core::alerting::{Labels, RuleRef, Severity};
use conftrail_core::nearest;
use conftrail_core::query::{Field, Query};

use crate::intervals::TimeIntervals;
use crate::rules::condition::{Scope, condition, query};
use crate::rules::definitions::{Definitions, definitions};
use crate::rules::exception::exceptions;
use crate::rules::reader::{Fields, Reader};
use crate::rules::rule::{Annotation, GroupField, Mode, Rule};
use crate::rules::yaml::{Content, Node, Place};
use crate::rules::{BUILT_IN, Code, keys, trust};
use crate::templates::{Channel, Fill, Template, sample};

const SEVERITIES: [(&str, Severity); 4] = [
    ("info", Severity::Info),
    ("warning", Severity::Warning),
    ("high", Severity::High),
    ("critical", Severity::Critical),
];
const MODES: [(&str, Mode); 3] = [("enforce", Mode::Enforce), ("shadow", Mode::Shadow), ("off", Mode::Off)];

/// The key, and the label that it becomes.
const COMPLIANCE: &str = "compliance";

/// Longest label name or rule id in characters.
const LONGEST_NAME: usize = 64;

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct RuleFile {
    pub(crate) rules: Vec<(Place, Rule)>,
    pub(crate) overrides: Vec<(Place, Override)>,
}

/// What a file changes of a built-in rule.
#[derive(Debug)]
pub(crate) struct Override {
    pub(crate) id: String,
    pub(crate) severity: Option<Severity>,
    pub(crate) labels: Labels,
}

/// What a file's rules have in common.
struct Common<'i> {
    definitions: Definitions<'i>,
    set: String,
    owner: Option<String>,
    severity: Severity,
    labels: Labels,
}

/// Reads a file; what is wrong goes to the reader's findings.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    root: &Node,
    intervals: &TimeIntervals,
    built_in: bool,
) -> RuleFile {
    let Some(fields) = reader.fields(root, "a rule file", &keys::FILE, &[]) else {
        return RuleFile::default();
    };
    version(reader, fields);
    let set = reader.required(fields, "name", "a rule file").and_then(|node| name(reader, node, "`name`"));
    let owner = reader.optional(fields, "owner");
    let (severity, labels) = defaults(reader, fields);
    let definitions = definitions(reader, fields, intervals);
    let nodes = match reader.required(fields, "rules", "a rule file") {
        Some(node) => reader.list(node, "`rules`"),
        None => &[],
    };
    let mut file = RuleFile::default();
    let changes_built_in = set.as_deref() == Some(BUILT_IN) && !built_in;
    let common = Common { definitions, set: set.unwrap_or_default(), owner, severity, labels };
    for node in nodes {
        if changes_built_in {
            file.overrides.extend(override_of(reader, node).map(|change| (node.at, change)));
        } else {
            file.rules.extend(rule(reader, node, &common).map(|rule| (node.at, rule)));
        }
    }
    file
}

fn version(reader: &mut Reader<'_>, fields: Fields<'_>) {
    let Some(node) = reader.required(fields, "version", "a rule file") else { return };
    if let Some(text) = reader.text(node, "`version`")
        && text.text != "1"
    {
        reader.error(text.at, format!("version {} is not known; this program reads version 1", text.text));
    }
}

fn defaults(reader: &mut Reader<'_>, fields: Fields<'_>) -> (Severity, Labels) {
    let Some(node) = fields.get("defaults") else { return (Severity::default(), Labels::new()) };
    let Some(fields) = reader.fields(node, "`defaults`", &keys::DEFAULTS, &[]) else {
        return (Severity::default(), Labels::new());
    };
    (severity(reader, fields).unwrap_or_default(), labels(reader, fields))
}

fn rule(reader: &mut Reader<'_>, node: &Node, common: &Common<'_>) -> Option<Rule> {
    let fields = reader.fields(node, "a rule", &keys::RULE, &keys::RULE_LATER)?;
    let id = reader.required(fields, "id", "a rule").and_then(|node| name(reader, node, "`id`"));
    only_events(reader, fields);
    let explode = explode(reader, fields);
    let scope = Scope { definitions: &common.definitions, explode };
    if fields.get("match").is_none() && fields.get("when").is_none() {
        reader.error(fields.at, "a rule needs the key `match` or `when`");
    }
    let query = match fields.get("match") {
        Some(node) => query(reader, node, "`match`"),
        None => Some(Query::All),
    };
    let when = fields.get("when").map(|node| condition(reader, node, scope));
    let severity = severity(reader, fields).unwrap_or(common.severity);
    let mode = fields.get("mode").and_then(|node| reader.word(node, "`mode`", &MODES)).unwrap_or_default();
    let mut labels_of_rule = common.labels.clone();
    labels_of_rule.extend(labels(reader, fields));
    if let Some(compliance) = compliance(reader, fields, &labels_of_rule) {
        labels_of_rule.insert(COMPLIANCE.to_owned(), compliance);
    }
    labels_of_rule.insert("severity".to_owned(), severity.as_str().to_owned());
    labels_of_rule.insert("alertname".to_owned(), id.clone().unwrap_or_default());
    let group_by = group_by(reader, fields, &labels_of_rule);
    let annotations = annotations(reader, fields, &labels_of_rule, &group_by);
    let exceptions = exceptions(reader, fields, scope);
    let owner = reader.optional(fields, "owner").or_else(|| common.owner.clone());
    let runbook = reader.optional(fields, "runbook");
    let mut rule = Rule {
        reference: RuleRef { set: common.set.clone(), id: id?, revision: String::new() },
        mode,
        query: query?,
        // A condition that is there and could not be read must not become a rule without one.
        when: when.map_or(Some(None), |read| read.map(Some))?,
        explode,
        severity,
        labels: labels_of_rule,
        group_by,
        annotations,
        exceptions,
        owner,
        runbook,
    };
    rule.revise();
    trust::warn(reader, fields, &rule);
    Some(rule)
}

fn explode(reader: &mut Reader<'_>, fields: Fields<'_>) -> bool {
    let node = fields.get("explode");
    node.and_then(|node| reader.word(node, "`explode`", &[("changes", true)])).unwrap_or(false)
}

/// Joins what a rule is evidence for into one label, for matchers of routes.
fn compliance(reader: &mut Reader<'_>, fields: Fields<'_>, labels: &Labels) -> Option<String> {
    let node = fields.get(COMPLIANCE)?;
    if labels.contains_key(COMPLIANCE) {
        reader.error(node.at, "the label `compliance` is there already");
    }
    if matches!(node.content, Content::Null) {
        reader.error(node.at, "`compliance` is a list");
    }
    let mut names: Vec<String> = Vec::new();
    for item in reader.list(node, "`compliance`") {
        let Some(text) = reader.text(item, "an element of `compliance`") else { continue };
        if text.text.contains(',') {
            reader.error(text.at, "the elements of `compliance` are joined by commas and have none");
        }
        names.push(text.text.clone());
    }
    (!names.is_empty()).then(|| names.join(","))
}

fn override_of(reader: &mut Reader<'_>, node: &Node) -> Option<Override> {
    let all: Vec<&str> = keys::RULE.iter().chain(&keys::RULE_LATER).copied().collect();
    let fields = reader.fields(node, "a rule", &all, &[])?;
    for (key, _) in fields.iter() {
        if all.contains(&key.name.as_str()) && !keys::OVERRIDE.contains(&key.name.as_str()) {
            reader.error(key.at, "only severity and labels of a built-in rule can be changed");
        }
    }
    let id = reader.required(fields, "id", "a rule").and_then(|node| name(reader, node, "`id`"));
    let severity = severity(reader, fields);
    let labels = labels(reader, fields);
    Some(Override { id: id?, severity, labels })
}

fn only_events(reader: &mut Reader<'_>, fields: Fields<'_>) {
    let Some(text) = fields.get("type").and_then(|node| reader.text(node, "`type`")) else { return };
    match text.text.as_str() {
        "event" => {}
        later if keys::TYPES_LATER.contains(&later) => {
            reader.error(text.at, format!("the type `{later}` is not supported yet; there is `event`"));
        }
        other => {
            let meant = nearest(other, keys::TYPES_LATER).map(|known| format!("; did you mean `{known}`?"));
            reader.error(text.at, format!("there is no type `{other}`{}", meant.unwrap_or_default()));
        }
    }
}

fn severity(reader: &mut Reader<'_>, fields: Fields<'_>) -> Option<Severity> {
    fields.get("severity").and_then(|node| reader.word(node, "`severity`", &SEVERITIES))
}

fn labels(reader: &mut Reader<'_>, fields: Fields<'_>) -> Labels {
    let mut labels = Labels::new();
    let Some(entries) = fields.get("labels").and_then(|node| reader.map(node, "`labels`")) else {
        return labels;
    };
    for (key, node) in entries.iter() {
        if !is_label_name(&key.name) {
            reader.error(key.at, "a label's name has letters, digits and _, and starts with no digit");
        } else if ["alertname", "severity"].contains(&key.name.as_str()) {
            reader.error(key.at, format!("the label `{}` follows from the rule", key.name));
        } else if let Some(text) = reader.text(node, "a label") {
            labels.insert(key.name.clone(), text.text.clone());
        }
    }
    labels
}

fn is_label_name(name: &str) -> bool {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well && name.len() <= LONGEST_NAME && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn group_by(reader: &mut Reader<'_>, fields: Fields<'_>, labels: &Labels) -> Vec<GroupField> {
    let mut groups: Vec<GroupField> = Vec::new();
    let nodes = match fields.get("group_by") {
        Some(node) => reader.list(node, "`group_by`"),
        None => &[],
    };
    for node in nodes {
        let Some(text) = reader.text(node, "a field of `group_by`") else { continue };
        let Some(field) = Field::named(&text.text) else {
            let meant = Field::nearest(&text.text).map(|known| format!("; did you mean `{known}`?"));
            let said = format!("unknown field `{}`{}", text.text, meant.unwrap_or_default());
            reader.refuse(text.at, Code::UnknownField, said);
            continue;
        };
        // Prometheus' tools know letters, digits and underscores only.
        let label = text.text.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        if labels.contains_key(&label) || groups.iter().any(|group| group.label == label) {
            reader.error(text.at, format!("the label `{label}` is there already"));
            continue;
        }
        groups.push(GroupField { label, field });
    }
    groups
}

fn annotations(
    reader: &mut Reader<'_>,
    fields: Fields<'_>,
    labels: &Labels,
    group_by: &[GroupField],
) -> BTreeMap<String, Annotation> {
    let mut annotations = BTreeMap::new();
    let Some(entries) = fields.get("annotations").and_then(|node| reader.map(node, "`annotations`")) else {
        return annotations;
    };
    let names: Vec<&str> =
        labels.keys().map(String::as_str).chain(group_by.iter().map(|group| group.label.as_str())).collect();
    let samples = [sample(Fill::Full, &names), sample(Fill::Empty, &names)];
    for (key, node) in entries.iter() {
        if !is_label_name(&key.name) {
            reader.error(key.at, "an annotation's name has letters, digits and _, and starts with no digit");
            continue;
        }
        let Some(text) = reader.text(node, "an annotation") else { continue };
        let compiled = Template::compile(Channel::Plain, &text.text)
            .and_then(|template| template.check(&samples).map(|()| template));
        match compiled {
            Ok(template) => {
                annotations.insert(key.name.clone(), Annotation { text: text.text.clone(), template });
            }
            Err(error) => {
                let place = error.at.map_or(text.at, |(line, column)| text.place(line, column));
                reader.refuse(place, Code::Template, format!("the template of `{}`: {error}", key.name));
            }
        }
    }
    annotations
}

/// Reads the name of a set, a rule or an exception.
pub(crate) fn name(reader: &mut Reader<'_>, node: &Node, what: &str) -> Option<String> {
    let text = reader.text(node, what)?;
    let fits = text.text.len() <= LONGEST_NAME;
    if fits && text.text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return Some(text.text.clone());
    }
    reader.error(text.at, format!("{what} has at most {LONGEST_NAME} of a-z, 0-9 and -"));
    None
}
