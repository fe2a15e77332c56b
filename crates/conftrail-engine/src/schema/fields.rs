//! The keys that a struct is read from, asked of serde itself.

use serde::de::{Deserialize, Deserializer, Error as _, Visitor, value};
use serde::forward_to_deserialize_any;

/// Returns the keys of a struct as its reader knows them; none for what is no struct.
pub fn fields_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // It always fails: it only listens for what is asked.
    drop(T::deserialize(Listener(&mut fields)));
    fields
}

struct Listener<'l>(&'l mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Listener<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(value::Error::custom("nothing is read"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(value::Error::custom("nothing is read"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_of_the_reader_with_their_written_names() {
        #[derive(serde::Deserialize)]
        #[expect(dead_code, reason = "only its keys matter")]
        struct Read {
            to: String,
            #[serde(default, rename = "x-directory")]
            directory: Option<String>,
            #[serde(skip)]
            place: usize,
        }
        assert_eq!(fields_of::<Read>(), ["to", "x-directory"]);
        assert_eq!(fields_of::<String>(), [""; 0]);
    }
}
