//! Values: what a column or a document's leaf holds.
//!
//! An own type rather than `serde_json::Value`, because integers must stay exact to 64 bits, column order must
//! survive, and a value stands in many places at once (an image, a change, an evidence): copies share what they hold.

use std::collections::HashMap;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use smol_str::SmolStr;

/// Holds one value as the event format prints it (docs/event.md, "Values").
///
/// Integers that fit `i64` are always `Int`; `Uint` holds only what is above `i64::MAX`. Build integers with
/// [`Value::from`], which keeps that rule. A float that JSON cannot write (NaN, infinities) is `Text`.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// SQL NULL, JSON null.
    #[default]
    Null,
    /// A truth value of a document; MySQL columns have none.
    Bool(bool),
    /// An integer that fits `i64`.
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    /// A finite float, printed in its shortest form.
    Float(f64),
    /// Text, and everything the event format prints as text (decimals, dates, labels).
    Text(SmolStr),
    /// A list: a SET's labels, a JSON array. A clone shares the elements, and no variant is larger than a text.
    List(Arc<[Value]>),
    /// Named values in their order: a row, a JSON object.
    Map(Map),
}

/// Rows are written and moved by the million: whatever a value holds fits into the room of a text.
const _: () = assert!(size_of::<Value>() == size_of::<SmolStr>(), "a variant of `Value` grew");

/// Names of maps longer than this are compared by hash.
const MAX_SCANNED: usize = 16;

/// Holds named values in the order they were inserted; names are unique. A clone shares the entries until one of the
/// two is changed.
///
/// Made at once from its entries, it is one allocation; [`Map::insert`] copies them, so it is for the few of a detail.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Arc<[(SmolStr, Value)]>,
}

impl Map {
    /// Makes a map of entries whose names the caller knows to be unique, without looking.
    ///
    /// For decoding, where names come from a table's plan or from a server's sorted keys. What is handed over by an
    /// iterator that knows its length (an array, a vector's drain) is moved once, to where it stays.
    pub fn from_unique(entries: impl IntoIterator<Item = (SmolStr, Value)>) -> Self {
        Self { entries: entries.into_iter().collect() }
    }

    /// Inserts an entry whose name the caller knows to be new at a place, at most behind the last one.
    pub fn insert_at(&mut self, index: usize, name: SmolStr, value: Value) {
        let (before, behind) = self.entries.split_at(index.min(self.entries.len()));
        self.entries = before.iter().cloned().chain([(name, value)]).chain(behind.iter().cloned()).collect();
    }

    /// Removes a name and returns its value; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let removed = self.get(name)?.clone();
        self.entries = self.entries.iter().filter(|(known, _)| known != name).cloned().collect();
        Some(removed)
    }

    /// Sets a value; an existing name keeps its place.
    pub fn insert(&mut self, name: impl Into<SmolStr>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        match self.get_mut(&name) {
            Some(known) => *known = value,
            None => self.entries = self.entries.iter().cloned().chain([(name, value)]).collect(),
        }
    }

    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Returns the value of a name for change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        let place = self.entries.iter().position(|(known, _)| known == name)?;
        Arc::make_mut(&mut self.entries).get_mut(place).map(|(_, value)| value)
    }

    /// Iterates in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&SmolStr, &Value)> + Clone {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// Iterates in order, for change.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&SmolStr, &mut Value)> {
        Arc::make_mut(&mut self.entries).iter_mut().map(|(name, value)| (&*name, value))
    }

    /// Returns the entry at a place; the rows of one plan share their places.
    pub fn at(&self, index: usize) -> Option<(&SmolStr, &Value)> {
        self.entries.get(index).map(|(name, value)| (name, value))
    }

    /// Says whether both are clones of one map, so that they are equal to the last place.
    pub fn is_clone_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entries, &other.entries)
    }

    /// Returns how many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Says whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Two maps are equal when the same names have equal values, in whatever order, as JSON says.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        if self.len() != other.len() {
            return false;
        }
        if self.is_clone_of(other) {
            return true;
        }
        self.entries.iter().enumerate().all(|(index, (name, value))| match other.at(index) {
            Some((same, theirs)) if same == name => value == theirs,
            _ => other.get(name).is_some_and(|theirs| value == theirs),
        })
    }
}

/// The last of several entries of one name wins, at the first one's place.
impl FromIterator<(SmolStr, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (SmolStr, Value)>>(entries: I) -> Self {
        let entries: Vec<(SmolStr, Value)> = entries.into_iter().collect();
        if is_unique(&entries) {
            return Self::from_unique(entries);
        }
        let mut places: HashMap<SmolStr, usize> = HashMap::with_capacity(entries.len());
        let mut kept: Vec<(SmolStr, Value)> = Vec::with_capacity(entries.len());
        for (name, value) in entries {
            match places.get(&name).and_then(|place| kept.get_mut(*place)) {
                Some(entry) => entry.1 = value,
                None => {
                    places.insert(name.clone(), kept.len());
                    kept.push((name, value));
                }
            }
        }
        Self::from_unique(kept)
    }
}

/// Says whether a map has no name twice; most are short and need no hashes for it.
fn is_unique(entries: &[(SmolStr, Value)]) -> bool {
    let mut rest = entries;
    entries.len() <= MAX_SCANNED
        && std::iter::from_fn(|| {
            let (first, others) = rest.split_first()?;
            rest = others;
            Some(others.iter().all(|(name, _)| *name != first.0))
        })
        .all(|is_alone| is_alone)
}

impl Value {
    /// Returns binary content in the event format's shape, `{"$b64": "…"}`.
    pub fn binary(bytes: &[u8]) -> Self {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        Self::Map(Map::from_unique([(SmolStr::new_static("$b64"), Self::Text(text.into()))]))
    }

    /// Returns an `f32` as its shortest decimal form, so that 0.1 stays 0.1.
    pub fn from_f32(number: f32) -> Self {
        number.to_string().parse::<f64>().map_or(Self::Null, Self::from)
    }

    /// Returns the text of a `Text`.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the map of a `Map`.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Says whether this is `Null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the value as a person reads it in one line: text bare, all else as JSON.
    pub fn display(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            other => serde_json::to_string(other).unwrap_or_default(),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Uint(a), Self::Uint(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            _ => false,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or(Self::Uint(value), Self::Int)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        if value.is_finite() { Self::Float(value) } else { Self::from(value.to_string()) }
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

impl From<SmolStr> for Value {
    fn from(value: SmolStr) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<Value>> for Value {
    fn from(value: Vec<Value>) -> Self {
        Self::List(value.into())
    }
}

impl From<Map> for Value {
    fn from(value: Map) -> Self {
        Self::Map(value)
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name.as_str(), value)?;
        }
        map.end()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Uint(value) => serializer.serialize_u64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values.iter() {
                    list.serialize_element(value)?;
                }
                list.end()
            }
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        Deserialize::deserialize(inner)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = access.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries: Vec<(SmolStr, Value)> = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Value::Map(entries.into_iter().collect()))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Map(map) => Ok(map),
            _ => Err(serde::de::Error::custom("expected an object")),
        }
    }
}
