//! Where a file says what of its rules.

use std::collections::BTreeMap;

use crate::rules::yaml::{self, Content, Node, Place};

/// Where a rule stands, and what of it is asked for by place.
pub(super) struct RulePlace {
    /// The rule set.
    pub(super) set: String,
    /// The rule's id.
    pub(super) id: String,
    /// The id's place.
    pub(super) at: Place,
    node: Node,
    /// The file's macros, by name.
    macros: BTreeMap<String, String>,
}

impl RulePlace {
    /// Returns the value of a key.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        entry(&self.node, name)
    }

    /// Returns the text of a key.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        text(self.get(name)?)
    }

    /// Returns the place of a key's value, or of the rule where there is none.
    pub(super) fn at(&self, name: &str) -> Place {
        self.get(name).map_or(self.at, |node| node.at)
    }

    /// Returns the elements of a key's list.
    pub(super) fn list(&self, name: &str) -> &[Node] {
        self.get(name).map(items).unwrap_or_default()
    }

    /// Returns an expression with the texts of the macros that it uses behind it, and theirs: for what is looked for in it.
    pub(super) fn with_macros(&self, expression: &str) -> String {
        let mut whole = expression.to_owned();
        let mut used: Vec<&str> = Vec::new();
        loop {
            let next =
                self.macros.iter().find(|(name, _)| !used.contains(&name.as_str()) && names(&whole, name));
            let Some((name, text)) = next else { return whole };
            used.push(name);
            whole.push('\n');
            whole.push_str(text);
        }
    }
}

/// Says whether an expression holds a name as a word.
pub(super) fn names(expression: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    expression.match_indices(name).any(|(at, _)| {
        let before = expression[..at].chars().next_back();
        let after = expression[at + name.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Returns the rules of a file; what cannot be read has none.
pub(super) fn of(file: &str) -> Vec<RulePlace> {
    let Ok(root) = yaml::parse(file) else { return Vec::new() };
    let set = entry(&root, "name").and_then(text).unwrap_or_default().to_owned();
    let macros: BTreeMap<String, String> = match entry(&root, "macros").map(|node| &node.content) {
        Some(Content::Map(entries)) => {
            let known =
                entries.iter().filter_map(|(key, node)| Some((key.name.clone(), text(node)?.to_owned())));
            known.collect()
        }
        _ => BTreeMap::new(),
    };
    let rules = entry(&root, "rules").map(items).unwrap_or_default();
    let place = |node: &Node| {
        let id = entry(node, "id")?;
        let (at, id) = (id.at, text(id)?.to_owned());
        Some(RulePlace { set: set.clone(), id, at, node: node.clone(), macros: macros.clone() })
    };
    rules.iter().filter_map(place).collect()
}

/// Returns the value of a key of a mapping.
pub(super) fn entry<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    match &node.content {
        Content::Map(entries) => entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node),
        _ => None,
    }
}

/// Returns the text of a scalar.
pub(super) fn text(node: &Node) -> Option<&str> {
    match &node.content {
        Content::Text(text) => Some(&text.text),
        _ => None,
    }
}

/// Returns the entries of a mapping.
pub(super) fn entries(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let entries = match &node.content {
        Content::Map(entries) => entries.as_slice(),
        _ => &[],
    };
    entries.iter().map(|(key, node)| (key.name.as_str(), node))
}

fn items(node: &Node) -> &[Node] {
    match &node.content {
        Content::List(items) => items,
        _ => &[],
    }
}
