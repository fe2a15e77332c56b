//! Anything that has a `Serialize`.

use serde::ser::{self, Serialize};

use super::text;

/// Appends a value as JSON, byte for byte as `serde_json::to_writer` does; the keys of its maps must be texts.
///
/// # Errors
/// The value refuses to be written.
pub fn append_json<T: Serialize + ?Sized>(value: &T, json: &mut Vec<u8>) -> Result<(), std::fmt::Error> {
    value.serialize(Writer { json })
}

struct Writer<'a> {
    json: &'a mut Vec<u8>,
}

/// A list, map or struct that is being written.
struct Inside<'a> {
    json: &'a mut Vec<u8>,
    is_first: bool,
    close: &'static [u8],
}

type Outcome = Result<(), std::fmt::Error>;

impl<'a> Writer<'a> {
    fn open(self, open: u8, close: &'static [u8]) -> Inside<'a> {
        self.json.push(open);
        Inside { json: self.json, is_first: true, close }
    }

    fn open_variant(self, variant: &str, open: u8, close: &'static [u8]) -> Inside<'a> {
        self.json.push(b'{');
        text::append(variant, self.json);
        self.json.push(b':');
        self.open(open, close)
    }

    /// Leaves numbers and single characters to serde_json.
    fn plain<T: Serialize>(self, value: T) -> Outcome {
        serde_json::to_writer(self.json, &value).map_err(|_| std::fmt::Error)
    }
}

impl Inside<'_> {
    fn comma(&mut self) {
        if !self.is_first {
            self.json.push(b',');
        }
        self.is_first = false;
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
        self.comma();
        value.serialize(Writer { json: self.json })
    }

    fn named<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Outcome {
        self.comma();
        text::append_name(name, self.json);
        value.serialize(Writer { json: self.json })
    }

    fn close(self) {
        self.json.extend_from_slice(self.close);
    }
}

/// Implements methods that write a number or a character.
macro_rules! plain {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Outcome {
            self.plain(value)
        })*
    };
}

impl<'a> ser::Serializer for Writer<'a> {
    type Ok = ();
    type Error = std::fmt::Error;
    type SerializeSeq = Inside<'a>;
    type SerializeTuple = Inside<'a>;
    type SerializeTupleStruct = Inside<'a>;
    type SerializeTupleVariant = Inside<'a>;
    type SerializeMap = Inside<'a>;
    type SerializeStruct = Inside<'a>;
    type SerializeStructVariant = Inside<'a>;

    plain!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128);
    plain!(serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128);
    plain!(serialize_f32: f32, serialize_f64: f64, serialize_char: char);

    fn serialize_bool(self, value: bool) -> Outcome {
        self.json.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Outcome {
        text::append(value, self.json);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Outcome {
        value.serialize(self)
    }

    fn serialize_none(self) -> Outcome {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Outcome {
        self.json.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Outcome {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Outcome {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Outcome {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Outcome {
        let mut inside = self.open(b'{', b"}");
        inside.named(variant, value)?;
        inside.close();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Inside<'a>, Self::Error> {
        Ok(self.open(b'[', b"]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Inside<'a>, Self::Error> {
        Ok(self.open(b'[', b"]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Inside<'a>, Self::Error> {
        Ok(self.open(b'[', b"]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Inside<'a>, Self::Error> {
        Ok(self.open_variant(variant, b'[', b"]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Inside<'a>, Self::Error> {
        Ok(self.open(b'{', b"}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Inside<'a>, Self::Error> {
        Ok(self.open(b'{', b"}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Inside<'a>, Self::Error> {
        Ok(self.open_variant(variant, b'{', b"}}"))
    }
}

/// Implements serde's traits of things with entries.
macro_rules! entries {
    ($($trait:ident::$method:ident($($name:ident: $type:ty)?) as $write:ident),*) => {
        $(impl ser::$trait for Inside<'_> {
            type Ok = ();
            type Error = std::fmt::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, $($name: $type,)? value: &T) -> Outcome {
                self.$write($($name,)? value)
            }

            fn end(self) -> Outcome {
                self.close();
                Ok(())
            }
        })*
    };
}

entries!(
    SerializeSeq::serialize_element() as item,
    SerializeTuple::serialize_element() as item,
    SerializeTupleStruct::serialize_field() as item,
    SerializeTupleVariant::serialize_field() as item,
    SerializeStruct::serialize_field(name: &'static str) as named,
    SerializeStructVariant::serialize_field(name: &'static str) as named
);

impl ser::SerializeMap for Inside<'_> {
    type Ok = ();
    type Error = std::fmt::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Outcome {
        self.item(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome {
        self.json.push(b':');
        value.serialize(Writer { json: self.json })
    }

    fn end(self) -> Outcome {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: impl Serialize) {
        let mut written = Vec::new();
        append_json(&value, &mut written).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&value).unwrap());
    }

    #[test]
    fn every_byte_at_every_place_is_written_as_serde_json_does() {
        for code in (0..=0x100).chain([0x7ff, 0x4e2d, 0x1_f600]).filter_map(char::from_u32) {
            for place in 0..18 {
                let mut text = "a".repeat(place);
                text.push(code);
                check(format!("{text}end"));
                check(text);
            }
        }
    }

    #[test]
    fn every_shape_is_written_as_serde_json_does() {
        #[derive(serde::Serialize)]
        enum Shape {
            Unit,
            New(f64),
            Pair(u8, char),
            Named { a: Option<i64> },
        }
        let text =
            r#"{"a":[],"b":{},"c":[1,-2,0.5,1e300,18446744073709551615,null,true,"x"],"d":{"e":"\n"}}"#;
        check(serde_json::from_str::<crate::Value>(text).unwrap());
        check(serde_json::from_str::<serde_json::Value>(text).unwrap());
        check([Shape::Unit, Shape::New(f64::NAN), Shape::Pair(7, '"'), Shape::Named { a: None }]);
        check((1_i8, "two", [0.1_f32], ()));
    }
}
