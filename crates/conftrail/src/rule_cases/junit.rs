//! Results of cases in the XML that JUnit made common, for whoever shows test results.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;

use super::Outcome;

/// The results of one file: its name, and each case with its line.
pub(crate) type Results<'r> = (&'r str, Vec<(&'r str, usize, &'r Outcome)>);

/// Writes results to a file.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write(path: &Path, files: &[Results<'_>]) -> anyhow::Result<()> {
    std::fs::write(path, xml(files)).with_context(|| format!("--junit: cannot write {}", path.display()))
}

fn xml(files: &[Results<'_>]) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for (file, cases) in files {
        let failed = cases.iter().filter(|(_, _, outcome)| !outcome.failures.is_empty()).count();
        let file = escaped(file);
        // Writing to a string never fails.
        let _ =
            writeln!(text, "  <testsuite name=\"{file}\" tests=\"{}\" failures=\"{failed}\">", cases.len());
        for (name, line, outcome) in cases {
            let (name, seconds) = (escaped(name), outcome.took.as_secs_f64());
            let _ = write!(
                text,
                "    <testcase classname=\"{file}\" name=\"{name}\" file=\"{file}\" line=\"{line}\" time=\"{seconds:.3}\">"
            );
            for failure in &outcome.failures {
                let _ = write!(
                    text,
                    "\n      <failure message=\"{}\">{file}:{}</failure>\n    ",
                    escaped(&failure.message),
                    failure.line
                );
            }
            text.push_str("</testcase>\n");
        }
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

/// XML 1.0 has no place for most control characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            control if control.is_control() || matches!(control, '\u{FFFE}' | '\u{FFFF}') => {
                escaped.push('\u{FFFD}')
            }
            plain => escaped.push(plain),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::run::Failure;
    use super::*;

    #[test]
    fn what_failed_stands_with_its_line_and_without_marks_of_its_own() {
        let failures = vec![Failure { line: 9, message: "expected <1> & \"x\", came 无\u{0}".to_owned() }];
        let good = Outcome { failures: Vec::new(), alerts: Vec::new(), took: Duration::from_millis(1500) };
        let bad = Outcome { failures, alerts: Vec::new(), took: Duration::ZERO };
        let text = xml(&[("rules/a.test.yaml", vec![("it holds", 3, &good), ("it fails", 8, &bad)])]);
        assert!(text.contains("<testsuite name=\"rules/a.test.yaml\" tests=\"2\" failures=\"1\">"), "{text}");
        assert!(
            text.contains(
                "name=\"it holds\" file=\"rules/a.test.yaml\" line=\"3\" time=\"1.500\"></testcase>"
            )
        );
        let failure = "<failure message=\"expected &lt;1&gt; &amp; &quot;x&quot;, came 无\u{FFFD}\">rules/a.test.yaml:9</failure>";
        assert!(text.contains(failure), "{text}");
    }
}
