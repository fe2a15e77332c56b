//! Secret names in XML: as element, as the name of a named value, as text beside a value element.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::detect::regex;
use super::extent::{is_open_word, push_trimmed};
use super::names::Names;

/// How far an element is followed, in bytes.
const REACH: usize = 16 * 1024;

/// `value="…"` within the tag that names a secret.
static VALUE_ATTRIBUTE: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?i)\b(?:value|val|default|content|text|data)\s*=\s*(?:"([^"]*)|'([^']*))"#));
/// `</name> <value>` after a secret name as an element's text.
static VALUE_ELEMENT: LazyLock<Regex> = LazyLock::new(|| regex(r"(?is)^\s*</[^<>]+>\s*<value[^<>]*>([^<]*)"));

/// A text element and, next to it, an element of a value: `<key>Port</key><string>5</string>`.
static PAIR: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)>\s*([^<>]{1,256}?)\s*</[^<>]+>\s*<(?:value|string|integer|real|data|int|long)(?:\s[^<>]*)?>([^<]*)<",
    )
});

/// Finds the values that follow an element whose text is a secret name, as in property lists and XStream's maps.
pub(crate) fn paired_elements(text: &str, names: &Names) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(pair) = PAIR.captures_at(text, at) {
        let (Some(name), Some(value)) = (pair.get(1), pair.get(2)) else { break };
        if names.is_secret(name.as_str()) {
            push_trimmed(text, value.range(), &mut found);
        }
        // A value can be the next one's name.
        at = value.start() - 1;
    }
    found
}

/// Handles `<password attr="x">value</password>`; `name` is the element's name.
pub(crate) fn element(text: &str, name: Range<usize>, found: &mut Vec<Range<usize>>) -> usize {
    let Some(tag_end) = tag_end(text, name.end) else { return name.end };
    if text.get(..tag_end).is_some_and(|tag| tag.ends_with("/>")) {
        return name.end;
    }
    let close = format!("</{}", text.get(name.clone()).unwrap_or_default());
    let within = reach(text, tag_end);
    let len = within.find(&close).or_else(|| within.find('<')).unwrap_or(within.len());
    texts(text, tag_end..tag_end + len, found);
    tag_end + len
}

/// Handles `<property name="db.password" value="x"/>` and `<entry key="db.password">x</entry>`.
pub(crate) fn named_value(text: &str, name_end: usize, found: &mut Vec<Range<usize>>) {
    let Some(tag_end) = tag_end(text, name_end) else { return };
    let tag = text.get(name_end..tag_end).unwrap_or_default();
    if let Some(value) = VALUE_ATTRIBUTE.captures(tag).and_then(|all| all.get(1).or_else(|| all.get(2))) {
        found.push(name_end + value.start()..name_end + value.end());
        return;
    }
    if tag.ends_with("/>") {
        return;
    }
    let within = reach(text, tag_end);
    let mut len = within.find("</").unwrap_or(within.len());
    // `<value>x</value>` as the only child: its text is what the name is about.
    if within.trim_start().starts_with("<value") {
        len = within.find("</value").unwrap_or(len);
    }
    texts(text, tag_end..tag_end + len, found);
}

/// Handles `<name>db.password</name><value>x</value>`.
pub(crate) fn sibling_element(text: &str, name_end: usize, found: &mut Vec<Range<usize>>) {
    let within = reach(text, name_end);
    if let Some(value) = VALUE_ELEMENT.captures(within).and_then(|all| all.get(1)) {
        push_trimmed(text, name_end + value.start()..name_end + value.end(), found);
    }
}

/// Says whether a place stands within a tag, after its name.
pub(crate) fn is_within_tag(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let floor = before.len().saturating_sub(512);
    let near = before.char_indices().rev().take_while(|(place, _)| *place >= floor);
    for (place, character) in near {
        match character {
            '<' => return before.get(place + 1..).is_some_and(|tag| tag.starts_with(char::is_alphabetic)),
            '>' | '{' | '}' => return false,
            _ => {}
        }
    }
    false
}

/// Returns where the tag around a place ends, after its `>`.
fn tag_end(text: &str, at: usize) -> Option<usize> {
    let within = reach(text, at);
    let end = within.find(['>', '<'])?;
    within.get(end..)?.starts_with('>').then_some(at + end + 1)
}

/// Adds every text between tags, `CDATA` included.
fn texts(text: &str, range: Range<usize>, found: &mut Vec<Range<usize>>) {
    let mut at = range.start;
    while at < range.end {
        let Some(rest) = text.get(at..range.end) else { return };
        if let Some(cdata) = rest.strip_prefix("<![CDATA[") {
            let len = cdata.find("]]>").unwrap_or(cdata.len());
            let start = at + 9;
            if !is_open_word(cdata.get(..len).unwrap_or_default()) {
                found.push(start..start + len);
            }
            at = start + len + 3;
        } else if rest.starts_with('<') {
            at += rest.find('>').map_or(rest.len(), |end| end + 1);
        } else {
            let len = rest.find('<').unwrap_or(rest.len());
            push_trimmed(text, at..at + len, found);
            at += len;
        }
    }
}

fn reach(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let mut end = rest.len().min(REACH);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    rest.get(..end).unwrap_or_default()
}
