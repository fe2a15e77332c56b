//! The optional metadata of a table map: names, labels, signs, collations, key.
//!
//! Fields are type-length-value. What is unknown is skipped, and a field that does not fit the table counts as absent:
//! the plan then asks `information_schema` instead of guessing.

use super::ColumnType;
use crate::cursor::Cursor;

/// Field types; source: MySQL, `Table_map_event::Optional_metadata_field_type`.
mod field {
    pub(super) const SIGNEDNESS: u8 = 1;
    pub(super) const DEFAULT_CHARSET: u8 = 2;
    pub(super) const COLUMN_CHARSET: u8 = 3;
    pub(super) const COLUMN_NAME: u8 = 4;
    pub(super) const SET_LABELS: u8 = 5;
    pub(super) const ENUM_LABELS: u8 = 6;
    pub(super) const GEOMETRY_TYPE: u8 = 7;
    pub(super) const SIMPLE_KEY: u8 = 8;
    pub(super) const PREFIX_KEY: u8 = 9;
    pub(super) const LABEL_DEFAULT_CHARSET: u8 = 10;
    pub(super) const LABEL_COLUMN_CHARSET: u8 = 11;
    pub(super) const VISIBILITY: u8 = 12;
}

/// The collation of what has no characters.
const BINARY_COLLATION: u64 = 63;

/// Holds one column of the primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyPart {
    /// The column's index in the table.
    pub column: usize,
    /// The indexed prefix in characters; 0 means the whole column.
    pub prefix: u64,
}

/// Holds what the optional metadata tells; every list has one entry per column of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Whether numeric columns are unsigned; others are `false`.
    pub unsigned: Option<Vec<bool>>,
    /// The collation ids of character, ENUM and SET columns.
    pub collations: Vec<Option<u64>>,
    /// The column names.
    pub names: Option<Vec<String>>,
    /// The labels of ENUM and SET columns, as bytes of the column's character set; empty for other columns.
    pub labels: Vec<Vec<Vec<u8>>>,
    /// The geometry types as `GEOMETRY_TYPE` numbers them (0 geometry, 1 point, …).
    pub geometry_types: Vec<Option<u64>>,
    /// The primary key in the key's own order; empty when there is none or it was not told.
    pub key: Vec<KeyPart>,
    /// Which columns `SELECT *` shows.
    pub visible: Option<Vec<bool>>,
}

impl Metadata {
    /// Reads all fields for a table of the given columns.
    pub(super) fn read(bytes: &[u8], columns: &[ColumnType]) -> Self {
        let mut metadata = Self {
            collations: vec![None; columns.len()],
            labels: vec![Vec::new(); columns.len()],
            geometry_types: vec![None; columns.len()],
            ..Self::default()
        };
        let mut cursor = Cursor::new(bytes);
        while let Some(kind) = cursor.u8() {
            let Some(content) = cursor.length_encoded_bytes() else {
                break;
            };
            // A field that does not parse leaves its facts absent.
            let _absent_when_none = metadata.apply(kind, Cursor::new(content), columns);
        }
        metadata
    }

    fn apply(&mut self, kind: u8, mut content: Cursor<'_>, columns: &[ColumnType]) -> Option<()> {
        match kind {
            field::SIGNEDNESS => self.unsigned = Some(bits(content.rest(), columns, ColumnType::is_numeric)?),
            field::VISIBILITY => self.visible = Some(bits(content.rest(), columns, |_| true)?),
            field::DEFAULT_CHARSET => self.character_collations(content, columns, default_collation)?,
            field::COLUMN_CHARSET => self.character_collations(content, columns, numbers)?,
            field::LABEL_DEFAULT_CHARSET => {
                assign(&mut self.collations, default_collation(content, columns, ColumnType::is_labelled)?);
            }
            field::LABEL_COLUMN_CHARSET => {
                assign(&mut self.collations, numbers(content, columns, ColumnType::is_labelled)?);
            }
            field::GEOMETRY_TYPE => {
                let is_geometry = |column: ColumnType| matches!(column, ColumnType::Geometry { .. });
                assign(&mut self.geometry_types, numbers(content, columns, is_geometry)?);
            }
            field::COLUMN_NAME => self.names = Some(names(&mut content, columns.len())?),
            field::SET_LABELS => {
                self.read_labels(&mut content, columns, |column| matches!(column, ColumnType::Set { .. }))?;
            }
            field::ENUM_LABELS => {
                self.read_labels(&mut content, columns, |column| matches!(column, ColumnType::Enum { .. }))?;
            }
            field::SIMPLE_KEY => self.key = key(&mut content, columns.len(), false)?,
            field::PREFIX_KEY => self.key = key(&mut content, columns.len(), true)?,
            _ => {}
        }
        Some(())
    }

    /// MySQL 9.7.4 counts VECTOR among the character columns. A vector has no characters, so that one with a collation
    /// shows that this server does not count it.
    fn character_collations(
        &mut self,
        content: Cursor<'_>,
        columns: &[ColumnType],
        read: ReadNumbers,
    ) -> Option<()> {
        let is_vector = |column: usize| matches!(columns.get(column), Some(ColumnType::Vector { .. }));
        let told = read(content, columns, ColumnType::is_character)
            .filter(|told| {
                told.iter().all(|(column, number)| !is_vector(*column) || *number == BINARY_COLLATION)
            })
            .or_else(|| {
                let is_text = |column: ColumnType| {
                    column.is_character() && !matches!(column, ColumnType::Vector { .. })
                };
                read(content, columns, is_text)
            })?;
        assign(&mut self.collations, told);
        Some(())
    }

    fn read_labels(
        &mut self,
        content: &mut Cursor<'_>,
        columns: &[ColumnType],
        of_class: fn(ColumnType) -> bool,
    ) -> Option<()> {
        let mut read = Vec::new();
        for column in indexes(columns, of_class) {
            let count = content.length_encoded()?;
            let mut labels = Vec::new();
            for _ in 0..count {
                labels.push(content.length_encoded_bytes()?.to_vec());
            }
            read.push((column, labels));
        }
        for (column, labels) in read {
            self.labels[column] = labels;
        }
        Some(())
    }
}

fn indexes(columns: &[ColumnType], of_class: impl Fn(ColumnType) -> bool) -> impl Iterator<Item = usize> {
    columns.iter().enumerate().filter(move |(_, column)| of_class(**column)).map(|(index, _)| index)
}

/// Reads one bit, highest first, for each column of a class.
fn bits(bytes: &[u8], columns: &[ColumnType], of_class: fn(ColumnType) -> bool) -> Option<Vec<bool>> {
    let mut set = vec![false; columns.len()];
    for (place, column) in indexes(columns, of_class).enumerate() {
        set[column] = bytes.get(place / 8)? & (0x80 >> (place % 8)) != 0;
    }
    Some(set)
}

/// A number for each column of a class, with the column's index.
type Numbers = Vec<(usize, u64)>;

type ReadNumbers = fn(Cursor<'_>, &[ColumnType], fn(ColumnType) -> bool) -> Option<Numbers>;

/// Reads one number for each column of a class; all of them and nothing else, or none.
fn numbers(
    mut content: Cursor<'_>,
    columns: &[ColumnType],
    of_class: fn(ColumnType) -> bool,
) -> Option<Numbers> {
    let mut read = Numbers::new();
    for column in indexes(columns, of_class) {
        read.push((column, content.length_encoded()?));
    }
    content.is_empty().then_some(read)
}

/// One collation for all columns of a class, then pairs of (index within the class, collation) that differ.
fn default_collation(
    mut content: Cursor<'_>,
    columns: &[ColumnType],
    of_class: fn(ColumnType) -> bool,
) -> Option<Numbers> {
    let default = content.length_encoded()?;
    let mut read: Numbers = indexes(columns, of_class).map(|column| (column, default)).collect();
    while !content.is_empty() {
        let place = usize::try_from(content.length_encoded()?).ok()?;
        read.get_mut(place)?.1 = content.length_encoded()?;
    }
    Some(read)
}

fn assign(into: &mut [Option<u64>], numbers: Numbers) {
    for (column, number) in numbers {
        if let Some(slot) = into.get_mut(column) {
            *slot = Some(number);
        }
    }
}

fn names(content: &mut Cursor<'_>, count: usize) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for _ in 0..count {
        let name = content.length_encoded_bytes()?;
        names.push(std::str::from_utf8(name).ok()?.to_owned());
    }
    Some(names)
}

fn key(content: &mut Cursor<'_>, columns: usize, with_prefix: bool) -> Option<Vec<KeyPart>> {
    let mut parts: Vec<KeyPart> = Vec::new();
    while !content.is_empty() {
        let column = usize::try_from(content.length_encoded()?).ok()?;
        let prefix = if with_prefix { content.length_encoded()? } else { 0 };
        let repeated = parts.iter().any(|part| part.column == column);
        if column >= columns || repeated {
            return None;
        }
        parts.push(KeyPart { column, prefix });
    }
    Some(parts)
}
