//! Where the events of a dump stand: which file, and where in it.

use super::WireError;
use super::event::{EventHeader, kind};
use crate::cursor::Cursor;

/// Where in which file the event that was read last ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) end: u64,
    /// Events that end at or before this offset of the first file were asked for only because a dump cannot start
    /// beyond 4 GiB.
    pub(super) skip_to: u64,
}

impl Place {
    /// Moves behind an event.
    pub(super) fn pass(&mut self, header: &EventHeader, body: &[u8]) -> Result<(), WireError> {
        match header.kind {
            kind::ROTATE => self.rotate(body),
            kind::HEARTBEAT => {
                self.end = reconciled(self.end, header.log_pos);
                Ok(())
            }
            // The copy for a dump that starts within a file says 0.
            kind::FORMAT_DESCRIPTION if header.log_pos == 0 => Ok(()),
            _ if header.is_artificial() => Ok(()),
            // MariaDB 11.4 tells no place of most events; the transaction's last one tells its own again.
            _ if header.log_pos == 0 => {
                self.end += u64::from(header.size);
                Ok(())
            }
            _ => {
                self.end = reconciled(self.end + u64::from(header.size), header.log_pos);
                Ok(())
            }
        }
    }

    fn rotate(&mut self, body: &[u8]) -> Result<(), WireError> {
        let mut cursor = Cursor::new(body);
        let position = cursor.u64().ok_or_else(|| WireError::malformed("rotation", "no position"))?;
        let name = std::str::from_utf8(cursor.rest())
            .map_err(|_| WireError::malformed("rotation", "the file name is no text"))?;
        if !self.file.is_empty() && self.file != name {
            self.skip_to = 0;
        }
        name.clone_into(&mut self.file);
        self.end = position;
        Ok(())
    }

    pub(super) fn is_skipped(&self, header: &EventHeader) -> bool {
        self.end <= self.skip_to
            && !matches!(header.kind, kind::ROTATE | kind::FORMAT_DESCRIPTION | kind::HEARTBEAT)
    }
}

/// Returns the smallest offset from `at_least` on whose lower 32 bits are the server's: binlogs pass 4 GiB, and
/// events that a dump leaves out move the offset too.
fn reconciled(at_least: u64, log_pos: u32) -> u64 {
    let ahead = log_pos.wrapping_sub(at_least as u32);
    // A step of 2 GiB forward is one backward: trust the sizes then.
    if ahead > u32::MAX / 2 { at_least } else { at_least + u64::from(ahead) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: u8, size: u32, log_pos: u32, flags: u16) -> EventHeader {
        EventHeader { timestamp: 0, kind, server_id: 1, size, log_pos, flags }
    }

    #[test]
    fn the_offset_passes_4_gib_and_follows_what_the_dump_left_out() {
        assert_eq!(reconciled(1000, 1000), 1000);
        assert_eq!(reconciled(1000, 5000), 5000);
        assert_eq!(reconciled(0xFFFF_FFF0, 0x10), 0x1_0000_0010);
        assert_eq!(reconciled(0x3_0000_0010, 0x20), 0x3_0000_0020);
        assert_eq!(reconciled(5000, 4000), 5000);
    }

    #[test]
    fn events_that_tell_no_place_are_summed_up_past_4_gib() {
        let mut place = Place { file: "binlog.000001".into(), end: 0xFFFF_F000, skip_to: 0 };
        for _ in 0..3 {
            place.pass(&header(kind::WRITE_ROWS_V1, 1 << 30, 0, 0), &[]).unwrap();
        }
        assert_eq!(place.end, 0xFFFF_F000 + (3 << 30));
        place.pass(&header(kind::XID, 31, (0xFFFF_F000_u64 + (3 << 30) + 31) as u32, 0), &[]).unwrap();
        assert_eq!(place.end, 0xFFFF_F000 + (3 << 30) + 31);
    }

    #[test]
    fn artificial_events_move_nothing_and_rotations_start_a_file() {
        let mut place = Place { file: "binlog.000001".into(), end: 500, skip_to: 0 };
        place.pass(&header(kind::FORMAT_DESCRIPTION, 122, 0, 0), &[]).unwrap();
        place.pass(&header(kind::QUERY, 100, 9000, 0x20), &[]).unwrap();
        assert_eq!(place.end, 500);
        place.pass(&header(kind::XID, 31, 531, 0), &[]).unwrap();
        assert_eq!(place.end, 531);
        place.pass(&header(kind::ROTATE, 44, 575, 0), b"\x04\0\0\0\0\0\0\0binlog.000002").unwrap();
        assert_eq!((place.file.as_str(), place.end), ("binlog.000002", 4));
        assert!(place.pass(&header(kind::ROTATE, 20, 5, 0), &[1, 2]).is_err());
    }
}
