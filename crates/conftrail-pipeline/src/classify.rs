//! Gives events their environment, service, owner and labels, so that all sources speak of them alike.

use std::collections::BTreeMap;

use conftrail_core::{Event, Resource};
use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};

/// One line of `classify`: for resources whose id matches, what they belong to.
///
/// Values may hold `{namespace}`, `{group}` and `{name}`, which stand for the resource's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClassifyRule {
    /// A glob on `resource.id`; `*` stays within a part, `**` does not.
    #[serde(rename = "match")]
    pub pattern: String,
    /// The environment.
    pub env: Option<String>,
    /// The service.
    pub service: Option<String>,
    /// The owning team.
    pub owner: Option<String>,
    /// Further labels of the event.
    pub labels: BTreeMap<String, String>,
}

/// Says which line of `classify` is wrong and why.
#[derive(Debug, thiserror::Error)]
#[error("classify[{index}].match")]
pub struct InvalidClassifyRule {
    index: usize,
    #[source]
    source: globset::Error,
}

/// The checked lines of `classify`; for each field the first line that matches and sets it wins.
#[derive(Debug, Default)]
pub struct Classifier {
    rules: Vec<(GlobMatcher, ClassifyRule)>,
}

impl Classifier {
    /// Checks the lines.
    ///
    /// # Errors
    /// The first pattern that is no glob.
    pub fn new(rules: Vec<ClassifyRule>) -> Result<Self, InvalidClassifyRule> {
        let compile = |(index, rule): (usize, ClassifyRule)| {
            let glob = GlobBuilder::new(&rule.pattern).literal_separator(true).build();
            let matcher = glob.map_err(|source| InvalidClassifyRule { index, source })?.compile_matcher();
            Ok((matcher, rule))
        };
        Ok(Self { rules: rules.into_iter().enumerate().map(compile).collect::<Result<_, _>>()? })
    }

    /// Says whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Fills what the lines say and the event does not know yet.
    pub fn classify(&self, event: &mut Event) {
        for (matcher, rule) in &self.rules {
            if !matcher.is_match(&event.resource.id) {
                continue;
            }
            let (env, service, owner) = (
                rule.env.as_deref().map(|text| fill(text, &event.resource)),
                rule.service.as_deref().map(|text| fill(text, &event.resource)),
                rule.owner.as_deref().map(|text| fill(text, &event.resource)),
            );
            let resource = &mut event.resource;
            resource.env = resource.env.take().or(env.map(Into::into));
            resource.service = resource.service.take().or(service.map(Into::into));
            resource.owner = resource.owner.take().or(owner.map(Into::into));
            for (name, text) in &rule.labels {
                let value = fill(text, &event.resource);
                event.labels.entry(name.clone()).or_insert(value);
            }
        }
    }
}

fn fill(text: &str, resource: &Resource) -> String {
    if !text.contains('{') {
        return text.to_owned();
    }
    text.replace("{namespace}", resource.namespace.as_deref().unwrap_or_default())
        .replace("{group}", resource.group.as_deref().unwrap_or_default())
        .replace("{name}", &resource.name)
}
