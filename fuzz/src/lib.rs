//! What several fuzz targets share.

use std::sync::LazyLock;

use conftrail_core::Event;
use conftrail_core::mask::{MaskKey, MaskRules, Masker};

/// Stands for a secret: nothing else contains it.
pub const SECRET: &str = "x8Kq2mPz91Lw";

/// A masker with the built-in rules and a fixed key.
pub static MASKER: LazyLock<Masker> = LazyLock::new(|| {
    Masker::new(MaskKey::new([7; 32]), &MaskRules::default()).expect("the built-in rules are valid")
});

/// Events to match queries and rules against.
pub static EVENTS: LazyLock<Vec<Event>> = LazyLock::new(|| {
    [
        include_str!("event.row.json"),
        include_str!("event.document.json"),
        include_str!("event.statement.json"),
    ]
    .map(|text| serde_json::from_str(text).expect("the samples are events"))
    .into()
});

/// Splits an input at the length that its first two bytes tell.
pub fn split(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = data.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))
}
