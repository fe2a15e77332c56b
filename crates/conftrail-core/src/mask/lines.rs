//! A text with the places of its line breaks, found once: names ask for their lines again and again, and a text of
//! one long line must not cost its length for each.

/// A text and where its lines end.
pub(crate) struct Lines<'a> {
    pub(crate) text: &'a str,
    breaks: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds the line breaks.
    pub(crate) fn new(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'\n' | b'\r'));
        Self { text, breaks: breaks.map(|(at, _)| at).collect() }
    }

    /// Returns where the line around a place starts.
    pub(crate) fn start(&self, at: usize) -> usize {
        let before = self.breaks.partition_point(|line_break| *line_break < at);
        before.checked_sub(1).and_then(|last| self.breaks.get(last)).map_or(0, |line_break| line_break + 1)
    }

    /// Returns where the line around a place ends, before its line break.
    pub(crate) fn end(&self, at: usize) -> usize {
        let next = self.breaks.partition_point(|line_break| *line_break < at);
        self.breaks.get(next).copied().unwrap_or(self.text.len())
    }

    /// Returns the rest of the line from a place on.
    pub(crate) fn rest(&self, at: usize) -> &'a str {
        self.text.get(at..self.end(at)).unwrap_or_default()
    }

    /// Returns at most `reach` bytes from a place on, lines and all.
    pub(crate) fn reach(&self, at: usize, reach: usize) -> &'a str {
        self.text.get(at..floor(self.text, at.saturating_add(reach))).unwrap_or_default()
    }
}

/// Returns the nearest character boundary at or before a place.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_start_after_a_break_and_end_before_one() {
        let lines = Lines::new("ab\r\n\ncd");
        let bounds: Vec<(usize, usize)> = (0..=7).map(|at| (lines.start(at), lines.end(at))).collect();
        assert_eq!(bounds, [(0, 2), (0, 2), (0, 2), (3, 3), (4, 4), (5, 7), (5, 7), (5, 7)]);
        assert_eq!((lines.rest(1), lines.rest(9), lines.reach(5, 1)), ("b", "", "c"));
    }
}
