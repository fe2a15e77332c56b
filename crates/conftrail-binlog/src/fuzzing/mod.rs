//! What the fuzzer calls, a function for each of its targets: everything of this crate that reads bytes from outside. In no other
//! build; the tests run each with the inputs that are kept.

mod bytes;
mod claims;
mod gtids;
mod json;
mod jsonb;
mod positions;
mod rows;
mod stream;
mod table_map;

pub use claims::claims;
pub use gtids::gtids;
pub use json::json;
pub use positions::positions;
pub use rows::rows;
pub use stream::stream;
pub use table_map::table_map;

#[cfg(test)]
pub(crate) use bytes::{length_encoded, prefixed};
#[cfg(test)]
#[path = "../../../../fuzz/kept.rs"]
mod kept;

/// Splits an input at the length that its first two bytes tell.
fn split(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = input.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::kept::replay;

    #[test]
    fn no_kept_rows_event_breaks_anything() {
        replay("rows", 300, super::rows);
    }

    #[test]
    fn no_kept_table_map_breaks_anything() {
        replay("table_map", 100, super::table_map);
    }

    #[test]
    fn no_kept_json_document_breaks_anything() {
        replay("json", 300, super::json);
    }

    #[test]
    fn no_kept_gtid_set_breaks_anything() {
        replay("gtids", 75, super::gtids);
    }

    #[test]
    fn no_kept_position_breaks_anything() {
        replay("positions", 300, super::positions);
    }

    #[test]
    fn no_kept_claim_breaks_anything() {
        replay("claims", 100, super::claims);
    }

    #[test]
    fn no_kept_stream_breaks_anything() {
        replay("stream", 150, super::stream);
    }
}
