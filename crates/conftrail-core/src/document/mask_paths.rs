//! The paths at which a masked document holds masks.

use std::collections::HashSet;

use super::path::Path;
use super::tree::{Node, Tree};
use crate::Value;
use crate::mask::holds_mask;

/// Returns each path at which a value or a key holds a mask, in the document's order. Of a key that is written twice the
/// last value counts in the document's value, and of what `<<` merges only what the map lacks; here each is looked at: a secret
/// was there.
pub(crate) fn of(tree: &Tree) -> Vec<String> {
    let mut finder = Finder { tree, path: Path::default(), found: Vec::new() };
    match tree.roots.as_slice() {
        [root] => finder.node(*root),
        roots => finder.list(roots),
    }
    let mut known = HashSet::with_capacity(finder.found.len());
    let is_new: Vec<bool> = finder.found.iter().map(|path| known.insert(path.as_str())).collect();
    let paths = finder.found.iter().zip(is_new);
    paths.filter(|(_, is_new)| *is_new).map(|(path, _)| path.clone()).collect()
}

struct Finder<'a> {
    tree: &'a Tree,
    path: Path,
    found: Vec<String>,
}

impl Finder<'_> {
    fn node(&mut self, index: usize) {
        let tree = self.tree;
        match tree.node(index) {
            Some(Node::Scalar(scalar)) => {
                if matches!(&scalar.value, Value::Text(text) if holds_mask(text)) {
                    self.found.push(self.path.to_string());
                }
            }
            Some(Node::List(items)) => self.list(items),
            Some(Node::Map(entries)) => {
                for (key, value) in entries {
                    self.entry(*key, *value);
                }
            }
            Some(Node::Alias(target)) if *target < index => self.node(*target),
            Some(Node::Alias(_)) | None => {}
        }
    }

    fn list(&mut self, items: &[usize]) {
        for (place, item) in items.iter().enumerate() {
            self.path.enter_index(place);
            self.node(*item);
            self.path.leave();
        }
    }

    fn entry(&mut self, key: usize, value: usize) {
        let merged = self.tree.merged(key, value);
        if !merged.is_empty() {
            // What they hold stands in this map.
            merged.into_iter().for_each(|map| self.node(map));
            return;
        }
        let tree = self.tree;
        let name = match tree.node(key) {
            Some(Node::Scalar(scalar)) => &scalar.text,
            _ => &tree.key(key),
        };
        if tree.is_flat {
            self.path.enter_flat(name);
        } else {
            self.path.enter(name);
        }
        let before = self.found.len();
        self.node(value);
        if self.found.len() == before && holds_mask(name) {
            self.found.push(self.path.to_string());
        }
        self.path.leave();
    }
}
