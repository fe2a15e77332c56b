//! Proofs: that a leaf is in a tree, and that one tree begins with another.

use super::TreeHash;

/// Returns the path from a leaf to the root of a tree of `size` leaves, the leaf's sibling first; none when there
/// is no such leaf. RFC 6962, section 2.1.1.
///
/// `subtree` returns the hash of a complete subtree by level and number, as
/// [`CompactRange::push`](super::CompactRange::push) hands it out; level 0 are the leaves.
///
/// # Errors
/// Those of `subtree`.
pub fn inclusion_proof<E>(
    leaf: u64,
    size: u64,
    subtree: &mut impl FnMut(u32, u64) -> Result<TreeHash, E>,
) -> Result<Option<Vec<TreeHash>>, E> {
    if leaf >= size {
        return Ok(None);
    }
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    while to - from > 1 {
        let middle = from + split(to - from);
        if leaf < middle {
            path.push(range_hash(middle, to, subtree)?);
            to = middle;
        } else {
            path.push(range_hash(from, middle, subtree)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(Some(path))
}

/// Returns the proof that a tree of `new` leaves begins with the one of `old` leaves; none when it cannot. RFC 6962,
/// section 2.1.2.
///
/// # Errors
/// Those of `subtree`.
pub fn consistency_proof<E>(
    old: u64,
    new: u64,
    subtree: &mut impl FnMut(u32, u64) -> Result<TreeHash, E>,
) -> Result<Option<Vec<TreeHash>>, E> {
    if old > new {
        return Ok(None);
    }
    let mut proof = Vec::new();
    if old == 0 || old == new {
        return Ok(Some(proof));
    }
    let (mut from, mut to) = (0, new);
    // The old tree's end stays within the range; when it becomes the range's end, the range is a part of both.
    while to != old {
        let middle = from + split(to - from);
        if old <= middle {
            proof.push(range_hash(middle, to, subtree)?);
            to = middle;
        } else {
            proof.push(range_hash(from, middle, subtree)?);
            from = middle;
        }
    }
    if from > 0 {
        proof.push(range_hash(from, to, subtree)?);
    }
    proof.reverse();
    Ok(Some(proof))
}

/// Says whether `proof` proves that `leaf` is leaf number `index` of the tree of `size` leaves with this root.
/// RFC 9162, section 2.1.3.2.
pub fn verify_inclusion(index: u64, size: u64, leaf: TreeHash, proof: &[TreeHash], root: &TreeHash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last) = (index, size - 1);
    let mut hash = leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            hash = TreeHash::node(sibling, &hash);
            while at % 2 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = TreeHash::node(&hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Says whether `proof` proves that the tree `(size, root)` named `new` begins with the one named `old`. RFC 9162,
/// section 2.1.4.2.
pub fn verify_consistency(old: (u64, &TreeHash), new: (u64, &TreeHash), proof: &[TreeHash]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size > new_size {
        return false;
    }
    if old_size == new_size || old_size == 0 {
        return proof.is_empty() && (old_size == 0 || old_root == new_root);
    }
    let mut path = proof.iter();
    // The old tree is itself a complete subtree of the new one: its root begins the path.
    let first = if old_size.is_power_of_two() { Some(old_root) } else { path.next() };
    let Some(first) = first else { return false };
    let (mut at, mut last) = (old_size - 1, new_size - 1);
    while at % 2 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            old_hash = TreeHash::node(sibling, &old_hash);
            new_hash = TreeHash::node(sibling, &new_hash);
            while at % 2 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = TreeHash::node(&new_hash, sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// Returns the hash over the leaves `from..to`, where `from` is a multiple of the largest power of two up to the
/// number of leaves.
fn range_hash<E>(
    from: u64,
    to: u64,
    subtree: &mut impl FnMut(u32, u64) -> Result<TreeHash, E>,
) -> Result<TreeHash, E> {
    let count = to - from;
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        return subtree(level, from >> level);
    }
    let middle = from + split(count);
    let left = range_hash(from, middle, subtree)?;
    let right = range_hash(middle, to, subtree)?;
    Ok(TreeHash::node(&left, &right))
}

/// Returns the largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::convert::Infallible;

    use super::*;
    use crate::integrity::CompactRange;
    use crate::integrity::tree::tests::{LEAVES, ROOTS, hex};

    struct Tree {
        nodes: HashMap<(u32, u64), TreeHash>,
        roots: Vec<TreeHash>,
    }

    fn tree(leaves: &[Vec<u8>]) -> Tree {
        let mut range = CompactRange::default();
        let mut tree = Tree { nodes: HashMap::new(), roots: vec![range.root()] };
        for (number, leaf) in (0..).zip(leaves) {
            let hash = TreeHash::leaf(leaf);
            tree.nodes.insert((0, number), hash);
            range.push(hash, |level, number, hash| {
                tree.nodes.insert((level, number), *hash);
            });
            tree.roots.push(range.root());
        }
        tree
    }

    fn lookup(tree: &Tree) -> impl FnMut(u32, u64) -> Result<TreeHash, Infallible> {
        |level, number| Ok(tree.nodes[&(level, number)])
    }

    fn inclusion(tree: &Tree, leaf: u64, size: u64) -> Vec<TreeHash> {
        inclusion_proof(leaf, size, &mut lookup(tree)).unwrap().unwrap()
    }

    fn consistency(tree: &Tree, old: u64, new: u64) -> Vec<TreeHash> {
        consistency_proof(old, new, &mut lookup(tree)).unwrap().unwrap()
    }

    #[test]
    fn proofs_are_those_of_the_known_trees() {
        let tree = tree(&LEAVES.map(<[u8]>::to_vec));
        assert_eq!(hex(&tree.roots[8]), ROOTS[8]);
        let path: Vec<String> = inclusion(&tree, 5, 8).iter().map(hex).collect();
        let expected = [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ];
        assert_eq!(path, expected);
        let path: Vec<String> = consistency(&tree, 6, 8).iter().map(hex).collect();
        let expected = [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ];
        assert_eq!(path, expected);
    }

    #[test]
    fn every_leaf_of_every_tree_has_a_proof_and_no_other_leaf_has_it() {
        let leaves: Vec<Vec<u8>> = (0..70_u8).map(|number| vec![number]).collect();
        let tree = tree(&leaves);
        for size in 1..=70 {
            let root = &tree.roots[size as usize];
            for index in 0..size {
                let leaf = tree.nodes[&(0, index)];
                let mut proof = inclusion(&tree, index, size);
                assert!(verify_inclusion(index, size, leaf, &proof, root));
                assert!(!verify_inclusion((index + 1) % size, size, leaf, &proof, root) || size == 1);
                assert!(!verify_inclusion(index, size, TreeHash::empty(), &proof, root));
                assert!(!verify_inclusion(index, size, leaf, &proof, &TreeHash::empty()));
                proof.push(leaf);
                assert!(!verify_inclusion(index, size, leaf, &proof, root));
            }
        }
        assert_eq!(inclusion_proof(70, 70, &mut lookup(&tree)).unwrap(), None);
    }

    #[test]
    fn every_tree_is_proven_to_begin_with_every_smaller_one() {
        let leaves: Vec<Vec<u8>> = (0..40_u8).map(|number| vec![number]).collect();
        let tree = tree(&leaves);
        for new in 0..=40_u64 {
            for old in 0..=new {
                let (small, large) = (&tree.roots[old as usize], &tree.roots[new as usize]);
                let proof = consistency(&tree, old, new);
                assert!(verify_consistency((old, small), (new, large), &proof), "{old} {new}");
                if old > 0 {
                    let other = TreeHash::empty();
                    assert!(!verify_consistency((old, &other), (new, large), &proof), "{old} {new}");
                    assert!(!verify_consistency((old, small), (new, &other), &proof), "{old} {new}");
                }
                if !proof.is_empty() {
                    assert!(!verify_consistency((old, small), (new, large), &proof[1..]), "{old} {new}");
                }
            }
        }
        assert_eq!(consistency_proof(5, 4, &mut lookup(&tree)).unwrap(), None);
    }
}
