//! The ways in which a server can have read a statement, and how what is secret in any of them is replaced.

use std::ops::Range;

use super::sql_tokens::Reading;

/// A place in a statement and what stands there instead.
pub(crate) type Replacement = (Range<usize>, String);

/// The ways in which a server can have read a statement; one, for most.
pub(crate) fn readings(sql: &str, backslash_escapes: Option<bool>, is_cut: bool) -> Vec<Reading> {
    let escapes: &[bool] = match backslash_escapes {
        Some(true) => &[true],
        Some(false) => &[false],
        None if sql.contains('\\') => &[true, false],
        None => &[true],
    };
    let has_hidden = sql.contains("/*!") || sql.contains("/*M!");
    let opens: &[bool] = if has_hidden { &[true, false] } else { &[false] };
    let each = |opens_comments: &bool| {
        let opens_comments = *opens_comments;
        escapes.iter().map(move |escapes| Reading { backslash_escapes: *escapes, opens_comments, is_cut })
    };
    opens.iter().flat_map(each).collect()
}

/// Brings replacements of several readings in order. Of two for one place the shorter is the mask of all of it; where places
/// overlap otherwise, the readings disagree, and `mask` replaces all that they cover.
pub(crate) fn joined(mut found: Vec<Replacement>, mask: impl Fn(Range<usize>) -> String) -> Vec<Replacement> {
    found.sort_by_key(|(range, masked)| (range.start, range.end, masked.len()));
    let mut kept: Vec<Replacement> = Vec::with_capacity(found.len());
    for (range, masked) in found {
        match kept.last_mut() {
            Some((last, _)) if *last == range => {}
            Some((last, replacement)) if range.start < last.end => {
                last.end = last.end.max(range.end);
                *replacement = mask(last.clone());
            }
            _ => kept.push((range, masked)),
        }
    }
    kept
}

/// Replaces places that stand in order.
pub(crate) fn replaced(sql: &str, replacements: &[Replacement]) -> String {
    let mut masked = String::with_capacity(sql.len());
    let mut at = 0;
    for (range, replacement) in replacements {
        masked.push_str(sql.get(at..range.start).unwrap_or_default());
        masked.push_str(replacement);
        at = range.end;
    }
    masked.push_str(sql.get(at..).unwrap_or_default());
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_any_reading_holds_for_secret_is_replaced() {
        let mask = |range: Range<usize>| format!("[{}]", range.len());
        let found = vec![
            (4..9, "open m".to_owned()),
            (0..2, "m".to_owned()),
            (4..9, "m".to_owned()),
            (8..11, "n".to_owned()),
        ];
        let kept = joined(found, mask);
        assert_eq!(kept, [(0..2, "m".to_owned()), (4..11, "[7]".to_owned())]);
        assert_eq!(replaced("0123456789abc", &kept), "m23[7]bc");
        assert_eq!(
            joined(vec![(4..9, "open m".to_owned()), (4..9, "m".to_owned())], mask),
            [(4..9, "m".to_owned())]
        );
    }

    #[test]
    fn most_statements_are_read_one_way() {
        let count = |sql: &str, escapes: Option<bool>| readings(sql, escapes, false).len();
        assert_eq!([count("a '\\'", Some(true)), count("a", None), count("/* a */", Some(false))], [1; 3]);
        assert_eq!([count("'\\'", None), count("/*!a*/", Some(true)), count("/*M!'\\'*/", None)], [2, 2, 4]);
    }
}
