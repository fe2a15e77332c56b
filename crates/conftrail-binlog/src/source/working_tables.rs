//! Working tables of tools that change a large table's shape beside it. Their rows are copies, and no changes.
//!
//! gh-ost makes `_t_gho` (the copy), `_t_ghc` (its notes) and `_t_del` (the table of before, also with a time: `_t_20261121101500_del`);
//! pt-online-schema-change makes `_t_new` and `_t_old`, with more underscores in front where a name is taken.

/// The endings of such names.
const ENDINGS: [&str; 5] = ["_gho", "_ghc", "_del", "_new", "_old"];
/// How long the time in the name of a table of before is.
const TIME_DIGITS: usize = 14;

/// Returns the names of the tables that a table of this name may be a working table of.
pub(super) fn originals(table: &str) -> Vec<&str> {
    let Some(body) = ENDINGS.iter().find_map(|ending| table.strip_suffix(ending)) else { return Vec::new() };
    let underscores = body.len() - body.trim_start_matches('_').len();
    let mut names = Vec::new();
    for place in 1..=underscores {
        let Some(name) = body.get(place..).filter(|name| !name.is_empty()) else { continue };
        names.push(name);
        names.extend(without_time(name));
    }
    names
}

fn without_time(name: &str) -> Option<&str> {
    let (name, time) = name.rsplit_once('_')?;
    let is_time = time.len() == TIME_DIGITS && time.bytes().all(|byte| byte.is_ascii_digit());
    (is_time && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::originals;

    #[test]
    fn only_what_such_a_tool_would_call_its_table_has_an_original() {
        let check = |table: &str, expected: &[&str]| assert_eq!(originals(table), expected, "{table}");
        check("_flags_gho", &["flags"]);
        check("_flags_ghc", &["flags"]);
        check("_flags_20261121101500_del", &["flags_20261121101500", "flags"]);
        check("_flags_new", &["flags"]);
        check("___t_old", &["__t", "_t", "t"]);
        check("flags_old", &[]);
        check("_flags", &[]);
        check("_old", &[]);
        check("__del", &[]);
        check("_中_gho", &["中"]);
    }
}
