//! Table maps: what is told has a place for each column, cut short is refused and more behind it changes nothing, and what the
//! optional part tells reads back when it is written again.

use super::bytes::{length_encoded, prefixed, wide};
use crate::plan::TablePlan;
use crate::table_map::{ColumnType, Metadata, TableMap};

/// Reads an event's body.
///
/// # Panics
/// When something that must hold of every table map does not.
pub fn table_map(body: &[u8]) {
    let map = match TableMap::parse(body) {
        Ok(map) => map,
        Err(error) => {
            assert_eq!(error.bytes, body.len());
            return;
        }
    };
    let count = map.columns.len();
    assert_eq!(TableMap::table_id(body), Some(map.table_id));
    assert_eq!((map.codes.len(), map.nullable.len()), (count, count));
    check_metadata(&map.metadata, count, body.len());
    let mandatory = mandatory_part(body);
    if let Some(cut) = mandatory.split_last().map(|(_, cut)| cut) {
        assert!(TableMap::parse(cut).is_err(), "a mandatory part is cut short");
    }
    let bare = TableMap::parse(mandatory).expect("the mandatory part is enough");
    assert_eq!(bare, TableMap { metadata: bare.metadata.clone(), ..map.clone() }, "the optional part adds");
    let written = [mandatory, &optional_part(&map)].concat();
    assert_eq!(TableMap::parse(&written), Ok(TableMap { metadata: told(&map), ..map.clone() }));
    assert_eq!(TablePlan::best(&map, None).columns.len(), count);
}

fn check_metadata(metadata: &Metadata, count: usize, bytes: usize) {
    let lists = [metadata.collations.len(), metadata.labels.len(), metadata.geometry_types.len()];
    assert_eq!(lists, [count; 3]);
    for bits in [&metadata.unsigned, &metadata.visible].into_iter().flatten() {
        assert_eq!(bits.len(), count);
    }
    assert!(metadata.names.as_ref().is_none_or(|names| names.len() == count));
    assert!(metadata.key.iter().all(|part| part.column < count), "a key has the table's columns");
    let labels: usize = metadata.labels.iter().flatten().map(|label| 1 + label.len()).sum();
    assert!(labels <= bytes, "{labels} bytes of labels out of {bytes}");
}

/// Finds the shortest beginning that is a table map, given a body that is one.
fn mandatory_part(body: &[u8]) -> &[u8] {
    let lengths: Vec<usize> = (0..=body.len()).collect();
    let length = lengths.partition_point(|length| TableMap::parse(&body[..*length]).is_err());
    &body[..length]
}

/// What of a table map's metadata can be written again: collations that are told of all character columns or all labelled ones.
fn told(map: &TableMap) -> Metadata {
    let mut told = map.metadata.clone();
    let classes: [Class; 3] = [ColumnType::is_character, ColumnType::is_labelled, is_geometry];
    for class in classes {
        let numbers = if class(GEOMETRY) { &mut told.geometry_types } else { &mut told.collations };
        if numbers_of(&map.columns, numbers, class).is_none() {
            for (number, _) in numbers.iter_mut().zip(&map.columns).filter(|(_, column)| class(**column)) {
                *number = None;
            }
        }
    }
    told
}

/// Says which columns a field is about.
type Class = fn(ColumnType) -> bool;

const GEOMETRY: ColumnType = ColumnType::Geometry { length_bytes: 4 };

fn is_geometry(column: ColumnType) -> bool {
    matches!(column, ColumnType::Geometry { .. })
}

/// Returns the numbers of a class's columns; none when one of them has none.
fn numbers_of(columns: &[ColumnType], numbers: &[Option<u64>], class: Class) -> Option<Vec<u64>> {
    let of_class = columns.iter().zip(numbers).filter(|(column, _)| class(**column));
    of_class.map(|(_, number)| *number).collect()
}

/// Writes the optional part as a server does. Field types: MySQL, `Table_map_event::Optional_metadata_field_type`.
fn optional_part(map: &TableMap) -> Vec<u8> {
    let (columns, metadata) = (&map.columns, &map.metadata);
    let mut fields: Vec<(u8, Vec<u8>)> = Vec::new();
    if let Some(unsigned) = &metadata.unsigned {
        fields.push((1, bits(unsigned, columns, ColumnType::is_numeric)));
    }
    if let Some(names) = &metadata.names {
        fields.push((4, names.iter().flat_map(|name| prefixed(name.as_bytes())).collect()));
    }
    let classes: [(u8, Class, &[Option<u64>]); 3] = [
        (3, ColumnType::is_character, &metadata.collations),
        (11, ColumnType::is_labelled, &metadata.collations),
        (7, is_geometry, &metadata.geometry_types),
    ];
    for (field, class, numbers) in classes {
        if let Some(numbers) = numbers_of(columns, numbers, class) {
            fields.push((field, numbers.into_iter().flat_map(wide).collect()));
        }
    }
    let labelled: [(u8, Class); 2] = [
        (5, |column| matches!(column, ColumnType::Set { .. })),
        (6, |column| matches!(column, ColumnType::Enum { .. })),
    ];
    for (field, class) in labelled {
        let of_class = columns.iter().zip(&metadata.labels).filter(|(column, _)| class(**column));
        let written = of_class.flat_map(|(_, labels)| {
            let texts = labels.iter().flat_map(|label| prefixed(label));
            length_encoded(labels.len()).into_iter().chain(texts).collect::<Vec<u8>>()
        });
        fields.push((field, written.collect()));
    }
    let key = metadata.key.iter().flat_map(|part| [part.column as u64, part.prefix]);
    fields.push((9, key.flat_map(wide).collect()));
    if let Some(visible) = &metadata.visible {
        fields.push((12, bits(visible, columns, |_| true)));
    }
    fields.into_iter().flat_map(|(field, content)| [vec![field], prefixed(&content)].concat()).collect()
}

/// Writes one bit, highest first, for each column of a class.
fn bits(set: &[bool], columns: &[ColumnType], class: Class) -> Vec<u8> {
    let of_class: Vec<bool> =
        columns.iter().zip(set).filter(|(column, _)| class(**column)).map(|(_, bit)| *bit).collect();
    let byte =
        |bits: &[bool]| bits.iter().enumerate().map(|(place, bit)| u8::from(*bit) << (7 - place)).sum();
    of_class.chunks(8).map(byte).collect()
}
