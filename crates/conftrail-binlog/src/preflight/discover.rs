//! What `init` needs: which tables look like configuration, and the lines to paste.

use std::collections::BTreeMap;

use conftrail_core::PortResult;

use super::finding::Finding;
use super::{Severity, grants, refusal};
use crate::control::{Control, TableName};
use crate::product::Product;
use crate::source::Config;
use crate::wire::Connection;

/// Larger tables hold business, not configuration.
const MOST_ROWS: u64 = 200_000;
/// Parts of names that tables of configuration have.
const NAMES: [&str; 28] = [
    "config",
    "conf",
    "cfg",
    "setting",
    "flag",
    "feature",
    "toggle",
    "switch",
    "param",
    "option",
    "property",
    "properties",
    "preference",
    "policy",
    "policies",
    "rule",
    "quota",
    "limit",
    "threshold",
    "permission",
    "role",
    "privilege",
    "route",
    "whitelist",
    "blacklist",
    "allowlist",
    "denylist",
    "tariff",
];
/// Pairs of columns that tables of keys and values have.
const PAIRS: [(&str, &str); 6] = [
    ("key", "value"),
    ("name", "value"),
    ("config_key", "config_value"),
    ("param_key", "param_value"),
    ("item_key", "item_value"),
    ("data_id", "content"),
];

/// What a server holds, as `init` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// Which product it is.
    pub product: Product,
    /// The server's version.
    pub version: String,
    /// The account that asked, `user@host`.
    pub account: String,
    /// All tables that the account sees, but the server's own.
    pub tables: Vec<FoundTable>,
    /// What to write into `include`: databases whose tables all look like configuration, and single tables.
    pub include: Vec<String>,
    /// `GRANT` lines with the least rights for capture; they may be given to another account.
    pub grants: Vec<String>,
    /// `SET PERSIST` lines (`SET GLOBAL` on MariaDB) that would show more, each with its reason.
    pub settings: Vec<(String, String)>,
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundTable {
    /// The database.
    pub schema: String,
    /// The table.
    pub name: String,
    /// How many rows the server believes it has.
    pub rows: u64,
    /// Whether it looks like configuration.
    pub looks_like_configuration: bool,
}

/// Asks a server what is there; of the configuration only the connection is used.
///
/// # Errors
/// When the server cannot be reached, or its binlog cannot be read at all.
pub async fn discover(config: &Config) -> PortResult<Discovery> {
    let target = config.target()?;
    let first = target.clone();
    let opening = tokio::task::spawn_blocking(move || Connection::open(&first)).await;
    let _the_server_is_trusted_with_the_password = opening.unwrap_or(Err(crate::wire::WireError::Closed))?;
    let mut control = Control::open(&target).await?;
    let facts = control.facts().await?;
    if let Some(reason) = refusal(&facts) {
        return Err(conftrail_core::PortError::misconfigured(reason));
    }
    let account = control.account().await?;
    let names = control.table_names().await?;
    let tables: Vec<FoundTable> = control.tables(&names).await?.iter().map(found).collect();
    control.close().await;
    let include = include(&tables);
    let settings = super::settings::settings(&facts)
        .into_iter()
        .filter(|finding| finding.severity != Severity::Info)
        .filter_map(|Finding { what, place, mend, .. }| Some((mend?, format!("{place} {what}"))))
        .collect();
    let grants = grant_lines(facts.product(), &account, &tables, &include);
    let product = facts.product();
    Ok(Discovery { product, version: facts.version, account, tables, include, grants, settings })
}

fn found(table: &TableName) -> FoundTable {
    FoundTable {
        schema: table.schema.clone(),
        name: table.name.clone(),
        rows: table.rows,
        looks_like_configuration: looks_like_configuration(table),
    }
}

fn looks_like_configuration(table: &TableName) -> bool {
    if table.rows > MOST_ROWS {
        return false;
    }
    let name = table.name.to_ascii_lowercase();
    let schema = table.schema.to_ascii_lowercase();
    let columns: Vec<String> = table.columns.split(',').map(str::to_ascii_lowercase).collect();
    let has = |column: &str| columns.iter().any(|known| known == column);
    // Words of a name, so that `conflicts` is no `conf`; plurals count.
    let is_word = |word: &str| {
        let singular = word.strip_suffix('s').unwrap_or(word);
        NAMES.contains(&word) || NAMES.contains(&singular)
    };
    let has_word = |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(is_word);
    has_word(&name) || has_word(&schema) || PAIRS.iter().any(|(key, value)| has(key) && has(value))
}

/// Whole databases where every table is wanted, single tables elsewhere.
fn include(tables: &[FoundTable]) -> Vec<String> {
    let mut by_schema: BTreeMap<&str, Vec<&FoundTable>> = BTreeMap::new();
    for table in tables {
        by_schema.entry(&table.schema).or_default().push(table);
    }
    let mut include = Vec::new();
    for (schema, tables) in by_schema {
        if tables.len() > 1 && tables.iter().all(|table| table.looks_like_configuration) {
            include.push(format!("{}.*", escaped(schema)));
            continue;
        }
        let wanted = tables.iter().filter(|table| table.looks_like_configuration);
        include.extend(wanted.map(|table| format!("{}.{}", escaped(schema), escaped(&table.name))));
    }
    include
}

/// A name as a pattern that matches it alone.
fn escaped(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for character in name.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '{' | '}' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

fn grant_lines(product: Product, account: &str, tables: &[FoundTable], include: &[String]) -> Vec<String> {
    let mut lines = vec![grants::replication(product, account), grants::sessions(product, account)];
    let mut schemas: Vec<&str> = tables
        .iter()
        .filter(|table| {
            include.iter().any(|pattern| pattern.starts_with(&format!("{}.", escaped(&table.schema))))
        })
        .map(|table| table.schema.as_str())
        .collect();
    schemas.dedup();
    lines.extend(schemas.into_iter().map(|schema| grants::select(account, schema)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(schema: &str, name: &str, columns: &str, rows: u64) -> TableName {
        TableName { schema: schema.into(), name: name.into(), rows, has_key: true, columns: columns.into() }
    }

    #[test]
    fn configuration_is_told_by_names_and_columns_and_not_by_size() {
        let check = |schema, name, columns, rows, expected| {
            assert_eq!(
                looks_like_configuration(&table(schema, name, columns, rows)),
                expected,
                "{schema}.{name}"
            );
        };
        check("shop", "feature_flags", "id,v", 10, true);
        check("shop", "app_settings", "id", 10, true);
        check("shop", "conflicts", "id", 10, false);
        check("shop", "orders", "id,total", 10, false);
        check("shop", "misc", "id,key,value", 10, true);
        check("nacos_config", "his", "id", 10, true);
        check("shop", "user_settings", "id", 5_000_000, false);
    }

    #[test]
    fn whole_databases_are_named_where_every_table_is_wanted() {
        let tables: Vec<FoundTable> = [
            table("cfg", "app_config", "id", 1),
            table("cfg", "limits", "id", 1),
            table("shop", "flags", "id", 1),
            table("shop", "orders", "id", 1),
        ]
        .iter()
        .map(found)
        .collect();
        let include = include(&tables);
        assert_eq!(include, ["cfg.*", "shop.flags"]);
        let lines = grant_lines(Product::Mysql, "cdc@%", &tables, &include);
        assert_eq!(lines.len(), 4);
        assert!(lines[3].contains("`shop`"));
    }
}
