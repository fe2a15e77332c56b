//! `init`: asks the sources what is there and prints a configuration for them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use conftrail_binlog::preflight::{Discovery, discover};
use conftrail_core::explain;

use crate::WrongUsage;
use crate::output::print_text;

/// `conftrail init`: the configuration goes to stdout, ready to be redirected into a file.
pub(crate) async fn run(
    mysql: Option<String>,
    password_file: Option<PathBuf>,
    watch: Vec<PathBuf>,
) -> anyhow::Result<ExitCode> {
    if mysql.is_none() && watch.is_empty() {
        let ways = "name a source: --mysql mysql://user@host:3306, --watch /etc/app, or both";
        return Err(WrongUsage(ways.to_owned()).into());
    }
    let mut sources = String::new();
    for directory in &watch {
        sources.push_str(&files_source(directory)?);
    }
    if let Some(url) = mysql {
        sources.push_str(&mysql_source(&url, password_file).await?);
    }
    print_text(&format!("{HEAD}sources:\n{sources}{TAIL}"))?;
    Ok(ExitCode::SUCCESS)
}

const HEAD: &str = "\
# conftrail configuration; every key is explained in docs/config.md.
# Look at it with `conftrail check`, then `conftrail run`.
data_dir: conftrail-data
";

const TAIL: &str = "\
# What belongs to which environment, service and team; the first line that matches and sets a field wins.
classify: []
  # - { match: \"mysql:*/shop/**\", env: prod, service: shop, owner: shop-team }
# Who is told: see docs/rules.md.
# rules: { dir: rules, routing: rules/routing.yaml }
api: { listen: \"127.0.0.1:8350\" }
";

fn files_source(directory: &Path) -> anyhow::Result<String> {
    let path = directory
        .canonicalize()
        .with_context(|| format!("--watch: cannot open the directory {}", directory.display()))?;
    let name = path.file_name().map_or_else(|| "root".to_owned(), |name| name.to_string_lossy().into_owned());
    let (path, name) = (json(&path.to_string_lossy())?, json(&name)?);
    Ok(format!(
        "  - name: {name}              # part of every id: never renamed\n    kind: files\n    path: {path}\n"
    ))
}

/// Asks a server what is there. The lines to paste stand above the source as comments: they need an administrator.
async fn mysql_source(url: &str, password_file: Option<PathBuf>) -> anyhow::Result<String> {
    let mut config = conftrail_binlog::Config { password_file, ..Default::default() };
    config.url = url.parse().map_err(|error| WrongUsage(format!("--mysql: {error}")))?;
    let had_password = config.url.password.is_some();
    let found = discover(&config).await.map_err(|error| anyhow!("--mysql: {}", explain(&error)))?;
    config.url.password = None;
    let name =
        config.url.host.split('.').next().filter(|host| host.parse::<u8>().is_err()).unwrap_or("mysql");
    let mut text = comments(&found);
    text.push_str(&format!(
        "  - name: {name}              # part of every id: never renamed\n    kind: mysql\n    url: {url}\n",
        name = json(name)?,
        url = json(&config.url.to_string())?,
    ));
    if let Some(path) = &config.password_file {
        text.push_str(&format!("    password_file: {}\n", json(&path.to_string_lossy())?));
    } else if had_password {
        text.push_str("    # The password is not copied: put it into a file that only conftrail may read.\n");
        text.push_str("    password_file: mysql.password\n");
    }
    text.push_str(&format!("    include: {}\n", serde_json::to_string(&found.include)?));
    text.push_str("    # Logins whose comments may name a person, such as \"app@10.0.0.%\".\n    actor: { trust: [] }\n");
    Ok(text)
}

fn comments(found: &Discovery) -> String {
    let mut text = format!(
        "  # {} {}, asked as {}. The least rights that capture needs:\n",
        found.product.as_str(),
        found.version,
        found.account
    );
    for grant in &found.grants {
        text.push_str(&format!("  #   {grant}\n"));
    }
    if !found.settings.is_empty() {
        text.push_str("  # What the server could be told to log, so that more is known:\n");
    }
    for (statement, reason) in &found.settings {
        text.push_str(&format!("  #   {statement}   -- {reason}\n"));
    }
    let others: Vec<String> = found
        .tables
        .iter()
        .filter(|table| !table.looks_like_configuration)
        .map(|table| format!("{}.{}", table.schema, table.name))
        .collect();
    if !others.is_empty() {
        let shown = others.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
        let more = if others.len() > 20 { format!(" and {} more", others.len() - 20) } else { String::new() };
        text.push_str(&format!("  # Left out, as they do not look like configuration: {shown}{more}\n"));
    }
    text
}

/// Quotes a text for YAML, which reads JSON's quoting.
fn json(text: &str) -> anyhow::Result<String> {
    serde_json::to_string(text).context("quote a text")
}
