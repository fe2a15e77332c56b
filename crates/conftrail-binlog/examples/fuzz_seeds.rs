//! Writes inputs for the fuzzer, most of them from a real server's binlog (`tests/fixtures/types`): `fuzz_seeds DIRECTORY` fills
//! `rows`, `table_map`, `gtids`, `stream` and `json` there.
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
/// GTIDs, and the sets of them that files begin with.
const GTIDS: [u8; 3] = [33, 34, 35];

/// Documents as text.
const DOCUMENTS: [&[u8]; 4] = [
    br#"{"a":{"b":[1,2,{"c":"x"}]},"d":null,"say \"hi\"":true}"#,
    br#"[[],{},-1,65535,4294967296,18446744073709551615,1.5e300,"a text that takes its own allocation"]"#,
    br#"{"b":1,"ccc":{"":[false]},"dd":"","new1":{"new2":{"new3":[[[0]]]}}}"#,
    b"7",
];

/// Documents as MySQL stores them: `{"k":"text"}`, `[7,[null,true,-1]]` in the large form, a DECIMAL, a TIME, a BLOB, and a number.
const STORED: [&[u8]; 6] = [
    &[0, 1, 0, 17, 0, 11, 0, 1, 0, 12, 12, 0, b'k', 4, b't', b'e', b'x', b't'],
    &[
        3, 2, 0, 0, 0, 41, 0, 0, 0, 5, 7, 0, 0, 0, 3, 18, 0, 0, 0, 3, 0, 0, 0, 23, 0, 0, 0, 4, 0, 0, 0, 0, 4,
        1, 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff,
    ],
    &[15, 246, 4, 4, 2, 0x8c, 34],
    &[15, 11, 8, 0, 0, 0, 0x40, 0xe2, 1, 0, 0],
    &[15, 252, 3, 0, 1, 2],
    &[5, 7, 0],
];

/// `$.a` replaced by 7, `$.b[0]` inserted and `$.d` removed, as an update logs them; also bytes that choose edits.
const DIFFERENCES: &[u8] = b"\x00\x03$.a\x03\x05\x07\0\x01\x06$.b[0]\x03\x05\x08\0\x02\x03$.d";

fn main() -> io::Result<()> {
    let Some(directory) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return Err(io::Error::other("name the directory to fill"));
    };
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/types/rows.binlog.zst");
    let file = zstd::decode_all(&*fs::read(fixture)?)?;
    let events = events(&file);
    let mut rows = rows(&events);
    rows.push(differences());
    let filled = [
        ("rows", rows),
        ("table_map", bodies(&events, &[TABLE_MAP])),
        ("gtids", bodies(&events, &GTIDS)),
        ("stream", stream(&events)),
        ("json", json()),
    ];
    for (target, inputs) in filled {
        write(&directory.join(target), &inputs)?;
        println!("{} inputs for {target}", inputs.len());
    }
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

/// The bodies of the events of some types.
fn bodies(events: &[&[u8]], kinds: &[u8]) -> Vec<Vec<u8>> {
    let of_kind = events.iter().filter(|event| event.get(4).is_some_and(|kind| kinds.contains(kind)));
    of_kind.map(|event| body(event).to_vec()).collect()
}

/// Documents with differences behind them: length of the document, the document, the differences.
fn json() -> Vec<Vec<u8>> {
    let documents = DOCUMENTS.iter().chain(&STORED);
    documents.map(|document| [&length(document)[..], document, DIFFERENCES].concat()).collect()
}

fn length(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap_or_default().to_le_bytes()
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
        inputs.push([&length(map)[..], map, &[kind], body].concat());
    }
    inputs
}

/// A table map of `INT, JSON` and an update that tells differences of a document: `{"a":1}` with `$.a` replaced and `$.b` inserted.
fn differences() -> Vec<u8> {
    let map = b"\x4d\0\0\0\0\0\x01\0\x01d\0\x01t\0\x02\x03\xf5\x01\x04\x03";
    let header = b"\x27\x4d\0\0\0\0\0\x01\0\x02\0\x02\xff\xff";
    let before = b"\0\x09\0\0\0\x0d\0\0\0\0\x01\0\x0c\0\x0b\0\x01\0\x05\x01\0a";
    let after = b"\x01\x01\0\x09\0\0\0\x12\0\0\0\0\x03$.a\x03\x05\x07\0\x01\x03$.b\x03\x05\x08\0";
    [&length(map)[..], map, header, before, after].concat()
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
