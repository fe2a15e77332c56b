//! Names and their values in text of no known format: configuration that does not parse, comments, messages,
//! command lines, embedded JSON and XML.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::detect::regex;
use super::extent::{self, Place, push_trimmed};
use super::lines::{Lines, floor};
use super::names::Names;
use super::random::{looks_random, random_words};
use super::xml;

/// How many bytes of the line before and after a name are searched for words that look random.
const NEAR: usize = 400;
/// How far a name reaches in each direction from the word it was found by, in bytes.
const LONGEST_NAME: usize = 128;

/// A second key that holds what the name before it is about: `- name: DB_PASSWORD`, next line `value: x`.
static VALUE_KEY: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r##"(?i)^["'\\]*[ \t]*,?[ \t]*(?:\r?\n[ \t#]*)?["'\\]*(?:value|val|content|data|text|default)["'\\]*[ \t]*[:=][ \t]*|^["']?[ \t]*\r?\n[ \t#]*:[ \t]+"##,
    )
});
/// The same in the other order, up to where the name stands: `value: x`, next line `name: DB_PASSWORD`.
static VALUE_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?i)(?:^|[\s{,"'-])(?:value|val|content|data|text)["'\\]*[ \t]*[:=][ \t]*(?:\\?"([^"\\\n]+)|'([^'\n]+)|([^\s"'\\,}][^"'\\,}\n]*))\\?["']?[ \t]*,?\s*(?:-\s+)?["'\\]*[\w.-]*(?:name|key)["'\\]*[ \t]*[:=][ \t]*["'\\]*$"#,
    )
});
/// What joins a name with its value in a sentence.
static SPOKEN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)^(?: (?:has|been|changed|set|reset|updated|rotated|value|now))*? (?:is|was|to|be|from)[: ]+|^(?:现在|已)?(?:改成|改为|设为|设置为|是|为|从)[: ：]*",
    )
});

/// The next text of a list, behind an option and its quotes: `"--password", "x"`, or an item on the next line.
static NEXT_ITEM: LazyLock<Regex> = LazyLock::new(|| {
    regex(r#"^,\s*\\?["']([^"'\\\n-][^"'\\\n]*)|^[ \t]*\r?\n[ \t#]*-[ \t]+["']?([^\s"'-][^"'\n]*)"#)
});

/// A manifest's line that says what it is.
static KUBERNETES_SECRET: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"["']?kind["']?[ \t]*:[ \t]*["']?Secret\b"#));
/// Where such a manifest holds its values.
static KUBERNETES_DATA: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?m)(?:^[ \t]*|[{,][ \t]*)["']?(data|stringData)(["']?)[ \t]*:[ \t]*"#));

/// Finds the values of all secret names. `words` are the places of words that names consist of, in order.
pub(crate) fn find(text: &str, words: &[Range<usize>], names: &Names, found: &mut Vec<Range<usize>>) {
    let lines = Lines::new(text);
    let mut done = 0;
    let mut searched_line = usize::MAX;
    for word in words {
        if word.start < done {
            continue;
        }
        let Some(name) = name_around(&lines, word, names) else { continue };
        done = name.end.max(pair(&lines, &name, found));
        let line = lines.start(name.start);
        if line != searched_line {
            searched_line = line;
            let start = floor(text, line.max(name.start.saturating_sub(NEAR)));
            let end = floor(text, lines.end(name.end).min(name.end + NEAR));
            random_words(text, start..name.start, found);
            random_words(text, name.end..end, found);
        }
    }
}

/// Finds the values of a Kubernetes Secret in a manifest that does not parse, such as a template.
pub(crate) fn kubernetes(text: &str, found: &mut Vec<Range<usize>>) {
    if !text.contains("Secret") || !KUBERNETES_SECRET.is_match(text) {
        return;
    }
    let lines = Lines::new(text);
    let mut done = 0;
    for captures in KUBERNETES_DATA.captures_iter(text) {
        let (Some(name), Some(whole)) = (captures.get(1), captures.get(0)) else { continue };
        if name.start() < done {
            continue;
        }
        let in_flow = captures.get(2).is_some_and(|quote| !quote.is_empty());
        let place = Place { leads_line: !in_flow, in_flow, colon: true };
        done = assigned(&lines, &name.range(), whole.end(), place, found);
    }
}

/// Returns the whole name around a word, if that name is secret.
fn name_around(lines: &Lines<'_>, word: &Range<usize>, names: &Names) -> Option<Range<usize>> {
    let text = lines.text;
    let literal = text.get(word.clone())?;
    let start = if literal.is_ascii() {
        let before = text.get(floor(text, word.start.saturating_sub(LONGEST_NAME))..word.start)?;
        word.start - (before.len() - before.trim_end_matches(is_name_char).len())
    } else {
        word.start
    };
    let name_end = |from: usize| {
        let rest = lines.reach(from, LONGEST_NAME);
        from + rest.len() - rest.trim_start_matches(is_name_char).len()
    };
    let literal_end =
        word.end - literal.len() + literal.trim_end_matches(|c: char| " =:\"'>：".contains(c)).len();
    let mut end = if literal.is_ascii() { name_end(literal_end) } else { literal_end };
    for _ in 0..3 {
        let name = text.get(start..end)?;
        let lead = name.len() - name.trim_start_matches(['-', '.', '$', '_']).len();
        let kept = name.trim_matches(['-', '.', '$']);
        if !kept.is_empty() && names.is_secret(kept) {
            let trailing = name.len() - name.trim_end_matches(['-', '.', '$']).len();
            return Some(start + lead.min(name.len() - kept.len())..end - trailing);
        }
        // `api key`, `access key id`: names in prose hold spaces.
        let next = text.get(end..)?.strip_prefix(' ')?;
        if !next.starts_with(|character: char| character.is_ascii_alphabetic()) {
            return None;
        }
        end = name_end(end + 1);
    }
    None
}

fn is_name_char(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_.-$".contains(character)
}

/// Adds the value of one name and returns where to go on.
fn pair(lines: &Lines<'_>, name: &Range<usize>, found: &mut Vec<Range<usize>>) -> usize {
    let text = lines.text;
    let line = lines.start(name.start);
    let near = floor(text, line.max(name.start.saturating_sub(NEAR)));
    let line_before = text.get(near..name.start).unwrap_or_default();
    let prefix = line_before.trim_end_matches('-');
    if (prefix.ends_with('<') || prefix.ends_with("</")) && !prefix.ends_with("<<") {
        return if prefix.ends_with("</") { name.end } else { xml::element(text, name.clone(), found) };
    }
    let has_value = value_before(text, name.start, found);
    let is_quoted = line_before.ends_with(['"', '\'', '`']);
    let rest = lines.reach(name.end, NEAR);
    let closers = rest.len() - rest.trim_start_matches(['\\', '"', '\'', '`', ']', ')']).len();
    let closers = closers.min(4);
    let after = rest.get(closers..).unwrap_or_default();
    let place = Place {
        leads_line: near == line && leads_line(line_before),
        in_flow: (is_quoted && closers > 0) || opens_flow(line_before),
        colon: false,
    };
    let is_argument = is_quoted && line_before.trim_end_matches(['"', '\'', '`', '\\']).ends_with('(');
    if let Some((sign, colon)) = separator(after, is_argument) {
        let at = name.end + closers + sign;
        return assigned(lines, name, at, Place { colon, ..place }, found);
    }
    let within_tag = closers > 0 && xml::is_within_tag(text, name.start);
    if within_tag {
        xml::named_value(text, name.end + closers, found);
    } else if after.starts_with("</") {
        xml::sibling_element(text, name.end + closers, found);
    } else if let Some(key) = VALUE_KEY.find(after).filter(|_| !has_value) {
        let at = name.end + closers + key.end();
        let leads = Place { leads_line: !place.in_flow, ..place };
        return assigned(lines, name, at, leads, found);
    } else if let Some(spoken) = SPOKEN.find(after) {
        let at = name.end + closers + spoken.end();
        return extent::value(lines, at, Place { leads_line: false, in_flow: false, colon: false }, found);
    } else if let Some(item) = NEXT_ITEM.captures(after).filter(|_| line_before.ends_with('-')) {
        let at = name.end + closers;
        for value in item.iter().skip(1).flatten() {
            push_trimmed(text, at + value.start()..at + value.end(), found);
        }
    } else if let Some(word) = next_word(lines, name, prefix, after, closers) {
        found.push(word.clone());
        return word.end;
    }
    name.end
}

/// Adds the value that stands before its name, where the name is itself the value of a `name` or `key`, and says
/// whether there is one.
fn value_before(text: &str, name: usize, found: &mut Vec<Range<usize>>) -> bool {
    let near = floor(text, name.saturating_sub(NEAR));
    let before = text.get(near..name).unwrap_or_default();
    if !before.trim_end_matches(['"', '\'', '\\', ' ', '\t']).ends_with([':', '=']) {
        return false;
    }
    let Some(captures) = VALUE_BEFORE.captures(before) else { return false };
    if let Some(value) = captures.iter().skip(1).flatten().next() {
        push_trimmed(text, near + value.start()..near + value.end(), found);
        return true;
    }
    false
}

/// Returns the length of the sign between a name and its value, white space included, and whether it is `: `.
fn separator(after: &str, is_argument: bool) -> Option<(usize, bool)> {
    let blank = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
    let lead = blank(after);
    let rest = after.get(lead..)?;
    let signs = ["=>", ":=", "==", "->", "=", ":", "：", "＝"];
    if let Some(sign) = signs.iter().find(|sign| rest.starts_with(**sign)) {
        let value = rest.get(sign.len()..)?;
        let gap = blank(value);
        return Some((lead + sign.len() + gap, sign.starts_with([':', '：']) && (gap > 0 || *sign == "：")));
    }
    // A call: `setPassword("x")`, `define('DB_PASSWORD', 'x')`.
    let sign = if is_argument { ',' } else { '(' };
    let value = rest.strip_prefix(sign)?;
    let gap = blank(value);
    value.get(gap..)?.starts_with(['"', '\'', '`', '\\']).then_some((lead + 1 + gap, false))
}

/// Adds the value after a sign: on the same line, as an indented block, or as lines beneath.
fn assigned(
    lines: &Lines<'_>,
    name: &Range<usize>,
    at: usize,
    place: Place,
    found: &mut Vec<Range<usize>>,
) -> usize {
    let line = lines.rest(at).trim_end();
    if line.len() <= NEAR && is_block_header(line) {
        let block = beneath(lines, name.start, lines.end(at));
        push_trimmed(lines.text, block.clone(), found);
        return block.end;
    }
    if line.is_empty() {
        let block = beneath(lines, name.start, lines.end(at));
        lines_beneath(lines, block.clone(), found);
        return block.end;
    }
    extent::value(lines, at, place, found)
}

/// Says whether a value is only the announcement of a YAML block scalar.
fn is_block_header(line: &str) -> bool {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with(['!', '&']));
    let Some(header) = words.next() else { return false };
    header.starts_with(['|', '>'])
        && header.len() <= 3
        && header.chars().skip(1).all(|sign| sign.is_ascii_digit() || "+-".contains(sign))
        && words.next().is_none_or(|word| word.starts_with('#'))
}

/// Returns the lines after `from` that are indented deeper than the line of `name`, list items included.
fn beneath(lines: &Lines<'_>, name: usize, from: usize) -> Range<usize> {
    let base = indent(lines.rest(lines.start(name)));
    let mut end = from;
    let mut at = from;
    // Each step takes one line break and the line after it.
    while at < lines.text.len() {
        let next = at + 1;
        let line = lines.rest(next);
        at = next + line.len();
        if line.trim().is_empty() {
            continue;
        }
        let is_item = line.get(indent(line)..).is_some_and(|item| item.starts_with("- "));
        let is_deeper = indent(line) > base || (is_item && indent(line) == base);
        if !is_deeper {
            break;
        }
        end = at;
    }
    from..end
}

/// Returns how deep a line's content stands; comment signs count as white space.
fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t', '#', '/', '*', ';', '!']).len()
}

/// Adds what each line of a block holds: the value after a name, or the whole line.
fn lines_beneath(lines: &Lines<'_>, block: Range<usize>, found: &mut Vec<Range<usize>>) {
    let mut at = block.start;
    while at < block.end {
        let line = lines.rest(at);
        let mut start = indent(line);
        while line.get(start..).is_some_and(|item| item.starts_with("- ")) {
            start += 2;
        }
        let content = line.get(start..).unwrap_or_default();
        let value = content.find(": ").map_or(0, |colon| colon + 2);
        let is_only_name = content.trim_end().ends_with(':');
        if !is_only_name {
            push_trimmed(lines.text, at + start + value..at + line.len(), found);
        }
        at += line.len() + 1;
    }
}

/// Returns the word after a name where white space alone joins them: `--password x`, `requirepass x`,
/// `login a password x`, or any word that looks random.
fn next_word(
    lines: &Lines<'_>,
    name: &Range<usize>,
    prefix: &str,
    after: &str,
    closers: usize,
) -> Option<Range<usize>> {
    let gap = after.len() - after.trim_start_matches([' ', '\t']).len();
    if gap == 0 {
        return None;
    }
    let line = lines.rest(name.end + closers + gap).trim_end();
    let word = line.split_whitespace().next()?;
    let is_option = lines.text.get(..name.start)?.ends_with('-') && !word.starts_with('-');
    let is_alone = line.len() == word.len();
    let is_directive =
        is_alone && (prefix.trim().is_empty() || prefix.trim() == "ENV" || prefix.trim() == "set");
    let is_netrc = prefix.contains("login ") || prefix.contains("user ");
    if !(is_option || is_directive || is_netrc || looks_random(word)) {
        return None;
    }
    let start = name.end + closers + gap;
    let quoted = word.trim_start_matches(['"', '\'']);
    let lead = word.len() - quoted.len();
    let kept = quoted.trim_end_matches(['"', '\'', ',', ';']);
    (!extent::is_open_word(kept)).then_some(start + lead..start + lead + kept.len())
}

/// Says whether only indentation, list and comment signs or `export` stand before a name.
fn leads_line(before: &str) -> bool {
    let rest = before.trim_start_matches(|character: char| {
        character.is_whitespace() || "#/*;!-?\"'`+".contains(character)
    });
    let rest = rest.strip_prefix("export ").or_else(|| rest.strip_prefix("ENV ")).unwrap_or(rest);
    rest.trim_start_matches("-D").trim().is_empty()
}

/// Says whether a bracket of the line is still open where the name starts.
fn opens_flow(before: &str) -> bool {
    let mut depth = 0_i32;
    for byte in before.bytes().rev().take(NEAR) {
        match byte {
            b'{' | b'[' if depth == 0 => return true,
            b'{' | b'[' => depth -= 1,
            b'}' | b']' => depth += 1,
            _ => {}
        }
    }
    false
}
