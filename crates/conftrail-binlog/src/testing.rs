//! Byte builders and a small deterministic random source for this crate's unit tests.

pub(crate) use crate::fuzzing::length_encoded;

/// Builds the body of a TABLE_MAP_EVENT.
#[derive(Clone, Default)]
pub(crate) struct TableMapBytes {
    database: String,
    table: String,
    codes: Vec<u8>,
    metadata: Vec<u8>,
    optional: Vec<u8>,
}

impl TableMapBytes {
    pub(crate) fn new(database: &str, table: &str) -> Self {
        Self { database: database.to_owned(), table: table.to_owned(), ..Self::default() }
    }

    pub(crate) fn column(mut self, code: u8, metadata: &[u8]) -> Self {
        self.codes.push(code);
        self.metadata.extend_from_slice(metadata);
        self
    }

    pub(crate) fn optional(mut self, kind: u8, content: &[u8]) -> Self {
        self.optional.push(kind);
        self.optional.extend(length_encoded(content.len()));
        self.optional.extend_from_slice(content);
        self
    }

    /// Adds the names of all columns.
    pub(crate) fn names(self, names: &[&str]) -> Self {
        let content: Vec<u8> = names.iter().flat_map(|name| prefixed(name)).collect();
        self.optional(4, &content)
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut body = vec![77, 0, 0, 0, 0, 0, 1, 0];
        for name in [&self.database, &self.table] {
            body.extend(prefixed(name));
            body.push(0);
        }
        body.extend(length_encoded(self.codes.len()));
        body.extend_from_slice(&self.codes);
        body.extend(length_encoded(self.metadata.len()));
        body.extend_from_slice(&self.metadata);
        body.extend(vec![0xff; self.codes.len().div_ceil(8)]);
        body.extend_from_slice(&self.optional);
        body
    }
}

/// Returns a short text behind its length.
pub(crate) fn prefixed(text: &str) -> Vec<u8> {
    crate::fuzzing::prefixed(text.as_bytes())
}

/// SplitMix64: repeatable random numbers without a dependency.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).expect("below a usize")
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// Returns `base` with a few bytes changed, and now and then cut short.
    pub(crate) fn damaged(&mut self, base: &[u8]) -> Vec<u8> {
        let mut bytes = base.to_vec();
        for _ in 0..=self.below(4) {
            let place = self.below(bytes.len());
            if let Some(byte) = bytes.get_mut(place) {
                *byte = self.byte();
            }
        }
        if self.below(3) == 0 {
            bytes.truncate(self.below(bytes.len() + 1));
        }
        bytes
    }
}
