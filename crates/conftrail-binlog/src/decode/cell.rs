//! One cell: from the bytes of a column to a value as the event format prints it.

use conftrail_core::{SmolStr, Value};

use super::moments::Reading;
use super::short_text::ShortText;
use super::{CellProblem, Charset, decimal, geometry, json, mariadb, temporal};
use crate::cursor::{uint_be, uint_le};
use crate::plan::{Cell, LabelSet};

/// Decodes one cell that is not NULL. Bytes that are no text of the column's character set stand as such, and
/// `invalid_text` says so.
#[inline]
pub(super) fn decode(
    cell: &Cell,
    bytes: &[u8],
    names: &mut json::Names,
    invalid_text: &mut bool,
) -> Result<Value, CellProblem> {
    let value = match cell {
        Cell::Text(charset) => return Ok(text(*charset, bytes, invalid_text)),
        Cell::Signed => signed(bytes).map(Value::from),
        Cell::Unsigned => uint_le(bytes).map(Value::from),
        Cell::Float => bytes.try_into().ok().map(|float| Value::from_f32(f32::from_le_bytes(float))),
        Cell::Double => bytes.try_into().ok().map(|double| Value::from(f64::from_le_bytes(double))),
        Cell::Decimal { precision, scale } => decimal::text(bytes, *precision, *scale).map(Value::from),
        Cell::Year => year(bytes),
        Cell::Date => moment(names, 0, 0, bytes, || temporal::date(bytes)),
        Cell::Time { digits } => moment(names, 1, *digits, bytes, || temporal::time(bytes, *digits)),
        Cell::DateTime { digits } => moment(names, 2, *digits, bytes, || temporal::datetime(bytes, *digits)),
        Cell::Timestamp { digits } => {
            moment(names, 3, *digits, bytes, || temporal::timestamp(bytes, *digits))
        }
        Cell::OldTime => temporal::old_time(bytes).map(Value::from),
        Cell::OldDateTime => temporal::old_datetime(bytes).map(Value::from),
        Cell::OldTimestamp => temporal::old_timestamp(bytes).map(Value::from),
        Cell::Bit => uint_be(bytes).map(Value::from),
        Cell::Binary { pad_to } => Some(binary(bytes, usize::from(*pad_to))),
        Cell::Vector => vector(bytes),
        Cell::Uuid => mariadb::uuid(bytes).map(Value::from),
        Cell::Inet4 => mariadb::inet4(bytes).map(Value::from),
        Cell::Inet6 => mariadb::inet6(bytes).map(Value::from),
        Cell::HiresTime { digits } => mariadb::hires_time(bytes, *digits).map(Value::from),
        Cell::HiresDateTime { digits } => mariadb::hires_datetime(bytes, *digits).map(Value::from),
        Cell::HiresTimestamp { digits } => mariadb::hires_timestamp(bytes, *digits).map(Value::from),
        Cell::Null => Some(Value::Null),
        Cell::Enum(labels) => return enumeration(bytes, labels.as_ref()),
        Cell::Set(labels) => return set(bytes, labels.as_ref()),
        Cell::Json => return json::decode(bytes, names).ok_or(CellProblem::Json),
        Cell::Geometry => return geometry::decode(bytes).ok_or(CellProblem::Geometry),
        Cell::Unknown => return Err(CellProblem::Unsupported),
    };
    value.ok_or(CellProblem::Malformed)
}

#[inline]
fn moment(
    names: &mut json::Names,
    kind: u8,
    digits: u8,
    bytes: &[u8],
    print: impl FnOnce() -> Option<ShortText>,
) -> Option<Value> {
    names.moments.text(Reading { kind, digits }, bytes, print)
}

/// MEDIUMINT has three bytes: the sign is its highest bit, wherever that stands.
#[inline]
fn signed(bytes: &[u8]) -> Option<i64> {
    let shift = 64_usize.checked_sub(bytes.len() * 8)?;
    let raised = uint_le(bytes)?.checked_shl(u32::try_from(shift).ok()?)?;
    Some(i64::from_le_bytes(raised.to_le_bytes()) >> shift)
}

/// Byte 0 is the year 0000, which is not 1900.
fn year(bytes: &[u8]) -> Option<Value> {
    let [byte] = bytes else {
        return None;
    };
    Some(Value::Int(if *byte == 0 { 0 } else { 1900 + i64::from(*byte) }))
}

#[inline]
fn text(charset: Charset, bytes: &[u8], invalid_text: &mut bool) -> Value {
    if let Some(text) = charset.decode(bytes) {
        return text_value(&text);
    }
    *invalid_text = true;
    Value::binary(bytes)
}

/// Holds a text; a short one, as most are, without a call.
#[inline]
pub(super) fn text_value(text: &str) -> Value {
    Value::Text(if text.len() <= SmolStr::INLINE_CAP {
        SmolStr::new_inline(text)
    } else {
        SmolStr::new(text)
    })
}

/// The zeros at the end of BINARY(n) are not stored; they belong to the value.
fn binary(bytes: &[u8], pad_to: usize) -> Value {
    if bytes.len() >= pad_to {
        return Value::binary(bytes);
    }
    let mut padded = bytes.to_vec();
    padded.resize(pad_to, 0);
    Value::binary(&padded)
}

/// Index 0 is the empty string that MySQL stores for an invalid value.
fn enumeration(bytes: &[u8], labels: Option<&LabelSet>) -> Result<Value, CellProblem> {
    let index = uint_le(bytes).ok_or(CellProblem::Malformed)?;
    let Some(labels) = labels else {
        return Ok(Value::from(index));
    };
    let Some(place) = index.checked_sub(1) else {
        return Ok(Value::from(""));
    };
    let label =
        usize::try_from(place).ok().and_then(|place| labels.get(place)).ok_or(CellProblem::NoLabel)?;
    Ok(Value::Text(label.clone()))
}

fn set(bytes: &[u8], labels: Option<&LabelSet>) -> Result<Value, CellProblem> {
    let bits = uint_le(bytes).ok_or(CellProblem::Malformed)?;
    let Some(labels) = labels else {
        return Ok(Value::from(bits));
    };
    let mut chosen = Vec::new();
    for place in (0..64).filter(|place| bits & (1_u64 << place) != 0) {
        let label = labels.get(place).ok_or(CellProblem::NoLabel)?;
        chosen.push(Value::Text(label.clone()));
    }
    Ok(Value::List(chosen.into()))
}

fn vector(bytes: &[u8]) -> Option<Value> {
    let (numbers, odd) = bytes.as_chunks::<4>();
    let list = numbers.iter().map(|number| Value::from_f32(f32::from_le_bytes(*number))).collect();
    odd.is_empty().then_some(Value::List(list))
}

#[cfg(test)]
mod tests {
    use conftrail_core::Value;

    use super::{Cell, CellProblem, Charset};

    fn decode(cell: &Cell, bytes: &[u8]) -> Result<(Value, bool), CellProblem> {
        let mut invalid_text = false;
        super::decode(cell, bytes, &mut Default::default(), &mut invalid_text)
            .map(|value| (value, invalid_text))
    }

    fn check(cell: &Cell, bytes: &[u8], expected: &str) {
        let (decoded, _) = decode(cell, bytes).unwrap_or_else(|problem| panic!("{cell:?}: {problem}"));
        assert_eq!(serde_json::to_string(&decoded).expect("json"), expected, "{cell:?}");
    }

    #[test]
    fn integers_keep_their_sign_in_every_width() {
        check(&Cell::Signed, &[0xff], "-1");
        check(&Cell::Signed, &[0, 0x80], "-32768");
        check(&Cell::Signed, &[0xff, 0xff, 0xff], "-1");
        check(&Cell::Signed, &[0, 0, 0x80], "-8388608");
        check(&Cell::Signed, &[0xff, 0xff, 0x7f], "8388607");
        check(&Cell::Signed, &[0, 0, 0, 0x80], "-2147483648");
        check(&Cell::Signed, &[0, 0, 0, 0, 0, 0, 0, 0x80], "-9223372036854775808");
        check(&Cell::Unsigned, &[0xff, 0xff, 0xff], "16777215");
        check(&Cell::Unsigned, &[0xff; 8], "18446744073709551615");
        check(&Cell::Bit, &[0xff; 8], "18446744073709551615");
        check(&Cell::Bit, &[1, 2], "258");
    }

    #[test]
    fn floats_are_printed_in_their_shortest_form() {
        check(&Cell::Float, &0.1_f32.to_le_bytes(), "0.1");
        check(&Cell::Double, &0.1_f64.to_le_bytes(), "0.1");
        check(&Cell::Vector, &[1.5_f32.to_le_bytes(), (-0.1_f32).to_le_bytes()].concat(), "[1.5,-0.1]");
    }

    #[test]
    fn year_zero_is_zero() {
        check(&Cell::Year, &[0], "0");
        check(&Cell::Year, &[1], "1901");
        check(&Cell::Year, &[255], "2155");
    }

    #[test]
    fn labels_replace_indexes_and_bits() {
        let labels: super::LabelSet = ["a".into(), "b".into(), "it's".into()].into();
        check(&Cell::Enum(Some(labels.clone())), &[3], "\"it's\"");
        check(&Cell::Enum(Some(labels.clone())), &[0], "\"\"");
        check(&Cell::Set(Some(labels.clone())), &[0b101], "[\"a\",\"it's\"]");
        check(&Cell::Set(Some(labels.clone())), &[0], "[]");
        check(&Cell::Enum(None), &[1, 1], "257");
        assert!(matches!(decode(&Cell::Enum(Some(labels.clone())), &[4]), Err(CellProblem::NoLabel)));
        assert!(matches!(decode(&Cell::Set(Some(labels)), &[0b1000]), Err(CellProblem::NoLabel)));
    }

    #[test]
    fn binary_gets_its_zeros_back() {
        check(&Cell::Binary { pad_to: 4 }, &[1, 0, 2], "{\"$b64\":\"AQACAA==\"}");
        check(&Cell::Binary { pad_to: 0 }, &[1, 0], "{\"$b64\":\"AQA=\"}");
    }

    #[test]
    fn invalid_text_is_kept_as_bytes_and_said_to_be_so() {
        let decoded = decode(&Cell::Text(Charset::UTF8), &[0xff]);
        assert_eq!(decoded, Ok((Value::binary(&[0xff]), true)));
    }
}
