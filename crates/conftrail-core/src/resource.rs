//! What was changed, and how its id is written.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

/// Longest name part of a resource id in bytes; beyond it a prefix and a hash stand for the whole.
const LONGEST_NAME: usize = 512;

/// Names the kinds of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words are the event format's own")]
pub enum ResourceKind {
    Row,
    Config,
    File,
    Table,
    Schema,
    Account,
    Source,
    Ruleset,
    Silence,
    Token,
    Export,
    Health,
    View,
}

impl ResourceKind {
    /// Returns the word of the event format.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Row => "row",
            Self::Config => "config",
            Self::File => "file",
            Self::Table => "table",
            Self::Schema => "schema",
            Self::Account => "account",
            Self::Source => "source",
            Self::Ruleset => "ruleset",
            Self::Silence => "silence",
            Self::Token => "token",
            Self::Export => "export",
            Self::Health => "health",
            Self::View => "view",
        }
    }
}

/// Describes what was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// `<source kind>:<source name>/<namespace>/<group>/<name>`, parts percent-encoded.
    pub id: String,
    /// What kind of thing it is.
    pub kind: ResourceKind,
    /// The environment, from `classify`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<SmolStr>,
    /// The database, Nacos namespace or directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<SmolStr>,
    /// The table or Nacos group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<SmolStr>,
    /// The key, data id or file name.
    pub name: SmolStr,
    /// The id after a `rename`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_to: Option<SmolStr>,
    /// The service it belongs to, from `classify`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<SmolStr>,
    /// The team that owns it, from `classify`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<SmolStr>,
}

impl Resource {
    /// What stands where the resource is not known yet; without allocations.
    pub(crate) fn unset() -> Self {
        Self {
            id: String::new(),
            kind: ResourceKind::Source,
            env: None,
            namespace: None,
            group: None,
            name: SmolStr::default(),
            renamed_to: None,
            service: None,
            owner: None,
        }
    }

    /// Makes a resource and its id from its parts; `env`, `service` and `owner` come from `classify` later.
    ///
    /// Absent parts are left out of the id together with their slash.
    pub fn new(
        source_kind: &str,
        source: &str,
        kind: ResourceKind,
        namespace: Option<&str>,
        group: Option<&str>,
        name: &str,
    ) -> Self {
        Family::new(source_kind, source, kind, namespace, group).resource(name.into())
    }
}

/// The resources that differ in nothing but their names, such as the rows of a table.
#[derive(Clone, Debug)]
pub struct Family {
    /// An id up to the name.
    prefix: String,
    kind: ResourceKind,
    namespace: Option<SmolStr>,
    group: Option<SmolStr>,
}

impl Family {
    /// Prepares what all ids have in common, as [`Resource::new`] puts it.
    pub fn new(
        source_kind: &str,
        source: &str,
        kind: ResourceKind,
        namespace: Option<&str>,
        group: Option<&str>,
    ) -> Self {
        let mut prefix = format!("{source_kind}:");
        encode_part(&mut prefix, source);
        for part in [namespace, group].into_iter().flatten() {
            prefix.push('/');
            encode_part(&mut prefix, part);
        }
        prefix.push('/');
        Self { prefix, kind, namespace: namespace.map(SmolStr::new), group: group.map(SmolStr::new) }
    }

    /// Makes the resource of a name.
    pub fn resource(&self, name: SmolStr) -> Resource {
        let mut id = String::with_capacity(self.prefix.len() + name.len());
        id.push_str(&self.prefix);
        encode_name(&mut id, &name);
        Resource {
            id,
            kind: self.kind,
            env: None,
            namespace: self.namespace.clone(),
            group: self.group.clone(),
            name,
            renamed_to: None,
            service: None,
            owner: None,
        }
    }
}

/// Joins the columns of a composite key by `,`; a comma inside a part is written `%2C`.
pub fn join_key(parts: impl IntoIterator<Item = SmolStr>) -> SmolStr {
    let mut parts = parts.into_iter().map(escape_key_part);
    let first = parts.next().unwrap_or_default();
    let Some(second) = parts.next() else { return first };
    let mut joined = format!("{first},{second}");
    for part in parts {
        joined.push(',');
        joined.push_str(&part);
    }
    joined.into()
}

fn escape_key_part(part: SmolStr) -> SmolStr {
    if part.bytes().any(|byte| matches!(byte, b'%' | b',')) {
        return part.replace('%', "%25").replace(',', "%2C").into();
    }
    part
}

/// Appends a part, percent-encoding what would be taken for structure; letters of any language stay readable.
fn encode_part(id: &mut String, part: &str) {
    let stays = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b',');
    if part.bytes().all(stays) {
        return id.push_str(part);
    }
    for character in part.chars() {
        match character {
            '%' => id.push_str("%25"),
            '/' => id.push_str("%2F"),
            ' ' => id.push_str("%20"),
            '"' => id.push_str("%22"),
            '*' => id.push_str("%2A"),
            control if control.is_control() => {
                let mut bytes = [0; 4];
                for byte in control.encode_utf8(&mut bytes).bytes() {
                    id.push_str(&format!("%{byte:02X}"));
                }
            }
            plain => id.push(plain),
        }
    }
}

/// Appends the last part; the commas and escapes of [`join_key`] stay, long names become a prefix and a hash.
fn encode_name(id: &mut String, name: &str) {
    if name.len() <= LONGEST_NAME {
        return encode_part(id, name);
    }
    let mut cut = 64;
    while !name.is_char_boundary(cut) {
        cut -= 1;
    }
    encode_part(id, &name[..cut]);
    id.push('~');
    for byte in &Sha256::digest(name.as_bytes())[..16] {
        id.push_str(&format!("{byte:02x}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(namespace: Option<&str>, group: Option<&str>, name: &str) -> String {
        Resource::new("mysql", "orders-db", ResourceKind::Row, namespace, group, name).id
    }

    #[test]
    fn parts_are_told_apart_and_stay_readable() {
        assert_eq!(id(Some("shop"), Some("feature_flags"), "42"), "mysql:orders-db/shop/feature_flags/42");
        assert_eq!(id(Some("商店"), Some("a/b"), "x y%"), "mysql:orders-db/商店/a%2Fb/x%20y%25");
        assert_eq!(id(None, None, "etc"), "mysql:orders-db/etc");
    }

    #[test]
    fn composite_keys_never_collide() {
        let joined = |parts: &[&str]| join_key(parts.iter().copied().map(SmolStr::from));
        assert_ne!(joined(&["a,b", "c"]), joined(&["a", "b,c"]));
        assert_ne!(joined(&["a%2Cb"]), joined(&["a,b"]));
        assert_eq!((joined(&[]).as_str(), joined(&["a", "b,", "c"]).as_str()), ("", "a,b%2C,c"));
    }

    #[test]
    fn a_long_key_becomes_a_prefix_and_a_hash() {
        let long = "键".repeat(400);
        let other = format!("{long}x");
        assert!(id(None, None, &long).len() < 300);
        assert_ne!(id(None, None, &long), id(None, None, &other));
    }
}
