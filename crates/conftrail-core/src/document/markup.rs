//! What XML has beside its tree: places of names and comments, entities, and escapes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use super::tree::Style;

/// The parts of an XML document that no node of the tree stands for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Markup {
    /// Where names of elements stand, in tags that start and tags that end.
    pub(crate) names: Vec<Range<usize>>,
    /// Comments and instructions.
    pub(crate) remarks: Vec<Range<usize>>,
    /// What a document type says, without its entities' values.
    pub(crate) declarations: Vec<Range<usize>>,
    /// The values of declared entities by their names.
    pub(crate) entities: HashMap<String, usize>,
}

impl Markup {
    /// Returns all that is neither a tag nor text.
    pub(crate) fn asides(&self) -> Vec<Range<usize>> {
        self.remarks.iter().chain(&self.declarations).cloned().collect()
    }

    /// Returns the entity that a text consists of: `&name;`. Entities are looked up, never written out.
    pub(crate) fn entity(&self, text: &str) -> Option<usize> {
        let name = text.trim().strip_prefix('&')?.strip_suffix(';')?;
        self.entities.get(name).copied()
    }
}

/// Returns what a key of the tree is called without the signs of its path: `@p:password` is `password`. Declarations of
/// name spaces are nobody's secret.
pub(crate) fn plain_name(key: &str) -> &str {
    let name = key.trim_start_matches(['@', '#', '&', '%']);
    if name == "xmlns" || name.starts_with("xmlns:") || name.starts_with("xsi:") {
        return "xmlns";
    }
    name.rsplit(':').next().unwrap_or(name)
}

/// Says whether an element of this name holds several values of what its parent's attribute names, as Spring's
/// `<property name="passwords"><list>…` does.
pub(crate) fn holds_values(name: &str) -> bool {
    matches!(name, "list" | "set" | "array" | "map" | "props" | "values" | "string")
}

/// Returns the text without escapes; entities other than those of XML itself stay as they are written.
pub(crate) fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        let reference = from.find(';').and_then(|end| from.get(1..end));
        match reference.and_then(character) {
            Some(character) => {
                text.push(character);
                rest = from.get(reference.map_or(0, str::len) + 2..).unwrap_or_default();
            }
            None => {
                text.push('&');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Writes a text so that it reads back as the same in its place.
pub(crate) fn escape(text: &str, style: Style) -> String {
    if style == Style::Cdata {
        return text.to_owned();
    }
    let in_attribute = style == Style::Attribute;
    let mut escaped = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        match character {
            '&' if is_reference(text.get(at + 1..).unwrap_or_default()) => escaped.push('&'),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' if in_attribute => escaped.push_str("&quot;"),
            '\'' if in_attribute => escaped.push_str("&apos;"),
            '\n' | '\r' | '\t' if in_attribute => escaped.push_str(&format!("&#{};", u32::from(character))),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Says whether an entity's reference follows that is none of XML's own, so that it was not escaped in the original.
fn is_reference(after: &str) -> bool {
    let Some(name) = after.find(';').and_then(|end| after.get(..end)) else { return false };
    let is_name =
        |name: &str| name.chars().all(|part| part.is_alphanumeric() || matches!(part, '_' | '-' | '.' | ':'));
    !name.is_empty() && is_name(name) && character(name).is_none()
}

/// Returns the character of a reference that XML itself knows.
fn character(reference: &str) -> Option<char> {
    match reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = reference.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_read_back_and_foreign_entities_stay() {
        for (raw, text) in [
            ("a &amp; b &lt;c&gt; &#20013;&#x6587;", "a & b <c> 中文"),
            ("&db; &lol9;", "&db; &lol9;"),
            ("a & b; &;", "a & b; &;"),
            ("&#xFFFFFFFF; &#x110000;", "&#xFFFFFFFF; &#x110000;"),
        ] {
            assert_eq!(unescape(raw), text);
        }
        for style in [Style::Markup, Style::Attribute] {
            for text in ["a & b <c> \"d\" 'e'", "user=a&password=b&x=1", "&db;\n中"] {
                assert_eq!(unescape(&escape(text, style)), text);
            }
        }
    }

    #[test]
    fn plain_names_lose_the_signs_of_paths_and_name_spaces() {
        for (key, name) in
            [("@p:password", "password"), ("#text", "text"), ("xmlns:token", "xmlns"), ("密码", "密码")]
        {
            assert_eq!(plain_name(key), name);
        }
    }
}
