//! How records and events stand in a file: JSON, compressed where that pays.
//!
//! The first byte says how: 0 is plain JSON; 1 is zstd with dictionary 1, after the length of the JSON as four
//! bytes, little-endian. A dictionary is never changed: a better one gets the next number.

use std::borrow::Cow;
use std::cell::RefCell;

use conftrail_core::{AppendJson, Json};
use serde::de::DeserializeOwned;
use zstd::bulk::{Compressor, Decompressor};

use crate::error::Error;

/// Words that most events consist of; zstd takes any bytes as a dictionary.
const DICTIONARY_1: &[u8] = include_bytes!("dictionary-1.txt");
const PLAIN: u8 = 0;
const ZSTD_1: u8 = 1;
/// From this many bytes on compression pays for what is kept for good.
pub(crate) const KEPT: usize = 160;
/// From this many bytes on it pays for what is read once or twice and then forgotten.
pub(crate) const PASSING: usize = 4_096;
/// No record is larger; a length beyond it is damage.
const LARGEST: usize = 256 << 20;
const LEVEL: i32 = 1;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Says why stored bytes could not be read, without content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(String);

impl From<Unreadable> for Error {
    fn from(_: Unreadable) -> Self {
        Self::Undecodable("a stored event")
    }
}

/// Returns the stored form of a value, compressed from `compress_from` bytes on.
///
/// # Errors
/// `Rejected` when the value is too large to be stored.
pub(crate) fn encode<T: AppendJson>(value: &T, compress_from: usize) -> Result<Vec<u8>, Error> {
    let mut plain = Json::default();
    plain.put(&[PLAIN]);
    value.append_json(&mut plain);
    let plain = plain.into_bytes();
    let packed = pack(&plain[1..], compress_from)?;
    Ok(packed.unwrap_or(plain))
}

/// Returns the stored form of what is JSON already, compressed from `compress_from` bytes on.
///
/// # Errors
/// `Rejected` when it is too large to be stored.
pub(crate) fn encode_json(json: &[u8], compress_from: usize) -> Result<Vec<u8>, Error> {
    let packed = pack(json, compress_from)?;
    Ok(packed.unwrap_or_else(|| [&[PLAIN], json].concat()))
}

/// Returns the compressed form if that is worth it.
fn pack(json: &[u8], compress_from: usize) -> Result<Option<Vec<u8>>, Error> {
    if json.len() > LARGEST {
        return Err(Error::Rejected("store record of more than 256 MiB"));
    }
    if json.len() < compress_from {
        return Ok(None);
    }
    Ok(compress(json).filter(|packed| packed.len() <= json.len()))
}

/// Reads the stored form of a value.
pub(crate) fn decode<T: DeserializeOwned>(stored: &[u8]) -> Result<T, Unreadable> {
    parse(&json(stored)?)
}

/// Returns the JSON of a stored form, byte for byte as it was stored; `room` is used again and again.
pub(crate) fn json_in<'a>(stored: &'a [u8], room: &'a mut Vec<u8>) -> Result<&'a [u8], Unreadable> {
    match stored.split_first() {
        Some((&ZSTD_1, packed)) => {
            decompress_into(packed, room)?;
            Ok(room)
        }
        Some((&PLAIN, json)) => Ok(json),
        Some((form, _)) => Err(Unreadable(format!("stored in the unknown form {form}"))),
        None => Err(Unreadable("empty".to_owned())),
    }
}

/// Returns the JSON of a stored form, byte for byte as it was stored.
pub(crate) fn json(stored: &[u8]) -> Result<Cow<'_, [u8]>, Unreadable> {
    match stored.split_first() {
        Some((&PLAIN, json)) => Ok(Cow::Borrowed(json)),
        _ => {
            let mut room = Vec::new();
            json_in(stored, &mut room)?;
            Ok(Cow::Owned(room))
        }
    }
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unreadable> {
    // Where it broke, not what it says: the message of serde_json quotes content.
    serde_json::from_slice(json).map_err(|error| {
        let kind = match error.classify() {
            serde_json::error::Category::Data => "unexpected JSON",
            _ => "broken JSON",
        };
        Unreadable(format!("{kind} at line {} column {}", error.line(), error.column()))
    })
}

fn compress(json: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(json.len()).ok()?;
    COMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Compressor::with_dictionary(LEVEL, DICTIONARY_1).ok();
        }
        let frame = slot.as_mut()?.compress(json).ok()?;
        let mut packed = Vec::with_capacity(5 + frame.len());
        packed.push(ZSTD_1);
        packed.extend_from_slice(&length.to_le_bytes());
        packed.extend_from_slice(&frame);
        Some(packed)
    })
}

fn decompress_into(packed: &[u8], json: &mut Vec<u8>) -> Result<(), Unreadable> {
    let damaged = || Unreadable("damaged compression".to_owned());
    let (length, frame) = packed.split_first_chunk::<4>().ok_or_else(damaged)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > LARGEST {
        return Err(damaged());
    }
    DECOMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Decompressor::with_dictionary(DICTIONARY_1).ok();
        }
        json.clear();
        json.reserve(length);
        let zstd = slot.as_mut().ok_or_else(damaged)?;
        zstd.decompress_to_buffer(frame, json).map_err(|_| damaged())?;
        if json.len() == length { Ok(()) } else { Err(damaged()) }
    })
}

#[cfg(test)]
mod tests {
    use conftrail_core::Value;

    use super::*;

    #[test]
    fn values_come_back_as_they_were_stored() {
        let long = "限流规则 limit ".repeat(500);
        for text in ["", "short", long.as_str()] {
            let value = Value::from(text);
            let stored = encode(&value, KEPT).unwrap();
            assert_eq!(decode::<Value>(&stored), Ok(value));
            assert!(stored.len() < 200, "{}", stored.len());
        }
    }

    #[test]
    fn damage_is_an_error_that_quotes_nothing() {
        let stored = encode(&Value::from("secret ".repeat(100)), KEPT).unwrap();
        let mut longer = stored.clone();
        longer[1] = longer[1].wrapping_add(1);
        let damaged =
            [&[][..], &[7, 1, 2], &stored[..3], &stored[..stored.len() - 4], &longer, b"\0{\"secret\": tru"];
        for bytes in damaged {
            let error = decode::<Value>(bytes).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        assert!(decode::<bool>(b"\0\"secret\"").is_err_and(|error| !error.to_string().contains("secret")));
    }
}
