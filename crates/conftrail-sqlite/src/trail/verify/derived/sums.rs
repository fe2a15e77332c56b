//! Two large multisets are compared by sums over their members, in a fixed amount of memory and in any order.
//!
//! The function that is summed has a key that is drawn anew for each verification, so that nobody can prepare an
//! alteration that leaves a sum as it was.

use std::hash::{BuildHasher as _, RandomState};

use conftrail_core::Event;

use crate::trail::words;

/// Into how many sums the keys are spread: 512 KiB, and few events to look at where one of them differs.
const BUCKETS: usize = 1 << 16;

/// Makes a number of each word of an event.
pub(in crate::trail::verify) struct Wording {
    drawn: RandomState,
}

impl Wording {
    /// Draws a new key.
    pub(in crate::trail::verify) fn new() -> Self {
        Self { drawn: RandomState::new() }
    }

    /// Returns the sum over the words that the full text must have of an event.
    pub(in crate::trail::verify) fn of_event(&self, key: i64, event: &Event) -> u64 {
        let text = words::of_event(event);
        let tokens = text.split(' ').filter(|token| !token.is_empty());
        (0_i64..)
            .zip(tokens)
            .fold(0, |sum: u64, (place, token)| sum.wrapping_add(self.word(key, place, token)))
    }

    /// Returns the number of one word at its place.
    pub(super) fn word(&self, key: i64, place: i64, token: &str) -> u64 {
        self.drawn.hash_one((key, place, token))
    }
}

/// Sums over many events, spread by their keys.
pub(in crate::trail::verify) struct Sums(Vec<u64>);

impl Default for Sums {
    fn default() -> Self {
        Self(vec![0; BUCKETS])
    }
}

impl Sums {
    /// Adds to the sum that an event's words belong to.
    pub(in crate::trail::verify) fn add(&mut self, key: i64, number: u64) {
        if let Some(sum) = self.0.get_mut(bucket(key)) {
            *sum = sum.wrapping_add(number);
        }
    }

    /// Returns how many sums there are.
    pub(super) fn parts(&self) -> usize {
        self.0.len()
    }

    /// Returns which sums differ.
    pub(super) fn differing(&self, other: &Self) -> Vec<usize> {
        let pairs = self.0.iter().zip(&other.0).enumerate();
        pairs.filter(|(_, (one, other))| one != other).map(|(place, _)| place).collect()
    }
}

/// Returns which sum a key belongs to.
pub(super) fn bucket(key: i64) -> usize {
    // Keys count up in steps of one and of 2^27: an odd factor spreads both over the highest bits.
    let spread = key.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    usize::try_from(spread).unwrap_or_default()
}
