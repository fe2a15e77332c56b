//! The table map itself.

use super::{ColumnType, Metadata, code};
use crate::cursor::Cursor;

/// Says that a table map could not be read. Holds no names and no values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read table map of {bytes} bytes: cut short at its {part}")]
pub struct TableMapError {
    /// The part that was missing.
    pub part: &'static str,
    /// The size of the event's body.
    pub bytes: usize,
}

/// Holds one TABLE_MAP_EVENT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableMap {
    /// The server's number for this definition of the table; it changes with every definition and restart.
    pub table_id: u64,
    /// The database.
    pub database: String,
    /// The table.
    pub table: String,
    /// How each column is stored.
    pub columns: Vec<ColumnType>,
    /// The type code of each column as it stood in the event.
    pub codes: Vec<u8>,
    /// Whether each column may be NULL.
    pub nullable: Vec<bool>,
    /// What the optional metadata tells.
    pub metadata: Metadata,
}

impl TableMap {
    /// Reads the table id alone, to look for a known plan.
    pub fn table_id(body: &[u8]) -> Option<u64> {
        Cursor::new(body).uint(6)
    }

    /// Reads an event's body: without the common header and the checksum.
    ///
    /// # Errors
    /// When a mandatory part is cut short. Optional metadata never fails.
    pub fn parse(body: &[u8]) -> Result<Self, TableMapError> {
        let mut cursor = Cursor::new(body);
        let missing = |part| TableMapError { part, bytes: body.len() };
        let table_id = cursor.uint(6).ok_or(missing("table id"))?;
        cursor.u16().ok_or(missing("flags"))?;
        let database = name(&mut cursor).ok_or(missing("database name"))?;
        let table = name(&mut cursor).ok_or(missing("table name"))?;
        let count = cursor.length_encoded().ok_or(missing("column count"))?;
        let count = usize::try_from(count).map_err(|_| missing("column types"))?;
        let codes = cursor.take(count).ok_or(missing("column types"))?.to_vec();
        let stored = cursor.length_encoded_bytes().ok_or(missing("column metadata"))?;
        let columns = column_types(&codes, stored).ok_or(missing("column metadata"))?;
        let nulls = cursor.take(count.div_ceil(8)).ok_or(missing("null bitmap"))?;
        let nullable = (0..count).map(|index| nulls[index / 8] & (1 << (index % 8)) != 0).collect();
        let metadata = Metadata::read(cursor.rest(), &columns);
        Ok(Self { table_id, database, table, columns, codes, nullable, metadata })
    }
}

/// Names are UTF-8 behind a one-byte length, with a zero behind them. What is not UTF-8 is replaced, not refused.
fn name(cursor: &mut Cursor<'_>) -> Option<String> {
    let length = usize::from(cursor.u8()?);
    let bytes = cursor.take(length)?;
    cursor.u8()?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

fn column_types(codes: &[u8], metadata: &[u8]) -> Option<Vec<ColumnType>> {
    let mut cursor = Cursor::new(metadata);
    let mut columns = Vec::with_capacity(codes.len());
    let mut blocked = false;
    for code_byte in codes {
        // The metadata behind a type of unknown shape cannot be told apart, so the columns after it are unknown too.
        let column = if blocked {
            ColumnType::Unknown { code: *code_byte }
        } else {
            ColumnType::read(*code_byte, &mut cursor)?
        };
        blocked |= !code::has_known_metadata(*code_byte);
        columns.push(column);
    }
    Some(columns)
}

#[cfg(test)]
mod tests {
    use super::{TableMap, TableMapError};
    use crate::table_map::{ColumnType, KeyPart};
    use crate::testing::{TableMapBytes, prefixed};

    /// `c char(1) latin1, y year unsigned, m mediumint signed, e enum, i bigint unsigned`, all optional fields.
    fn full() -> TableMapBytes {
        TableMapBytes::new("shop", "flags")
            .column(254, &[254, 1])
            .column(13, &[])
            .column(9, &[])
            .column(254, &[247, 1])
            .column(8, &[])
    }

    #[test]
    fn every_fact_of_full_metadata_lands_at_its_column() {
        let names = [prefixed("c"), prefixed("y"), prefixed("m"), prefixed("e"), prefixed("i")].concat();
        let labels = [vec![2], prefixed("on"), prefixed("off")].concat();
        let body = full()
            .optional(1, &[0b1010_0000])
            .optional(2, &[8])
            .optional(4, &names)
            .optional(6, &labels)
            .optional(9, &[4, 0, 0, 10])
            .optional(11, &[0xfc, 0xff, 0])
            .optional(12, &[0b1111_0000])
            .build();
        let map = TableMap::parse(&body).expect("a table map");
        assert_eq!((map.database.as_str(), map.table.as_str()), ("shop", "flags"));
        assert_eq!(map.columns[3], ColumnType::Enum { bytes: 1 });
        assert_eq!(map.metadata.unsigned, Some(vec![false, true, false, false, true]));
        assert_eq!(map.metadata.collations, vec![Some(8), None, None, Some(255), None]);
        assert_eq!(map.metadata.names.as_deref().map(|names| names.join(",")), Some("c,y,m,e,i".to_owned()));
        assert_eq!(map.metadata.labels[3], vec![b"on".to_vec(), b"off".to_vec()]);
        let key = [KeyPart { column: 4, prefix: 0 }, KeyPart { column: 0, prefix: 10 }];
        assert_eq!(map.metadata.key, key);
        assert_eq!(map.metadata.visible, Some(vec![true, true, true, true, false]));
    }

    #[test]
    fn an_unknown_field_is_skipped_and_a_damaged_one_counts_as_absent() {
        let body = full()
            .optional(99, b"from the future")
            .optional(4, &prefixed("only one name"))
            .optional(8, &[7])
            .optional(1, &[0b0010_0000])
            .build();
        let map = TableMap::parse(&body).expect("a table map");
        assert_eq!(map.metadata.names, None);
        assert!(map.metadata.key.is_empty());
        assert_eq!(map.metadata.unsigned, Some(vec![false, false, false, false, true]));
    }

    #[test]
    fn the_default_collation_has_exceptions_by_place_among_character_columns() {
        let body = TableMapBytes::new("d", "t")
            .column(15, &[20, 0])
            .column(3, &[])
            .column(252, &[2])
            .column(15, &[20, 0])
            .optional(2, &[45, 1, 63, 2, 28])
            .build();
        let map = TableMap::parse(&body).expect("a table map");
        assert_eq!(map.metadata.collations, vec![Some(45), None, Some(63), Some(28)]);
    }

    #[test]
    fn a_vector_counts_among_character_columns_only_where_the_server_counts_it() {
        let table = || TableMapBytes::new("d", "t").column(242, &[4]).column(15, &[20, 0]).column(252, &[2]);
        let check = |kind, content: &[u8], vector: Option<u64>| {
            let map = TableMap::parse(&table().optional(kind, content).build()).expect("a table map");
            assert_eq!(map.metadata.collations, vec![vector, Some(45), Some(8)], "{kind} {content:?}");
        };
        check(3, &[63, 45, 8], Some(63));
        check(3, &[45, 8], None);
        check(2, &[45, 0, 63, 2, 8], Some(63));
        check(2, &[45, 1, 8], None);
    }

    #[test]
    fn behind_a_type_of_unknown_shape_no_column_is_guessed() {
        let body =
            TableMapBytes::new("d", "t").column(3, &[]).column(20, &[3, 0]).column(15, &[9, 0]).build();
        let map = TableMap::parse(&body).expect("a table map");
        assert_eq!(map.columns[1..], [ColumnType::Unknown { code: 20 }, ColumnType::Unknown { code: 15 }]);
    }

    #[test]
    fn a_body_cut_short_anywhere_before_the_optional_part_is_an_error() {
        let body = full().build();
        for length in 0..body.len() {
            let error: TableMapError = TableMap::parse(&body[..length]).expect_err("cut short");
            assert_eq!(error.bytes, length);
        }
        assert!(TableMap::parse(&body).is_ok());
    }

    #[test]
    fn random_bytes_never_panic() {
        let mut random = crate::testing::Random::new(11);
        let base = full().optional(4, &[1; 40]).optional(6, &[3; 40]).optional(2, &[2; 9]).build();
        for _ in 0..20_000 {
            let _any_outcome = TableMap::parse(&random.damaged(&base));
        }
    }
}
