//! A growing tree as its compact range: the hashes of the complete subtrees that it consists of.

use super::TreeHash;

/// Bytes of a hash.
const WIDTH: usize = 32;

/// All that is needed to go on appending to a tree: at most 64 hashes, whatever its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    /// One for each bit that is set in `size`, the largest subtree first.
    peaks: Vec<TreeHash>,
}

/// Says that stored bytes are not the range of a tree of that size.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the stored state of the tree does not belong to its size")]
pub struct InvalidRange;

impl CompactRange {
    /// Returns how many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf, and hands out each subtree that is complete with it, as `(level, number, hash)`: the one
    /// numbered `n` at level `l` covers the leaves from `n << l` on, `1 << l` of them.
    pub fn push(&mut self, leaf: TreeHash, mut completed: impl FnMut(u32, u64, &TreeHash)) {
        let mut hash = leaf;
        for level in 1..=self.size.trailing_ones() {
            let left = self.peaks.pop().expect("there is a peak for each bit that is set in the size");
            hash = TreeHash::node(&left, &hash);
            completed(level, self.size >> level, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// Returns the hash of the whole tree.
    pub fn root(&self) -> TreeHash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return TreeHash::empty() };
        peaks.fold(*last, |right, left| TreeHash::node(left, &right))
    }

    /// Returns the hashes one after another, for [`Self::restore`].
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.iter().flat_map(TreeHash::as_bytes).copied().collect()
    }

    /// Returns a range as it was when [`Self::to_bytes`] was called.
    ///
    /// # Errors
    /// [`InvalidRange`] when the bytes are not those of a tree of this size.
    pub fn restore(size: u64, bytes: &[u8]) -> Result<Self, InvalidRange> {
        let (hashes, rest) = bytes.as_chunks::<WIDTH>();
        if !rest.is_empty() || hashes.len() != size.count_ones() as usize {
            return Err(InvalidRange);
        }
        let peaks = hashes.iter().filter_map(|hash| TreeHash::from_bytes(hash)).collect();
        Ok(Self { size, peaks })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The leaves and roots that the tests of Certificate Transparency use (google/certificate-transparency,
    /// merkle_tree_test).
    pub(in crate::integrity) const LEAVES: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
    ];
    pub(in crate::integrity) const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    pub(in crate::integrity) fn hex(hash: &TreeHash) -> String {
        hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn roots_are_those_of_the_known_trees() {
        let mut range = CompactRange::default();
        assert_eq!(hex(&range.root()), ROOTS[0]);
        for (leaf, root) in LEAVES.iter().zip(&ROOTS[1..]) {
            range.push(TreeHash::leaf(leaf), |_, _, _| {});
            assert_eq!(hex(&range.root()), *root);
        }
    }

    #[test]
    fn a_range_that_was_stored_goes_on_where_it_was() {
        let mut whole = CompactRange::default();
        for number in 0..600_u64 {
            let mut again = CompactRange::restore(whole.size(), &whole.to_bytes()).unwrap();
            assert_eq!(again, whole);
            let leaf = TreeHash::leaf(&number.to_be_bytes());
            whole.push(leaf, |_, _, _| {});
            again.push(leaf, |_, _, _| {});
            assert_eq!(again.root(), whole.root());
        }
        let bytes = whole.to_bytes();
        assert_eq!(CompactRange::restore(whole.size() + 1, &bytes), Err(InvalidRange));
        assert_eq!(CompactRange::restore(whole.size(), &bytes[1..]), Err(InvalidRange));
    }
}
