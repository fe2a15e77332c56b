//! What is wrong with a YAML file that is read into structs: the place, one sentence, and the nearest known key.

use conftrail_core::nearest;

/// Returns the line and column (from 1) and one sentence for an error of the YAML reader; no value is repeated.
pub fn describe_yaml_error(text: &str, error: &serde_saphyr::Error) -> (Option<(usize, usize)>, String) {
    let place = error.location().map(|at| (at.line() as usize, at.column() as usize));
    let said = error.without_snippet().to_string();
    let Some(unknown) = said.split_once("unknown field `").and_then(|(_, rest)| rest.split('`').next())
    else {
        return (place, sentence(&said));
    };
    let expected =
        said.split_once("expected ").map_or("", |(_, rest)| rest.split(" at line ").next().unwrap_or(rest));
    let known: Vec<&str> = expected
        .trim_start_matches("one of ")
        .split(',')
        .map(|name| name.trim().trim_matches('`'))
        .filter(|name| !name.is_empty())
        .collect();
    let hint = match nearest(unknown, known.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("known are {}", known.join(", ")),
    };
    // Within a tagged list item the reader knows only where the item begins: the key stands after that.
    let place = place.map(|(line, column)| key_place(text, unknown, line).unwrap_or((line, column)));
    (place, format!("unknown key `{unknown}`: {hint}"))
}

/// Drops the reader's own word of the place, which is printed in front already.
fn sentence(said: &str) -> String {
    let first = said.lines().next().unwrap_or(said);
    let body = first.strip_prefix("error: ").unwrap_or(first);
    let body = match body.split_once(": ") {
        Some((place, rest)) if place.starts_with("line ") => rest,
        _ => body,
    };
    body.split(" at line ").next().unwrap_or(body).trim().to_owned()
}

fn key_place(text: &str, key: &str, from_line: usize) -> Option<(usize, usize)> {
    for (index, line) in text.lines().enumerate().skip(from_line.saturating_sub(1)) {
        for (start, _) in line.match_indices(key) {
            let (before, after) = (&line[..start], &line[start + key.len()..]);
            let begins = before.chars().next_back().is_none_or(|c| " {,\"'".contains(c));
            let ends = after.trim_start_matches(['"', '\'']).trim_start().starts_with(':');
            if begins && ends {
                return Some((index + 1, before.chars().count() + 1));
            }
        }
    }
    None
}
