//! GEOMETRY: a spatial reference and well-known binary to well-known text.
//!
//! Coordinates stand in storage order: x first, for geographic references the longitude, as
//! `ST_AsText(g, 'axis-order=long-lat')` prints them.

use std::fmt::Write as _;

use conftrail_core::{Map, SmolStr, Value};

use crate::cursor::Cursor;

/// Collections within collections.
const MOST_DEPTH: usize = 100;

const POINT: u32 = 1;
const LINE_STRING: u32 = 2;
const POLYGON: u32 = 3;
const MULTI_POINT: u32 = 4;
const MULTI_LINE_STRING: u32 = 5;
const MULTI_POLYGON: u32 = 6;
const COLLECTION: u32 = 7;

/// Returns `{"srid": …, "wkt": "POINT (3 2)"}`; `None` for bytes that are no geometry.
pub(super) fn decode(bytes: &[u8]) -> Option<Value> {
    let mut cursor = Cursor::new(bytes);
    let srid = cursor.u32()?;
    let mut wkt = String::with_capacity(bytes.len());
    geometry(&mut cursor, &mut wkt, 0)?;
    if !cursor.is_empty() {
        return None;
    }
    let (srid, wkt) = (Value::Int(srid.into()), Value::from(wkt));
    Some(Value::Map(Map::from_unique([
        (SmolStr::new_static("srid"), srid),
        (SmolStr::new_static("wkt"), wkt),
    ])))
}

/// Each geometry says its own byte order.
#[derive(Clone, Copy)]
struct Order {
    little: bool,
}

impl Order {
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        match cursor.u8()? {
            0 => Some(Self { little: false }),
            1 => Some(Self { little: true }),
            _ => None,
        }
    }

    fn u32(self, cursor: &mut Cursor<'_>) -> Option<u32> {
        let bytes = cursor.array()?;
        Some(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn f64(self, cursor: &mut Cursor<'_>) -> Option<f64> {
        let bytes = cursor.array()?;
        Some(if self.little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
    }
}

fn geometry(cursor: &mut Cursor<'_>, wkt: &mut String, depth: usize) -> Option<()> {
    if depth > MOST_DEPTH {
        return None;
    }
    let order = Order::read(cursor)?;
    let kind = order.u32(cursor)?;
    let name = match kind {
        POINT => "POINT",
        LINE_STRING => "LINESTRING",
        POLYGON => "POLYGON",
        MULTI_POINT => "MULTIPOINT",
        MULTI_LINE_STRING => "MULTILINESTRING",
        MULTI_POLYGON => "MULTIPOLYGON",
        COLLECTION => "GEOMETRYCOLLECTION",
        _ => return None,
    };
    wkt.push_str(name);
    wkt.push(' ');
    match kind {
        POINT => {
            wkt.push('(');
            position(order, cursor, wkt)?;
            wkt.push(')');
            Some(())
        }
        LINE_STRING => positions(order, cursor, wkt),
        POLYGON => rings(order, cursor, wkt),
        _ => list(order, cursor, wkt, |cursor, wkt| member(kind, cursor, wkt, depth)),
    }
}

/// Members carry their own byte order and type; within a MULTI they are written without their name.
fn member(parent: u32, cursor: &mut Cursor<'_>, wkt: &mut String, depth: usize) -> Option<()> {
    if parent == COLLECTION {
        return geometry(cursor, wkt, depth + 1);
    }
    let order = Order::read(cursor)?;
    match (parent, order.u32(cursor)?) {
        (MULTI_POINT, POINT) => {
            wkt.push('(');
            position(order, cursor, wkt)?;
            wkt.push(')');
            Some(())
        }
        (MULTI_LINE_STRING, LINE_STRING) => positions(order, cursor, wkt),
        (MULTI_POLYGON, POLYGON) => rings(order, cursor, wkt),
        _ => None,
    }
}

fn rings(order: Order, cursor: &mut Cursor<'_>, wkt: &mut String) -> Option<()> {
    list(order, cursor, wkt, |cursor, wkt| positions(order, cursor, wkt))
}

fn positions(order: Order, cursor: &mut Cursor<'_>, wkt: &mut String) -> Option<()> {
    list(order, cursor, wkt, |cursor, wkt| position(order, cursor, wkt))
}

fn position(order: Order, cursor: &mut Cursor<'_>, wkt: &mut String) -> Option<()> {
    let x = order.f64(cursor)?;
    let y = order.f64(cursor)?;
    write!(wkt, "{x} {y}").ok()
}

fn list(
    order: Order,
    cursor: &mut Cursor<'_>,
    wkt: &mut String,
    mut item: impl FnMut(&mut Cursor<'_>, &mut String) -> Option<()>,
) -> Option<()> {
    let count = order.u32(cursor)?;
    if count == 0 {
        wkt.push_str("EMPTY");
        return Some(());
    }
    for place in 0..count {
        wkt.push_str(if place == 0 { "(" } else { ", " });
        item(cursor, wkt)?;
    }
    wkt.push(')');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::decode;

    fn point(x: f64, y: f64) -> Vec<u8> {
        [vec![1, 1, 0, 0, 0], x.to_le_bytes().to_vec(), y.to_le_bytes().to_vec()].concat()
    }

    fn check(wkb: &[u8], expected: &str) {
        let bytes = [&4326_u32.to_le_bytes(), wkb].concat();
        let value = decode(&bytes).expect("a geometry");
        assert_eq!(value.as_map().and_then(|map| map.get("wkt")?.as_text()), Some(expected));
    }

    #[test]
    fn points_multipoints_and_collections_are_written_as_text() {
        check(&point(3.0, 2.0), "POINT (3 2)");
        check(&point(-0.5, 1e21), "POINT (-0.5 1000000000000000000000)");
        let big_endian =
            [vec![0, 0, 0, 0, 1], 1.5_f64.to_be_bytes().to_vec(), 2_f64.to_be_bytes().to_vec()].concat();
        check(&big_endian, "POINT (1.5 2)");
        let two = [vec![1, 4, 0, 0, 0, 2, 0, 0, 0], point(1.0, 2.0), point(3.0, 4.0)].concat();
        check(&two, "MULTIPOINT ((1 2), (3 4))");
        check(
            &[vec![1, 7, 0, 0, 0, 1, 0, 0, 0], two].concat(),
            "GEOMETRYCOLLECTION (MULTIPOINT ((1 2), (3 4)))",
        );
        check(&[1, 7, 0, 0, 0, 0, 0, 0, 0], "GEOMETRYCOLLECTION EMPTY");
    }

    #[test]
    fn a_huge_count_or_depth_ends_without_a_value() {
        assert!(decode(&[0, 0, 0, 0, 1, 2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]).is_none());
        let deep = [vec![0; 4], [1, 7, 0, 0, 0, 1, 0, 0, 0].repeat(5_000)].concat();
        assert!(decode(&deep).is_none());
        assert!(decode(&[point(1.0, 2.0), vec![0]].concat()).is_none());
    }

    #[test]
    fn random_damage_never_panics() {
        let mut random = crate::testing::Random::new(9);
        let two = [vec![0; 4], vec![1, 4, 0, 0, 0, 2, 0, 0, 0], point(1.0, 2.0), point(3.0, 4.0)].concat();
        for _ in 0..20_000 {
            let _any_outcome = decode(&random.damaged(&two));
        }
    }
}
