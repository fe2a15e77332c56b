//! Paths into a document: `a.b[2].c`.
//!
//! A name that holds a dot, a bracket, a quote or nothing at all stands in brackets as a JSON string:
//! `metadata.annotations["app.kubernetes.io/name"]`.

use std::fmt::{self, Write as _};

/// A path that grows and shrinks while a tree is walked.
#[derive(Debug, Default)]
pub(crate) struct Path {
    text: String,
    lengths: Vec<usize>,
}

impl Path {
    /// Starts at a path that the caller already has; empty for a document's root.
    pub(crate) fn new(start: &str) -> Self {
        Self { text: start.to_owned(), lengths: Vec::new() }
    }

    /// Steps into a named entry.
    pub(crate) fn enter(&mut self, name: &str) {
        self.lengths.push(self.text.len());
        if name.is_empty() || name.contains(['.', '[', ']', '"']) {
            self.text.push('[');
            self.text.push_str(&serde_json::to_string(name).unwrap_or_default());
            self.text.push(']');
            return;
        }
        if !self.text.is_empty() {
            self.text.push('.');
        }
        self.text.push_str(name);
    }

    /// Steps into a list's entry.
    pub(crate) fn enter_index(&mut self, index: usize) {
        self.lengths.push(self.text.len());
        write!(self.text, "[{index}]").expect("writing to memory cannot fail");
    }

    /// Steps into an entry of a flat list of names (a row, properties), whose name is the path.
    pub(crate) fn enter_flat(&mut self, name: &str) {
        self.lengths.push(self.text.len());
        self.text.push_str(name);
    }

    /// Returns the path as it stands.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Steps back out.
    pub(crate) fn leave(&mut self) {
        if let Some(length) = self.lengths.pop() {
            self.text.truncate(length);
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_be_misread_stand_in_brackets() {
        let mut path = Path::default();
        path.enter("a");
        path.enter("x.y/z");
        path.enter_index(2);
        path.enter("数据库");
        assert_eq!(path.to_string(), r#"a["x.y/z"][2].数据库"#);
        path.leave();
        path.leave();
        path.leave();
        path.enter("");
        assert_eq!(path.to_string(), r#"a[""]"#);
    }
}
