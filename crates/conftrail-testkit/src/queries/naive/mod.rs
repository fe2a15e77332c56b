//! The query language once more, written from docs/query.md alone and as simply as it can be: over the text of a query and
//! the JSON of an event. It shares nothing with the parser, the matcher and the stores, so that what all of them say is not one
//! mistake made once. Slow, and without errors: it is given queries that parse.

mod facts;
mod reader;
mod words;

use conftrail_core::{Event, Timestamp};
use serde_json::Value as Json;

use facts::Fact;
use reader::{Question, Test};

/// Says whether an event is meant by a query's text.
///
/// # Panics
/// When the query does not parse.
pub fn finds(query: &str, event: &Event, now: Timestamp) -> bool {
    let json = serde_json::to_value(event).expect("an event is JSON");
    holds(&reader::read(query), &json, now)
}

fn holds(question: &Question, event: &Json, now: Timestamp) -> bool {
    match question {
        Question::Everything => true,
        Question::All(parts) => parts.iter().all(|part| holds(part, event, now)),
        Question::Any(parts) => parts.iter().any(|part| holds(part, event, now)),
        Question::Not(inner) => !holds(inner, event, now),
        Question::Words(pieces) => words::stand_in(pieces, &facts::texts(event)),
        Question::Field(name, test) => {
            let found = facts::of_field(event, &facts::whole_name(name));
            found.iter().any(|fact| passes(fact, test, now))
        }
    }
}

fn passes(fact: &Fact, test: &Test, now: Timestamp) -> bool {
    match test {
        Test::Present => fact.json != Json::Null,
        Test::Is(pieces) if fact.is_time => {
            let (from, to) = stretch(&pieces.concat(), now).expect("a time is compared with a date");
            fact.time().is_some_and(|time| from <= time && time < to)
        }
        Test::Is(pieces) => fact.text().is_some_and(|text| has_shape(&text, pieces)),
        Test::Compare(sign, text) => match (number(text), stretch(text, now)) {
            (Some(bound), _) if !fact.is_time => {
                fact.text().and_then(|text| number(&text)).is_some_and(|number| match sign.as_str() {
                    "<" => number < bound,
                    "<=" => number <= bound,
                    ">" => number > bound,
                    _ => number >= bound,
                })
            }
            (_, Some((from, to))) => fact.time().is_some_and(|time| match sign.as_str() {
                "<" => time < from,
                "<=" => time < to,
                ">" => time >= to,
                _ => time >= from,
            }),
            _ => false,
        },
    }
}

/// Says whether a text is the pieces with anything between them, by trying every place.
fn has_shape(text: &str, pieces: &[String]) -> bool {
    let [first, rest @ ..] = pieces else { return text.is_empty() };
    let Some(behind) = text.strip_prefix(first.as_str()) else { return false };
    if rest.is_empty() {
        return behind.is_empty();
    }
    let mut starts = behind.char_indices().map(|(at, _)| at).chain([behind.len()]);
    starts.any(|at| has_shape(&behind[at..], rest))
}

/// Digits before and after the point become one whole number of 20 decimal places.
fn number(text: &str) -> Option<i128> {
    const PLACES: usize = 18;
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
        Some(_) => return None,
        None => (digits, ""),
    };
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > PLACES {
        return None;
    }
    format!("{whole}{fraction:0<PLACES$}").parse::<i128>().ok().map(|number| sign * number)
}

/// Returns the stretch of time that a date names, in microseconds.
fn stretch(text: &str, now: Timestamp) -> Option<(i64, i64)> {
    const SECOND: i64 = 1_000_000;
    if text == "now" {
        return Some((now.micros(), now.micros() + 1));
    }
    if let Some(ago) = text.strip_prefix("now-") {
        let unit = match ago.chars().last()? {
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 7 * 86_400,
            _ => return None,
        };
        let at = now.micros() - ago[..ago.len() - 1].parse::<i64>().ok()? * unit * SECOND;
        return Some((at, at + 1));
    }
    if text.len() == 10 {
        let start = Timestamp::parse(&format!("{text}T00:00:00Z")).ok()?.micros();
        return Some((start, start + 86_400 * SECOND));
    }
    let start = Timestamp::parse(text).ok()?.micros();
    Some((start, start + if start % SECOND == 0 { SECOND } else { 1 }))
}
