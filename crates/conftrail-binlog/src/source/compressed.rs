//! MariaDB's compressed events (`log_bin_compress`): statements and rows whose last part is deflated.

use std::io::Read;

use flate2::read::ZlibDecoder;

use crate::cursor::Cursor;
use crate::wire::kind;

/// A larger event is refused: 1 GiB is the largest packet, so none can come from a server.
const LARGEST: u64 = 1 << 30;
/// How far the types of compressed rows events lie behind those of version 1 and of version 2.
const FROM_V1: u8 = kind::WRITE_ROWS_COMPRESSED_V1 - kind::WRITE_ROWS_V1;
const FROM_V2: u8 = kind::WRITE_ROWS_COMPRESSED - kind::WRITE_ROWS;

/// Returns the type and the body that a compressed event stands for; none when it is damaged.
pub(super) fn inflated(event_kind: u8, body: &[u8]) -> Option<(u8, Vec<u8>)> {
    let plain = match event_kind {
        kind::QUERY_COMPRESSED => kind::QUERY,
        kind::WRITE_ROWS_COMPRESSED_V1..=kind::DELETE_ROWS_COMPRESSED_V1 => event_kind - FROM_V1,
        kind::WRITE_ROWS_COMPRESSED..=kind::DELETE_ROWS_COMPRESSED => event_kind - FROM_V2,
        _ => return None,
    };
    let mut cursor = Cursor::new(body);
    if plain == kind::QUERY {
        pass_query(&mut cursor)?
    } else {
        pass_rows(&mut cursor, plain)?
    };
    let compressed = cursor.rest();
    let head = body.get(..body.len() - compressed.len())?;
    let mut whole = head.to_vec();
    inflate(compressed, &mut whole)?;
    Some((plain, whole))
}

/// Passes over what stands before the statement; see `QueryEvent::read`.
fn pass_query(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.take(8)?;
    let schema = usize::from(cursor.u8()?);
    cursor.u16()?;
    let status = usize::from(cursor.u16()?);
    cursor.take(status + schema + 1).map(drop)
}

/// Passes over what stands before the rows; see `RowsEvent::parse`.
fn pass_rows(cursor: &mut Cursor<'_>, plain: u8) -> Option<()> {
    cursor.take(8)?;
    if plain >= kind::WRITE_ROWS {
        let extra = usize::from(cursor.u16()?).checked_sub(2)?;
        cursor.take(extra)?;
    }
    let columns = usize::try_from(cursor.length_encoded()?).ok()?;
    let bitmaps = if matches!(plain, kind::UPDATE_ROWS_V1 | kind::UPDATE_ROWS) { 2 } else { 1 };
    cursor.take(columns.div_ceil(8).checked_mul(bitmaps)?).map(drop)
}

/// A byte with the algorithm (0: zlib) and the bytes of the length, the length with its high byte first, the content; source:
/// MariaDB, `sql/log_event.cc`, "Compressed Record".
fn inflate(compressed: &[u8], into: &mut Vec<u8>) -> Option<()> {
    const IS_COMPRESSED: u8 = 0x80;
    const ALGORITHM: u8 = 0x70;
    let mut cursor = Cursor::new(compressed);
    let header = cursor.u8()?;
    if header & IS_COMPRESSED == 0 || header & ALGORITHM != 0 {
        return None;
    }
    let length = crate::cursor::uint_be(cursor.take(usize::from(header & 0x0f))?)?;
    if length > LARGEST {
        return None;
    }
    let before = into.len();
    ZlibDecoder::new(cursor.rest()).take(length + 1).read_to_end(into).ok()?;
    (into.len() - before == usize::try_from(length).ok()?).then_some(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    fn deflated(content: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        let mut bytes = vec![0x82];
        bytes.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        bytes.extend(encoder.finish().unwrap());
        bytes
    }

    #[test]
    fn statements_and_rows_come_out_as_they_went_in() {
        let query = [&[42, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 3, 0, 7, 7, 7][..], b"shop\0"].concat();
        let insert = [&[5, 0, 0, 0, 0, 0, 1, 0][..], &[9, 0xff, 0x01]].concat();
        let update = [&insert[..], &[0xff, 0x01]].concat();
        let version_2 = [&[5, 0, 0, 0, 0, 0, 1, 0, 4, 0, 8, 8][..], &[9, 0xff, 0x01]].concat();
        for (compressed, plain, head) in [
            (kind::QUERY_COMPRESSED, kind::QUERY, query),
            (166, kind::WRITE_ROWS_V1, insert.clone()),
            (167, kind::UPDATE_ROWS_V1, update),
            (168, kind::DELETE_ROWS_V1, insert),
            (169, kind::WRITE_ROWS, version_2),
        ] {
            let content = [7; 9_000];
            let body = [&head[..], &deflated(&content)].concat();
            let expected = [&head[..], &content].concat();
            assert_eq!(inflated(compressed, &body), Some((plain, expected)), "{compressed}");
            for length in 0..body.len() {
                assert_eq!(inflated(compressed, &body[..length]), None, "{compressed}, {length}");
            }
        }
    }

    #[test]
    fn more_than_was_said_another_algorithm_and_other_events_are_refused() {
        let head = [5, 0, 0, 0, 0, 0, 1, 0, 1, 0x01];
        let said = |header: u8, length: u16| {
            let mut compressed = deflated(&[7; 100]);
            compressed[0] = header;
            compressed[1..3].copy_from_slice(&length.to_be_bytes());
            inflated(166, &[&head[..], &compressed].concat())
        };
        assert!(said(0x82, 100).is_some());
        assert!(said(0x82, 99).is_none() && said(0x82, 101).is_none());
        assert!(said(0x92, 100).is_none() && said(0x02, 100).is_none());
        assert_eq!(inflated(kind::WRITE_ROWS, &head), None);
    }

    #[test]
    fn no_bytes_panic() {
        let mut random = crate::testing::Random::new(41);
        let base = [&[5, 0, 0, 0, 0, 0, 1, 0, 9, 0xff, 0x01][..], &deflated(&[7; 300])].concat();
        for _ in 0..20_000 {
            let damaged = random.damaged(&base);
            for event_kind in [165, 166, 167, 169, 171] {
                let _any_outcome = inflated(event_kind, &damaged);
            }
        }
    }
}
