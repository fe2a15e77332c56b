//! The lines of a text that have no event yet, and where they stand in the version that the walk has come to.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::blame::How;

/// How long two versions are compared before a coarser answer does.
const LONGEST: std::time::Duration = std::time::Duration::from_millis(200);

/// Lines without an event.
pub(super) struct Lines {
    /// The place among the parts, and the line of `version`.
    open: Vec<(usize, usize)>,
    version: Vec<String>,
}

impl Lines {
    /// Begins with all lines of a version.
    pub(super) fn new(version: Vec<String>, places: Range<usize>) -> Self {
        Self { open: places.map(|place| (place, place)).collect(), version }
    }

    /// Says whether every line has its event.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Steps over an event; returns the places that it closes: with how it set them, or with none where the lines came
    /// between this event and the one before it on the walk.
    pub(super) fn step(&mut self, after: &[String], before: &[String]) -> Vec<(usize, Option<How>)> {
        let mut closed = Vec::new();
        if after != self.version.as_slice() {
            self.map_back(after, |place| closed.push((place, None)));
        }
        self.map_back(before, |place| closed.push((place, Some(How::Changed))));
        closed
    }

    /// Goes over to an older version: lines that stand in it are followed, the others handed out.
    fn map_back(&mut self, older: &[String], mut came: impl FnMut(usize)) {
        let deadline = std::time::Instant::now().checked_add(LONGEST);
        let operations = capture_diff_slices_deadline(Algorithm::Myers, older, &self.version, deadline);
        let mut old_of_new: Vec<Option<usize>> = vec![None; self.version.len()];
        for operation in operations {
            if let DiffOp::Equal { old_index, new_index, len } = operation {
                for offset in 0..len {
                    old_of_new[new_index + offset] = Some(old_index + offset);
                }
            }
        }
        self.open.retain_mut(|(place, line)| match old_of_new.get(*line).copied().flatten() {
            Some(old) => {
                *line = old;
                true
            }
            None => {
                came(*place);
                false
            }
        });
        self.version = older.to_vec();
    }
}
