//! Comments: where they stand between the values of a document, and whether a change touches nothing but them.

use std::ops::Range;

use super::Format;

/// Returns what the comment on the first line of a gap says.
pub(crate) fn comment(gap: &str) -> Option<Range<usize>> {
    let line = gap.get(..gap.find(['\n', '\r']).unwrap_or(gap.len()))?;
    let (start, close) = if let Some(at) = line.find("/*") {
        (at + 2, "*/")
    } else if let Some(at) = line.find("//") {
        (at + 2, "\n")
    } else {
        (line.find('#')? + 1, "\n")
    };
    let said = line.get(start..)?;
    let said = said.get(..said.find(close).unwrap_or(said.len()))?;
    let trimmed = said.trim();
    if trimmed.is_empty() {
        return None;
    }
    let lead = said.len() - said.trim_start().len();
    Some(start + lead..start + lead + trimmed.len())
}

/// Says whether two versions of a gap surely differ in comments only; `is_line_start` says that the gap starts a line.
pub(crate) fn is_in_comments(format: Format, before: &str, after: &str, is_line_start: bool) -> bool {
    if before.contains("/*") || before.split('\n').count() != after.split('\n').count() {
        return false;
    }
    before.split('\n').zip(after.split('\n')).enumerate().all(|(line, (before, after))| {
        let is_sure = |at: usize| {
            // Before a lone carriage return the line may end, and a quoted name may hold the sign of a comment.
            let code = before.get(..at).unwrap_or_default();
            after.starts_with(code)
                && !code.contains(['"', '\''])
                && is_one_line(before)
                && is_one_line(after)
        };
        before == after || comment_start(format, before, is_line_start || line > 0).is_some_and(is_sure)
    })
}

/// Says whether a remark of XML with this text ends where it should.
pub(crate) fn is_in_remark(said: &str) -> bool {
    !said.contains("-->") && !said.contains("?>") && !said.ends_with(['-', '?'])
}

/// Returns where what the comment of a line says surely starts, behind its sign.
fn comment_start(format: Format, line: &str, is_line_start: bool) -> Option<usize> {
    match format {
        Format::Yaml => {
            let is_comment = |at: &usize| match line.get(..*at) {
                Some("") => is_line_start,
                Some(code) => code.ends_with([' ', '\t']),
                None => false,
            };
            line.match_indices('#').map(|(at, _)| at).find(is_comment).map(|at| at + 1)
        }
        Format::Toml => line.find('#').map(|at| at + 1),
        Format::Json => line.find("//").map(|at| at + 2),
        Format::Properties => {
            let indent = line.len() - line.trim_start_matches([' ', '\t', '\u{c}']).len();
            let is_comment = line.get(indent..).is_some_and(|said| said.starts_with(['#', '!']));
            (is_line_start && is_comment).then_some(indent + 1)
        }
        Format::Xml | Format::Text => None,
    }
}

fn is_one_line(line: &str) -> bool {
    !line.strip_suffix('\r').unwrap_or(line).contains('\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_in_comments_only_where_their_signs_stay() {
        for (format, before, after, expected) in [
            (Format::Yaml, " # a\n  # b\n", " # x\n  # b\n", true),
            (Format::Yaml, " # a\n", " x\n", false),
            (Format::Yaml, "#a\n# b", "#a\n# c", true),
            (Format::Yaml, "#a", "#b", false),
            (Format::Yaml, ": !t#1 ", ": !t#2 ", false),
            (Format::Yaml, " # a\n# b", " # x", false),
            (Format::Yaml, " # a\rb", " # a\rc", false),
            (Format::Yaml, " # a\r\n", " # b\r\n", true),
            (Format::Toml, "\n[a.\"b # c\"]\n", "\n[a.\"b # d\"]\n", false),
            (Format::Toml, "# a\n", "# b\n", true),
            (Format::Json, ", // a\n", ", // b\n", true),
            (Format::Json, ", /* a\n // b */", ", /* a\n // c */", false),
            (Format::Properties, "\n ! a\n", "\n ! b\n", true),
            (Format::Properties, " # a", " # b", false),
        ] {
            assert_eq!(is_in_comments(format, before, after, false), expected, "{before:?} {after:?}");
        }
        assert!(is_in_comments(Format::Yaml, "# a\n", "# b\n", true));
    }

    #[test]
    fn a_remark_ends_where_its_sign_stands() {
        assert!(is_in_remark(" password: x <a/> "));
        for said in ["a --> b", "a ?> b", "a-", "a?"] {
            assert!(!is_in_remark(said), "{said}");
        }
    }
}
