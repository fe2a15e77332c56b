//! Reads what the rules of a file share: lists and macros.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cel::{Listed, Macro, Names, check_macros, parse, top_names};
use crate::intervals::TimeIntervals;
use crate::rules::reader::{Fields, Reader};
use crate::rules::yaml::{Key, Node, Text};

/// Words that mean something else wherever a macro could be named.
const TAKEN: [&str; 2] = ["c", "lists"];

/// The lists and macros of a file, and where the macros stand.
pub(crate) struct Definitions<'i> {
    pub(crate) names: Names<'i>,
    pub(crate) texts: BTreeMap<String, Text>,
}

/// Reads lists and macros; each macro is checked in itself, whether or not a rule uses it.
pub(crate) fn definitions<'i>(
    reader: &mut Reader<'_>,
    fields: Fields<'_>,
    intervals: &'i TimeIntervals,
) -> Definitions<'i> {
    let mut definitions = Definitions { names: Names::new(intervals), texts: BTreeMap::new() };
    if let Some(lists) = fields.get("lists").and_then(|node| reader.map(node, "`lists`")) {
        for (key, node) in lists.iter() {
            list(reader, key, node, &mut definitions);
        }
    }
    if let Some(macros) = fields.get("macros").and_then(|node| reader.map(node, "`macros`")) {
        for (key, node) in macros.iter() {
            read_macro(reader, key, node, &mut definitions);
        }
    }
    for (name, complaint) in check_macros(&mut definitions.names) {
        if let Some(text) = definitions.texts.get(&name) {
            reader.error(
                text.place_at(complaint.span.start),
                format!("the macro `{name}`: {}", complaint.message),
            );
        }
    }
    definitions
}

fn list(reader: &mut Reader<'_>, key: &Key, node: &Node, definitions: &mut Definitions<'_>) {
    check_name(reader, key, "a list's");
    let mut words = Vec::new();
    for item in reader.list(node, "a list") {
        if let Some(text) = reader.text(item, "a list's element") {
            words.push(text.text.as_str().into());
        }
    }
    definitions.names.lists.insert(key.name.clone(), Arc::new(Listed::new(words)));
}

fn read_macro(reader: &mut Reader<'_>, key: &Key, node: &Node, definitions: &mut Definitions<'_>) {
    check_name(reader, key, "a macro's");
    if TAKEN.into_iter().chain(top_names()).any(|taken| taken == key.name) {
        reader.error(
            key.at,
            format!("`{}` means something else in conditions; name the macro otherwise", key.name),
        );
    }
    let Some(text) = reader.text(node, "a macro") else { return };
    let tree = match parse(&text.text) {
        Ok(tree) => Some(tree),
        Err(complaint) => {
            let place = text.place_at(complaint.span.start);
            reader.error(place, format!("the macro `{}`: {}", key.name, complaint.message));
            None
        }
    };
    let known = Macro { text: text.text.as_str().into(), tree, broken: false };
    definitions.names.macros.insert(key.name.clone(), known);
    definitions.texts.insert(key.name.clone(), text.clone());
}

/// Names are written in conditions, so they are names there.
fn check_name(reader: &mut Reader<'_>, key: &Key, whose: &str) {
    let name = key.name.as_str();
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts_well || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        reader.error(key.at, format!("{whose} name has letters, digits and _, and starts with no digit"));
    }
}
