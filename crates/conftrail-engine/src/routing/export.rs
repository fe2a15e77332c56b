//! Writes a routing file as Alertmanager reads it.

use crate::rules::yaml::{self, Content, Node, Text};

/// Returns the file without what only conftrail reads: the `x-` keys, and integrations that say nothing without them.
pub(super) fn exported(text: &str) -> String {
    let mut out =
        String::from("# Exported by conftrail: without the keys that Alertmanager does not know.\n");
    // A file that was loaded is YAML.
    let Ok(mut root) = yaml::parse(text) else { return out };
    strip(&mut root);
    group_as_we_do(&mut root);
    if let Content::Map(entries) = &root.content {
        map(&mut out, entries, 0);
    }
    out
}

/// Removes the keys that Alertmanager lacks.
fn strip(node: &mut Node) {
    match &mut node.content {
        Content::Map(entries) => {
            entries.retain(|(key, _)| !key.name.starts_with("x-"));
            for (key, value) in entries.iter_mut() {
                if key.name.ends_with("_configs") {
                    drop_local(value);
                }
                strip(value);
            }
        }
        Content::List(items) => items.iter_mut().for_each(strip),
        Content::Null | Content::Text(_) => {}
    }
}

/// Removes what Alertmanager refuses without our keys: mail that goes into a directory, and WeCom with its secret in a file.
fn drop_local(configs: &mut Node) {
    if let Content::List(items) = &mut configs.content {
        let is_ours = |item: &Node| {
            let secret_in_file = item.get("x-api_secret_file").is_some() && item.get("api_secret").is_none();
            item.get("x-directory").is_some() || secret_in_file
        };
        items.retain(|item| !is_ours(item));
    }
}

/// Says what we take for granted and Alertmanager does not: without `group_by` it puts everything in one group.
fn group_as_we_do(root: &mut Node) {
    let Content::Map(entries) = &mut root.content else { return };
    let route = entries.iter_mut().find(|(key, _)| key.name == "route");
    let Some((_, Node { content: Content::Map(route), .. })) = route else { return };
    if route.iter().any(|(key, _)| key.name == "group_by") {
        return;
    }
    let Ok(all) = yaml::parse("group_by: ['...']") else { return };
    if let Content::Map(all) = all.content {
        route.extend(all);
    }
}

fn map(out: &mut String, entries: &[(yaml::Key, Node)], indent: usize) {
    for (index, (key, value)) in entries.iter().enumerate() {
        // The first key of a list's item stands behind its dash.
        if index > 0 || !out.ends_with("- ") {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(&quoted(&key.name));
        out.push(':');
        value_of(out, value, indent);
    }
}

fn value_of(out: &mut String, value: &Node, indent: usize) {
    match &value.content {
        Content::Map(entries) if !entries.is_empty() => {
            out.push('\n');
            map(out, entries, indent + 2);
        }
        Content::List(items) if !items.is_empty() => {
            out.push('\n');
            list(out, items, indent + 2);
        }
        _ => {
            out.push(' ');
            out.push_str(&small(value));
            out.push('\n');
        }
    }
}

fn list(out: &mut String, items: &[Node], indent: usize) {
    for item in items {
        out.push_str(&" ".repeat(indent));
        out.push_str("- ");
        match &item.content {
            Content::Map(entries) if !entries.is_empty() => map(out, entries, indent + 2),
            _ => {
                out.push_str(&small(item));
                out.push('\n');
            }
        }
    }
}

/// A value on one line.
fn small(node: &Node) -> String {
    match &node.content {
        Content::Null => "null".to_owned(),
        Content::Text(text) => scalar(text),
        Content::List(items) => format!("[{}]", items.iter().map(small).collect::<Vec<_>>().join(", ")),
        Content::Map(entries) => {
            let entry = |(key, value): &(yaml::Key, Node)| format!("{}: {}", quoted(&key.name), small(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Numbers and truth values stay what they are; every other scalar is quoted.
fn scalar(text: &Text) -> String {
    let is_typed =
        text.is_plain() && (text.text == "true" || text.text == "false" || text.text.parse::<i64>().is_ok());
    if is_typed { text.text.clone() } else { quoted_value(&text.text) }
}

fn quoted(key: &str) -> String {
    let plain =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let reads_as_text = key.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if plain && reads_as_text { key.to_owned() } else { quoted_value(key) }
}

/// JSON's strings are YAML's double-quoted ones.
fn quoted_value(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_says_the_same_without_our_own_keys() {
        let text = "global: { smtp_require_tls: true, smtp_from: 'a: b' }\n\
            route:\n  receiver: ops\n  routes:\n    - matchers: [ 'team=\"pay\"' ]\n      x-on-mute: digest\n      group_wait: 0s\n\
            receivers:\n  - name: ops\n    x-fallback: ops2\n    email_configs:\n      - { to: a@b.c, x-directory: mail }\n\
            \x20     - { to: 'x@y.z', send_resolved: false }\n  - name: 值班\n";
        let expected = "# Exported by conftrail: without the keys that Alertmanager does not know.\n\
            global:\n  smtp_require_tls: true\n  smtp_from: \"a: b\"\n\
            route:\n  receiver: \"ops\"\n  routes:\n    - matchers:\n        - \"team=\\\"pay\\\"\"\n      group_wait: \"0s\"\n\
            \x20 group_by:\n    - \"...\"\n\
            receivers:\n  - name: \"ops\"\n    email_configs:\n      - to: \"x@y.z\"\n        send_resolved: false\n\
            \x20 - name: \"值班\"\n";
        assert_eq!(exported(text), expected);
        // What is written is YAML of the same content.
        assert!(yaml::parse(expected).is_ok());
    }
}
