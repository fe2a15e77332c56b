//! Writes inputs for the fuzzer from a real server's binlog (`tests/fixtures/types`): `fuzz_seeds DIRECTORY` fills
//! `DIRECTORY/rows` and `DIRECTORY/stream`.
#![expect(clippy::print_stdout, reason = "says what was written")]

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of the file's magic number, of an event's header and of its checksum.
const MAGIC: usize = 4;
const HEADER: usize = 19;
const CHECKSUM: usize = 4;

const TABLE_MAP: u8 = 19;
const ROWS: [u8; 3] = [30, 31, 32];

fn main() -> io::Result<()> {
    let Some(directory) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("name the directory to fill"));
    };
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/types/rows.binlog.zst");
    let file = zstd::decode_all(&*fs::read(fixture)?)?;
    let events = events(&file);
    let mut rows = rows(&events);
    rows.push(differences());
    write(&directory.join("rows"), &rows)?;
    let stream = stream(&events);
    write(&directory.join("stream"), &stream)?;
    println!("{} inputs for rows, {} for stream", rows.len(), stream.len());
    Ok(())
}

/// The whole events of a binlog file.
fn events(file: &[u8]) -> Vec<&[u8]> {
    let mut rest = file.get(MAGIC..).unwrap_or_default();
    let mut events = Vec::new();
    while let Some(size) = rest.get(9..13).and_then(|size| <[u8; 4]>::try_from(size).ok()) {
        let Some((event, behind)) = rest.split_at_checked(u32::from_le_bytes(size) as usize) else { break };
        events.push(event);
        rest = behind;
    }
    events
}

fn body(event: &[u8]) -> &[u8] {
    event.get(HEADER..event.len().saturating_sub(CHECKSUM)).unwrap_or_default()
}

/// Each rows event behind its table map: length of the map's body, the body, the event's type, its body.
fn rows(events: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut maps: HashMap<&[u8], &[u8]> = HashMap::new();
    let mut inputs = Vec::new();
    for event in events {
        let kind = event.get(4).copied().unwrap_or_default();
        let body = body(event);
        let Some(table_id) = body.get(..6) else { continue };
        if kind == TABLE_MAP {
            maps.insert(table_id, body);
        }
        let Some(map) = maps.get(table_id).filter(|_| ROWS.contains(&kind)) else { continue };
        let Ok(length) = u16::try_from(map.len()) else { continue };
        inputs.push([&length.to_le_bytes()[..], map, &[kind], body].concat());
    }
    inputs
}

/// A table map of `INT, JSON` and an update that tells differences of a document: `{"a":1}` with `$.a` replaced and `$.b` inserted.
fn differences() -> Vec<u8> {
    let map = b"\x4d\0\0\0\0\0\x01\0\x01d\0\x01t\0\x02\x03\xf5\x01\x04\x03";
    let header = b"\x27\x4d\0\0\0\0\0\x01\0\x02\0\x02\xff\xff";
    let before = b"\0\x09\0\0\0\x0d\0\0\0\0\x01\0\x0c\0\x0b\0\x01\0\x05\x01\0a";
    let after = b"\x01\x01\0\x09\0\0\0\x12\0\0\0\0\x03$.a\x03\x05\x07\0\x01\x03$.b\x03\x05\x08\0";
    let length = u16::try_from(map.len()).unwrap_or_default().to_le_bytes();
    [&length[..], map, header, before, after].concat()
}

/// Each event as its type and body, and the beginning of the file as the packets of a dump.
fn stream(events: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut inputs: Vec<Vec<u8>> =
        events.iter().map(|event| [event.get(4..5).unwrap_or_default(), body(event)].concat()).collect();
    let packets = events.iter().take(8).flat_map(|event| {
        let [a, b, c, _] = u32::try_from(event.len() + 1).unwrap_or_default().to_le_bytes();
        [&[a, b, c, 0, 0][..], event].concat()
    });
    inputs.push(packets.collect());
    inputs
}

fn write(directory: &Path, inputs: &[Vec<u8>]) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    for (number, input) in inputs.iter().enumerate() {
        fs::write(directory.join(format!("seed-{number:04}")), input)?;
    }
    Ok(())
}
