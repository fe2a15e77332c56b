//! Paths into a document: `a.b[2].c`.
//!
//! A name that holds a dot, a bracket, a quote or nothing at all stands in brackets as a JSON string:
//! `metadata.annotations["app.kubernetes.io/name"]`.

use std::fmt;

use smol_str::{SmolStr, SmolStrBuilder};

/// A path that grows and shrinks while a tree is walked; it is spelt out only where somebody asks for it.
#[derive(Debug, Default)]
pub(crate) struct Path {
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    /// What stands as it is.
    Plain(SmolStr),
    /// A name of a map.
    Name(SmolStr),
    /// A place in a list.
    Index(usize),
}

impl Path {
    /// Starts at a path that the caller already has; empty for a document's root.
    pub(crate) fn new(start: &str) -> Self {
        Self { steps: vec![Step::Plain(start.into())] }
    }

    /// Steps into a named entry.
    pub(crate) fn enter(&mut self, name: &SmolStr) {
        self.steps.push(Step::Name(name.clone()));
    }

    /// Steps into a list's entry.
    pub(crate) fn enter_index(&mut self, index: usize) {
        self.steps.push(Step::Index(index));
    }

    /// Steps into an entry of a flat list of names (a row, properties), whose name is the path.
    pub(crate) fn enter_flat(&mut self, name: &SmolStr) {
        self.steps.push(Step::Plain(name.clone()));
    }

    /// Returns the path as it stands.
    pub(crate) fn spelt(&self) -> SmolStr {
        if let [Step::Plain(name)] = self.steps.as_slice() {
            return name.clone();
        }
        let mut text = SmolStrBuilder::new();
        self.spell(&mut text).expect("writing to memory cannot fail");
        text.finish()
    }

    /// Steps back out.
    pub(crate) fn leave(&mut self) {
        self.steps.pop();
    }

    fn spell(&self, text: &mut impl fmt::Write) -> fmt::Result {
        let mut is_empty = true;
        for step in &self.steps {
            match step {
                Step::Plain(name) => {
                    text.write_str(name)?;
                    is_empty &= name.is_empty();
                    continue;
                }
                Step::Name(name) if name.is_empty() || name.contains(['.', '[', ']', '"']) => {
                    write!(text, "[{}]", serde_json::to_string(name.as_str()).unwrap_or_default())?;
                }
                Step::Name(name) => {
                    if !is_empty {
                        text.write_char('.')?;
                    }
                    text.write_str(name)?;
                }
                Step::Index(index) => write!(text, "[{index}]")?,
            }
            is_empty = false;
        }
        Ok(())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spell(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_be_misread_stand_in_brackets() {
        let mut path = Path::default();
        path.enter(&"a".into());
        path.enter(&"x.y/z".into());
        path.enter_index(2);
        path.enter(&"数据库".into());
        assert_eq!(path.to_string(), r#"a["x.y/z"][2].数据库"#);
        path.leave();
        path.leave();
        path.leave();
        path.enter(&"".into());
        assert_eq!(path.to_string(), r#"a[""]"#);
    }
}
