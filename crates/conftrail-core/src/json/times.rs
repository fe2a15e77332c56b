//! Times as text. The events of a transaction share theirs, so the last ones are kept.

use crate::Timestamp;

/// The last two times that were written, as an event has two.
#[derive(Debug, Default)]
pub(super) struct Times {
    known: [Known; 2],
    /// Which one gives way next.
    next: usize,
}

#[derive(Debug, Default)]
struct Known {
    time: Option<Timestamp>,
    text: Vec<u8>,
}

impl Times {
    /// Returns a time's text with its quotes.
    pub(super) fn text(&mut self, time: Timestamp) -> &[u8] {
        let place =
            self.known.iter().position(|known| known.time == Some(time)).unwrap_or_else(|| self.learn(time));
        &self.known[place].text
    }

    fn learn(&mut self, time: Timestamp) -> usize {
        let place = self.next;
        self.next = 1 - place;
        let Known { time: known, text } = &mut self.known[place];
        *known = Some(time);
        text.clear();
        text.push(b'"');
        time.append_to(text);
        text.push(b'"');
        place
    }
}

#[cfg(test)]
mod tests {
    use super::Times;
    use crate::Timestamp;

    #[test]
    fn a_time_is_its_own_text_whatever_was_asked_before() {
        let mut times = Times::default();
        for seconds in [1, 2, 1, 3, 3, 2, 1, 4, 1] {
            let time = Timestamp::from_seconds(seconds);
            assert_eq!(times.text(time), format!("\"{time}\"").as_bytes());
        }
    }
}
