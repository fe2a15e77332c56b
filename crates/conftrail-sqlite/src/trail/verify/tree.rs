//! The tree made anew from the leaves, against everything that was stored and signed of it.

use std::collections::HashMap;

use conftrail_core::integrity::{Checkpoint, CompactRange, Finding, FindingKind, TreeHash};

use crate::trail::grow::STORED_LEVELS;
use crate::trail::verify::scan::Hashes;

/// The tree as it grows leaf by leaf.
pub(super) struct Tree {
    /// From the leaves as they are stored.
    stored: CompactRange,
    /// From the leaves as their events make them, once the two differ.
    computed: Option<CompactRange>,
    /// The first leaf that is missing: nothing can be said of the tree from there on.
    missing: Option<u64>,
    /// What was signed, by size, the smallest last.
    signed: Vec<Checkpoint>,
    /// The stored subtrees that have not been met yet.
    nodes: HashMap<(u32, u64), TreeHash>,
    /// The last size at which a checkpoint agreed.
    agreed: u64,
    /// The first size at which one did not.
    disagreed: Option<u64>,
    leaves_altered: Option<u64>,
    /// How many checkpoints did not.
    disagreements: u64,
    pub(super) findings: Vec<Finding>,
}

impl Tree {
    /// Begins with what was signed and with the subtrees that are stored.
    pub(super) fn new(mut signed: Vec<Checkpoint>, nodes: HashMap<(u32, u64), TreeHash>) -> Self {
        signed.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.size));
        let mut tree = Self {
            stored: CompactRange::default(),
            computed: None,
            missing: None,
            signed,
            nodes,
            agreed: 0,
            disagreed: None,
            leaves_altered: None,
            disagreements: 0,
            findings: Vec::new(),
        };
        tree.meet_checkpoints();
        tree
    }

    /// Appends the next leaf; none when its row is gone.
    pub(super) fn push(&mut self, leaf: Option<Hashes>) {
        let size = self.stored.size();
        if self.missing.is_some() {
            return;
        }
        let Some(leaf) = leaf else {
            self.missing = Some(size);
            return;
        };
        if leaf.computed.is_some() && self.computed.is_none() {
            self.computed = Some(self.stored.clone());
        }
        let mut completed = Vec::new();
        self.stored.push(leaf.stored, |level, number, hash| {
            if level.is_multiple_of(STORED_LEVELS) {
                completed.push((level, number, *hash));
            }
        });
        if let Some(computed) = &mut self.computed {
            computed.push(leaf.computed.unwrap_or(leaf.stored), |_, _, _| {});
        }
        for (level, number, hash) in completed {
            self.meet_node(level, number, &hash);
        }
        self.meet_checkpoints();
    }

    /// Returns the root, if it can be known.
    pub(super) fn root(&self) -> Option<TreeHash> {
        self.missing.is_none().then(|| self.stored.root())
    }

    /// Returns the size up to which leaves were altered and their events are proven to be intact, if that is so.
    pub(super) fn leaves_altered(&self) -> Option<u64> {
        self.leaves_altered
    }

    /// Compares with the stored state of the tree, and says what is left to say.
    pub(super) fn finish(mut self, size: u64, peaks: &[u8]) -> (Vec<Finding>, Option<TreeHash>) {
        if let Some(missing) = self.missing {
            let text =
                format!("the tree cannot be made anew from leaf {missing} on, because that leaf is gone");
            self.findings.push(Finding::new(FindingKind::Tree, text).of_leaf(missing));
        } else {
            let stored = CompactRange::restore(size, peaks);
            if stored.as_ref() != Ok(&self.stored) {
                let text = "the stored state of the tree is not the one that its leaves make";
                self.findings.push(Finding::new(FindingKind::Tree, text).in_row("tree", 1));
            }
            let mut foreign: Vec<_> = self.nodes.keys().copied().collect();
            foreign.sort_unstable();
            for (level, number) in foreign {
                let text = format!("subtree {level}/{number} is stored and does not exist");
                self.findings.push(Finding::new(FindingKind::Added, text));
            }
        }
        if let Some(size) = self.disagreed {
            self.disagreement(size);
        }
        let root = self.root();
        (self.findings, root)
    }

    fn meet_node(&mut self, level: u32, number: u64, hash: &TreeHash) {
        let (kind, text) = match self.nodes.remove(&(level, number)) {
            Some(stored) if stored == *hash => return,
            Some(_) => (FindingKind::Changed, "is not the one that its leaves make"),
            None => (FindingKind::Removed, "is gone"),
        };
        let (from, to) = (number << level, ((number + 1) << level) - 1);
        let text = format!("the stored subtree {level}/{number} over the leaves {from} to {to} {text}");
        self.findings.push(Finding::new(kind, text).of_leaf(from));
    }

    fn meet_checkpoints(&mut self) {
        let size = self.stored.size();
        while let Some(checkpoint) = self.signed.pop_if(|checkpoint| checkpoint.size == size) {
            let root = self.stored.root();
            if checkpoint.root == root {
                self.agreed = size;
                continue;
            }
            let intact = self.computed.as_ref().is_some_and(|computed| computed.root() == checkpoint.root);
            if intact {
                self.leaves_altered = Some(size);
                self.agreed = size;
                continue;
            }
            self.disagreements += 1;
            self.disagreed = self.disagreed.or(Some(size));
        }
    }

    fn disagreement(&mut self, size: u64) {
        let (from, to) = (self.agreed, size.saturating_sub(1));
        let which = if from >= size {
            "two signed checkpoints of one size contradict each other".to_owned()
        } else if from == to {
            format!("the event of leaf {from} was exchanged together with its leaf")
        } else {
            format!(
                "one or more of the events of the leaves {from} to {to} were exchanged together with their leaves"
            )
        };
        let more = match self.disagreements {
            0 | 1 => String::new(),
            all => format!(", nor with {} later ones", all - 1),
        };
        let text =
            format!("the file does not agree with the signed checkpoint of {size} events{more}: {which}");
        self.findings.push(Finding::new(FindingKind::Checkpoint, text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(number: u64) -> TreeHash {
        TreeHash::leaf(&number.to_be_bytes())
    }

    fn range(leaves: impl Iterator<Item = TreeHash>) -> CompactRange {
        let mut range = CompactRange::default();
        leaves.for_each(|leaf| range.push(leaf, |_, _, _| {}));
        range
    }

    fn signed(size: u64) -> Checkpoint {
        let root = range((0..size).map(leaf)).root();
        Checkpoint { origin: "test".to_owned(), size, root, time: None }
    }

    /// Runs six leaves, of which number 3 is `third`, against checkpoints of 2, 4 and 6.
    fn found(third: Option<Hashes>) -> Vec<String> {
        let mut tree = Tree::new([2, 4, 6].map(signed).to_vec(), HashMap::new());
        let plain = |number| Some(Hashes { stored: leaf(number), computed: None });
        for number in 0..6 {
            tree.push(if number == 3 { third } else { plain(number) });
        }
        let peaks = range((0..6).map(leaf)).to_bytes();
        tree.finish(6, &peaks).0.into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn what_was_altered_is_narrowed_down_by_the_checkpoints_around_it() {
        let intact = Hashes { stored: leaf(3), computed: None };
        assert_eq!(found(Some(intact)), [""; 0]);
        // An event that is not what its leaf says: the scan names it, and the tree has nothing to add.
        assert_eq!(found(Some(Hashes { computed: Some(leaf(9)), ..intact })), [""; 0]);
        let exchanged = found(Some(Hashes { stored: leaf(9), computed: None }));
        assert!(
            exchanged.iter().any(|text| text.contains("of the leaves 2 to 3 were exchanged")),
            "{exchanged:?}"
        );
        // A leaf that is not what its event says: the checkpoints acquit the event, the stored state accuses the leaf.
        let leaf_altered = found(Some(Hashes { stored: leaf(9), computed: Some(leaf(3)) }));
        assert_eq!(leaf_altered, ["the stored state of the tree is not the one that its leaves make"]);
        let gone = found(None);
        assert!(gone.iter().any(|text| text.contains("from leaf 3 on")), "{gone:?}");
    }
}
