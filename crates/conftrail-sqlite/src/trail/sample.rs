//! A sample of keys of bounded size, for counts that need the events themselves.
//!
//! A key is in the sample or not by its own bits, mixed: what comes in a rhythm is not missed by a rhythm of ours, and
//! the same question has the same answer.

/// A sample has at least this many keys of more, and less than twice as many. An event takes about 20 µs to read.
const ENOUGH: usize = 10_000;

/// The sample, and how many keys it stands for.
#[derive(Default)]
pub(super) struct Sample {
    keys: Vec<i64>,
    offered: u64,
    /// A key is taken when these bits of its mix are zero.
    mask: u64,
}

impl Sample {
    /// Counts a key, and takes it if it belongs to the sample.
    pub(super) fn offer(&mut self, key: i64) {
        self.offered += 1;
        if mixed(key) & self.mask != 0 {
            return;
        }
        self.keys.push(key);
        if self.keys.len() >= 2 * ENOUGH {
            self.mask = self.mask << 1 | 1;
            let mask = self.mask;
            self.keys.retain(|key| mixed(*key) & mask == 0);
        }
    }

    /// Returns the keys that were taken, in the order they were offered.
    pub(super) fn keys(&self) -> &[i64] {
        &self.keys
    }

    /// Returns how many keys were offered.
    pub(super) fn offered(&self) -> u64 {
        self.offered
    }

    /// Says whether every key was taken.
    pub(super) fn is_everything(&self) -> bool {
        self.mask == 0
    }

    /// Returns what a count among the sample says of everything that was offered.
    pub(super) fn scaled(&self, count: u64) -> u64 {
        let taken = self.keys.len().max(1) as u128;
        let scaled = (u128::from(count) * u128::from(self.offered) + taken / 2) / taken;
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }
}

/// Spreads a key over all bits (the finalizer of SplitMix64, http://xoshiro.di.unimi.it/splitmix64.c).
fn mixed(key: i64) -> u64 {
    let bits = key.cast_unsigned();
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(keys: impl Iterator<Item = i64>) -> Sample {
        let mut sample = Sample::default();
        keys.for_each(|key| sample.offer(key));
        sample
    }

    #[test]
    fn a_few_keys_are_all_taken() {
        let sample = of(0..5_000);
        assert!(sample.is_everything());
        assert_eq!((sample.keys().len(), sample.scaled(17)), (5_000, 17));
    }

    #[test]
    fn many_keys_make_a_bounded_sample_that_follows_no_rhythm() {
        for period in [2, 64, 1_000] {
            let sample = of((0..1_000_000).map(|number| number * 8));
            assert!(!sample.is_everything());
            assert!((ENOUGH / 2..2 * ENOUGH).contains(&sample.keys().len()), "{}", sample.keys().len());
            let hits = sample.keys().iter().filter(|key| (**key / 8) % period == 0).count() as u64;
            let (found, truth) = (sample.scaled(hits) as f64, 1_000_000.0 / period as f64);
            // Four standard deviations of a sample of this size.
            let slack = 4.0 * (truth * 1_000_000.0 / sample.keys().len() as f64).sqrt();
            assert!((found - truth).abs() < slack, "{found} for {truth}");
        }
    }
}
