//! What maps of YAML get from others by `<<`: programs read it there, so names and their values can stand apart.

use std::collections::HashSet;

use super::tree::{MAX_NODES, Node, Tree};

/// An entry of a map: the nodes of its key and of its value.
pub(crate) type Entry = (usize, usize);

/// Finds what is merged, within a limit over the whole document.
#[derive(Debug)]
pub(crate) struct Merging {
    /// How many entries may still be looked at. A document with more merges has more nodes than a tree may have when
    /// they are written out, and is masked by lines.
    left: usize,
}

impl Default for Merging {
    fn default() -> Self {
        // A map is walked at most twice, as open and as secret.
        Self { left: 2 * MAX_NODES }
    }
}

impl Merging {
    /// Returns the entries that a map gets from those that it merges, without what it says itself: the nearest first.
    pub(crate) fn given_to(&mut self, tree: &Tree, own: &[Entry]) -> Vec<Entry> {
        let mut found = Vec::new();
        let mut waiting = merged_maps(tree, own);
        if waiting.is_empty() {
            return found;
        }
        let mut known: HashSet<_> = own.iter().map(|(key, _)| tree.key(*key)).collect();
        let mut seen = HashSet::new();
        while let Some(map) = waiting.pop() {
            let Some(Node::Map(entries)) = tree.node(map).filter(|_| seen.insert(map)) else { continue };
            let Some(left) = self.left.checked_sub(entries.len()) else { return found };
            self.left = left;
            let names: Vec<_> = entries.iter().map(|(key, _)| tree.key(*key)).collect();
            // Of a key that is written twice in one map each value is looked at.
            let new = entries.iter().zip(&names).filter(|(_, name)| !known.contains(*name));
            found.extend(new.map(|(entry, _)| *entry));
            known.extend(names);
            waiting.extend(merged_maps(tree, entries));
        }
        found
    }
}

/// Returns the maps that a map names behind `<<`, the nearest last.
fn merged_maps(tree: &Tree, entries: &[Entry]) -> Vec<usize> {
    if tree.merge_keys.is_empty() {
        return Vec::new();
    }
    let mut maps: Vec<usize> = entries.iter().flat_map(|(key, value)| tree.merged(*key, *value)).collect();
    maps.reverse();
    maps
}
