//! Writes what came of a case into its file, for a person to look at and keep.

use super::{Case, Fired};

/// What came of a case.
#[derive(Clone, Debug)]
pub struct Came<'c> {
    /// The case.
    pub case: &'c Case,
    /// Its alerts at the end.
    pub alerts: &'c [Fired],
}

/// Returns a file's text in which the cases expect what came. Everything else stays as it is.
///
/// # Errors
/// The names of cases that are written in one line with others, whose lines are not their own.
pub fn updated(text: &str, cases: &[Came<'_>]) -> Result<String, Vec<String>> {
    let inline: Vec<String> =
        cases.iter().filter(|came| came.case.indent == 0).map(|came| came.case.name.clone()).collect();
    if !inline.is_empty() {
        return Err(inline);
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut last_first: Vec<&Came<'_>> = cases.iter().collect();
    last_first.sort_by_key(|came| std::cmp::Reverse(came.case.line));
    for came in last_first {
        let written = expect(came);
        let range = match &came.case.expect_lines {
            Some(range) => range.start - 1..own_end(&lines, range.end - 1, range.start),
            None => {
                let end = end_of_case(&lines, came.case);
                end..end
            }
        };
        lines.splice(range, written);
    }
    Ok(lines.join("\n") + "\n")
}

/// Returns where a block ends that ends before a line: comments and empty lines above that line belong to what follows.
fn own_end(lines: &[String], end: usize, first: usize) -> usize {
    let belongs_to_next = |line: &String| line.trim().is_empty() || line.trim_start().starts_with('#');
    let mut end = end.min(lines.len());
    while end > first && lines.get(end - 1).is_some_and(belongs_to_next) {
        end -= 1;
    }
    end
}

/// Returns the line behind a case: the first that stands left of its keys.
fn end_of_case(lines: &[String], case: &Case) -> usize {
    let is_outside = |line: &String| {
        let column = line.len() - line.trim_start().len();
        !line.trim().is_empty() && column < case.indent
    };
    let end = lines.iter().skip(case.line).position(is_outside).map_or(lines.len(), |more| case.line + more);
    own_end(lines, end, case.line)
}

fn expect(came: &Came<'_>) -> Vec<String> {
    let indent = " ".repeat(came.case.indent);
    let mut lines = vec![format!("{indent}expect:")];
    let mut rules: Vec<String> = came.alerts.iter().map(|alert| alert.rule.clone()).collect();
    rules.sort();
    rules.dedup();
    let fired = |rule: &String| !came.case.may_ignore(rule);
    for rule in rules.iter().filter(|rule| fired(rule)) {
        let alerts: Vec<String> =
            came.alerts.iter().filter(|alert| alert.rule == *rule).map(written).collect();
        lines.push(format!("{indent}  - {{ rule: {rule}, alerts: [{}] }}", alerts.join(", ")));
    }
    // What was expected not to fire, and did not, stays said.
    let silent = came.case.expect.iter().map(|one| one.rule.clone());
    let mut silent: Vec<String> = silent.chain(came.case.watch.iter().flatten().cloned()).collect();
    silent.sort();
    silent.dedup();
    for rule in silent {
        let is_it = |name: &&String| **name == rule || name.split_once('/').is_some_and(|(_, id)| id == rule);
        if !rules.iter().any(|name| is_it(&name)) {
            lines.push(format!("{indent}  - {{ rule: {rule}, alerts: [] }}"));
        }
    }
    if lines.len() == 1 {
        lines = vec![format!("{indent}expect: []")];
    }
    lines
}

fn written(alert: &Fired) -> String {
    let labels = alert.labels.iter().filter(|(name, _)| *name != "alertname");
    let labels: Vec<String> = labels.map(|(name, value)| format!("{name}: {}", quoted(value))).collect();
    format!("{{ labels: {{ {} }}, count: {} }}", labels.join(", "), alert.count)
}

/// JSON's text is YAML's.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain);
    let is_taken =
        ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    if is_word && !is_taken { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
