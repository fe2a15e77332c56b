//! The formats of documents, and how a document's format is found.

use super::{json, yaml};

/// Names a document's format, as in an event's `format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// YAML, any number of documents.
    Yaml,
    /// JSON, with comments and trailing commas where they occur.
    Json,
    /// Java properties.
    Properties,
    /// Anything else; lines are all that is known of it.
    Text,
}

impl Format {
    /// Returns the word of the event format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Properties => "properties",
            Self::Text => "text",
        }
    }

    /// Returns the format of a declared type, such as a configuration centre's `yaml`; none for one that this
    /// version reads as text.
    pub fn from_type(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Some(Self::Yaml),
            "json" | "jsonc" | "json5" => Some(Self::Json),
            "properties" => Some(Self::Properties),
            _ => None,
        }
    }

    /// Finds the format by the name's extension, and by the content where the name says nothing.
    pub fn detect(name: &str, text: &str) -> Self {
        let file = name.rsplit('/').next().unwrap_or(name);
        match file.rsplit_once('.') {
            Some((_, extension)) => Self::from_type(extension).unwrap_or(Self::Text),
            None => Self::of_content(text),
        }
    }

    /// Finds the format of a text that nothing is known of. Only what is surely one of them is taken for it.
    pub fn of_content(text: &str) -> Self {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.starts_with(['{', '[']) && json::parse(text).is_ok() {
            return Self::Json;
        }
        let lines =
            || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '!']));
        let is_pair = |line: &str| line.split_once('=').is_some_and(|(name, _)| is_plain_name(name.trim()));
        if lines().next().is_some() && lines().all(is_pair) {
            return Self::Properties;
        }
        let is_entry = |line: &str| line.ends_with(':') || line.contains(": ") || line.starts_with('-');
        let is_yaml = start.starts_with("---") || (lines().next().is_some() && lines().all(is_entry));
        if is_yaml && yaml::parse(text).is_ok_and(|tree| tree.is_structured()) {
            Self::Yaml
        } else {
            Self::Text
        }
    }
}

fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|character| character.is_alphanumeric() || "_.-[]/".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_and_content_only_without_one() {
        for (name, text, format) in [
            ("a/b.yaml", "{}", Format::Yaml),
            ("b.YML", "", Format::Yaml),
            ("app.properties", "", Format::Properties),
            ("a.json", "x", Format::Json),
            (".env", "A=1", Format::Text),
            ("nginx.conf", "{}", Format::Text),
            ("rules", "{\"a\": 1}", Format::Json),
            ("rules", "{{ not json }}", Format::Text),
            ("rules", "# c\na.b=1\n名称=值\n", Format::Properties),
            ("rules", "a: 1\nb:\n  - 2\n", Format::Yaml),
            ("rules", "note: two words\nand a sentence", Format::Text),
            ("rules", "", Format::Text),
        ] {
            assert_eq!(Format::detect(name, text), format, "{name} {text:?}");
        }
    }
}
