//! Keys that people know from Alertmanager and that are not built yet, or that it has given up: refused at their place.

use super::RoutingProblem;
use crate::rules::yaml::{self, Content, Node};

/// Keys at the top.
const TOP: [&str; 5] = ["inhibit_rules", "templates", "tracing", "event_recorder", "x-escalations"];
/// Keys of a route.
const ROUTE: [&str; 2] = ["labels", "x-escalation"];
/// Integrations of a receiver.
const RECEIVER: [&str; 18] = [
    "discord_configs",
    "incidentio_configs",
    "jira_configs",
    "mattermost_configs",
    "msteams_configs",
    "msteamsv2_configs",
    "opsgenie_configs",
    "pagerduty_configs",
    "pushover_configs",
    "rocketchat_configs",
    "slack_configs",
    "sns_configs",
    "telegram_configs",
    "victorops_configs",
    "webex_configs",
    "x-alertmanager_configs",
    "x-dingtalk_configs",
    "x-feishu_configs",
];
/// What Alertmanager itself has given up, and what to write instead.
const OLD: [(&str, &str); 3] = [
    ("match", "write it as `matchers: [ name=\"value\" ]`"),
    ("match_re", "write it as `matchers: [ name=~\"value\" ]`"),
    ("mute_time_intervals", "write it as `time_intervals`"),
];

/// Returns every such key. A text that is no YAML has none: its own error is told.
pub(super) fn problems(text: &str) -> Vec<RoutingProblem> {
    let Ok(root) = yaml::parse(text) else { return Vec::new() };
    let mut problems = Vec::new();
    look(&root, "", &TOP, &OLD[2..], &mut problems);
    if let Some(route) = root.get("route") {
        look_at_route(route, "route", &mut problems);
    }
    for (index, receiver) in root.get("receivers").map(Node::items).unwrap_or_default().iter().enumerate() {
        look(receiver, &format!("receivers[{index}]."), &RECEIVER, &[], &mut problems);
    }
    problems
}

fn look_at_route(route: &Node, place: &str, problems: &mut Vec<RoutingProblem>) {
    look(route, &format!("{place}."), &ROUTE, &OLD[..2], problems);
    for (index, child) in route.get("routes").map(Node::items).unwrap_or_default().iter().enumerate() {
        look_at_route(child, &format!("{place}.routes[{index}]"), problems);
    }
}

fn look(node: &Node, place: &str, later: &[&str], old: &[(&str, &str)], problems: &mut Vec<RoutingProblem>) {
    let Content::Map(entries) = &node.content else { return };
    for (key, _) in entries {
        let name = key.name.as_str();
        let said = match old.iter().find(|(old, _)| *old == name) {
            Some((_, instead)) => (*instead).to_owned(),
            None if later.contains(&name) => format!("`{name}` is not supported yet"),
            None => continue,
        };
        problems.push(RoutingProblem::new(format!("{place}{name}"), said));
    }
}
