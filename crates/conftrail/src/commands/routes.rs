//! `routes`: who is told what, by the routing file alone.

use std::process::ExitCode;

use anyhow::{Context, anyhow};
use conftrail_core::alerting::Labels;
use conftrail_engine::Routing;
use conftrail_engine::routing::{GroupBy, ListedRoute, OnMute};
use serde_json::json;

use crate::cli::Common;
use crate::cli_routing::{RoutesCommand, RoutingFile};
use crate::output::Printer;
use crate::{WrongUsage, configured, rules, say};

/// `conftrail routes`.
pub(crate) fn run(common: &Common, command: RoutesCommand) -> anyhow::Result<ExitCode> {
    let printer = Printer::new(common);
    match command {
        RoutesCommand::Show { file } => {
            let routing = load(common, &file)?;
            for listed in routing.routes.listed() {
                printer.print(&as_json(&listed), |_| text(&listed))?;
            }
        }
        RoutesCommand::Test { labels, verify, file } => {
            let routing = load(common, &file)?;
            let taken = routing.routes.matching(&read_labels(&labels)?);
            let receivers: Vec<&str> = taken.iter().map(|route| route.receiver.as_str()).collect();
            printer.print(&json!({ "receivers": receivers }), |_| receivers.join(","))?;
            if !verify.is_empty() && verify != receivers {
                say(&format!("error: expected {}", verify.join(",")));
                return Ok(ExitCode::from(1));
            }
        }
        RoutesCommand::Export { file } => {
            let exported = load(common, &file)?.exported();
            printer.print(&json!({ "alertmanager": exported }), |_| exported.trim_end().to_owned())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn load(common: &Common, file: &RoutingFile) -> anyhow::Result<Routing> {
    if let Some(path) = &file.file {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("--file: cannot read {}", path.display()))?;
        return Ok(Routing::load(&path.display().to_string(), &text)?);
    }
    let routing = rules::load_routing(&configured(common)?)?;
    routing.ok_or_else(|| anyhow!("rules.routing is not set: name the routing file there, or with --file"))
}

/// Reads labels as amtool does: `name=value`, the value with or without double quotes.
fn read_labels(texts: &[String]) -> anyhow::Result<Labels> {
    let mut labels = Labels::new();
    for text in texts {
        let is_label = |(name, value): &(&str, &str)| {
            !name.is_empty() && !name.ends_with('!') && !value.starts_with('~')
        };
        let pair = text.split_once('=').filter(is_label);
        let Some((name, value)) = pair else {
            return Err(WrongUsage(format!("`{text}` is no label: write name=value")).into());
        };
        let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        labels.insert(name.to_owned(), bare.to_owned());
    }
    Ok(labels)
}

fn text(listed: &ListedRoute<'_>) -> String {
    let route = listed.route;
    let matchers = match listed.depth {
        0 => "everything".to_owned(),
        _ => format!("{{{}}}", listed.matchers.join(", ")),
    };
    let mut said = vec![
        format!("{}{matchers} -> {}", "  ".repeat(listed.depth), route.receiver),
        format!("by {}", group_by(&route.group_by)),
        format!("wait {}, then every {}", route.timing.group_wait, route.timing.group_interval),
    ];
    if !route.muted_in.is_empty() {
        said.push(format!("muted in {}", route.muted_in.join(", ")));
    }
    if !route.active_in.is_empty() {
        said.push(format!("active in {}", route.active_in.join(", ")));
    }
    if !(route.muted_in.is_empty() && route.active_in.is_empty()) {
        said.push(format!("then {}", on_mute(route.on_mute)));
    }
    if listed.goes_on {
        said.push("continue".to_owned());
    }
    said.join("; ")
}

fn as_json(listed: &ListedRoute<'_>) -> serde_json::Value {
    let route = listed.route;
    json!({
        "depth": listed.depth,
        "matchers": listed.matchers,
        "continue": listed.goes_on,
        "receiver": route.receiver,
        "group_by": match &route.group_by {
            GroupBy::All => vec!["..."],
            GroupBy::Labels(names) => names.iter().map(String::as_str).collect(),
        },
        "group_wait": route.timing.group_wait,
        "group_interval": route.timing.group_interval,
        "mute_time_intervals": route.muted_in,
        "active_time_intervals": route.active_in,
        "on_mute": on_mute(route.on_mute),
    })
}

fn group_by(by: &GroupBy) -> String {
    match by {
        GroupBy::All => "rule and all labels".to_owned(),
        GroupBy::Labels(names) if names.is_empty() => "nothing: all in one".to_owned(),
        GroupBy::Labels(names) => names.join(", "),
    }
}

fn on_mute(on_mute: OnMute) -> &'static str {
    match on_mute {
        OnMute::Hold => "hold",
        OnMute::Digest => "digest",
        OnMute::Drop => "drop",
    }
}
