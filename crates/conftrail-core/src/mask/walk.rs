//! Values: masked leaf by leaf, by names, neighbours and content.

use std::sync::Arc;

use smol_str::SmolStr;

use super::Masker;
use super::memo::{KeyFacts, KeyMemo};
use super::siblings;
use crate::document::path::Path;
use crate::{Map, Value};

impl Masker {
    /// Masks a value in place: everything beneath a secret name, values that stand beside a secret name
    /// (`{"name": "db.password", "value": …}`), and secrets within names and texts. Adds the paths of what was
    /// replaced, below `path`.
    ///
    /// Truth values, null and the empty text stay.
    pub fn value(&self, value: &mut Value, path: &str, masked: &mut Vec<String>) {
        self.walk_from(value, false, path, masked);
    }

    pub(super) fn walk_from(&self, value: &mut Value, is_secret: bool, path: &str, masked: &mut Vec<String>) {
        let mut walk = |memo: &mut KeyMemo| {
            if is_secret || !self.is_plain(value, memo) {
                self.walk(value, is_secret, &mut Path::new(path), masked, memo);
            }
        };
        match self.memo.try_lock() {
            Ok(mut memo) => walk(&mut memo),
            // Another thread has it: what it would say can be found out anew.
            Err(_) => walk(&mut KeyMemo::default()),
        }
    }

    /// Says whether [`Masker::walk`] would leave a value as it is, without its cost: nothing in most documents is
    /// secret. Whatever the walk could act on has to be noticed here; to notice more costs a walk and nothing else.
    fn is_plain(&self, value: &Value, memo: &mut KeyMemo) -> bool {
        match value {
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_) => true,
            Value::Text(text) => !self.may_hold_secret(text),
            Value::List(values) => values.iter().all(|inner| {
                self.is_plain(inner, memo) && !inner.as_text().is_some_and(|text| self.is_option(text))
            }),
            Value::Map(map) => map.iter().all(|(key, inner)| {
                let facts = memo.facts(self, key);
                let is_named = facts.is_secret || facts.holds_secret;
                !is_named && !self.concerns_others(facts, inner) && self.is_plain(inner, memo)
            }),
        }
    }

    /// Says whether an entry can make secrets of the entries beside it.
    fn concerns_others(&self, facts: KeyFacts, value: &Value) -> bool {
        let speaks = facts.holds_name || facts.holds_kind;
        speaks
            && value.as_text().is_some_and(|text| {
                (facts.holds_name && self.is_secret_neighbour(text)) || siblings::is_secret_kind(text)
            })
    }

    /// Says whether a text names a secret, so that the values beside it are secret.
    pub(super) fn is_secret_neighbour(&self, text: &str) -> bool {
        siblings::is_name(text) && self.is_secret_name(text)
    }

    /// Says whether a text of a list makes the next one secret.
    fn is_option(&self, text: &str) -> bool {
        siblings::takes_secret(text, self)
    }

    fn walk(
        &self,
        value: &mut Value,
        is_secret: bool,
        path: &mut Path,
        masked: &mut Vec<String>,
        memo: &mut KeyMemo,
    ) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Map(map) if is_secret && map.len() == 1 && map.get("$b64").is_some() => {
                let content = map.get("$b64").and_then(Value::as_text).unwrap_or_default();
                *value = Value::from(self.hash(content));
                masked.push(path.to_string());
            }
            Value::Map(map) => self.walk_map(map, is_secret, path, masked, memo),
            Value::List(values) => {
                let mut follows_option = false;
                for (index, inner) in Arc::make_mut(values).iter_mut().enumerate() {
                    let is_value = follows_option && inner.as_text().is_some_and(siblings::is_value);
                    follows_option = inner.as_text().is_some_and(|text| self.is_option(text));
                    path.enter_index(index);
                    self.walk(inner, is_secret || is_value, path, masked, memo);
                    path.leave();
                }
            }
            Value::Text(text) => {
                let replaced = if is_secret { self.secret_text(text) } else { self.open_text(text) };
                if let Some(replaced) = replaced {
                    *text = replaced.into();
                    masked.push(path.to_string());
                }
            }
            Value::Int(_) | Value::Uint(_) | Value::Float(_) if is_secret => {
                *value = Value::from(self.hash(&value.display()));
                masked.push(path.to_string());
            }
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => {}
        }
    }

    fn walk_map(
        &self,
        map: &mut Map,
        is_secret: bool,
        path: &mut Path,
        masked: &mut Vec<String>,
        memo: &mut KeyMemo,
    ) {
        let names_secret = self.names_secret(map, memo);
        let texts = map.iter().map(|(name, inner)| (&**name, inner.as_text()));
        let is_kubernetes_secret = siblings::is_kubernetes_secret(texts);
        let mut renamed = Vec::new();
        for (index, (name, inner)) in map.iter_mut().enumerate() {
            let facts = memo.facts(self, name);
            let may_hide = is_secret || facts.holds_secret;
            let secret_name = may_hide.then(|| self.secret_key(name, is_secret)).flatten().map(SmolStr::from);
            path.enter(secret_name.as_ref().unwrap_or(name));
            let inner_secret = is_secret
                || facts.is_secret
                || (names_secret && facts.holds_value)
                || (is_kubernetes_secret && siblings::is_kubernetes_data(name));
            self.walk(inner, inner_secret, path, masked, memo);
            if let Some(secret_name) = secret_name {
                masked.push(path.to_string());
                renamed.push((index, secret_name));
            }
            path.leave();
        }
        if !renamed.is_empty() {
            *map = rename(std::mem::take(map), renamed);
        }
    }

    /// Says whether an entry holds a secret name, so that the entries that hold values are secret.
    fn names_secret(&self, map: &Map, memo: &mut KeyMemo) -> bool {
        let entries = map.iter().map(|(key, inner)| (memo.facts(self, key), inner.as_text()));
        siblings::names_secret(entries, self)
    }
}

/// Gives entries new names; where two fall together, the first place and the last value stay.
fn rename(map: Map, renamed: Vec<(usize, SmolStr)>) -> Map {
    let mut renamed = renamed.into_iter().peekable();
    let entries: Vec<_> = map.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let named = entries.into_iter().enumerate().map(|(index, (name, value))| {
        match renamed.next_if(|(at, _)| *at == index) {
            Some((_, new_name)) => (new_name, value),
            None => (name, value),
        }
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::super::{MaskKey, MaskRules};
    use super::*;

    const KEYS: [&str; 11] = [
        "limit",
        "name",
        "item_key",
        "value",
        "kind",
        "data",
        "stringData",
        "db_password",
        "AKIAIOSFODNN7EXAMPLE",
        "$b64",
        "id",
    ];

    /// Every value that the walk tells from others, bare and one level down.
    fn samples() -> Vec<Value> {
        let texts =
            ["open", "DB_PASSWORD", "Secret", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "a://b:c1@d"];
        let mut samples: Vec<Value> = texts.map(Value::from).to_vec();
        samples.extend([Value::Null, Value::Bool(true), Value::Int(7)]);
        let below: Vec<Value> = samples.iter().map(|inner| Value::List([inner.clone()].into())).collect();
        let named = [("password", "x"), ("name", "token")];
        samples
            .extend(named.map(|(key, text)| Value::Map(Map::from_iter([(key.into(), Value::from(text))]))));
        samples.extend(below);
        let options = [["--db-sk", "x"], ["--token", "--x"], ["-limit", "5"]];
        samples.extend(options.map(|list| Value::List(list.map(Value::from).into())));
        samples
    }

    #[test]
    fn what_a_glance_passes_by_the_walk_would_leave_as_it_is() {
        let masker = Masker::new(MaskKey::new([1; 32]), &MaskRules::default()).unwrap();
        let samples = samples();
        let mut passed_by = 0;
        for (at, key) in KEYS.iter().enumerate() {
            for other in KEYS.iter().skip(at + 1) {
                for (one, two) in samples.iter().flat_map(|one| samples.iter().map(move |two| (one, two))) {
                    let entries = [(SmolStr::from(*key), one.clone()), ((*other).into(), two.clone())];
                    let clear = Value::Map(entries.into_iter().collect());
                    let (mut glanced, mut walked) =
                        ((clear.clone(), Vec::new()), (clear.clone(), Vec::new()));
                    masker.value(&mut glanced.0, "doc", &mut glanced.1);
                    let memo = &mut KeyMemo::default();
                    masker.walk(&mut walked.0, false, &mut Path::new("doc"), &mut walked.1, memo);
                    assert_eq!(glanced, walked, "{}", clear.display());
                    passed_by += usize::from(masker.is_plain(&clear, memo));
                }
            }
        }
        assert!(passed_by > 1000, "{passed_by}");
    }
}
