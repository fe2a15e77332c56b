//! A hash of a table's definition that is the same on every machine and in every version.

use super::ColumnPlan;

/// FNV-1a, 64 bits: small, stable, and no secret depends on it.
struct Fnv(u64);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        // An end mark keeps ("ab", "c") and ("a", "bc") apart; 0xff stands in no UTF-8 text.
        self.0 = (self.0 ^ 0xff).wrapping_mul(0x0100_0000_01b3);
    }
}

/// Returns the fingerprint as 16 hex digits.
pub(super) fn fingerprint(columns: &[ColumnPlan], key: &[usize]) -> String {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    for column in columns {
        hash.add(column.name.as_bytes());
        hash.add(&[column.code, u8::from(column.unsigned)]);
        // Debug of a plain type of ours: digits and names only, changed on purpose or not at all.
        hash.add(format!("{:?}", column.column_type).as_bytes());
        // Labels are text by now; minimal metadata does not tell the collation they were stored in.
        let collation = if column.labels.is_some() { None } else { column.collation };
        hash.add(&collation.unwrap_or(0).to_le_bytes());
        for label in column.labels.iter().flat_map(|labels| labels.iter()) {
            hash.add(label.as_bytes());
        }
    }
    for index in key {
        hash.add(&(*index as u64).to_le_bytes());
    }
    format!("{:016x}", hash.0)
}
