//! Where JSON is written to.

use std::ops::Range;
use std::sync::Arc;

use super::short::{ROOM, is_plain_text, put_short};
use super::times::Times;
use crate::{Actor, Origin, Timestamp};

/// The least by which the room grows.
const GROWTH: usize = 4 << 10;

/// What is written again is moved at once up to this many bytes.
const PIECE: usize = 32;

/// JSON that is being written. There is room behind it already, so that what is short is put there by a few moves of a
/// fixed size: most of an event is short names and values.
#[derive(Debug, Default)]
pub struct Json {
    /// What is written, and the room.
    bytes: Vec<u8>,
    /// Where the room begins.
    end: usize,
    times: Times,
    /// Where the entries of an image stand, while its event is written.
    pub(super) entries: Vec<EntryPlace>,
    pub(super) origin: Again<Origin>,
    pub(super) actor: Again<Actor>,
}

/// Where an entry stands in what is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct EntryPlace {
    /// Where its name begins, with its quotes.
    pub(super) name: usize,
    /// Where its value begins, behind a colon.
    pub(super) value: usize,
    /// Where its value ends.
    pub(super) end: usize,
}

/// What many events share, as it was written last.
#[derive(Debug)]
pub(super) struct Again<T> {
    /// Kept, so that nothing else comes to its place.
    of: Option<Arc<T>>,
    json: Vec<u8>,
}

impl<T> Default for Again<T> {
    fn default() -> Self {
        Self { of: None, json: Vec::new() }
    }
}

impl<T> Again<T> {
    /// Returns how it was written, if it is what was written last.
    #[inline]
    pub(super) fn json(&self, of: &Arc<T>) -> Option<&[u8]> {
        self.of.as_ref().is_some_and(|known| Arc::ptr_eq(known, of)).then_some(&self.json)
    }

    pub(super) fn learn(&mut self, of: &Arc<T>, json: &[u8]) {
        self.of = Some(of.clone());
        self.json.clear();
        self.json.extend_from_slice(json);
    }
}

impl Json {
    /// Makes a buffer with room for some bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: vec![0; capacity], ..Self::default() }
    }

    /// Returns what was written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    /// Returns what was written.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.end);
        self.bytes
    }

    /// Forgets what was written; the room stays.
    pub fn clear(&mut self) {
        self.end = 0;
    }

    /// Appends bytes as they are.
    pub fn put(&mut self, bytes: &[u8]) {
        let end = self.end + bytes.len();
        if end > self.bytes.len() {
            grow(&mut self.bytes, end);
        }
        self.bytes[self.end..end].copy_from_slice(bytes);
        self.end = end;
    }

    /// Appends what is written at a place already.
    #[inline]
    pub(super) fn put_again(&mut self, place: Range<usize>) {
        let length = place.len();
        // What is short is moved with what stands behind it, which is room there.
        if length <= PIECE
            && let Some(piece) = self.bytes.get(place.start..).and_then(<[u8]>::first_chunk::<PIECE>).copied()
            && let Some(room) = self.bytes.get_mut(self.end..).and_then(<[u8]>::first_chunk_mut::<PIECE>)
        {
            *room = piece;
            self.end += length;
            return;
        }
        self.put_long_again(place);
    }

    fn put_long_again(&mut self, place: Range<usize>) {
        let end = self.end + place.len();
        if end > self.bytes.len() {
            grow(&mut self.bytes, end);
        }
        self.bytes.copy_within(place, self.end);
        self.end = end;
    }

    /// Appends a literal: its length is known, so it is a few moves.
    #[inline]
    pub(super) fn put_literal<const N: usize>(&mut self, literal: &[u8; N]) {
        match self.bytes.get_mut(self.end..).and_then(<[u8]>::first_chunk_mut) {
            Some(room) => {
                *room = *literal;
                self.end += N;
            }
            None => self.put(literal),
        }
    }

    /// Appends a text with its quotes.
    #[inline]
    pub(super) fn put_text(&mut self, text: &str) {
        if self.put_short_text(text) {
            self.end += text.len() + 2;
        } else {
            self.put_any_text(text);
        }
    }

    /// Appends a member's name with its quotes and the colon behind it.
    #[inline]
    pub(super) fn put_name(&mut self, name: &str) {
        if self.put_short_text(name) {
            self.end += name.len() + 3;
        } else {
            self.put_any_text(name);
            self.put(b":");
        }
    }

    /// Puts a short text with its quotes and a colon into the room, where it stays room.
    fn put_short_text(&mut self, text: &str) -> bool {
        let room = self.bytes.get_mut(self.end..).and_then(<[u8]>::first_chunk_mut::<ROOM>);
        room.is_some_and(|room| put_short(text.as_bytes(), room))
    }

    /// Appends a text that is long, needs escapes or stands where the room ends.
    #[inline(never)]
    fn put_any_text(&mut self, text: &str) {
        if is_plain_text(text.as_bytes()) {
            self.put(b"\"");
            self.put(text.as_bytes());
            self.put(b"\"");
        } else {
            self.put_plainly(text);
        }
    }

    /// Appends a whole number.
    #[inline]
    pub(super) fn put_whole(&mut self, number: impl itoa::Integer) {
        self.put(itoa::Buffer::new().format(number).as_bytes());
    }

    /// Appends a time with its quotes.
    pub(super) fn put_time(&mut self, time: Timestamp) {
        let text = self.times.text(time);
        let end = self.end + text.len();
        if end > self.bytes.len() {
            grow(&mut self.bytes, end);
        }
        self.bytes[self.end..end].copy_from_slice(text);
        self.end = end;
    }

    /// Appends what is too rare for a way of its own.
    pub(super) fn put_plainly<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        serde_json::to_writer(self, value).expect("texts and numbers are always written");
    }
}

#[cold]
fn grow(bytes: &mut Vec<u8>, end: usize) {
    bytes.resize((end + GROWTH).max(bytes.len() * 2), 0);
}

impl std::io::Write for Json {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.put(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Json;
    use crate::{AppendJson as _, Value};

    fn check(value: &Value) {
        let mut json = Json::default();
        value.append_json(&mut json);
        assert_eq!(std::str::from_utf8(json.as_bytes()).unwrap(), serde_json::to_string(value).unwrap());
    }

    #[test]
    fn every_character_at_every_place_is_written_as_serde_json_does() {
        for code in (0..=0x100).chain([0x7ff, 0x4e2d, 0x1_f600]).filter_map(char::from_u32) {
            for place in 0..40 {
                let mut text = "a".repeat(place);
                text.push(code);
                check(&Value::from(format!("{text}end").as_str()));
                check(&Value::from(text.as_str()));
            }
        }
    }

    #[test]
    fn what_crosses_the_end_of_the_room_is_written_whole() {
        for room in 0..80 {
            let mut json = Json::with_capacity(room);
            Value::List([Value::from("a text of some length"), Value::Int(-12), Value::from("é")].into())
                .append_json(&mut json);
            assert_eq!(json.into_bytes(), "[\"a text of some length\",-12,\"é\"]".as_bytes());
        }
    }

    #[test]
    fn a_buffer_that_is_used_again_holds_nothing_of_before() {
        let mut json = Json::default();
        Value::from("a long one").append_json(&mut json);
        json.clear();
        Value::from("b").append_json(&mut json);
        assert_eq!(json.as_bytes(), b"\"b\"");
    }
}
