//! The binary form of a GTID set, in COM_BINLOG_DUMP_GTID and PREVIOUS_GTIDS_LOG_EVENT.
//!
//! Untagged: count, then for each server its UUID, a count, and start and exclusive end of each interval; all numbers
//! of eight bytes, low byte first. With tags (MySQL 8.3 and later) the count is shifted up by a byte between two format
//! bytes, and a tag stands behind each UUID: one byte with twice its length, then its text. Source: MySQL,
//! `sql/rpl_gtid_set.cc`, `Gtid_set::encode` and `encode_nsids_format`.

use super::id::MOST_GNO;
use super::{GtidError, GtidSet, ServerUuid, Tag, Tsid};
use crate::cursor::Cursor;

const TAGGED: u64 = 1;

impl GtidSet {
    /// Returns the binary form: untagged where no transaction has a tag, since older servers know no other.
    pub fn encode(&self) -> Vec<u8> {
        let tagged = self.has_tags();
        let count = self.of_tsid.len() as u64;
        let header = if tagged { TAGGED << 56 | count << 8 | TAGGED } else { count };
        let mut bytes = header.to_le_bytes().to_vec();
        for (tsid, intervals) in &self.of_tsid {
            bytes.extend_from_slice(&tsid.uuid.0);
            if tagged {
                let tag = tsid.tag.as_ref().map_or("", Tag::as_str);
                // A tag has at most 32 bytes.
                bytes.push((tag.len() as u8) << 1);
                bytes.extend_from_slice(tag.as_bytes());
            }
            bytes.extend_from_slice(&(intervals.iter().len() as u64).to_le_bytes());
            for interval in intervals.iter() {
                bytes.extend_from_slice(&interval.start.to_le_bytes());
                bytes.extend_from_slice(&interval.end.to_le_bytes());
            }
        }
        bytes
    }

    /// Reads the binary form, such as the body of a PREVIOUS_GTIDS_LOG_EVENT.
    ///
    /// # Errors
    /// When it is cut short, has bytes left over, or holds impossible numbers.
    pub fn decode(bytes: &[u8]) -> Result<Self, GtidError> {
        let malformed = GtidError::Encoding { bytes: bytes.len() };
        let mut cursor = Cursor::new(bytes);
        let set = read(&mut cursor).ok_or(malformed)?;
        if cursor.is_empty() { Ok(set) } else { Err(malformed) }
    }
}

fn read(cursor: &mut Cursor<'_>) -> Option<GtidSet> {
    let header = cursor.u64()?;
    let (tagged, count) = match header >> 56 {
        0 => (false, header),
        TAGGED => (true, header << 8 >> 16),
        _ => return None,
    };
    let mut set = GtidSet::default();
    for _ in 0..count {
        let uuid = ServerUuid(cursor.array()?);
        let tag = if tagged { tag(cursor)? } else { None };
        let tsid = Tsid { uuid, tag };
        for _ in 0..cursor.u64()? {
            let (start, end) = (cursor.u64()?, cursor.u64()?);
            if start == 0 || start >= end || end > MOST_GNO + 1 {
                return None;
            }
            set.add_interval(&tsid, start, end);
        }
    }
    Some(set)
}

fn tag(cursor: &mut Cursor<'_>) -> Option<Option<Tag>> {
    let length = cursor.u8()?;
    // A set low bit would announce a longer number than any tag's length.
    if length & 1 != 0 {
        return None;
    }
    match cursor.take(usize::from(length >> 1))? {
        [] => Some(None),
        text => Tag::new(std::str::from_utf8(text).ok()?).ok().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::GtidSet;

    const UUID: &str = "01020304-0506-0708-090a-0b0c0d0e0f10";

    #[test]
    fn an_untagged_set_has_the_classic_form() {
        let set: GtidSet = format!("{UUID}:1-7:9").parse().expect("a set");
        let bytes = set.encode();
        let numbers: Vec<u64> = [1, 2, 1, 8, 9, 10].to_vec();
        let mut expected = numbers[0].to_le_bytes().to_vec();
        expected.extend(1..=16);
        expected.extend(numbers[1..].iter().flat_map(|number| number.to_le_bytes()));
        assert_eq!(bytes, expected);
        assert_eq!(GtidSet::decode(&bytes), Ok(set));
    }

    #[test]
    fn one_tag_changes_the_form_of_the_whole_set() {
        let set: GtidSet = format!("{UUID}:1:ab:3").parse().expect("a set");
        let bytes = set.encode();
        assert_eq!(bytes[..8], [1, 2, 0, 0, 0, 0, 0, 1]);
        assert_eq!(bytes[24], 0, "no tag");
        assert_eq!(bytes[8 + 16 + 1 + 8 + 16 + 16..][..3], [4, b'a', b'b']);
        assert_eq!(GtidSet::decode(&bytes), Ok(set));
    }

    #[test]
    fn the_set_that_a_server_wrote_is_read_and_written_alike() {
        // PREVIOUS_GTIDS_LOG_EVENT of MySQL 9.7.4 and its @@gtid_executed.
        const BODY: &str = "\
            0104000000000001736b8489e59711f191ab02fc000000010001000000000000000100000000000000610300\
            0000000000736b8489e59711f191ab02fc00000001065f623201000000000000000100000000000000020000\
            0000000000736b8489e59711f191ab02fc000000010e636f6e736f6c65010000000000000001000000000000\
            000200000000000000c9f06a5100000000000000000000000100010000000000000007000000000000000800\
            000000000000";
        let text = "736b8489-e597-11f1-91ab-02fc00000001:1-864:_b2:1:console:1,c9f06a51-0000-0000-0000-000000000001:7";
        let set = text.parse::<GtidSet>().expect("a set");
        let hex: String = set.encode().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, BODY);
        assert_eq!(GtidSet::decode(&set.encode()).map(|set| set.to_string()).as_deref(), Ok(text));
    }

    #[test]
    fn anything_else_is_refused_without_a_panic() {
        let base =
            "01020304-0506-0708-090a-0b0c0d0e0f10:1-7:9:tag:5".parse::<GtidSet>().expect("a set").encode();
        for length in 0..base.len() {
            assert!(GtidSet::decode(&base[..length]).is_err(), "{length}");
        }
        assert!(GtidSet::decode(&[base.as_slice(), &[0]].concat()).is_err());
        let mut random = crate::testing::Random::new(23);
        for _ in 0..50_000 {
            if let Ok(set) = GtidSet::decode(&random.damaged(&base)) {
                assert_eq!(GtidSet::decode(&set.encode()), Ok(set));
            }
        }
    }
}
