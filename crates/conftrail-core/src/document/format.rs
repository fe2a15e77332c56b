//! The formats of documents, and how a document's format is found.

use super::{json, toml, xml, yaml};

/// Names a document's format, as in an event's `format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// YAML, any number of documents.
    Yaml,
    /// JSON, with comments and trailing commas where they occur.
    Json,
    /// Java properties.
    Properties,
    /// TOML.
    Toml,
    /// XML.
    Xml,
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
            Self::Toml => "toml",
            Self::Xml => "xml",
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
            "toml" => Some(Self::Toml),
            "xml" => Some(Self::Xml),
            _ => None,
        }
    }

    /// Finds the format by the name's extension, and by the content where the name says nothing.
    pub fn detect(name: &str, text: &str) -> Self {
        let file = name.rsplit('/').next().unwrap_or(name);
        let Some((_, extension)) = file.rsplit_once('.') else { return Self::of_content(text) };
        if let Some(format) = Self::from_type(extension) {
            return format;
        }
        // Files of .NET, Maven and many others are XML under names of their own.
        if is_marked_xml(text) || (is_often_xml(extension) && starts_as_xml(text)) {
            Self::Xml
        } else {
            Self::Text
        }
    }

    /// Finds the format of a text that nothing is known of. Only what is surely one of them is taken for it.
    pub fn of_content(text: &str) -> Self {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.starts_with(['{', '[']) && json::parse(text).is_ok() {
            return Self::Json;
        }
        if starts_as_xml(text) && xml::parse(text).is_ok() {
            return Self::Xml;
        }
        let lines =
            || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '!']));
        let is_pair = |line: &str| line.split_once('=').is_some_and(|(name, _)| is_plain_name(name.trim()));
        if lines().next().is_some() && lines().all(is_pair) {
            return Self::Properties;
        }
        let has_table = lines().any(|line| line.starts_with('[') && line.ends_with(']'));
        if has_table && lines().any(is_pair) && toml::parse(text).is_ok() {
            return Self::Toml;
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

/// Says whether a text says itself that it is XML.
fn is_marked_xml(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').starts_with("<?xml ")
}

fn starts_as_xml(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let is_start = |first: char| first.is_alphabetic() || "_!?".contains(first);
    start.strip_prefix('<').is_some_and(|tag| tag.starts_with(is_start))
}

fn is_often_xml(extension: &str) -> bool {
    const EXTENSIONS: [&str; 12] = [
        "config", "csproj", "fsproj", "plist", "pom", "props", "resx", "targets", "vbproj", "wsdl", "xsd",
        "xslt",
    ];
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
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
            ("Cargo.toml", "", Format::Toml),
            ("rules", "a = 1\n[\"表\"]\nb = \"x\"\n", Format::Toml),
            ("rules", "[client]\nuser = app\n", Format::Text),
            ("pom.xml", "", Format::Xml),
            ("web.config", "<configuration/>", Format::Xml),
            ("app.config", "a=1", Format::Text),
            ("a.conf", "<?xml version=\"1.0\"?><a/>", Format::Xml),
            ("httpd.conf", "<Directory /a>\n</Directory>", Format::Text),
            ("rules", "<a><b/></a>", Format::Xml),
            ("rules", "<a> not closed", Format::Text),
        ] {
            assert_eq!(Format::detect(name, text), format, "{name} {text:?}");
        }
    }
}
